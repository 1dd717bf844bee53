//! What was called lately, for `/control/marketplaces/{mp}/connec/calls`.

use std::collections::VecDeque;
use std::sync::Mutex;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use crate::app::{Shared, lock};
use crate::routes::RouteName;

/// How many requests are remembered.
const REMEMBERED: usize = 1_000;

#[derive(Default)]
pub(crate) struct Calls(Mutex<Recent>);

#[derive(Clone, Default, Serialize)]
pub(crate) struct Recent {
    /// The latest last.
    requests: VecDeque<Call>,
    /// Batches that could be read.
    batches: usize,
    /// The calls in them.
    operations: usize,
}

#[derive(Clone, Serialize)]
struct Call {
    method: String,
    /// With the query, as it was asked for.
    path: String,
    status: u16,
}

impl Calls {
    pub(crate) fn recent(&self) -> Recent {
        lock(&self.0).clone()
    }

    pub(crate) fn clear(&self) {
        *lock(&self.0) = Recent::default();
    }

    pub(super) fn batch(&self, operations: usize) {
        let mut recent = lock(&self.0);
        recent.batches += 1;
        recent.operations += operations;
    }

    fn request(&self, call: Call) {
        let requests = &mut lock(&self.0).requests;
        requests.push_back(call);
        if requests.len() > REMEMBERED {
            requests.pop_front();
        }
    }
}

/// The middleware: remembers the request with the status of its answer, also when a fault made that answer or kept it.
pub(crate) async fn count(State(app): State<Shared>, matched: MatchedPath, request: Request, next: Next) -> Response {
    let is_connec = RouteName::from_pattern(matched.as_str()).is_some_and(RouteName::is_connec);
    let path = request.uri().path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let method = request.method().to_string();
    let response = next.run(request).await;
    let marketplace = path.split('/').nth(1).unwrap_or_default();
    if let Some(memory) = app.connec.get(marketplace).filter(|_| is_connec) {
        memory.calls.request(Call { method, path, status: response.status().as_u16() });
    }
    response
}
