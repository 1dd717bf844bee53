//! The smallest HTTP client that can tell a broken connection from an answer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// With a replacement for what is no text.
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Name and value of every cookie that is set; an empty value means the browser forgets it.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let set = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        set.filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

pub(crate) struct Request {
    method: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

pub(crate) fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

pub(crate) fn request(method: &'static str, url: impl Into<String>) -> Request {
    Request { method, url: url.into(), headers: Vec::new(), body: String::new() }
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn basic(self, key: &str, secret: &str) -> Self {
        let encoded = STANDARD.encode(format!("{key}:{secret}"));
        self.header("authorization", format!("Basic {encoded}"))
    }

    pub(crate) fn json(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/json")
    }

    /// A body of any type.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn form(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    pub(crate) async fn send(self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// `None` when the connection ended without one.
    pub(crate) async fn try_send(self) -> Option<Answer> {
        let rest = self.url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut text = format!("{} /{path} HTTP/1.1\r\nconnection: close\r\n", self.method);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            text.push_str(&format!("host: {host}\r\n"));
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{}", self.body.len(), self.body));
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        // A reset is a way of ending without an answer, too.
        let _ = stream.read_to_end(&mut received).await;
        parse(&received)
    }
}

fn parse(received: &[u8]) -> Option<Answer> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, bytes) = (String::from_utf8(received[..end].to_vec()).unwrap(), received[end + 4..].to_vec());
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Answer { status, body: String::from_utf8_lossy(&bytes).into_owned(), bytes, headers })
}
