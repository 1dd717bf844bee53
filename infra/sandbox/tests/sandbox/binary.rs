//! The command: what it prints, how it stops, and how it says what is wrong.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use crate::running::key_pair;

fn sandbox(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The one line on stderr of a run that must fail with exit code 2.
fn complaint(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = sandbox(arguments).output().unwrap();
    assert_eq!(status.code(), Some(2));
    let text = String::from_utf8(stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = complaint(&["--port", &port]);
    assert!(text.contains(&port) && text.contains("--port"), "{text}");
}

#[test]
fn a_missing_file_and_an_unpaired_one_are_named() {
    let text = complaint(&["--idp-key", "no-such-key.pem", "--idp-cert", "no-such-cert.pem"]);
    assert!(text.contains("no-such-key.pem"), "{text}");
    let text = complaint(&["--idp-key", "no-such-key.pem"]);
    assert!(text.contains("--idp-cert"), "{text}");
}

#[test]
fn a_file_that_holds_no_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.pem");
    std::fs::write(&path, "odd").unwrap();
    let odd = path.to_str().unwrap();
    let text = complaint(&["--idp-key", odd, "--idp-cert", odd]);
    assert!(text.contains("odd.pem") && text.contains("RSA private key"), "{text}");
}

#[test]
fn an_app_host_that_is_no_url_is_named() {
    let text = complaint(&["--app-host", "nonsense"]);
    assert!(text.contains("nonsense"), "{text}");
}

#[test]
fn it_prints_its_urls_and_ends_cleanly_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("cert.pem"));
    std::fs::write(&key, &key_pair().private_key_pem).unwrap();
    std::fs::write(&certificate, &key_pair().certificate_pem).unwrap();
    let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    let arguments = ["--idp-key", key, "--idp-cert", certificate, "--env-key", "k", "--env-secret", "s"];
    let mut child = sandbox(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("http://127.0.0.1:"), "{first}");
    let printed: Vec<String> = lines.by_ref().take(5).map(Result::unwrap).collect();
    assert!(printed.iter().any(|line| line.trim_start().starts_with("Configuration")), "{printed:?}");
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
