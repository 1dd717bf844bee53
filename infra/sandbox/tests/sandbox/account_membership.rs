//! The account API's groups, users and resellers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::running::Running;

/// Every route with its fault name.
const ROUTES: [(&str, &str); 7] = [
    ("account_groups", "groups"),
    ("account_group", "groups/cld-7a1c"),
    ("account_users", "users"),
    ("account_user", "users/usr-5k2"),
    ("account_resellers", "resellers"),
    ("account_reseller", "resellers/rsl-44x"),
    ("account_reseller_groups", "resellers/rsl-44x/groups"),
];

/// A request of a marketplace's app.
fn ask(running: &Running, key: &str, path: &str) -> Request {
    let marketplace = running.marketplace(key);
    let request = running.get(&format!("/{key}/api/v1/account/{path}"));
    request.header("accept", "application/json").basic(&marketplace.api_id, &marketplace.api_key)
}

/// What a good answer holds.
async fn data(running: &Running, key: &str, path: &str) -> Value {
    let answer = ask(running, key, path).send().await;
    assert_eq!(answer.status, 200, "{path}");
    let envelope = answer.json();
    assert_eq!((&envelope["success"], &envelope["errors"]), (&json!(true), &json!({})), "{path}");
    assert_eq!(envelope.as_object().unwrap().len(), 3);
    envelope["data"].clone()
}

