//! A marketplace's account API (protocol.md §6): what we ask it, as the app that it knows us as.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    domain::GroupId,
    http_client::{self, LazyClient},
    marketplace::Marketplace,
};

/// How long it may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A group has about 600 bytes.
const MAX_ANSWER_LEN: usize = 64 * 1024;

/// Asks marketplaces.
#[derive(Debug, Default)]
pub struct AccountApi {
    client: LazyClient,
}

/// What a marketplace says of a group's service (protocol.md §6.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupStatus {
    /// It is over.
    Terminated,
    /// It knows no such group.
    Unknown,
    /// It goes on, or is something between, in the marketplace's own word.
    Other(String),
}

/// There is no clear answer. None of these repeats what was answered.
#[derive(Debug, thiserror::Error)]
pub enum AccountApiError {
    /// It could not be asked.
    #[error("the account API did not answer")]
    Transport(#[source] reqwest::Error),
    /// It does not know us.
    #[error("the account API does not take our credentials")]
    Credentials,
    /// What it says makes no sense, or is an error of its own.
    #[error("the account API's answer makes no sense (status {status})")]
    Answer {
        /// As answered.
        status: u16,
    },
}

/// What every answer comes in. Whether it is a success stands here, and not in the status alone.
#[derive(Deserialize)]
struct Envelope {
    success: bool,
    #[serde(default)]
    errors: Map<String, Value>,
    #[serde(default)]
    data: Value,
}

impl AccountApi {
    /// What has become of a group.
    ///
    /// # Errors
    /// [`AccountApiError`]: it is not known.
    pub async fn group_status(
        &self,
        marketplace: &Marketplace,
        group: &GroupId,
    ) -> Result<GroupStatus, AccountApiError> {
        let url = format!("{}{}account/groups/{group}", marketplace.api_host, marketplace.api_base);
        let client = self.client.get(TIMEOUT).map_err(AccountApiError::Transport)?;
        let request = client
            .get(url)
            .basic_auth(&marketplace.app_id, Some(marketplace.api_key.expose()))
            .header(reqwest::header::ACCEPT, "application/json");
        let response = request.send().await.map_err(transport)?;
        let status = response.status().as_u16();
        let body = http_client::body_within(MAX_ANSWER_LEN, response).await.map_err(transport)?;
        read_group_status(status, &body.unwrap_or_default())
    }
}

/// A group that is unknown is told by 404, or by 200 and an error about its id (protocol.md §6.1). A 404 that is none of the API's own
/// says nothing: it may come from a wrong address.
fn read_group_status(status: u16, body: &[u8]) -> Result<GroupStatus, AccountApiError> {
    let unclear = AccountApiError::Answer { status };
    if status == 401 {
        return Err(AccountApiError::Credentials);
    }
    let Ok(Envelope { success, errors, data }) = serde_json::from_slice(body) else { return Err(unclear) };
    if ![200, 404].contains(&status) {
        return Err(unclear);
    }
    if !success {
        return if errors.contains_key("id") { Ok(GroupStatus::Unknown) } else { Err(unclear) };
    }
    match data.get("status").and_then(Value::as_str) {
        Some("terminated") if status == 200 => Ok(GroupStatus::Terminated),
        Some(other) if status == 200 => Ok(GroupStatus::Other(other.chars().take(40).collect())),
        _ => Err(unclear),
    }
}

fn transport(error: reqwest::Error) -> AccountApiError {
    AccountApiError::Transport(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        canned_server::{Canned, CannedServer},
        testing::acme,
    };

    fn read(status: u16, body: &str) -> Option<GroupStatus> {
        read_group_status(status, body.as_bytes()).ok()
    }

    #[test]
    fn the_status_of_a_group_is_the_marketplaces_word() {
        let group =
            |status: &str| format!(r#"{{"success":true,"errors":{{}},"data":{{"id":"cld-7a1c","status":{status}}}}}"#);
        assert_eq!(read(200, &group(r#""terminated""#)), Some(GroupStatus::Terminated));
        assert_eq!(read(200, &group(r#""running""#)), Some(GroupStatus::Other("running".to_owned())));
        assert_eq!(read(200, &group("null")), None);
        assert_eq!(read(404, &group(r#""terminated""#)), None);
    }

    #[test]
    fn only_the_apis_own_word_makes_a_group_unknown() {
        let unknown = include_str!("../../tests/fixtures/vectors/account_error_not_found.json");
        for status in [200, 404] {
            assert_eq!(read(status, unknown), Some(GroupStatus::Unknown), "{status}");
        }
        for (status, body) in [
            (404, "<html>Not Found</html>"),
            (404, "{}"),
            (200, ""),
            (200, r#"{"success":false,"errors":{},"data":{}}"#),
            (500, include_str!("../../tests/fixtures/vectors/account_error_system.json")),
            (502, unknown),
            (302, unknown),
        ] {
            assert_eq!(read(status, body), None, "{status} {body}");
        }
        let refused = include_str!("../../tests/fixtures/vectors/account_error_unauthorized.json");
        assert!(matches!(read_group_status(401, refused.as_bytes()), Err(AccountApiError::Credentials)));
    }

    #[tokio::test]
    async fn it_is_asked_with_the_marketplaces_own_credentials_at_its_own_address() {
        let answer = r#"{"success":true,"errors":{},"data":{"status":"terminated"}}"#;
        let server = CannedServer::start(Canned::ok(""), Canned::ok(answer)).await;
        let marketplace = crate::marketplace::Marketplace { api_host: server.host.clone(), ..acme() };
        let group = "cld-7a1c".parse().unwrap();
        assert_eq!(AccountApi::default().group_status(&marketplace, &group).await.unwrap(), GroupStatus::Terminated);
        let heard = server.heard();
        assert!(heard[0].contains(&format!("{}account/groups/cld-7a1c", marketplace.api_base)), "{heard:?}");
    }
}
