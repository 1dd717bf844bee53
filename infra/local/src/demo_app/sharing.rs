//! The two calls of the service that share a record: handing it in, and asking where it is.

use jiff::Timestamp;
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use shared::secret::Secret;

use super::books::{Place, Record};

/// The service, as far as it takes records.
#[derive(Clone)]
pub(super) struct Sharing {
    pub(super) records_url: String,
    pub(super) api_key: Secret,
    pub(super) client: Client,
}

/// Where a record is, or what keeps it from being there.
#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    #[serde(flatten)]
    pub(crate) place: Place,
    pub(crate) connec_id: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) push: Option<Push>,
}

/// What became of the last push.
#[derive(Debug, Deserialize)]
pub(crate) struct Push {
    pub(crate) outcome: String,
    pub(crate) version: u64,
    pub(crate) reason: Option<String>,
}

/// Why the service did not do what it was asked: the part of its problem document that the app uses.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    r#type: String,
    pub(crate) title: String,
    pub(crate) detail: Option<String>,
    pub(crate) reference: Option<String>,
    field: Option<String>,
}

impl Sharing {
    /// Hands in a record for these groups, and tells where it goes: to them, and to where it is linked already.
    pub(super) async fn hand_in(&self, record: &Record, groups: &[Place]) -> Result<Vec<Place>, Refusal> {
        #[derive(Deserialize)]
        struct Accepted {
            groups: Vec<Place>,
        }
        let change = json!({
            "entity": record.content.entity(),
            "document": record.content.document(),
            "references": record.content.references(),
            "version": record.version,
            "groups": groups,
        });
        let accepted: Accepted = self.answer(self.client.put(self.url(record)).json(&change)).await?;
        Ok(accepted.groups)
    }

    /// Asks where a record is.
    pub(super) async fn links(&self, record: &Record) -> Result<Vec<Link>, Refusal> {
        #[derive(Deserialize)]
        struct Links {
            links: Vec<Link>,
        }
        let links: Links = self.answer(self.client.get(format!("{}/links", self.url(record)))).await?;
        Ok(links.links)
    }

    /// Our ids and classes stand in a path as they are.
    fn url(&self, record: &Record) -> String {
        format!("{}/{}/{}", self.records_url, record.content.class(), record.id)
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Refusal> {
        let response = request.bearer_auth(self.api_key.expose()).send().await?;
        if response.status().is_success() {
            return Ok(response.json().await?);
        }
        Err(response.json().await.unwrap_or_else(Refusal::from))
    }
}

impl Refusal {
    /// Which of the groups is not served any more, if that was the reason.
    pub(super) fn not_served(&self) -> Option<usize> {
        let is_that = self.r#type.ends_with(":group-not-served");
        self.field.as_deref().filter(|_| is_that)?.strip_prefix("groups/")?.parse().ok()
    }
}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        tracing::error!(error = %error.without_url(), "the service did not answer about a record");
        let title = "The service did not answer as it should".to_owned();
        Self { r#type: String::new(), title, detail: None, reference: None, field: None }
    }
}
