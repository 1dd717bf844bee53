//! A real browser: headless Chromium, driven over WebDriver.

use std::{path::PathBuf, process::Stdio, time::Duration};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use shared::env::Variables;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// How long `ChromeDriver` may take to listen.
const DRIVER_START: Duration = Duration::from_secs(30);
/// How often to try.
const DRIVER_ATTEMPTS: usize = 10;
/// Set where there is no Chromium: then the browser tests say that they did not run.
const WITHOUT: &str = "STALLHOLDER_WITHOUT_BROWSER";
/// What keeps Chromium to itself: no sandbox (tests may run as root), no requests of its own.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,960",
];

/// A browser with a fresh profile.
pub(crate) struct Chromium {
    pub(crate) page: Client,
    driver: Child,
    _profile: TempDir,
}

impl Chromium {
    /// Starts one. `None` only where the suite was told, aloud, that there is none: `tests/run` does so, never in CI.
    pub(crate) async fn start() -> Option<Self> {
        if Variables::of_process().optional(WITHOUT).unwrap().is_some() {
            eprintln!("NOT RUN: {WITHOUT} is set, so nothing was tried in a real browser");
            return None;
        }
        let (driver, port) = start_driver().await;
        let profile = tempfile::tempdir().unwrap();
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let capabilities = json!({ "goog:chromeOptions": { "args": flags } });
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Some(Self { page, driver, _profile: profile })
    }

    /// Keeps a picture of the page under the target folder and tells where.
    pub(crate) async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        std::fs::write(&file, self.page.screenshot().await.unwrap()).unwrap();
        file
    }

    pub(crate) async fn stop(mut self) {
        self.page.close().await.unwrap();
        self.driver.kill().await.unwrap();
    }
}

/// Starts the driver on a port of its own choice. It asks for the same number on two addresses, one after the other, and gives up
/// when another driver was faster.
async fn start_driver() -> (Child, u16) {
    for _ in 0..DRIVER_ATTEMPTS {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "chromedriver does not start ({error}): install chromium and chromium-driver, or set {WITHOUT}=1"
                )
            });
        let port = tokio::time::timeout(DRIVER_START, port_of(&mut driver)).await.expect("chromedriver says its port");
        if let Some(port) = port {
            return (driver, port);
        }
    }
    panic!("chromedriver ended without saying its port")
}

/// Reads "ChromeDriver was started successfully on port N."
async fn port_of(driver: &mut Child) -> Option<u16> {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let port =
            line.rsplit_once("successfully on port ").and_then(|(_, port)| port.trim_end_matches('.').parse().ok());
        if let Some(port) = port {
            // Whatever else it says must not fill the pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Some(port);
        }
    }
    None
}
