//! Asking Connec!.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::{
    ConnecError, ConnecVersion, Entity, Operation, OperationResult, Page, Query,
    batch::{results, segment},
};
use crate::{
    domain::{GroupId, MarketplaceKey},
    http_client::{self, LazyClient},
    marketplace::{Connec, Marketplace},
    random,
};

const MEDIA_TYPE: &str = "application/vnd.api+json";
/// Lets ids come as arrays, with ours among them.
const EXTERNAL_IDS: &str = "connec-external-ids";
/// The largest answer: fifty records of the largest size that we take.
const MAX_ANSWER_LEN: usize = 16 * 1024 * 1024;
/// How often something that changes nothing is asked.
const ATTEMPTS: u32 = 3;
/// The pause after the first attempt; it doubles, and is cut short at random.
const PAUSE: Duration = Duration::from_millis(200);
/// A longer pause is for whoever asks us.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Asks marketplaces' Connec!s. Connections are kept between requests, and of one marketplace only so many are used at once as its
/// settings say.
#[derive(Debug)]
pub struct ConnecApi {
    client: LazyClient,
    longest: Duration,
    limits: Mutex<HashMap<MarketplaceKey, Arc<Semaphore>>>,
}

impl ConnecApi {
    /// One that waits as long for an answer as the marketplace's configuration says, but no longer than this.
    #[must_use]
    pub fn new(longest: Duration) -> Self {
        Self { client: LazyClient::keeping_connections(), longest, limits: Mutex::default() }
    }

    /// Some records of a group.
    ///
    /// # Errors
    /// [`ConnecError`], after a few attempts if it may pass.
    pub async fn list(
        &self,
        marketplace: &Marketplace,
        group: &GroupId,
        entity: Entity,
        query: &Query,
    ) -> Result<Page, ConnecError> {
        let url = format!("{}/{group}/{entity}", api(connec(marketplace)?));
        let mut body = self.read(marketplace, |client| client.get(&url).query(&query.pairs())).await?;
        let pagination = body.get("pagination").cloned().unwrap_or_default();
        let records = match body.get_mut(entity.as_str()).map(Value::take) {
            Some(Value::Array(records)) => records,
            Some(single @ Value::Object(_)) => vec![single],
            _ => return Err(ConnecError::Answer { status: 200 }),
        };
        let next = query.following(&pagination, records.len());
        Ok(Page { records, next, total: pagination.get("total").and_then(Value::as_u64) })
    }

    /// One record of a group; of a company there is only one, whatever `id` says.
    ///
    /// # Errors
    /// [`ConnecError`], after a few attempts if it may pass.
    pub async fn show(
        &self,
        marketplace: &Marketplace,
        group: &GroupId,
        entity: Entity,
        id: &str,
    ) -> Result<Value, ConnecError> {
        let url = url_of(connec(marketplace)?, group, entity, Some(id));
        unwrapped(self.read(marketplace, |client| client.get(&url)).await?, entity)
    }

    /// Makes a record. It is asked once: whether to ask again is for whoever knows whether the document has an external id.
    ///
    /// # Errors
    /// [`ConnecError`]; it may have been made unless that is [`ConnecError::Refused`].
    pub async fn create(
        &self,
        marketplace: &Marketplace,
        group: &GroupId,
        entity: Entity,
        document: Map<String, Value>,
    ) -> Result<Value, ConnecError> {
        let url = url_of(connec(marketplace)?, group, entity, None);
        let body = json!({ entity.as_str(): document });
        unwrapped(self.write(marketplace, |client| client.post(&url), &body).await?, entity)
    }

    /// Changes a record; what the document does not name stays.
    ///
    /// # Errors
    /// [`ConnecError`]; it may have been changed unless that is [`ConnecError::Refused`].
    pub async fn update(
        &self,
        marketplace: &Marketplace,
        group: &GroupId,
        entity: Entity,
        id: &str,
        document: Map<String, Value>,
    ) -> Result<Value, ConnecError> {
        let url = url_of(connec(marketplace)?, group, entity, Some(id));
        let body = json!({ entity.as_str(): document });
        unwrapped(self.write(marketplace, |client| client.put(&url), &body).await?, entity)
    }

    /// Does some operations, one after the other, and tells what became of each.
    ///
    /// # Errors
    /// [`ConnecError`]: of none of them is it known, unless that is [`ConnecError::Refused`].
    pub async fn batch(
        &self,
        marketplace: &Marketplace,
        operations: &[Operation],
    ) -> Result<Vec<OperationResult>, ConnecError> {
        let Connec { host, base_path, .. } = connec(marketplace)?;
        let url = format!("{host}/batch");
        let operations_json: Vec<Value> = operations.iter().map(|operation| operation.json(base_path)).collect();
        let body = json!({ "sequential": true, "ops": operations_json });
        let answer = self.write(marketplace, |client| client.post(&url), &body).await;
        // It is the address that is not found, which says nothing of any record.
        let answer = answer.map_err(|error| match error {
            ConnecError::NotFound => ConnecError::Answer { status: 404 },
            error => error,
        });
        results(operations, &answer?)
    }

