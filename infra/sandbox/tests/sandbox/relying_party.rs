//! What an app that trusts an OpenID provider would do, and the browser between the two.

use std::collections::BTreeMap;

use url::Url;
use url::form_urlencoded::Serializer;

use crate::http::{Answer, get, request};
use crate::running::{APP, Running, between};

pub(crate) const NAMESPACE: &str = "http://specs.openid.net/auth/2.0";
pub(crate) const RETURN_TO: &str = "http://localhost:4000/mno-enterprise/acme-hub/openid/complete?state=s1";
const IDENTIFIER_SELECT: &str = "http://specs.openid.net/auth/2.0/identifier_select";

pub(crate) fn endpoint(running: &Running, marketplace: &str) -> String {
    running.marketplace(marketplace).openid_endpoint
}

/// The query of a well-made request in `mode`.
pub(crate) fn check_id(mode: &str) -> Fields {
    Fields::of([
        ("ns", NAMESPACE),
        ("mode", mode),
        ("claimed_id", IDENTIFIER_SELECT),
        ("identity", IDENTIFIER_SELECT),
        ("return_to", RETURN_TO),
        ("realm", APP),
    ])
}

/// `openid.` fields by their names without the prefix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) BTreeMap<String, String>);

impl Fields {
    fn of<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The fields in the query of an address.
    pub(crate) fn in_query(address: &str) -> Self {
        let url = Url::parse(address).unwrap();
        let pairs = url.query_pairs().into_owned();
        Self(pairs.filter_map(|(name, value)| Some((name.strip_prefix("openid.")?.to_owned(), value))).collect())
    }

    /// The fields a page posts.
    pub(crate) fn in_form(page: &Answer) -> Self {
        assert_eq!(page.status, 200, "{}", page.body);
        let inputs = page.body.split("<input type=\"hidden\" name=\"openid.").skip(1);
        let fields = inputs.map(|input| {
            let (name, rest) = input.split_once('"').unwrap();
            (name.to_owned(), unescape(between(rest, "value=\"", "\"").unwrap()))
        });
        Self(fields.collect())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn encoded(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| (format!("openid.{name}"), value));
        Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Asks a provider whether an assertion is genuine.
pub(crate) async fn ask(endpoint: &str, assertion: &Fields) -> Answer {
    let question = assertion.clone().with("mode", "check_authentication");
    request("POST", endpoint).form(question.encoded()).send().await
}

pub(crate) async fn is_genuine(endpoint: &str, assertion: &Fields) -> bool {
    let answer = ask(endpoint, assertion).await;
    assert_eq!(answer.status, 200);
    answer.body.contains("is_valid:true\n")
}

/// Keeps cookies and follows redirects as long as they stay with the sandbox.
pub(crate) struct Browser<'a> {
    running: &'a Running,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(running: &'a Running) -> Self {
        Self { running, cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, address: &str) -> Answer {
        let address = Url::parse(self.running.sandbox.base_url()).unwrap().join(address).unwrap();
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = get(address).header("cookie", cookies.join("; ")).send().await;
        for (name, value) in answer.cookies() {
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies[name].clone()
    }

    pub(crate) async fn follow(&mut self, address: &str) -> Answer {
        let mut answer = self.get(address).await;
        while let Some(location) = answer.header("location").filter(|location| location.starts_with('/')) {
            let location = location.to_owned();
            answer = self.get(&location).await;
        }
        answer
    }

    /// The launcher's *Launch*, as far as the app.
    pub(crate) async fn launch(&mut self, user: &str, group: &str, extra: &str) {
        let trigger = format!("/acme-hub/sso_trigger?user_uid={user}&group_id={group}{extra}");
        assert_eq!(self.get(&trigger).await.status, 302);
    }

    /// Brings a request of acme-hub's app to the provider and goes on until a person or the app is asked.
    pub(crate) async fn bring(&mut self, request: &Fields) -> Answer {
        let address = format!("{}?{}", endpoint(self.running, "acme-hub"), request.encoded());
        self.follow(&address).await
    }

    /// Follows one of the page's own links.
    pub(crate) async fn click(&mut self, page: &Answer, wanted: &str) -> Answer {
        let mut links = page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let link = links.find(|link| link.ends_with(wanted)).expect("such a link");
        self.follow(&unescape(link)).await
    }

    /// A whole login to acme-hub's app, up to the assertion it is handed.
    pub(crate) async fn log_in(&mut self, user: &str, group: &str) -> Fields {
        self.launch(user, group, "").await;
        Fields::in_form(&self.bring(&check_id("checkid_setup")).await)
    }
}
