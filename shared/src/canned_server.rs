//! A server on this machine that answers as it is told: an OpenID provider, a developer platform, a marketplace.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// One answer. Behind the status there can be headers.
#[derive(Clone)]
pub(crate) struct Canned {
    pub(crate) status: &'static str,
    pub(crate) body: String,
}

impl Canned {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self { status: "200 OK", body: body.into() }
    }

    pub(crate) fn status(status: &'static str) -> Self {
        Self { status, body: String::new() }
    }
}

/// Answers by `POST` and by `GET`; in the latter its own address stands where the vectors have the marketplace's.
pub(crate) struct CannedServer {
    pub(crate) host: String,
    heard: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl CannedServer {
    pub(crate) async fn start(by_post: Canned, by_get: Canned) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let (own_host, ears) = (host.clone(), heard.clone());
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (by_post, mut by_get) = (by_post.clone(), by_get.clone());
                by_get.body = by_get.body.replace("https://hub.acme.example", &own_host);
                tokio::spawn(answer(stream, by_post, by_get, ears.clone()));
            }
        });
        Self { host, heard, server }
    }

    /// Requests so far, in no order.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for CannedServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(mut stream: TcpStream, by_post: Canned, by_get: Canned, heard: Arc<Mutex<Vec<String>>>) {
    let request = read(&mut stream).await;
    let Canned { status, body } = if request.starts_with("POST") { by_post } else { by_get };
    heard.lock().unwrap().push(request);
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let _ = stream.write_all(text.as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4_096];
        let len = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..len]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let expected = head.split_once("content-length: ").map_or("0", |(_, rest)| rest.lines().next().unwrap());
            if body.len() >= expected.parse().unwrap() {
                return text;
            }
        }
        assert!(len > 0, "the request breaks off");
    }
}
