//! HTTP to event and back (API Gateway developer guide, HTTP APIs, payload format version 2.0).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts, uri::Authority},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use shared::random;
use url::Url;

/// The event of one request that matched `route`.
pub(super) fn of(parts: &Parts, body: &[u8], route: &str, now: Timestamp) -> Value {
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
    let (body, is_base64) = encode(&parts.headers, body);
    json!({
        "version": "2.0",
        "routeKey": format!("ANY {route}"),
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "cookies": cookies(&parts.headers),
        "headers": headers(&parts.headers),
        "pathParameters": path_parameters(route, parts.uri.path()),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": parts.headers.get(header::USER_AGENT).map(text),
            },
            "requestId": random::hex128(),
            "routeKey": format!("ANY {route}"),
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// API Gateway refuses a request whose `Host` is no host before any function sees it.
pub(super) fn has_usable_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|host| !host.as_str().contains('@') && Url::parse(&format!("http://{host}")).is_ok())
}

/// The HTTP answer in what a function returned; `None` if it is not one.
pub(super) fn answer(answer: &Value) -> Option<Response> {
    let status = StatusCode::from_u16(answer["statusCode"].as_u64()?.try_into().ok()?).ok()?;
    let body = match (answer["body"].as_str(), answer["isBase64Encoded"].as_bool()) {
        (None, _) => Vec::new(),
        (Some(base64), Some(true)) => STANDARD.decode(base64).ok()?,
        (Some(text), _) => text.as_bytes().to_vec(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response.headers_mut().insert(name.parse::<HeaderName>().ok()?, value.as_str()?.parse().ok()?);
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie.as_str()?.parse().ok()?);
    }
    Some(response)
}

/// Bodies of a textual type travel as they are, all others in base64.
fn encode(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let media_type = headers.get(header::CONTENT_TYPE).map(text).unwrap_or_default();
    let textual = ["text/", "application/json", "application/javascript", "application/xml"];
    match std::str::from_utf8(body) {
        Ok(body) if textual.iter().any(|prefix| media_type.starts_with(prefix)) => (Some(body.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter().map(text);
    values.flat_map(|value| value.split("; ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Names in lower case, repeated ones joined, cookies left out, and the forwarding headers as the gateway sets them, whatever
/// the caller wrote.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let names = headers.keys().filter(|name| **name != header::COOKIE);
    let mut joined: Map<String, Value> = names
        .map(|name| {
            let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
            (name.as_str().to_owned(), Value::String(values.join(",")))
        })
        .collect();
    for (name, value) in [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-port", "443"), ("x-forwarded-proto", "https")]
    {
        joined.insert(name.to_owned(), value.into());
    }
    joined
}

/// The values of the `{names}` in a route, decoded.
fn path_parameters(route: &str, path: &str) -> Map<String, Value> {
    let mut rest = path;
    let parameters = route.split('/').filter_map(|pattern| {
        let name = pattern.strip_prefix('{').and_then(|pattern| pattern.strip_suffix('}'));
        let (value, after) = match name {
            Some(name) if name.ends_with('+') => (rest, ""),
            _ => rest.split_once('/').unwrap_or((rest, "")),
        };
        rest = after;
        Some((name?.trim_end_matches('+').to_owned(), percent_decode_str(value).decode_utf8_lossy().into()))
    });
    parameters.collect()
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn event(request: axum::http::request::Builder, body: &[u8]) -> Value {
        let (parts, ()) = request.uri("/a/b%2Fc?x=1&x=2").body(()).unwrap().into_parts();
        of(&parts, body, "/a/{rest}", Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_path_comes_decoded_and_the_query_as_it_was() {
        let event = event(Request::builder().method("GET"), b"");
        assert_eq!(event["rawPath"], "/a/b/c");
        assert_eq!(event["pathParameters"], json!({ "rest": "b/c" }));
        assert_eq!(event["rawQueryString"], "x=1&x=2");
        assert_eq!(event["body"], Value::Null);
    }

    #[test]
    fn a_greedy_parameter_takes_all_that_follows() {
        assert_eq!(
            path_parameters("/a/{b}/{rest+}", "/a/x%20y/c/d/"),
            *json!({"b": "x y", "rest": "c/d/"}).as_object().unwrap()
        );
        assert_eq!(path_parameters("/a/{b}/c", "/a/x/c"), *json!({"b": "x"}).as_object().unwrap());
    }

    #[test]
    fn the_gateway_says_how_the_request_came_not_the_caller() {
        let event =
            event(Request::builder().header("x-forwarded-proto", "gopher").header("x-forwarded-for", "1.2.3.4"), b"");
        assert_eq!(event["headers"]["x-forwarded-proto"], "https");
        assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    }

    #[test]
    fn a_host_that_is_none_never_reaches_a_function() {
        let with = |host: &'static str| HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        assert!(has_usable_host(&with("localhost:4000")) && has_usable_host(&with("[::1]:4000")));
        for bad in ["a b", "localhost:99999", "[::1", "", "user@host", "a/b"] {
            assert!(!has_usable_host(&with(bad)), "{bad}");
        }
        assert!(!has_usable_host(&HeaderMap::new()));
    }

    #[test]
    fn repeated_headers_are_joined_and_cookies_taken_out() {
        let request = Request::builder()
            .method("GET")
            .header("X-A", "1")
            .header("X-A", "2")
            .header("cookie", "a=1; b=2")
            .header("cookie", "c=3");
        let event = event(request, b"");
        assert_eq!(event["headers"]["x-a"], "1,2");
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
    }

    #[test]
    fn a_form_travels_in_base64_and_json_as_it_is() {
        let form = event(
            Request::builder().method("POST").header("content-type", "application/x-www-form-urlencoded"),
            b"a=1",
        );
        assert_eq!((&form["body"], &form["isBase64Encoded"]), (&json!("YT0x"), &json!(true)));
        let object = event(Request::builder().method("POST").header("content-type", "application/json"), b"{}");
        assert_eq!((&object["body"], &object["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    }

    #[test]
    fn every_cookie_of_an_answer_gets_its_own_header() {
        let response =
            answer(&json!({"statusCode": 302, "headers": {"location": "/x"}, "cookies": ["a=1", "b=2"]})).unwrap();
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(response.headers().get_all(header::SET_COOKIE).iter().count(), 2);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for nonsense in [
            json!(null),
            json!({"statusCode": "x"}),
            json!({"statusCode": 99_999}),
            json!({"statusCode": 200, "isBase64Encoded": true, "body": "%"}),
        ] {
            assert!(answer(&nonsense).is_none(), "{nonsense}");
        }
    }
}
