//! The rules that need no server. Asking a real one is in `tests/integration/connec_api.rs`.

use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{batch::results, *};
use crate::{domain::LocalRecord, testing::acme};

macro_rules! vector {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../tests/fixtures/vectors/", $name, ".json")))
            .unwrap()
    };
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn group() -> crate::domain::GroupId {
    "cld-7a1c".parse().unwrap()
}

#[test]
fn only_entities_of_the_field_are_entities() {
    assert_eq!(Entity::parse("people").unwrap().as_str(), "people");
    assert!(Entity::parse("company").unwrap().is_singular() && !Entity::parse("people").unwrap().is_singular());
    for wrong in ["", "person", "People", "people/", "people?x", "companies", "../people"] {
        assert_eq!(Entity::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn operations_look_as_connec_wants_them() {
    let people = Entity::parse("people").unwrap();
    for operation in vector!("connec_batch_request")["ops"].as_array().unwrap() {
        let document = object(&operation["params"]["people"]);
        let id = operation["url"].as_str().unwrap().strip_prefix("/api/v2/cld-7a1c/people/").unwrap();
        let ours = match operation["method"].as_str().unwrap() {
            "post" => Operation::create(&group(), people, document),
            _ => Operation::update(&group(), people, id, document),
        };
        assert_eq!(ours.json("/api/v2"), *operation);
    }
    let company = Operation::create(&group(), Entity::parse("company").unwrap(), object(&json!({"name": "A"})));
    let expected = json!({"method": "put", "url": "/api/v2/cld-7a1c/company", "params": {"company": {"name": "A"}}});
    assert_eq!(company.json("/api/v2"), expected);
    let odd = Operation::update(&group(), people, "a/../b c", Map::new());
    assert_eq!(odd.json("/api/v2")["url"], "/api/v2/cld-7a1c/people/a%2F..%2Fb%20c");
}

fn five() -> Vec<Operation> {
    vec![Operation::create(&group(), Entity::parse("people").unwrap(), Map::new()); 5]
}

#[test]
fn each_operation_gets_its_own_result() {
    let response = vector!("connec_batch_response_partial_failure");
    let results = results(&five(), &response).unwrap();
    let done = |id: &str| OperationResult::Done { connec_id: id.to_owned() };
    assert_eq!(results[0], done("00000000-0000-4000-8000-000000000044"));
    assert_eq!(results[1], done("00000000-0000-4000-8000-000000000001"));
    for at in [2, 4] {
        let status = response["results"][at]["status"].as_u64().unwrap();
        let is_refused =
            matches!(&results[at], OperationResult::Refused { status: found, .. } if u64::from(*found) == status);
        assert_eq!(is_refused, status < 500, "{:?}", results[at]);
    }
}

#[test]
fn an_answer_that_leaves_a_result_open_is_no_answer() {
    let response = vector!("connec_batch_response_partial_failure");
    let with = |change: fn(&mut Value)| {
        let mut changed = response.clone();
        change(&mut changed);
        results(&five(), &changed)
    };
    assert!(with(|_| ()).is_ok());
    let broken: [fn(&mut Value); 3] = [
        |body| drop(body["results"].as_array_mut().unwrap().pop()),
        |body| body["results"].as_array_mut().unwrap().push(json!({"status": 200})),
        |body| *body = json!([]),
    ];
    for change in broken {
        assert!(matches!(with(change), Err(ConnecError::Answer { .. })));
    }
    // One that makes no sense is asked again, and takes no other with it.
    for (odd, status) in
        [(json!({"body": {}}), 0), (json!({"status": "200"}), 0), (json!({"status": 302}), 302), (json!(1), 0)]
    {
        let mut changed = response.clone();
        changed["results"][0] = odd;
        let read = results(&five(), &changed).unwrap();
        assert_eq!(read[0], OperationResult::Delayed { status });
        assert!(matches!(read[1], OperationResult::Done { .. }));
    }
    // So is one of a group that is none of ours just now.
    for status in [401, 403] {
        let mut changed = response.clone();
        changed["results"][0]["status"] = json!(status);
        assert_eq!(results(&five(), &changed).unwrap()[0], OperationResult::Delayed { status });
    }
    // Done, but of what, nobody knows: it is asked again, which changes what was made.
    let nameless = with(|body| body["results"][0]["body"] = json!({"people": {"name": "x"}})).unwrap();
    assert_eq!(nameless[0], OperationResult::Delayed { status: 201 });
}

#[test]
fn ids_come_as_arrays_or_as_text() {
    let created = vector!("connec_create_response_201");
    assert_eq!(connec_id(&created["people"]), Some("00000000-0000-4000-8000-000000000044"));
    assert_eq!(connec_id(&json!({"id": "k-1"})), Some("k-1"));
    for none in [
        json!({}),
        json!({"id": ""}),
        json!({"id": []}),
        json!({"id": [{"id": "c", "provider": "ledgerly"}]}),
        json!({"id": 1}),
        json!({"id": "x".repeat(257)}),
    ] {
        assert_eq!(connec_id(&none), None, "{none}");
    }
}

#[test]
fn references_become_our_ids_wherever_their_path_leads() {
    let ids = |id: &str| json!([{ "id": id, "provider": "ledgerly", "realm": "acct-5501" }]);
    let case = &vector!("fold_unfold_cases")["fold"][0];
    let mut document = object(&case["in"]);
    for path in case["references"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).chain(["id"]) {
        fold(&mut document, path, &ids);
    }
    assert_eq!(Value::Object(document), case["out"]);
    // A number is an id too, and what is folded already stays.
    let mut document = object(&json!({"a": 1234, "b": [{"id": "x"}], "c": true}));
    for path in ["a", "b", "c", "a/d", "b/id/e"] {
        fold(&mut document, path, &ids);
    }
    assert_eq!(document["a"], ids("1234"));
    assert_eq!((&document["b"], &document["c"]), (&json!([{"id": "x"}]), &json!(true)));
}

#[test]
fn our_ids_are_those_of_the_settings_or_of_the_app_and_the_group() {
    let record = LocalRecord { class_name: "customer".to_owned(), id: "c-1".to_owned() };
    assert_eq!(OurIds::id_of(&record), "customer:c-1");
    let mut marketplace = acme();
    let app = marketplace.nid.clone().unwrap();
    let expected = json!([{ "id": "c-1", "provider": app, "realm": "cld-7a1c" }]);
    assert_eq!(OurIds::of(&marketplace, &group()).array("c-1"), expected);
    marketplace.nid = None;
    assert_eq!(OurIds::of(&marketplace, &group()).array("c-1")[0]["provider"], json!(marketplace.app_id));
    marketplace.settings.connec_ids.provider = Some("ledgerly".to_owned());
    marketplace.settings.connec_ids.realm = Some("acct-5501".to_owned());
    let expected = json!([{ "id": "c-1", "provider": "ledgerly", "realm": "acct-5501" }]);
    assert_eq!(OurIds::of(&marketplace, &group()).array("c-1"), expected);
}

#[test]
fn a_status_says_whether_asking_again_may_help() {
    let error = |status| ConnecError::of_status(status, &HeaderMap::new(), b"");
    for status in [401, 403, 408, 425, 429, 500, 502, 503, 504, 302] {
        assert!(error(status).is_passing(), "{status}");
    }
    for status in [400, 404, 405, 409, 413, 422] {
        assert!(!error(status).is_passing(), "{status}");
    }
    let headers = |value: &'static str| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
    for status in [429, 503] {
        let after = ConnecError::of_status(status, &headers("7"), b"").retry_after();
        assert_eq!(after, Some(std::time::Duration::from_secs(7)), "{status}");
        assert_eq!(ConnecError::of_status(status, &headers("soon"), b"").retry_after(), None);
    }
}

#[test]
fn what_connec_says_of_an_error_is_one_short_line() {
    let reason = |body: &Value| ErrorDocument::read(body).reason();
    assert_eq!(reason(&vector!("connec_error_409_create_with_id")), "Creation of resource with id");
    assert_eq!(reason(&json!({"errors": [{"title": "One"}, {"code": "two", "detail": " "}, {"x": 1}]})), "One");
    assert_eq!(reason(&json!({"errors": [{"detail": "a\nb\u{1b}[31m"}, {"code": "c"}]})), "a b [31m; c");
    assert_eq!(reason(&json!({"errors": [{"detail": "é".repeat(500)}]})).chars().count(), 255);
    for none in [json!(null), json!([]), json!({"errors": 1}), json!({"errors": []})] {
        assert_eq!(reason(&none), "no reason given");
    }
}

#[test]
fn a_query_says_what_and_in_which_order() {
    let since: Timestamp = "2016-01-01T00:00:00Z".parse().unwrap();
    let query =
        Query::default().updated_after(since).filter("name", "ne", "O'Neil").order_by("name ASC").top(10).skip(20);
    let expected = [
        ("$filter", "updated_at gt '2016-01-01T00:00:00Z' and name ne 'O''Neil'"),
        ("$orderby", "name ASC"),
        ("$top", "10"),
        ("$skip", "20"),
    ];
    assert_eq!(query.pairs(), expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(Query::default().pairs(), []);
}

#[test]
fn the_next_page_is_asked_for_where_we_ask_and_never_backwards() {
    let next = |skip: u32, text: &str| {
        Query::default().top(10).skip(skip).following(&json!({ "next": text }), 10).map(|query| query.pairs())
    };
    let second = |skip: &str| Some(vec![("$top", "10".to_owned()), ("$skip", skip.to_owned())]);
    assert_eq!(next(0, "https://evil.test/x?%24skip=10&%24top=10"), second("10"));
    assert_eq!(next(10, "/x?$skip=20"), second("20"));
    for (skip, end) in [(10, "/x?$skip=10"), (10, "/x?$skip=5"), (0, "/x?$top=10"), (0, "/x"), (0, "/x?$skip=many")] {
        assert_eq!(next(skip, end), None, "{end}");
    }
    assert_eq!(Query::default().following(&json!({"next": "/x?$skip=10"}), 0), None, "an empty page is the last");
    assert_eq!(Query::default().following(&Value::Null, 10), None);
}

#[test]
fn versions_are_compared_number_by_number() {
    let version = ConnecVersion::read(&vector!("connec_version"));
    assert_eq!(version, ConnecVersion::parse("1.1.30"));
    assert!(version > ConnecVersion::parse("v1.1.9") && version < ConnecVersion::parse("1.2"));
    for unreadable in ["", "master", "1.x"] {
        assert!(ConnecVersion::parse(unreadable) < ConnecVersion::parse("0.1"), "{unreadable}");
    }
}

#[test]
fn three_troubles_in_a_row_or_one_that_took_too_long_open_a_circuit() {
    let now: Timestamp = "2030-01-15T10:00:30Z".parse().unwrap();
    let later = |seconds| now + SignedDuration::from_secs(seconds);
    let trouble = |circuit: Circuit| circuit.after_trouble(now, None, false);
    let twice = trouble(trouble(Circuit::default()));
    assert_eq!((twice.open_for(now), twice.is_half_open(now)), (None, false));
    let open = trouble(twice);
    assert_eq!(open.open_for(now), Some(std::time::Duration::from_secs(15)));
    assert!(!open.is_half_open(now) && open.is_half_open(later(15)));
    // It was tried, and is still in trouble: twice as long.
    assert_eq!(trouble(open).open_for(now), Some(std::time::Duration::from_secs(30)));
    let at_once = Circuit::default().after_trouble(now, None, true);
    assert_eq!(at_once.open_for(now), Some(std::time::Duration::from_secs(15)));
    let asked = Circuit::default().after_trouble(now, Some(std::time::Duration::from_secs(3)), false);
    assert_eq!(asked.open_for(now), Some(std::time::Duration::from_secs(3)));
    let mut worst = open;
    for _ in 0..100 {
        worst = trouble(worst);
    }
    assert_eq!(worst.open_for(now), Some(std::time::Duration::from_mins(10)));
    assert_eq!(
        open.tried(later(15), std::time::Duration::from_secs(60)).open_for(later(15)),
        Some(std::time::Duration::from_secs(60))
    );
}
