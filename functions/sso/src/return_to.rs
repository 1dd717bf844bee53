//! Where a person may be sent after signing in, beside the app's own landing (threats.md C9): to the app's origins and nowhere else.

use lambda_http::Request;
use shared::{session::Destination, web_url};
use url::{Origin, Url, form_urlencoded};

use crate::error::RouteError;

/// Longer addresses would not fit into a cookie beside those of other tabs.
const MAX_LEN: usize = 512;

/// The origins that are the app's.
#[derive(Debug)]
pub(crate) struct ReturnOrigins {
    /// What a path alone is relative to.
    base: Url,
    allowed: Vec<Origin>,
}

impl ReturnOrigins {
    /// The origin of the post-login URL, and `more` of them, separated by commas. `None` if one of them is none.
    pub(crate) fn new(post_login_url: &Url, more: &str) -> Option<Self> {
        let mut allowed = vec![post_login_url.origin()];
        for origin in more.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
            let url = web_url::parse(origin)?;
            if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
                return None;
            }
            allowed.push(url.origin());
        }
        Some(Self { base: post_login_url.clone(), allowed })
    }

    /// Where the request asks to go: `return_to`, an address or a path, and `settings`, for the app's settings (protocol.md
    /// §3.3).
    pub(crate) fn destination(&self, request: &Request) -> Result<Destination, RouteError> {
        let query = request.uri().query().unwrap_or_default();
        let mut wanted = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "return_to");
        let return_to = match (wanted.next(), wanted.next()) {
            (None, _) => None,
            (Some((_, wanted)), None) => Some(self.allowed(&wanted).ok_or(RouteError::ReturnTo)?),
            _ => return Err(RouteError::ReturnTo),
        };
        let settings =
            form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "settings" && !value.is_empty());
        Ok(Destination { return_to, settings })
    }

    /// `wanted` as the address a browser would make of it, if that is the app's. It is resolved as browsers do, so that nothing
    /// that looks like a path can turn out to be a host.
    fn allowed(&self, wanted: &str) -> Option<String> {
        if wanted.is_empty() || wanted.len() > MAX_LEN || wanted.chars().any(char::is_control) {
            return None;
        }
        let url = self.base.join(wanted).ok()?;
        let anonymous = url.username().is_empty() && url.password().is_none();
        // A `blob:` address has the origin of the one inside it.
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_allowed = is_web && anonymous && self.allowed.contains(&url.origin()) && url.as_str().len() <= MAX_LEN;
        is_allowed.then(|| url.into())
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, http};

    use super::*;

    fn origins() -> ReturnOrigins {
        let landing = Url::parse("https://app.test/signed-in?x=1").unwrap();
        ReturnOrigins::new(&landing, "https://admin.app.test, http://localhost:3000").unwrap()
    }

    #[test]
    fn paths_and_addresses_of_the_app_are_fine() {
        for (wanted, resolved) in [
            ("/invoices/7?tab=1#top", "https://app.test/invoices/7?tab=1#top"),
            ("https://app.test/", "https://app.test/"),
            ("https://admin.app.test/users", "https://admin.app.test/users"),
            ("http://localhost:3000/x", "http://localhost:3000/x"),
            ("/caf\u{e9}", "https://app.test/caf%C3%A9"),
        ] {
            assert_eq!(origins().allowed(wanted).as_deref(), Some(resolved), "{wanted}");
        }
    }

    #[test]
    fn nothing_leads_anywhere_else() {
        for wanted in [
            "",
            "https://evil.test/",
            "//evil.test/",
            "/\\evil.test/",
            "\\\\evil.test/",
            "https:/\\evil.test",
            "https://app.test@evil.test/",
            "https://user@app.test/",
            "https://app.test.evil.test/",
            "https://app.test:444/",
            "http://app.test/",
            "javascript:alert(1)",
            "data:text/html,x",
            "blob:https://app.test/x",
            "/x\r\nset-cookie: a=b",
            "\t//evil.test",
            "http://localhost:3001/",
            &format!("/{}", "x".repeat(600)),
        ] {
            assert_eq!(origins().allowed(wanted), None, "{wanted:?}");
        }
    }

    #[test]
    fn only_origins_can_be_allowed() {
        let landing = Url::parse("https://app.test/").unwrap();
        for bad in
            ["https://app.test/path", "app.test", "*", "http://app.test", "https://app.test?x", "https://*.app.test/x"]
        {
            assert!(ReturnOrigins::new(&landing, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_settings_parameter_is_remembered_and_a_second_return_to_refused() {
        let request = |query: &str| {
            let request = http::Request::builder().uri(format!("https://x.test/init?{query}"));
            request.body(Body::Empty).unwrap()
        };
        let none = origins().destination(&request("group_id=cld-1")).unwrap();
        assert_eq!(none, Destination::default());
        assert!(origins().destination(&request("settings=true")).unwrap().settings);
        assert!(!origins().destination(&request("settings=")).unwrap().settings);
        assert!(origins().destination(&request("return_to=/a&return_to=/b")).is_err());
    }
}
