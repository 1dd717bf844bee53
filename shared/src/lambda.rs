//! Starting a function, running it behind API Gateway, and what must be put right in an event before `lambda_http` sees it.
//!
//! `lambda_http` 1.3 builds a URL from the `Host` header and panics on a bad one, and forgets all cookies when one of them has a
//! control character in it. Both come from outside. Nothing of ours depends on `Host` (threats.md C13), so it is taken away.

use std::{convert::Infallible, process::ExitCode};

use lambda_http::{
    Adapter, Body, Error, LambdaEvent, Request, Response, Service, aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    lambda_runtime, request::LambdaRequest, service_fn,
};

use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::{
    env::Variables,
    telemetry::{self, causes},
};

/// Runs a function: installs the log, starts it, serves. What keeps it from starting is logged with all its causes.
pub async fn main(function: impl AsyncFnOnce(&Variables) -> Result<(), Error>) -> ExitCode {
    let variables = Variables::of_process();
    telemetry::init(&variables);
    match function(&variables).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(causes = causes(&*error), "cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves requests until the execution environment ends.
///
/// # Errors
/// When the Lambda runtime API cannot be reached.
pub async fn run<S>(service: S) -> Result<(), Error>
where
    S: Service<Request, Response = Response<Body>, Error = Infallible> + Clone + Send,
    S::Future: Send,
{
    let adapter = Adapter::from(service);
    lambda_runtime::run(service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| {
        let mut adapter = adapter.clone();
        async move { adapter.call(LambdaEvent::new(prepare(event.payload), event.context)).await }
    }))
    .await
}

/// Runs a job for each event, whatever the event says, until the execution environment ends. It is told its function's name, and
/// what it answers with goes to whoever waits for it.
///
/// # Errors
/// When the Lambda runtime API cannot be reached.
pub async fn run_job<T, E>(job: impl AsyncFn(&str) -> Result<T, E>) -> Result<(), Error>
where
    T: Serialize + Send,
    E: std::error::Error + Send + Sync + 'static,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<IgnoredAny>| {
        told(job(&event.context.env_config.function_name).await)
    }))
    .await
}

/// Works on each batch that an event source brings, until the execution environment ends, and answers with what of it is to be
/// brought again. It is told its function's name.
///
/// # Errors
/// When the Lambda runtime API cannot be reached.
pub async fn run_worker<B, T, E>(work: impl AsyncFn(&str, B) -> Result<T, E>) -> Result<(), Error>
where
    B: DeserializeOwned + Send,
    T: Serialize + Send,
    E: std::error::Error + Send + Sync + 'static,
{
    // What the SDK makes of a call is too deep for the compiler to look into from here.
    lambda_runtime::run(service_fn(async |event: LambdaEvent<B>| {
        told(Box::pin(work(&event.context.env_config.function_name, event.payload)).await)
    }))
    .await
}

/// The one place that logs what a job or a worker failed with.
fn told<T, E: std::error::Error + Send + Sync + 'static>(outcome: Result<T, E>) -> Result<T, Error> {
    outcome.map_err(|error| {
        tracing::error!(causes = causes(&error), "{error}");
        Error::from(error)
    })
}

/// The event as `lambda_http` can take it, whatever a caller put into it.
#[must_use]
pub fn prepare(mut event: ApiGatewayV2httpRequest) -> LambdaRequest {
    for header in ["host", "x-forwarded-proto"] {
        event.headers.remove(header);
    }
    event.request_context.domain_name = None;
    if !event.raw_path.as_ref().is_some_and(|path| path.starts_with('/')) {
        event.raw_path = Some("/".to_owned());
    }
    if let Some(query) = event.raw_query_string.as_mut().filter(|query| !query.bytes().all(may_be_in_query)) {
        *query = query.bytes().map(in_query).collect();
    }
    if let Some(cookies) = &mut event.cookies {
        cookies.retain(|cookie| http::HeaderValue::from_str(cookie).is_ok());
    }
    LambdaRequest::ApiGatewayV2(event)
}

/// The byte as it may stand in a query, percent-encoded if it may not.
fn in_query(byte: u8) -> String {
    if may_be_in_query(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// RFC 3986, 3.4, and what browsers leave as it is.
fn may_be_in_query(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%[]|".contains(&byte)
}

#[cfg(test)]
mod tests {
    use lambda_http::RequestExt as _;
    use serde_json::{Value, json};

    use super::*;

    fn prepared(change: impl FnOnce(&mut Value)) -> Request {
        let mut event = json!({
            "version": "2.0", "rawPath": "/session", "rawQueryString": "a=1", "cookies": ["a=1"],
            "headers": { "host": "example.test", "x-forwarded-proto": "https" },
            "requestContext": { "domainName": "example.test", "stage": "$default", "http": { "method": "GET", "path": "/session" } },
            "isBase64Encoded": false,
        });
        change(&mut event);
        prepare(serde_json::from_value(event).unwrap()).into()
    }

    #[test]
    fn no_host_or_protocol_can_make_it_panic() {
        for host in ["a b", "localhost:99999", "[::1", "", "é", "a/b?c#d"] {
            let request = prepared(|event| {
                event["headers"]["host"] = json!(host);
                event["headers"]["x-forwarded-proto"] = json!("not a scheme");
                event["requestContext"]["domainName"] = json!(host);
            });
            assert_eq!(request.raw_http_path(), "/session", "{host}");
        }
    }

    #[test]
    fn no_path_or_query_can_make_it_panic() {
        for (path, query) in
            [("", ""), ("no-slash:99999", "x"), ("//evil", "a b"), ("/a\0b", "\u{e9}<>\"^`{}"), ("/%ff#x?y", "%zz#")]
        {
            let request = prepared(|event| {
                event["rawPath"] = json!(path);
                event["rawQueryString"] = json!(query);
            });
            assert!(request.uri().path().starts_with('/'), "{path}");
        }
    }

    #[test]
    fn a_cookie_that_fits_no_header_does_not_take_the_others_with_it() {
        let request = prepared(|event| event["cookies"] = json!(["a=1", "x=\u{1}", "b=2"]));
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
    }
}
