//! What one marketplace is asked, and what the service is asked about it.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Client;
use serde_json::Value;
use shared::{
    clock::{Clock as _, SystemClock},
    http_client,
    marketplace::Marketplace,
    telemetry::causes,
};

use super::{clock, finding::Line, service};

/// How long anybody may take to answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer to a ping that we read.
const MAX_LEN: usize = 64 * 1024;

/// All answers about one marketplace.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) ping: Ping,
    /// Absent unless the service was asked.
    pub(super) metadata: Option<service::Metadata>,
}

/// What became of `GET {api}/ping` (protocol.md §6.1).
#[derive(Debug)]
pub(super) struct Ping {
    pub(super) answer: Answer,
    /// How far its clock is ahead of ours, if it told the time.
    pub(super) lead: Option<SignedDuration>,
}

/// The answer itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It knows us.
    Good,
    /// It does not.
    Unauthorized,
    /// Another status.
    Status(u16),
    /// 200, and a body without `success: true`.
    NoSuccess,
    /// 200, and a body that is no JSON, or too long.
    Unreadable,
    /// None, and why.
    None(String),
}

impl Calls {
    pub(super) async fn make(client: &Client, marketplace: &Marketplace, service_url: Option<&str>) -> Self {
        let metadata = async {
            match service_url {
                Some(url) => Some(service::metadata(client, url, marketplace).await),
                None => None,
            }
        };
        let (ping, metadata) = tokio::join!(Ping::send(client, marketplace), metadata);
        Self { ping, metadata }
    }
}

impl Ping {
    async fn send(client: &Client, marketplace: &Marketplace) -> Self {
        let Marketplace { api_host, api_base, app_id, api_key, .. } = marketplace;
        let sent = client
            .get(format!("{api_host}{api_base}ping"))
            .header(reqwest::header::ACCEPT, "application/json")
            .basic_auth(app_id, Some(api_key.expose()))
            .send()
            .await;
        match sent {
            Ok(response) => {
                let lead = http_client::date(response.headers()).map(|date| clock::lead(date, SystemClock.now()));
                Self { answer: Answer::of(response).await, lead }
            }
            Err(error) => Self { answer: Answer::none(error), lead: None },
        }
    }

    /// What it means.
    pub(super) fn lines(&self, marketplace: &Marketplace, place: &str) -> Vec<Line> {
        let mut lines = vec![self.answer.line(marketplace, place)];
        let allowed = marketplace.settings.clock_skew.duration();
        lines.extend(self.lead.map(|lead| match clock::excess(lead, allowed) {
            None => Line::ok("its clock is right, by this machine's"),
            Some(excess) => Line::warn(format!(
                "its clock is {excess}, more than the {} s that are accepted, so its assertions would be refused: see first \
                 whether this machine's is right; if it is, have the marketplace set its own, or raise `clock_skew_secs` (120 \
                 at most) in the manifest",
                allowed.as_secs()
            )),
        }));
        lines
    }
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        match response.status().as_u16() {
            200 => {}
            401 => return Self::Unauthorized,
            other => return Self::Status(other),
        }
        match http_client::body_within(MAX_LEN, response).await {
            Ok(body) => Self::of_body(body.as_deref().unwrap_or_default()),
            Err(error) => Self::none(error),
        }
    }

    /// The status alone says nothing: refusals come with 200, too (protocol.md §6.1).
    fn of_body(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(envelope) if envelope.get("success") == Some(&Value::Bool(true)) => Self::Good,
            Ok(_) => Self::NoSuccess,
            Err(_) => Self::Unreadable,
        }
    }

    fn none(error: reqwest::Error) -> Self {
        Self::None(causes(&error.without_url()))
    }

    fn line(&self, marketplace: &Marketplace, place: &str) -> Line {
        let api = format!("the account API ({}{})", marketplace.api_host, marketplace.api_base);
        match self {
            Self::Good => Line::ok(format!("{api} answers and knows our id and key")),
            Self::Unauthorized => Line::fix(format!(
                "{api} refuses our id and key: correct api.id and api.key {place}, to those that the marketplace gave your app"
            )),
            Self::Status(status) => Line::fix(format!(
                "{api} answers a ping with status {status}: check api.host and api.base {place}, and ask the marketplace if \
                 they are right"
            )),
            Self::NoSuccess => Line::fix(format!(
                "{api} answers a ping with 200 but without success: check api.id and api.key {place}, and ask the marketplace \
                 if they are right"
            )),
            Self::Unreadable => Line::fix(format!(
                "{api} answers a ping with something else than its JSON: check api.host and api.base {place}, and ask the \
                 marketplace if they are right"
            )),
            Self::None(why) => Line::fix(format!(
                "{api} does not answer ({why}): check api.host {place}, and ask the marketplace if it is right"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::testing::acme;

    use super::*;
    use crate::doctor::{finding::Level, testing::assert_one};

    fn lines(answer: Answer, lead: Option<i64>) -> Vec<Line> {
        Ping { answer, lead: lead.map(SignedDuration::from_secs) }.lines(&acme(), "on the developer platform")
    }

    #[test]
    fn only_success_is_success() {
        for (body, answer) in [
            (&br#"{"success": true, "errors": {}, "data": {"msg": "hello"}}"#[..], Answer::Good),
            (br#"{"success": false, "errors": {"id": ["does not exist"]}, "data": {}}"#, Answer::NoSuccess),
            (br#"{"success": "true"}"#, Answer::NoSuccess),
            (br#"{}"#, Answer::NoSuccess),
            (br#"[true]"#, Answer::NoSuccess),
            (b"<html>", Answer::Unreadable),
            (b"", Answer::Unreadable),
        ] {
            assert_eq!(Answer::of_body(body), answer, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn every_other_answer_says_what_to_change() {
        for (answer, what) in [
            (Answer::Unauthorized, "correct api.id and api.key on the developer platform"),
            (Answer::Status(503), "with status 503"),
            (Answer::NoSuccess, "without success"),
            (Answer::Unreadable, "something else than its JSON"),
            (Answer::None("connection refused".to_owned()), "does not answer (connection refused)"),
        ] {
            assert_one(&lines(answer, None), Level::Fix, what);
        }
        assert_one(&lines(Answer::Good, None), Level::Ok, "knows our id and key");
    }

    #[test]
    fn its_clock_may_differ_by_what_its_settings_accept() {
        assert_one(&lines(Answer::Good, Some(-60)), Level::Ok, "its clock is right");
        assert_one(&lines(Answer::Good, Some(-61)), Level::Warn, "1m 1s behind this machine's, more than the 60 s");
    }
}
