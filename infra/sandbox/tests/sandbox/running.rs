//! A sandbox under test, and what a service provider would do with it.

use std::io::Write as _;
use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sandbox::{IdpKeys, KeyPair, MarketplaceSummary, Options, Sandbox};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::http::{Answer, Request, get, request};

pub(crate) const APP: &str = "http://localhost:4000";
pub(crate) const CONFIG: &str = "/api/config/v1/marketplaces";
pub(crate) const ACME_ACS: &str = "http://localhost:4000/mno-enterprise/acme-hub/saml/consume";
pub(crate) const NORTH_ACS: &str = "http://localhost:4000/maestrano/auth/saml/consume/northbank";

/// Making keys takes a moment, so all tests share one pair.
pub(crate) fn key_pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(1024, "test identity provider").unwrap())
}

pub(crate) struct Running {
    pub(crate) sandbox: Sandbox,
    _stop: DropGuard,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// With an app that lives at `app_host`.
    pub(crate) async fn beside(app_host: &str) -> Self {
        Self::with(Options { app_host: app_host.to_owned(), ..Options::default() }).await
    }

    /// With these options, but the shared keys.
    pub(crate) async fn with(options: Options) -> Self {
        let pair = key_pair().clone();
        let keys = IdpKeys::Pem { private_key: pair.private_key_pem, certificate: pair.certificate_pem };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let options = Options { keys, ..options };
        let sandbox = Sandbox::start(listener, options, stop.clone()).await.unwrap();
        Self { sandbox, _stop: stop.drop_guard() }
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        get(format!("{}{path}", self.sandbox.base_url()))
    }

    /// A change through the control API.
    pub(crate) async fn change(&self, method: &'static str, path: &str, body: &str) -> Answer {
        request(method, format!("{}/{path}", self.sandbox.control_url())).json(body).send().await
    }

    /// What happened, as sentences.
    pub(crate) async fn told(&self) -> Vec<String> {
        let events = self.get("/control/events").send().await.json();
        events["events"].as_array().unwrap().iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn state(&self) -> Value {
        self.get("/control/state").send().await.json()
    }

    /// A request for the configuration, as the app asks for it.
    pub(crate) fn configuration(&self) -> Request {
        let environment = self.sandbox.environment();
        self.get(CONFIG).basic(&environment.key, &environment.secret)
    }

    /// The developer platform's document.
    pub(crate) async fn document(&self) -> Value {
        let answer = self.configuration().send().await;
        assert_eq!(answer.status, 200);
        answer.json()
    }

    /// The marketplaces in that document.
    pub(crate) async fn listed(&self) -> Vec<String> {
        let document = self.document().await;
        let entries = document["marketplaces"].as_array().unwrap().iter();
        entries.map(|entry| entry["marketplace"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn marketplace(&self, key: &str) -> MarketplaceSummary {
        self.sandbox.marketplaces().into_iter().find(|marketplace| marketplace.key == key).unwrap()
    }

    /// The session token of a user, as a test driver may know it.
    pub(crate) async fn session_token(&self, marketplace: usize, uid: &str) -> String {
        self.state().await["marketplaces"][marketplace]["sessions"][uid].as_str().unwrap().to_owned()
    }

    /// Where the browser goes with a well-made request of acme-hub's app.
    pub(crate) fn acme_login(&self, extra: &str) -> Request {
        get(login_url(&self.marketplace("acme-hub"), ACME_ACS, extra))
    }

    /// The Response handed out for a user in a group of acme-hub.
    pub(crate) async fn acme_response(&self, user: &str, group: &str) -> String {
        let extra = format!("&user_uid={user}&group_id={group}");
        saml_response(&self.acme_login(&extra).send().await)
    }
}

pub(crate) fn login_url(marketplace: &MarketplaceSummary, acs: &str, extra: &str) -> String {
    let encoded = encode(&authn_request(&marketplace.api_id, acs));
    format!("{}?SAMLRequest={encoded}{extra}", marketplace.idp_sso_url)
}

pub(crate) fn authn_request(issuer: &str, acs: &str) -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_request-1\" Version=\"2.0\" \
         IssueInstant=\"2030-01-15T10:00:00Z\" AssertionConsumerServiceURL=\"{acs}\">\
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{issuer}</saml:Issuer>\
         </samlp:AuthnRequest>"
    )
}

/// Raw DEFLATE, base64, percent-encoded.
pub(crate) fn encode(xml: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(xml.as_bytes()).unwrap();
    let base64 = STANDARD.encode(encoder.finish().unwrap());
    url::form_urlencoded::byte_serialize(base64.as_bytes()).collect()
}

/// The decoded Response of a page that posts one.
pub(crate) fn saml_response(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.body);
    let value = between(&page.body, "name=\"SAMLResponse\" value=\"", "\"").expect("a posted Response");
    String::from_utf8(STANDARD.decode(value.replace('\n', "")).unwrap()).unwrap()
}

pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(value, _)| value)
}
