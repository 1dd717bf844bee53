//! An app that talks to Connec!, and what its tests compare with.

use serde_json::{Value, json};

use crate::http::{Answer, Request, request};
use crate::running::Running;

pub(crate) const MEDIA_TYPE: &str = "application/vnd.api+json";
/// The group every test works in, and its company.
pub(crate) const GROUP: &str = "cld-7a1c";
pub(crate) const REALM: &str = "org-7a1c";

/// A running sandbox whose first group has no records.
pub(crate) struct Connec {
    pub(crate) running: Running,
    /// Whether ids are asked for as arrays.
    pub(crate) external_ids: bool,
}

impl Connec {
    pub(crate) async fn start() -> Self {
        let connec = Self { running: Running::start().await, external_ids: false };
        let records = format!("marketplaces/acme-hub/groups/{GROUP}/records");
        assert_eq!(connec.running.change("DELETE", &records, "").await.status, 204);
        connec
    }

    pub(crate) async fn with_external_ids() -> Self {
        Self { external_ids: true, ..Self::start().await }
    }

    /// A request of acme-hub's app to a path behind the marketplace's prefix.
    pub(crate) fn ask(&self, method: &'static str, path: &str) -> Request {
        let acme = self.running.marketplace("acme-hub");
        let url = format!("{}{path}", acme.host);
        let asked = request(method, url).basic(&acme.api_id, &acme.api_key).header("accept", MEDIA_TYPE);
        if self.external_ids { asked.header("CONNEC-EXTERNAL-IDS", "true") } else { asked }
    }

    /// The same to a path in the group.
    pub(crate) fn ask_group(&self, method: &'static str, path: &str) -> Request {
        self.ask(method, &format!("/api/v2/{GROUP}/{path}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask_group("GET", path).send().await
    }

    pub(crate) async fn post(&self, resource: &str, fields: Value) -> Answer {
        let body = json!({ resource: fields }).to_string();
        self.ask_group("POST", resource).body(MEDIA_TYPE, body).send().await
    }

    pub(crate) async fn put(&self, resource: &str, id: &str, fields: Value) -> Answer {
        let body = json!({ resource: fields }).to_string();
        self.ask_group("PUT", &format!("{resource}/{id}")).body(MEDIA_TYPE, body).send().await
    }

    /// Posts what must be new and gives its own id.
    pub(crate) async fn create(&self, resource: &str, fields: Value) -> String {
        let answer = self.post(resource, fields).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        own_id(&answer.json()[resource]["id"])
    }

    /// One record as it is answered.
    pub(crate) async fn shown(&self, resource: &str, id: &str) -> Value {
        let answer = self.get(&format!("{resource}/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()[resource].clone()
    }

    pub(crate) async fn batch(&self, ops: Value) -> Answer {
        let body = json!({ "sequential": true, "ops": ops }).to_string();
        self.ask("POST", "/batch").body("application/json", body).send().await
    }

    /// The records as the control API tells of them.
    pub(crate) async fn records(&self, resource: &str) -> Vec<Value> {
        let path = format!("/control/marketplaces/acme-hub/groups/{GROUP}/records/{resource}");
        self.running.get(&path).send().await.json().as_array().unwrap().clone()
    }

    pub(crate) async fn set_fault(&self, fault: Value) {
        let answer = self.running.change("POST", "faults", &fault.to_string()).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
}

/// Connec!'s own id, in either form.
pub(crate) fn own_id(id: &Value) -> String {
    let own = if id.is_array() { &id[0]["id"] } else { id };
    own.as_str().unwrap().to_owned()
}

/// Connec!'s entry of an id array.
pub(crate) fn own(id: &str) -> Value {
    json!({ "id": id, "provider": "connec", "realm": REALM })
}

/// The entry of the app whose ids the vectors have.
pub(crate) fn external(id: &str) -> Value {
    json!({ "id": id, "provider": "ledgerly", "realm": "acct-5501" })
}

/// The only error of a document, whose shape is checked on the way.
pub(crate) fn error(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some(MEDIA_TYPE));
    let document = answer.json();
    let errors = document["errors"].as_array().unwrap();
    let mut names: Vec<&String> = errors[0].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["code", "detail", "href", "id", "status", "title"]);
    assert_eq!((document.as_object().unwrap().len(), errors.len()), (1, 1));
    errors[0].clone()
}

/// A vector, in the realm of these tests.
pub(crate) fn vector(text: &str) -> Value {
    serde_json::from_str(&text.replace("org-h4rb", REALM)).unwrap()
}

/// What is made up anew each time is replaced: own ids, instants, and the host of addresses.
pub(crate) fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(fields) if fields.get("provider") == Some(&json!("connec")) => own("[uuid]"),
        Value::Object(fields) => {
            let redact = |(name, value): (&String, &Value)| (name.clone(), redacted_field(name, value));
            Value::Object(fields.iter().map(redact).collect())
        }
        Value::Array(elements) => elements.iter().map(redacted).collect(),
        scalar => scalar.clone(),
    }
}

fn redacted_field(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("created_at" | "updated_at", _) => json!("[instant]"),
        ("id" | "organization_id", Value::String(_)) => json!("[uuid]"),
        ("next", Value::String(url)) => json!(url.split_once("/api/v2/").unwrap().1),
        _ => redacted(value),
    }
}
