//! Connec!: who gets in, what is sent and answered, and what stands beside the records.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, MEDIA_TYPE, error, vector};
use crate::http::request;
use crate::running::Running;

/// Every route that needs credentials.
const GUARDED: [(&str, &str); 6] = [
    ("GET", "/api/v2/cld-7a1c"),
    ("GET", "/api/v2/cld-7a1c/people"),
    ("GET", "/api/v2/cld-7a1c/people/00000000-0000-4000-8000-000000000001"),
    ("GET", "/api/v2/cld-7a1c/company"),
    ("GET", "/api/reports/cld-7a1c/accounts_summary"),
    ("POST", "/batch"),
];

#[tokio::test]
async fn wrong_credentials_are_refused_with_the_vectors_document() {
    let running = Running::start().await;
    let (acme, north) = (running.marketplace("acme-hub"), running.marketplace("northbank"));
    let expected = vector(include_str!("../vectors/connec_error_401.json"));
    for (method, path) in GUARDED {
        let ask = || request(method, format!("{}{path}", acme.host)).body(MEDIA_TYPE, "{}");
        for asked in [ask(), ask().basic(&acme.api_id, "wrong"), ask().basic(&north.api_id, &north.api_key)] {
            let answer = asked.send().await;
            assert_eq!(answer.status, 401, "{path}");
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
            let mut document = expected.clone();
            document["errors"][0]["id"] = error(&answer)["id"].clone();
            assert_eq!(answer.json(), document, "{path}");
        }
    }
}

#[tokio::test]
async fn a_group_that_has_the_app_no_more_or_never_had_it_is_refused() {
    let connec = Connec::start().await;
    let cancel = format!("marketplaces/acme-hub/groups/{GROUP}/cancel");
    connec.running.change("POST", &cancel, r#"{"deliver":false}"#).await;
    for path in ["", "/people", "/company", "/people/x"] {
        for group in [GROUP, "cld-none"] {
            let answer = connec.ask("GET", &format!("/api/v2/{group}{path}")).send().await;
            assert_eq!((answer.status, error(&answer)["code"].as_str()), (401, Some("unauthorized-access")), "{path}");
        }
    }
    assert_eq!(connec.ask("GET", "/api/v2/cld-9e4f/people").send().await.status, 200);
    assert_eq!(connec.ask("GET", &format!("/api/reports/{GROUP}/accounts_summary")).send().await.status, 401);
}

#[tokio::test]
async fn each_marketplace_and_each_group_has_its_own_records() {
    let connec = Connec::start().await;
    let id = connec.create("people", json!({ "last_name": "Quill" })).await;
    assert_eq!(connec.get(&format!("people/{id}")).await.status, 200);
    assert_eq!(connec.ask("GET", &format!("/api/v2/cld-9e4f/people/{id}")).send().await.status, 404);
    let north = connec.running.marketplace("northbank");
    let path = format!("/northbank/api/v2/{GROUP}/people/{id}");
    assert_eq!(connec.running.get(&path).basic(&north.api_id, &north.api_key).send().await.status, 404);
}

#[tokio::test]
async fn the_index_links_every_resource_as_the_vector_does() {
    let connec = Connec::start().await;
    let host = connec.running.marketplace("acme-hub").host;
    let expected = include_str!("../vectors/connec_index_links.json").replace("https://connec.acme.example", &host);
    let expected: Value = serde_json::from_str(&expected).unwrap();
    for path in ["/api/v2/cld-7a1c", "/api/v2/cld-7a1c/"] {
        let served = connec.ask("GET", path).send().await.json();
        let links = served["_links"].as_array().unwrap();
        for link in expected["_links"].as_array().unwrap() {
            assert!(links.contains(link), "{link}");
        }
        assert_eq!(links.len(), 34);
    }
}

#[tokio::test]
async fn the_version_is_for_everybody_and_has_the_vectors_shape() {
    let running = Running::start().await;
    let answer = running.get("/acme-hub/version").send().await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json(), vector(include_str!("../vectors/connec_version.json")));
    assert_eq!(running.get("/nowhere/version").send().await.status, 404);
}

#[tokio::test]
async fn a_report_has_the_vectors_shape_and_an_unknown_one_is_refused() {
    let connec = Connec::start().await;
    let path = format!("/api/reports/{GROUP}");
    for report in ["accounts_summary", "profit_and_loss"] {
        let answer = connec.ask("GET", &format!("{path}/{report}?from=2029-01-01&to=2030-01-15")).send().await;
        assert_eq!(answer.json(), vector(include_str!("../vectors/connec_report_accounts_summary.json")));
    }
    let today = connec.ask("GET", &format!("{path}/accounts_summary")).send().await.json();
    assert_eq!(today["to"].as_str().unwrap().len(), "2030-01-15".len());
    let answer = connec.ask("GET", &format!("{path}/horoscope")).send().await;
    assert_eq!((answer.status, error(&answer)["code"].as_str()), (400, Some("unknown-report")));
}

