//! The app, as far as a marketplace calls it: it writes down what comes and answers as it was told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

#[derive(Clone)]
pub(crate) struct Received {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct Notebook {
    received: Vec<Received>,
    answers: VecDeque<u16>,
}

pub(crate) struct App {
    pub(crate) host: String,
    notebook: Arc<Mutex<Notebook>>,
    _server: AbortOnDropHandle<()>,
}

impl App {
    /// Answers with these statuses, and with 200 when there are no more.
    pub(crate) async fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let notebook =
            Arc::new(Mutex::new(Notebook { answers: statuses.iter().copied().collect(), ..Notebook::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&notebook));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { host, notebook, _server: AbortOnDropHandle::new(server) }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.notebook.lock().unwrap().received.clone()
    }

    /// Method and path of everything received.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.received().into_iter().map(|received| received.line).collect()
    }
}

async fn answer(State(notebook): State<Arc<Mutex<Notebook>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1_000).await.unwrap().to_vec();
    let mut notebook = notebook.lock().unwrap();
    let line = format!("{} {}", head.method, head.uri);
    notebook.received.push(Received { line, headers: head.headers, body });
    let status = StatusCode::from_u16(notebook.answers.pop_front().unwrap_or(200)).unwrap();
    // Where a redirect would lead.
    (status, [(header::LOCATION, "/elsewhere")]).into_response()
}
