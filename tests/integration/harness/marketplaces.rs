//! What the tests have the marketplaces do: the sandbox's control API.

use serde_json::Value;

use super::World;

impl World {
    /// The marketplace cancels a group.
    pub(crate) async fn cancel_group(&self, key: &str, group: &str, how: &Value) -> Value {
        self.control(&format!("marketplaces/{key}/groups/{group}/cancel"), how).await
    }

    /// The marketplace takes a person out of a group.
    pub(crate) async fn remove_member(&self, key: &str, group: &str, user: &str, how: &Value) -> Value {
        self.control(&format!("marketplaces/{key}/groups/{group}/members/{user}/remove"), how).await
    }

    /// The records that a marketplace's Connec! has of a group.
    pub(crate) async fn connec_records(&self, key: &str, group: &str, resource: &str) -> Vec<Value> {
        let url = format!("{}/control/marketplaces/{key}/groups/{group}/records/{resource}", self.sandbox_url());
        reqwest::Client::builder().build().unwrap().get(url).send().await.unwrap().json().await.unwrap()
    }

    /// It has none any more, and nobody has asked it anything.
    pub(crate) async fn clear_connec(&self, key: &str, group: &str) {
        for path in [format!("groups/{group}/records"), "connec/calls".to_owned()] {
            let url = format!("{}/control/marketplaces/{key}/{path}", self.sandbox_url());
            let request =
                reqwest::Client::builder().build().unwrap().delete(url).header("content-type", "application/json");
            assert!(request.send().await.unwrap().status().is_success(), "{path}");
        }
    }

    /// What its Connec! was asked since then.
    pub(crate) async fn connec_calls(&self, key: &str) -> Value {
        let url = format!("{}/control/marketplaces/{key}/connec/calls", self.sandbox_url());
        reqwest::Client::builder().build().unwrap().get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn control(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/control/{path}", self.sandbox_url());
        let answer = reqwest::Client::builder().build().unwrap().post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// Ends a person's session at the marketplace.
    pub(crate) async fn end_at_marketplace(&self, key: &str, user: &str) {
        let url = format!("{}/control/marketplaces/{key}/users/{user}/end_session", self.sandbox_url());
        let ended = reqwest::Client::builder().build().unwrap().post(url).header("content-type", "application/json");
        let ended = ended.send().await.unwrap();
        assert!(ended.status().is_success(), "{}", ended.status());
    }

    /// What the marketplace's entry in the developer platform's document is changed by (RFC 7396); null takes it out.
    pub(crate) async fn patch_configuration(&self, key: &str, patch: &Value) {
        let request = reqwest::Client::builder().build().unwrap().put(self.patch_url(key)).json(patch);
        assert!(request.send().await.unwrap().status().is_success());
    }

    /// Its entry is as it was.
    pub(crate) async fn restore_configuration(&self, key: &str) {
        let request = reqwest::Client::builder().build().unwrap().delete(self.patch_url(key));
        let restored = request.header("content-type", "application/json").send().await.unwrap();
        assert!(restored.status().is_success());
    }

    fn patch_url(&self, key: &str) -> String {
        format!("{}/control/marketplaces/{key}/configuration", self.sandbox_url())
    }

    /// Lets a route of the sandbox fail until [`mend`](Self::mend).
    pub(crate) async fn break_route(&self, route: &str) {
        self.set_fault(serde_json::json!({ "route": route, "kind": "status" })).await;
    }

    /// Lets something of the sandbox fail until [`mend`](Self::mend).
    pub(crate) async fn set_fault(&self, fault: Value) {
        let client = reqwest::Client::builder().build().unwrap();
        let set = client.post(format!("{}/control/faults", self.sandbox_url())).json(&fault).send().await.unwrap();
        assert!(set.status().is_success());
    }

    /// Nothing of the sandbox fails any more.
    pub(crate) async fn mend(&self) {
        let client = reqwest::Client::builder().build().unwrap();
        let request = client.delete(format!("{}/control/faults", self.sandbox_url()));
        let mended = request.header("content-type", "application/json").send().await.unwrap();
        assert!(mended.status().is_success());
    }
}
