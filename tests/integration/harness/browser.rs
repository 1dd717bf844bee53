//! A browser as far as sign-in needs one: cookies by host with their `SameSite`, redirects one at a time, forms.

use std::{
    collections::HashMap,
    fs::OpenOptions,
    io::{Read as _, Write as _},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, Response, StatusCode, header, redirect::Policy};
use shared::env::Variables;
use url::Url;

use super::World;

/// Names a file for the cookies and codes that browsers were given.
const SEEN: &str = "STALLHOLDER_SEEN";

/// How many redirects a person sits through.
const MAX_REDIRECTS: usize = 10;

/// A person's browser.
pub(crate) struct Browser {
    client: reqwest::Client,
    cookies: HashMap<(String, String), Cookie>,
}

#[derive(Clone)]
struct Cookie {
    value: String,
    cross_site: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

/// A form that submits itself.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Answer {
    pub(crate) fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The text of the element with this id.
    pub(crate) fn text_of(&self, id: &str) -> String {
        let start = self.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {}", self.body));
        let rest = &self.body[start..];
        let text = &rest[rest.find('>').unwrap() + 1..];
        unescape(&text[..text.find('<').unwrap()])
    }

    /// What a page for a person whose sign-in was refused asks them to tell support.
    pub(crate) fn reference(&self) -> &str {
        let (_, rest) = self.body.split_once("<code>").unwrap_or_else(|| panic!("no reference in {}", self.body));
        rest.split_once("</code>").unwrap().0
    }

    /// The form of a page that has one.
    pub(crate) fn form(&self) -> Form {
        form(&self.body)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, cookies: HashMap::new() }
    }

    /// Another window of the same browser: the same cookies from here on.
    pub(crate) fn copy(&self) -> Self {
        Self { client: self.client.clone(), cookies: self.cookies.clone() }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send(self.request(Method::GET, url, false)).await
    }

    pub(crate) async fn post(&mut self, url: &str) -> Answer {
        self.send(self.request(Method::POST, url, false)).await
    }

    /// Submits a form that another site's page holds: `SameSite=Lax` cookies stay behind.
    pub(crate) async fn submit(&mut self, form: &Form) -> Answer {
        self.send(self.request(Method::POST, &form.action, true).form(&form.fields)).await
    }

    /// Submits the same form so many times at once, each time with the cookies this browser has now.
    pub(crate) async fn submit_at_once(&self, form: &Form, times: usize) -> Vec<StatusCode> {
        let attempts = (0..times).map(|_| {
            let mut browser = self.copy();
            async move { browser.submit(form).await.status }
        });
        futures::future::join_all(attempts).await
    }

    /// A cookie that some other service on this host left.
    pub(crate) fn plant(&mut self, host: &str, name: &str, value: &str) {
        let cookie = Cookie { value: value.to_owned(), cross_site: false };
        self.cookies.insert((host.to_owned(), name.to_owned()), cookie);
    }

    /// Goes on until something other than a redirect comes.
    pub(crate) async fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..MAX_REDIRECTS {
            let Some(location) = answer.location() else { return answer };
            let next = answer.url.join(location).unwrap();
            answer = self.get(next.as_str()).await;
        }
        panic!("redirects without end, last to {}", answer.url);
    }

    /// Launches the app from the marketplace and stops at the page that carries the response.
    pub(crate) async fn launch(&mut self, world: &World, marketplace: &str, user: &str, group: &str) -> Form {
        let initialize_url = &world.marketplace(marketplace).initialize_url;
        let page = self.trigger(world, marketplace, initialize_url, &[("user_uid", user), ("group_id", group)]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page.form()
    }

    /// The same by OpenID: stops at the page that carries the assertion.
    pub(crate) async fn launch_by_openid(&mut self, world: &World, marketplace: &str, user: &str, group: &str) -> Form {
        let initialize_url = &world.marketplace(marketplace).openid_initialize_url;
        let page = self.trigger(world, marketplace, initialize_url, &[("user_uid", user), ("group_id", group)]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page.form()
    }

    /// What the marketplace's launcher links to, as far as it leads.
    pub(crate) async fn trigger(
        &mut self,
        world: &World,
        marketplace: &str,
        initialize_url: &str,
        hints: &[(&str, &str)],
    ) -> Answer {
        let mut url = Url::parse(&format!("{}/sso_trigger", world.marketplace(marketplace).host)).unwrap();
        url.query_pairs_mut().extend_pairs(hints).append_pair("sso_init_endpoint", initialize_url);
        let answer = self.get(url.as_str()).await;
        self.follow(answer).await
    }

    /// The whole way in, to the app's page.
    pub(crate) async fn sign_in(&mut self, world: &World, marketplace: &str, user: &str, group: &str) -> Answer {
        let form = self.launch(world, marketplace, user, group).await;
        let answer = self.submit(&form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}\n{}", answer.body, world.feed().await);
        self.follow(answer).await
    }

    fn request(&self, method: Method, url: &str, from_another_site: bool) -> reqwest::RequestBuilder {
        let host = host_of(&Url::parse(url).unwrap());
        let sent =
            self.cookies.iter().filter(|((of, _), cookie)| *of == host && (cookie.cross_site || !from_another_site));
        let cookies: Vec<String> = sent.map(|((_, name), cookie)| format!("{name}={}", cookie.value)).collect();
        let request = self.client.request(method, url);
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies.join("; ")) }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let response: Response = request.send().await.unwrap();
        let answer = Answer {
            url: response.url().clone(),
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        };
        for cookie in answer.set_cookies() {
            self.keep(&host_of(&answer.url), cookie);
        }
        if let Some((_, code)) = answer.location().and_then(|location| location.split_once("?code=")) {
            note(code);
        }
        answer
    }

    fn keep(&mut self, host: &str, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let key = (host.to_owned(), name.to_owned());
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(&key);
        } else {
            // The marketplaces' cookies tell a user's id, which is no secret.
            if name.starts_with("__Host-") {
                note(value);
            }
            let cookie = Cookie { value: value.to_owned(), cross_site: attributes.contains("SameSite=None") };
            self.cookies.insert(key, cookie);
        }
    }

    /// The cookies it holds for our service's host, by name.
    pub(crate) fn cookie_names(&self, host: &str) -> Vec<&str> {
        self.cookies.keys().filter(|(of, _)| of == host).map(|(_, name)| name.as_str()).collect()
    }
}

