//! The vendor's app, calling our API: whatever it is answered must be as `docs/app-api.openapi.yaml` says.

use std::sync::LazyLock;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::World;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/app-api.openapi.yaml");
    yaml_serde::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
});

/// The description of the API.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// What a `$ref` of the document stands for.
pub(crate) fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(place) => DOCUMENT.pointer(place.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// What is wrong with a value that should be as this schema of the document says.
pub(crate) fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": DOCUMENT["components"],
    });
    let validator = jsonschema::options().offline().should_validate_formats(true).build(&whole).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct ApiAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl ApiAnswer {
    /// The last part of the problem's type.
    pub(crate) fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap().strip_prefix("urn:stallholder:problem:").unwrap()
    }
}

impl World {
    /// Calls the API as the app does, and holds the answer against the document.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> ApiAnswer {
        let client = reqwest::Client::builder().build().unwrap();
        let request = client.request(method.clone(), self.service(path)).bearer_auth(self.app_api_key());
        let answer = with(request).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        check(&method, path, status, &headers, &body);
        ApiAnswer { status, headers, body }
    }

    /// Exchanges a one-time code.
    pub(crate) async fn exchange(&self, code: &str) -> ApiAnswer {
        self.call(Method::POST, "/app/v1/session/token", |request| request.json(&json!({ "code": code }))).await
    }

    /// Asks whether a session holds.
    pub(crate) async fn session(&self, token: &str) -> ApiAnswer {
        self.call(Method::GET, "/app/v1/session", |request| request.header("stallholder-session", token)).await
    }

    /// Ends a session.
    pub(crate) async fn end_session(&self, token: &str) -> ApiAnswer {
        self.call(Method::DELETE, "/app/v1/session", |request| request.header("stallholder-session", token)).await
    }
}

/// The path of the document that a request's path is one of: the longest that fits.
fn described(path: &str) -> &'static str {
    let fits = |pattern: &str| {
        let (path, pattern) = (path.split('/'), pattern.split('/'));
        path.clone().count() == pattern.clone().count()
            && path.zip(pattern).all(|(segment, expected)| expected.starts_with('{') || segment == expected)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap().keys();
    paths
        .map(String::as_str)
        .find(|pattern| fits(pattern))
        .unwrap_or_else(|| panic!("no path of the document is like {path}"))
}

/// A method that the document does not know must be a 405; whatever else is answered, it must describe.
fn check(method: &Method, path: &str, status: StatusCode, headers: &reqwest::header::HeaderMap, body: &Value) {
    let operation = &DOCUMENT["paths"][described(path)][method.as_str().to_lowercase()];
    if operation.is_null() {
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(problems(&json!({ "$ref": "#/components/schemas/Problem" }), body), [""; 0]);
        return;
    }
    let described = &operation["responses"][status.as_str()];
    assert!(!described.is_null(), "{method} {path} does not tell of {status}");
    if resolved(described).get("content").is_none() {
        assert_eq!(*body, Value::Null, "{method} {path} {status}");
        return;
    }
    let (media_type, content) = resolved(described)["content"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(headers["content-type"], media_type.as_str(), "{method} {path} {status}");
    assert_eq!(problems(&content["schema"], body), [""; 0], "{method} {path} {status}: {body}");
}
