//! The app, sharing records, and what became of them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::{World, app::ApiAnswer};

/// How long a push may take where nothing is in its way, or has stopped being.
const PATIENCE: Duration = Duration::from_secs(90);

/// A group of a marketplace, as a change names it.
pub(crate) fn group(marketplace: &str) -> Value {
    json!({ "marketplace": marketplace, "group": "cld-7a1c" })
}

/// An organization of this name.
pub(crate) fn organization(name: &str, version: u64, marketplaces: &[&str]) -> Value {
    let groups: Vec<Value> = marketplaces.iter().map(|key| group(key)).collect();
    json!({ "entity": "organizations", "document": { "name": name }, "version": version, "groups": groups })
}

impl World {
    /// Somebody of this group signs in at these marketplaces, so that it is served; and their Connec! has nothing of it.
    pub(crate) async fn serve(&self, marketplaces: &[&str]) {
        for key in marketplaces {
            super::Browser::new().sign_in(self, key, "usr-5k2", "cld-7a1c").await;
            self.clear_connec(key, "cld-7a1c").await;
        }
    }

    /// Hands in a record.
    pub(crate) async fn put_record(&self, class: &str, id: &str, change: &Value) -> ApiAnswer {
        self.call(Method::PUT, &format!("/app/v1/records/{class}/{id}"), |request| request.json(change)).await
    }

    /// Hands in several.
    pub(crate) async fn put_records(&self, changes: &[Value]) -> ApiAnswer {
        self.call(Method::POST, "/app/v1/records", |request| request.json(&json!({ "records": changes }))).await
    }

    /// What is known of a record.
    pub(crate) async fn links(&self, class: &str, id: &str) -> Vec<Value> {
        let answer = self.call(Method::GET, &format!("/app/v1/records/{class}/{id}/links"), |request| request).await;
        answer.body["links"].as_array().unwrap().clone()
    }

    /// What is known of a record at a marketplace, once its last push came to this.
    pub(crate) async fn until(&self, (class, id, key): (&str, &str, &str), outcome: &str, version: u64) -> Value {
        let began = Instant::now();
        loop {
            let links = self.links(class, id).await;
            let link = links.iter().find(|link| link["marketplace"] == key);
            let push = link.map(|link| &link["push"]);
            if push.is_some_and(|push| push["outcome"] == outcome && push["version"] == version) {
                return link.unwrap().clone();
            }
            assert!(began.elapsed() < PATIENCE, "{class}/{id} is not {outcome} at {key}: {links:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The names of the organizations that a marketplace has, in order.
    pub(crate) async fn organizations(&self, key: &str) -> Vec<String> {
        let records = self.connec_records(key, "cld-7a1c", "organizations").await;
        let mut names: Vec<String> =
            records.iter().map(|record| record["record"]["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}