#[tokio::test]
async fn an_unknown_resource_is_refused_with_the_vectors_document() {
    let connec = Connec::start().await;
    let mut expected = vector(include_str!("../vectors/connec_error_400_unknown_resource.json"));
    for answer in [
        connec.get("unicorns").await,
        connec.get("unicorns/1").await,
        connec.get("contacts").await,
        connec.post("unicorns", json!({})).await,
    ] {
        assert_eq!(answer.status, 400);
        expected["errors"][0]["id"] = error(&answer)["id"].clone();
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_with_an_error_document() {
    let connec = Connec::start().await;
    let id = connec.create("people", json!({ "last_name": "Quill" })).await;
    let people = format!("/api/v2/{GROUP}/people");
    let cases = [
        ("DELETE", format!("{people}/{id}")),
        ("POST", format!("{people}/{id}")),
        ("PUT", people),
        ("DELETE", format!("/api/v2/{GROUP}/company")),
        ("GET", "/batch".to_owned()),
        ("POST", "/version".to_owned()),
        ("POST", format!("/api/v2/{GROUP}")),
    ];
    for (method, path) in cases {
        let answer = connec.ask(method, &path).body(MEDIA_TYPE, r#"{"people":{}}"#).send().await;
        assert_eq!((answer.status, error(&answer)["status"].as_str()), (405, Some("405")), "{method} {path}");
    }
    assert_eq!(connec.records("people").await.len(), 1);
}

#[tokio::test]
async fn a_body_must_be_json_with_an_object_under_the_resources_name() {
    let connec = Connec::start().await;
    let bodies = ["", "{", "[]", "{}", r#"{"people":[]}"#, r#"{"people":null}"#, r#"{"items":{}}"#, r#""people""#];
    for body in bodies {
        let answer = connec.ask_group("POST", "people").body(MEDIA_TYPE, body).send().await;
        assert_eq!((answer.status, error(&answer)["code"].as_str()), (400, Some("invalid-request")), "{body}");
    }
    assert_eq!(connec.records("people").await.len(), 0);
}

#[tokio::test]
async fn both_media_types_are_read_and_others_are_not() {
    let connec = Connec::start().await;
    let cases = [
        (MEDIA_TYPE, 201),
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ];
    for (content_type, status) in cases {
        let asked = connec.ask_group("POST", "people").body(content_type, r#"{"people":{"last_name":"Q"}}"#);
        let answer = asked.send().await;
        assert_eq!((answer.status, answer.header("content-type")), (status, Some(MEDIA_TYPE)), "{content_type}");
    }
}

#[tokio::test]
async fn a_body_above_five_megabytes_is_refused() {
    let connec = Connec::start().await;
    let body = |length: usize| {
        let frame = r#"{"people":{"notes":""}}"#.len();
        json!({ "people": { "notes": "x".repeat(length - frame) } }).to_string()
    };
    let largest = 5 * 1024 * 1024;
    let sent = connec.ask_group("POST", "people").body(MEDIA_TYPE, body(largest + 1)).send().await;
    assert_eq!((sent.status, error(&sent)["status"].as_str()), (413, Some("413")));
    let sent = connec.ask_group("POST", "people").body(MEDIA_TYPE, body(largest)).send().await;
    assert_eq!(sent.status, 201);
}

#[tokio::test]
async fn an_answer_is_compressed_for_those_who_accept_it() {
    let connec = Connec::start().await;
    connec.create("people", json!({ "last_name": "Ångström" })).await;
    let plain = connec.get("people").await;
    assert_eq!(plain.header("content-encoding"), None);
    let refused = connec.ask_group("GET", "people").header("accept-encoding", "br, gzip;q=0").send().await;
    assert_eq!(refused.header("content-encoding"), None);
    let zipped = connec.ask_group("GET", "people").header("accept-encoding", "deflate, gzip;q=0.8").send().await;
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    assert_eq!(zipped.header("content-type"), Some(MEDIA_TYPE));
    let mut unzipped = String::new();
    GzDecoder::new(zipped.bytes.as_slice()).read_to_string(&mut unzipped).unwrap();
    assert_eq!(unzipped, plain.body);
}
