//! The routes, and what API Gateway does around a function: limits, time-outs, and what it answers when one fails.

use std::{collections::HashMap, convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::any,
};
use lambda_http::{Adapter, Context, LambdaEvent, Service as _, service_fn};
use serde_json::Value;
use shared::{
    clock::{Clock, SystemClock},
    lambda,
};

use super::event;
use crate::{
    feed::Feed,
    functions::Functions,
    template::{self, TemplateError},
};

/// The payload limit of a synchronous Lambda invocation.
const MAX_PAYLOAD_LEN: usize = 6 * 1024 * 1024;
/// The integration time-out of an HTTP API.
const TIMEOUT: Duration = Duration::from_secs(30);

type Invocation = Pin<Box<dyn Future<Output = Result<Value, serde_json::Error>> + Send>>;

/// A deployed function: takes an event, gives an answer, both as JSON.
#[derive(Clone)]
struct Function(Arc<dyn Fn(Value) -> Invocation + Send + Sync>);

impl Function {
    fn new<F, Fut>(handle: F) -> Self
    where
        F: Fn(lambda_http::Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<lambda_http::Response<lambda_http::Body>, Infallible>> + Send + 'static,
    {
        Self(Arc::new(move |event| {
            let handle = handle.clone();
            Box::pin(async move {
                let request = lambda::prepare(serde_json::from_value(event)?);
                let mut adapter = Adapter::from(service_fn(handle));
                let answer = match adapter.call(LambdaEvent::new(request, Context::default())).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                serde_json::to_value(answer)
            })
        }))
    }
}

#[derive(Clone)]
struct Route {
    function: Function,
    path: Arc<str>,
    feed: Feed,
}

/// The API: every route of the deployed one, with its function.
pub(crate) fn router(functions: &Functions, feed: &Feed) -> Result<Router, TemplateError> {
    let (sso, app_api, metadata) =
        (Arc::clone(&functions.sso), Arc::clone(&functions.app_api), Arc::clone(&functions.metadata));
    let account_webhooks = Arc::clone(&functions.account_webhooks);
    let account_webhooks = Function::new(move |request| {
        let app = Arc::clone(&account_webhooks);
        async move { account_webhooks::handle(&app, request).await }
    });
    let sso = Function::new(move |request| {
        let app = Arc::clone(&sso);
        async move { sso::handle(&app, request).await }
    });
    let app_api = Function::new(move |request| {
        let app = Arc::clone(&app_api);
        async move { app_api::handle(&app, request).await }
    });
    let metadata = Function::new(move |request| {
        let app = Arc::clone(&metadata);
        async move { metadata::handle(&app, request).await }
    });
    let functions = HashMap::from([
        ("account-webhooks", account_webhooks),
        ("app-api", app_api),
        ("metadata", metadata),
        ("sso", sso),
    ]);
    let mut router = Router::new();
    for template::Route { function, path } in template::routes()? {
        let function = functions.get(&*function).cloned().ok_or(TemplateError("function behind every route"))?;
        let route = Route { function, path: path.as_str().into(), feed: feed.clone() };
        router = router.route(&axum_path(&path), any(invoke).with_state(route));
    }
    Ok(router.fallback(|| async { message(StatusCode::NOT_FOUND, "Not Found") }))
}

/// `{rest+}` is `{*rest}` to axum.
fn axum_path(path: &str) -> String {
    match path.strip_suffix("+}").and_then(|path| path.rsplit_once('{')) {
        Some((before, name)) => format!("{before}{{*{name}}}"),
        None => path.to_owned(),
    }
}

async fn invoke(State(route): State<Route>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let line = format!("{} {}", parts.method, parts.uri.path());
    if !event::has_usable_host(&parts.headers) {
        return message(StatusCode::BAD_REQUEST, "Bad Request");
    }
    let Ok(body) = axum::body::to_bytes(body, MAX_PAYLOAD_LEN).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    };
    let event = event::of(&parts, &body, &route.path, SystemClock.now());
    if event.get("body").and_then(Value::as_str).is_some_and(|body| body.len() > MAX_PAYLOAD_LEN) {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    }
    let response = answer(&route.function, event).await;
    route.feed.push("service", format!("{line} answered {}", response.status().as_u16()));
    response
}

/// A function that panics, stalls or answers nonsense looks to the caller as it would behind API Gateway.
async fn answer(function: &Function, event: Value) -> Response {
    match tokio::time::timeout(TIMEOUT, tokio::spawn((function.0)(event))).await {
        Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(Ok(Ok(answer))) => event::answer(&answer)
            .unwrap_or_else(|| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
        Ok(failed) => {
            tracing::error!(?failed, "a function crashed");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

fn message(status: StatusCode, text: &'static str) -> Response {
    (status, axum::Json(serde_json::json!({ "message": text }))).into_response()
}
