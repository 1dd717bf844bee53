//! The Lambda Runtime API, for one process: hands out events, takes answers, and tells when.

use std::{sync::Arc, time::Instant};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
};

/// Its address, and both ends of the conversation.
pub(crate) struct RuntimeApi {
    pub(crate) address: String,
    /// Every request for an event.
    pub(crate) polls: mpsc::UnboundedReceiver<Instant>,
    /// What the next request for an event gets.
    pub(crate) events: mpsc::UnboundedSender<Value>,
    /// Every answer.
    pub(crate) answers: mpsc::UnboundedReceiver<(Instant, Value)>,
}

struct Conversation {
    polls: mpsc::UnboundedSender<Instant>,
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    answers: mpsc::UnboundedSender<(Instant, Value)>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (polls, seen_polls) = mpsc::unbounded_channel();
        let (events, next_events) = mpsc::unbounded_channel();
        let (answers, seen_answers) = mpsc::unbounded_channel();
        let conversation = Arc::new(Conversation { polls, events: Mutex::new(next_events), answers });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(answer))
            .with_state(conversation);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, polls: seen_polls, events, answers: seen_answers }
    }
}

async fn next(State(conversation): State<Arc<Conversation>>) -> Response {
    let _ = conversation.polls.send(Instant::now());
    let Some(event) = conversation.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:measured"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
    ];
    (headers, Json(event)).into_response()
}

async fn answer(
    State(conversation): State<Arc<Conversation>>,
    Path((_, outcome)): Path<(String, String)>,
    answer: String,
) -> StatusCode {
    assert_eq!(outcome, "response", "{answer}");
    let _ = conversation.answers.send((Instant::now(), serde_json::from_str(&answer).unwrap()));
    StatusCode::ACCEPTED
}