    /// Which Connec! it is.
    ///
    /// # Errors
    /// [`ConnecError`], after a few attempts if it may pass.
    pub async fn version(&self, marketplace: &Marketplace) -> Result<ConnecVersion, ConnecError> {
        let url = format!("{}/version", connec(marketplace)?.host);
        Ok(ConnecVersion::read(&self.read(marketplace, |client| client.get(&url)).await?))
    }

    /// A report of a group, such as `accounts_summary`, with its parameters.
    ///
    /// # Errors
    /// [`ConnecError`], after a few attempts if it may pass.
    pub async fn report(
        &self,
        marketplace: &Marketplace,
        group: &GroupId,
        report: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Value, ConnecError> {
        let url = format!("{}/api/reports/{group}/{}", connec(marketplace)?.host, segment(report));
        self.read(marketplace, |client| client.get(&url).query(parameters)).await
    }

    /// Asks for something that changes nothing, a few times if need be.
    async fn read(
        &self,
        marketplace: &Marketplace,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Value, ConnecError> {
        let mut attempt = 1;
        loop {
            let outcome = self.send(marketplace, &request).await;
            let Err(error) = &outcome else { return outcome };
            let pause = error.retry_after().unwrap_or_else(|| jittered(PAUSE.saturating_mul(1 << (attempt - 1))));
            if !error.is_passing() || attempt == ATTEMPTS || pause > LONGEST_PAUSE {
                return outcome;
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn write(
        &self,
        marketplace: &Marketplace,
        request: impl Fn(&Client) -> RequestBuilder,
        body: &Value,
    ) -> Result<Value, ConnecError> {
        let body = body.to_string();
        self.send(marketplace, |client| request(client).header(CONTENT_TYPE, MEDIA_TYPE).body(body.clone())).await
    }

    async fn send(
        &self,
        marketplace: &Marketplace,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Value, ConnecError> {
        let limit = self.limit(marketplace);
        // It is never closed.
        let _permit = limit.acquire().await.ok();
        let timeout = connec(marketplace)?.timeout.min(self.longest);
        let client = self.client.get(self.longest).map_err(ConnecError::Transport)?;
        let request = request(client)
            .basic_auth(&marketplace.app_id, Some(marketplace.api_key.expose()))
            .header(ACCEPT, MEDIA_TYPE)
            .header(EXTERNAL_IDS, "true")
            .timeout(timeout);
        let response = request.send().await.map_err(transport)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = http_client::body_within(MAX_ANSWER_LEN, response).await.map_err(transport)?;
        let body = body.ok_or(ConnecError::Answer { status })?;
        match status {
            200 | 201 => serde_json::from_slice(&body).map_err(|_| ConnecError::Answer { status }),
            _ => Err(ConnecError::of_status(status, &headers, &body)),
        }
    }

    fn limit(&self, marketplace: &Marketplace) -> Arc<Semaphore> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let at_once = usize::from(marketplace.settings.rate_limits.concurrent_requests).max(1);
        let limit = limits.entry(marketplace.key.clone()).or_insert_with(|| Arc::new(Semaphore::new(at_once)));
        Arc::clone(limit)
    }
}

fn connec(marketplace: &Marketplace) -> Result<&Connec, ConnecError> {
    marketplace.connec.as_ref().ok_or(ConnecError::None)
}

fn api(connec: &Connec) -> String {
    format!("{}{}", connec.host, connec.base_path)
}

fn url_of(connec: &Connec, group: &GroupId, entity: Entity, id: Option<&str>) -> String {
    match id {
        Some(id) if !entity.is_singular() => format!("{}/{group}/{entity}/{}", api(connec), segment(id)),
        _ => format!("{}/{group}/{entity}", api(connec)),
    }
}

fn unwrapped(mut body: Value, entity: Entity) -> Result<Value, ConnecError> {
    match body.get_mut(entity.as_str()).map(Value::take) {
        Some(record @ Value::Object(_)) => Ok(record),
        _ => Err(ConnecError::Answer { status: 200 }),
    }
}

fn transport(error: reqwest::Error) -> ConnecError {
    if error.is_timeout() { ConnecError::Timeout } else { ConnecError::Transport(error.without_url()) }
}

/// Between half of it and all of it.
fn jittered(pause: Duration) -> Duration {
    let random = f64::from(u32::from_be_bytes(random::bytes())) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + random / 2.0)
}
