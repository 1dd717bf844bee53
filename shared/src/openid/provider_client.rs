//! Direct communication with a provider (section 5.1): the configured endpoint, no redirects, little time, short answers
//! (threats.md W12).

use std::time::Duration;

use reqwest::{
    Client, RequestBuilder, Url,
    header::{ACCEPT, CONTENT_TYPE},
};

use super::ProviderError;
use crate::http_client::{self, LazyClient};

/// How long a provider may take to answer: a person is waiting.
const TIMEOUT: Duration = Duration::from_secs(8);
/// The longest answer we read, in bytes; genuine ones have about 2,000.
const MAX_ANSWER_LEN: usize = 64 * 1024;

/// Asks providers. It connects to nobody before it has to.
#[derive(Debug, Default)]
pub struct ProviderClient {
    client: LazyClient,
}

/// What a provider answered.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl ProviderClient {
    /// Posts a form.
    pub(super) async fn post(&self, url: &str, form: String) -> Result<Reply, ProviderError> {
        let request = self.client()?.post(plain(url)?).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        send(request.body(form)).await
    }

    /// Gets a document of this media type.
    pub(super) async fn get(&self, url: &str, accept: &'static str) -> Result<Reply, ProviderError> {
        send(self.client()?.get(plain(url)?).header(ACCEPT, accept)).await
    }

    fn client(&self) -> Result<&Client, ProviderError> {
        self.client.get(TIMEOUT).map_err(ProviderError::Transport)
    }
}

/// The address, if it means what it says: nothing in it is normalised away.
fn plain(url: &str) -> Result<Url, ProviderError> {
    Url::parse(url).ok().filter(|parsed| parsed.as_str() == url).ok_or(ProviderError::Address)
}

async fn send(request: RequestBuilder) -> Result<Reply, ProviderError> {
    let response = request.send().await.map_err(transport)?;
    let status = response.status().as_u16();
    let body = http_client::body_within(MAX_ANSWER_LEN, response).await.map_err(transport)?;
    let body = String::from_utf8(body.ok_or(ProviderError::TooLarge)?).map_err(|_| ProviderError::Answer)?;
    Ok(Reply { status, body })
}

/// URLs can carry what does not belong into a log.
fn transport(error: reqwest::Error) -> ProviderError {
    ProviderError::Transport(error.without_url())
}