impl Form {
    /// A form that carries this XML to an assertion consumer service.
    pub(crate) fn with_response(acs_url: &str, xml: &str) -> Self {
        Self { action: acs_url.to_owned(), fields: vec![("SAMLResponse".to_owned(), STANDARD.encode(xml))] }
    }

    /// The XML it carries.
    pub(crate) fn xml(&self) -> String {
        let (_, base64) = self.fields.iter().find(|(name, _)| name == "SAMLResponse").unwrap();
        let compact: String = base64.split_ascii_whitespace().collect();
        String::from_utf8(STANDARD.decode(compact).unwrap()).unwrap()
    }
}

/// The id of the request in a redirect to an identity provider.
pub(crate) fn request_id(location: &str) -> String {
    roxmltree::Document::parse(&authn_request(location)).unwrap().root_element().attribute("ID").unwrap().to_owned()
}

/// The XML of that request.
pub(crate) fn authn_request(location: &str) -> String {
    let url = Url::parse(location).unwrap();
    let (_, request) = url.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap();
    let mut xml = String::new();
    flate2::read::DeflateDecoder::new(STANDARD.decode(&*request).unwrap().as_slice()).read_to_string(&mut xml).unwrap();
    xml
}

/// Notes down what nobody else may see, for whoever looks for it in the logs afterwards (`tests/deploy`).
fn note(secret: &str) {
    if let Some(file) = Variables::of_process().optional(SEEN).unwrap() {
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{secret}").unwrap();
    }
}

/// Cookies do not know ports.
fn host_of(url: &Url) -> String {
    url.host_str().unwrap().to_owned()
}

fn form(page: &str) -> Form {
    let start = page.find("<form").unwrap_or_else(|| panic!("no form in {page}"));
    let form = &page[start..start + page[start..].find("</form>").unwrap()];
    let action = attribute(&form[..form.find('>').unwrap()], "action").unwrap();
    let inputs = form.split("<input").skip(1).map(|input| &input[..input.find('>').unwrap()]);
    let fields = inputs
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))
        .collect();
    Form { action, fields }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = tag[start..].find('"')?;
    Some(unescape(&tag[start..start + end]))
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}
