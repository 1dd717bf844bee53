//! Connec!: lists, their pages, filters and orders.

use serde_json::{Value, json};

use crate::connec_client::{Connec, GROUP, MEDIA_TYPE, error, external, own_id, redacted, vector};
use crate::http::get;

/// The people and the organization of the vectors' lists, written as the app would.
async fn with_the_vectors_people(connec: &Connec) {
    connec.create("organizations", json!({ "id": [external("co-9")], "name": "DoveTail" })).await;
    let pages = [include_str!("../vectors/connec_list_page1.json"), include_str!("../vectors/connec_list_page2.json")];
    for page in pages.map(vector) {
        for person in page["people"].as_array().unwrap() {
            let mut person = person.clone();
            let ids = person["id"].as_array().unwrap()[1..].to_vec();
            person["id"] = json!(ids);
            person["organization_id"] = json!([external("co-9")]);
            connec.create("people", person).await;
        }
    }
}

fn query(parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("people?{}", query.extend_pairs(parameters).finish())
}

/// The codes of the people a query finds.
async fn codes(connec: &Connec, parameters: &[(&str, &str)]) -> Vec<String> {
    let answer = connec.get(&query(parameters)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let document = answer.json();
    document["people"].as_array().unwrap().iter().map(|person| person["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_are_the_vectors_and_the_link_to_the_next_works() {
    let connec = Connec::with_external_ids().await;
    with_the_vectors_people(&connec).await;
    let first = connec.get("people?$top=2").await;
    assert_eq!(first.header("content-type"), Some(MEDIA_TYPE));
    let vectors =
        [include_str!("../vectors/connec_list_page1.json"), include_str!("../vectors/connec_list_page2.json")];
    assert_eq!(redacted(&first.json()), redacted(&vector(vectors[0])));
    let acme = connec.running.marketplace("acme-hub");
    let next = first.json()["pagination"]["next"].as_str().unwrap().to_owned();
    assert_eq!(next, format!("{}/api/v2/{GROUP}/people?%24skip=2&%24top=2", acme.host));
    let second = get(next).basic(&acme.api_id, &acme.api_key).header("CONNEC-EXTERNAL-IDS", "true").send().await;
    assert_eq!(redacted(&second.json()), redacted(&vector(vectors[1])));
}

#[tokio::test]
async fn a_shown_record_is_the_vectors() {
    let connec = Connec::with_external_ids().await;
    with_the_vectors_people(&connec).await;
    let found = connec.post("people", json!({ "id": [external("c-1")] })).await.json();
    let shown = connec.get(&format!("people/{}", own_id(&found["people"]["id"]))).await.json();
    assert_eq!(redacted(&shown), redacted(&vector(include_str!("../vectors/connec_show_person.json"))));
}

#[tokio::test]
async fn an_empty_list_is_the_vectors() {
    let connec = Connec::start().await;
    let expected = vector(include_str!("../vectors/connec_list_empty.json"));
    for path in ["people", "people/"] {
        assert_eq!(connec.get(path).await.json(), expected, "{path}");
    }
}

#[tokio::test]
async fn without_the_header_ids_are_plain_as_in_the_vector() {
    let connec = Connec::start().await;
    with_the_vectors_people(&connec).await;
    let vector = vector(include_str!("../vectors/connec_list_plain_ids.json"));
    let served = connec.get("people").await.json();
    let shown = vector["people"].as_array().unwrap().len();
    assert_eq!(redacted(&json!(served["people"].as_array().unwrap()[..shown].to_vec())), redacted(&vector["people"]));
    let organizations = connec.get("organizations").await.json();
    assert_eq!(served["people"][0]["organization_id"], organizations["organizations"][0]["id"]);
}

#[tokio::test]
async fn a_page_has_a_hundred_records_unless_told_otherwise() {
    let connec = Connec::start().await;
    for batch in 0..2 {
        let ops = (0..60).map(|number| {
            let fields = json!({ "people": { "last_name": "Quill", "code": format!("{batch}-{number:02}") } });
            json!({ "method": "post", "url": format!("/api/v2/{GROUP}/people/"), "params": fields })
        });
        assert_eq!(connec.batch(ops.collect()).await.status, 200);
    }
    let document = connec.get("people").await.json();
    assert_eq!(document["people"].as_array().unwrap().len(), 100);
    assert_eq!((&document["pagination"]["top"], &document["pagination"]["total"]), (&json!(100), &json!(120)));
    assert_eq!(codes(&connec, &[("$skip", "118")]).await, ["1-58", "1-59"], "in the order they were made");
    let beyond = connec.get("people?%24skip=500&%24top=7").await.json();
    assert_eq!(beyond, json!({ "people": [], "pagination": { "skip": 500, "top": 7, "total": 120 } }));
}

#[tokio::test]
async fn the_next_page_keeps_filter_and_order() {
    let connec = Connec::start().await;
    with_the_vectors_people(&connec).await;
    let parameters = [("$filter", "last_name eq 'Quill' and code ne 'PE2'"), ("$orderby", "code DESC"), ("$top", "1")];
    let first = connec.get(&query(&parameters)).await.json();
    assert_eq!((&first["people"][0]["code"], &first["pagination"]["total"]), (&json!("PE3"), &json!(2)));
    let next = first["pagination"]["next"].as_str().unwrap();
    assert!(next.contains("%24filter=") && !next.contains(['\'', ' ']), "{next}");
    let acme = connec.running.marketplace("acme-hub");
    let second = get(next).basic(&acme.api_id, &acme.api_key).send().await.json();
    assert_eq!(second["people"][0]["code"], "PE1");
    assert_eq!(second["pagination"]["next"], Value::Null);
}

#[tokio::test]
async fn lists_are_filtered() {
    let connec = Connec::with_external_ids().await;
    with_the_vectors_people(&connec).await;
    let people = connec.get("people").await.json();
    let second = people["people"][1].clone();
    let organization = people["people"][0]["organization_id"][0]["id"].as_str().unwrap().to_owned();
    let own = second["id"][0]["id"].as_str().unwrap();
    let instant = second["updated_at"].as_str().unwrap();
    let cases = [
        (format!("updated_at gt '{instant}'"), vec!["PE3"]),
        (format!("updated_at gte '{instant}'"), vec!["PE2", "PE3"]),
        (format!("updated_at lt '{instant}'"), vec!["PE1"]),
        (format!("created_at eq '{instant}'"), vec!["PE2"]),
        ("updated_at gt '2016-01-01T00:00:00Z' and status ne 'ARCHIVED'".to_owned(), vec!["PE1", "PE2"]),
        ("email.address eq 'p3@example.org'".to_owned(), vec!["PE3"]),
        ("is_customer eq true and is_lead eq false".to_owned(), vec!["PE1", "PE2", "PE3"]),
        ("nickname eq null and first_name lte 'Bo'".to_owned(), vec!["PE1", "PE2"]),
        (format!("id eq '{own}'"), vec!["PE2"]),
        (format!("organization_id eq '{organization}'"), vec!["PE1", "PE2", "PE3"]),
        (format!("group_id eq '{GROUP}' and resource_type eq 'items'"), vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(codes(&connec, &[("$filter", &filter)]).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_quote_in_a_filters_text_is_doubled() {
    let connec = Connec::start().await;
    connec.create("people", json!({ "last_name": "O'Neil <QA>", "code": "PE9" })).await;
    assert_eq!(codes(&connec, &[("$filter", "last_name eq 'O''Neil <QA>'")]).await, ["PE9"]);
    assert_eq!(codes(&connec, &[("$filter", "last_name ne 'O''Neil <QA>'")]).await, Vec::<String>::new());
}

#[tokio::test]
async fn lists_are_ordered_by_several_fields() {
    let connec = Connec::start().await;
    for (code, last_name, rating) in [("a", "Quill", json!(2)), ("b", "Moss", json!(10)), ("c", "Quill", json!(10))] {
        connec.create("people", json!({ "code": code, "last_name": last_name, "x": { "rating": rating } })).await;
    }
    connec.create("people", json!({ "code": "d", "last_name": "Moss" })).await;
    let cases = [
        ("code ASC", ["a", "b", "c", "d"]),
        ("code desc", ["d", "c", "b", "a"]),
        ("last_name", ["b", "d", "a", "c"]),
        ("last_name DESC, code DESC", ["c", "a", "d", "b"]),
        ("x.rating ASC,last_name DESC", ["d", "a", "c", "b"]),
        ("updated_at DESC", ["d", "c", "b", "a"]),
    ];
    for (order, expected) in cases {
        assert_eq!(codes(&connec, &[("$orderby", order)]).await, expected, "{order}");
    }
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_and_named() {
    let connec = Connec::start().await;
    let cases = [
        ("$filter", "updated_at since '2030'", "unknown operator \"since\""),
        ("$filter", "name eq 'x' or name eq 'y'", "expected \"and\", found \"or\""),
        ("$orderby", "name UP", "\"name UP\""),
        ("$orderby", "name,,code", "$orderby"),
        ("$top", "many", "$top must be a whole number, not \"many\""),
        ("$top", "0", "$top must be at least 1"),
        ("$skip", "-1", "$skip"),
        ("$search", "quill", "$search is not served here"),
    ];
    for (name, value, expected) in cases {
        let answer = connec.get(&query(&[(name, value)])).await;
        let error = error(&answer);
        assert_eq!((answer.status, error["title"].as_str()), (400, Some("Invalid query")), "{name}={value}");
        assert!(error["detail"].as_str().unwrap().contains(expected), "{error}");
    }
}