/// The ids in a list of acme-hub.
async fn ids(running: &Running, path: &str) -> Vec<String> {
    let list = data(running, "acme-hub", path).await;
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// The first record of a vector and the record served have the same fields, and values of the same kind.
fn assert_same_shape(vector: &str, served: &Value) {
    let vector: Value = serde_json::from_str(vector).unwrap();
    let expected = match &vector["data"] {
        Value::Array(records) => &records[0],
        record => record,
    };
    let shape = |record: &Value| -> BTreeMap<String, String> {
        let fields = record.as_object().unwrap().iter();
        fields.map(|(name, value)| (name.clone(), kind(value))).collect()
    };
    assert_eq!(shape(served), shape(expected));
    assert_eq!(served["object"], expected["object"]);
}

fn kind(value: &Value) -> String {
    match value {
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => "instant".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Object(fields) => format!("{:?}", fields.keys().collect::<Vec<_>>()),
        Value::Bool(_) => "bool".to_owned(),
        other => other.to_string(),
    }
}

fn assert_is(answer: &Answer, status: u16, vector: &str) {
    assert_eq!(answer.status, status);
    assert_eq!(answer.json(), serde_json::from_str::<Value>(vector).unwrap());
}

#[tokio::test]
async fn records_have_the_fields_of_the_vectors() {
    let running = Running::start().await;
    let groups = data(&running, "acme-hub", "groups").await;
    assert_same_shape(include_str!("../vectors/group_list_response.json"), &groups[0]);
    let users = data(&running, "acme-hub", "users").await;
    assert_same_shape(include_str!("../vectors/user_list_response.json"), &users[0]);
    let resellers = data(&running, "acme-hub", "resellers").await;
    assert_same_shape(include_str!("../vectors/reseller_list_response.json"), &resellers[0]);
    let user = data(&running, "acme-hub", "users/usr-5k2").await;
    assert_same_shape(include_str!("../vectors/user_show_response.json"), &user);
}

#[tokio::test]
async fn a_group_is_told_as_the_directory_has_it() {
    let running = Running::start().await;
    let expected = json!({
        "object": "account_group",
        "id": "cld-9e4f",
        "status": "running",
        "name": "Quay \"Books\" & 'Prints' <Ltd>",
        "email": "cld-9e4f@example.com",
        "has_credit_card": true,
        "free_trial_end_at": "2019-06-30T23:59:59Z",
        "currency": "USD",
        "timezone": "America/Los_Angeles",
        "country": "US",
        "city": "San Francisco",
        "main_accounting": null,
        "metadata": { "pull_disabled": false, "push_disabled": false },
        "created_at": "2019-05-31T00:00:00Z",
        "updated_at": "2020-02-29T12:30:00Z",
    });
    assert_eq!(data(&running, "acme-hub", "groups/cld-9e4f").await, expected);
}

#[tokio::test]
async fn a_user_comes_with_the_session_token_which_stays_out_of_the_event_log() {
    let running = Running::start().await;
    let token = running.session_token(0, "usr-5k2").await;
    let user = data(&running, "acme-hub", "users/usr-5k2").await;
    assert_eq!(user["sso_session"], token);
    let found = ids(&running, &format!("users?sso_session={token}")).await;
    assert_eq!(found, ["usr-5k2"]);
    let log = running.get("/control/events").send().await.body;
    assert!(log.contains("The app read user usr-5k2 through the account API."));
    assert!(!log.contains(&token));
}

#[tokio::test]
async fn each_marketplace_tells_of_its_own_people_only() {
    let running = Running::start().await;
    for (key, name, group, reseller) in [
        ("acme-hub", "Inês", "Harbour Café & Sons", "Blue Tide Consulting"),
        ("northbank", "Søren", "Nordlys A/S", "Fjord & Partners"),
    ] {
        assert_eq!(data(&running, key, "users/usr-5k2").await["name"], name);
        assert_eq!(data(&running, key, "groups/cld-7a1c").await["name"], group);
        assert_eq!(data(&running, key, "resellers/rsl-44x").await["name"], reseller);
    }
}

#[tokio::test]
async fn users_can_be_narrowed_to_a_group() {
    let running = Running::start().await;
    assert_eq!(ids(&running, "users").await, ["usr-5k2", "usr-8w1", "usr-3d7"]);
    assert_eq!(ids(&running, "users?group_id=cld-9e4f").await, ["usr-5k2", "usr-8w1"]);
    assert_eq!(ids(&running, "users?group_id=cld-9e4f&country=US").await, ["usr-8w1"]);
    assert_eq!(ids(&running, "users?group_id=cld-none").await, Vec::<String>::new());
    assert_eq!(ids(&running, "groups?group_id=cld-7a1c").await, Vec::<String>::new(), "no column of groups");
}

#[tokio::test]
async fn a_reseller_has_the_groups_it_introduced() {
    let running = Running::start().await;
    assert_eq!(ids(&running, "resellers").await, ["rsl-44x"]);
    assert_eq!(ids(&running, "resellers/rsl-44x/groups").await, ["cld-7a1c"]);
    assert_eq!(ids(&running, "resellers/rsl-44x/groups?status=terminated").await, Vec::<String>::new());
}

#[tokio::test]
async fn lists_are_filtered_by_columns_and_their_suffixes() {
    let running = Running::start().await;
    let cases = [
        ("groups?status=running", 3),
        ("groups?status=terminated", 0),
        ("groups?has_credit_card=true", 1),
        ("groups?created_at_after=2019-05-31T00:00:00Z", 3),
        ("groups?created_at_strictly_after=2019-05-31T00:00:00Z", 0),
        ("groups?updated_at_before=2020-02-29T12:30:00Z", 3),
        ("groups?updated_at_strictly_before=2020-02-29T12:30:00Z", 0),
        ("groups?free_trial_end_at_after=2030-01-01&country=GR", 1),
        ("groups?currency_greater_than=EUR", 2),
        ("groups?currency_strictly_greater_than=EUR", 1),
        ("groups?currency_lower_than=EUR", 2),
        ("groups?currency_strictly_lower_than=EUR", 1),
        ("groups?nope=1", 0),
        ("resellers?code=BTC", 1),
        ("resellers?nope=1", 0),
        ("users?email=maya%40example.test", 1),
    ];
    for (path, expected) in cases {
        assert_eq!(ids(&running, path).await.len(), expected, "{path}");
    }
}

#[tokio::test]
async fn what_is_written_later_carries_later_dates() {
    let running = Running::start().await;
    let person = r#"{"name":"Nina","surname":"Two","email":"n@example.test","country":"DE"}"#;
    for uid in ["usr-new", "usr-5k2"] {
        let path = format!("marketplaces/acme-hub/users/{uid}");
        assert_eq!(running.change("PUT", &path, person).await.status, 200);
    }
    assert_eq!(ids(&running, "users?created_at_after=2026-01-01").await, ["usr-new"]);
    assert_eq!(ids(&running, "users?updated_at_after=2026-01-01").await, ["usr-5k2", "usr-new"]);
}

#[tokio::test]
async fn an_unknown_id_is_told_in_the_envelope_with_200() {
    let running = Running::start().await;
    let vector = include_str!("../vectors/account_error_not_found.json");
    for path in ["groups/cld-none", "users/usr-none", "resellers/rsl-none", "resellers/rsl-none/groups"] {
        assert_is(&ask(&running, "acme-hub", path).send().await, 200, vector);
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_on_every_route() {
    let running = Running::start().await;
    let (acme, north) = (running.marketplace("acme-hub"), running.marketplace("northbank"));
    let vector = include_str!("../vectors/account_error_unauthorized.json");
    for (_, path) in ROUTES {
        let url = format!("/acme-hub/api/v1/account/{path}");
        for request in [
            running.get(&url),
            running.get(&url).basic(&acme.api_id, "wrong"),
            running.get(&url).basic(&north.api_id, &north.api_key),
        ] {
            let answer = request.send().await;
            assert_is(&answer, 401, vector);
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
        }
        assert_eq!(running.get(&url.replace("acme-hub", "nowhere")).send().await.status, 404);
    }
}

#[tokio::test]
async fn every_route_fails_on_demand_and_only_on_the_marketplace_it_is_told() {
    let running = Running::start().await;
    for (route, path) in ROUTES {
        let fault = json!({"route": route, "marketplace": "acme-hub", "kind": "status", "status": 500, "times": 1});
        assert_eq!(running.change("POST", "faults", &fault.to_string()).await.status, 201, "{route}");
        assert_eq!(ask(&running, "northbank", path).send().await.status, 200, "{route}");
        assert_eq!(ask(&running, "acme-hub", path).send().await.status, 500, "{route}");
        let fault = json!({"route": route, "kind": "malformed", "times": 1});
        running.change("POST", "faults", &fault.to_string()).await;
        let malformed = ask(&running, "acme-hub", path).send().await;
        assert_eq!((malformed.status, malformed.header("content-type")), (200, Some("application/json")));
        assert!(serde_json::from_str::<Value>(&malformed.body).is_err());
        data(&running, "acme-hub", path).await;
    }
}
