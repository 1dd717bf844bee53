//! Who may come in, and what may be brought.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;
use serde_json::Value;

use super::answer::MEDIA_TYPE;
use super::refusal::Refusal;
use crate::app::App;
use crate::basic;
use crate::directory::Group;
use crate::state::Marketplace;

/// The largest body that is read.
const LARGEST_BODY: usize = 5 * 1024 * 1024;

/// The marketplace, if the app presents its id and key of just that one.
pub(super) fn enter(app: &App, key: &str, headers: &HeaderMap) -> Result<Marketplace, Refusal> {
    let marketplace = app.marketplace(key).ok_or(Refusal::NotFound)?;
    if basic::presents(headers, &marketplace.api_id, &marketplace.api_key) {
        return Ok(marketplace);
    }
    app.events.record(Some(key), "connec.refused", "The app came to Connec! with wrong credentials.");
    Err(Refusal::Unauthorized)
}

/// The groups an app may touch are those that have it now.
pub(super) fn group<'a>(marketplace: &'a Marketplace, uid: &str) -> Result<&'a Group, Refusal> {
    marketplace.directory.running_group(uid).ok_or(Refusal::Unauthorized)
}

/// Whether ids are to be answered as arrays.
pub(super) fn wants_external_ids(headers: &HeaderMap) -> bool {
    headers.get("connec-external-ids").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Value, Refusal> {
    let bytes = whole(body).await?;
    if !is_json(headers) {
        return Err(Refusal::MediaType);
    }
    serde_json::from_slice(&bytes).map_err(|error| Refusal::Body(format!("the body is not JSON: {error}")))
}

/// Reads to the end in any case, because a sender that is interrupted may never see the answer.
async fn whole(body: Body) -> Result<Vec<u8>, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Refusal::Body(format!("the body ends early: {error}")))?;
        length = length.saturating_add(chunk.len());
        if length <= LARGEST_BODY {
            bytes.extend_from_slice(&chunk);
        }
    }
    if length <= LARGEST_BODY { Ok(bytes) } else { Err(Refusal::TooLarge) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    [MEDIA_TYPE, "application/json"].iter().any(|known| essence.eq_ignore_ascii_case(known))
}
