//! The request a browser is waiting to have answered: in a sealed cookie, because nothing else comes back from the
//! marketplace that only this browser could know (threats.md F4, C6). One cookie for each request, so that two tabs can
//! sign in at the same time.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Request, Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::MarketplaceKey,
    http::{self as answers, SameSite},
    marketplace::Marketplace,
    sealed::Sealer,
    session::{Destination, TokenDigest},
    trace::Protocol,
};

use crate::{App, error::RouteError, session};

/// How long a person may take to sign in at the marketplace.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How far the clocks of two of our own execution environments may be apart.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(1);
/// What the names of these cookies start with.
const PREFIX: &str = "__Host-sign-in-";
/// So many sign-ins at once are plenty; more would only fill the request's headers.
const MAX_PENDING: usize = 5;

/// One outstanding request.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) marketplace: MarketplaceKey,
    /// Neither protocol's answer is taken for the other's.
    pub(crate) protocol: Protocol,
    pub(crate) request_id: String,
    pub(crate) issued_at: Timestamp,
    /// The session this browser had when it asked. The answer is a cross-site POST, which will not carry that cookie.
    pub(crate) replaces: Option<TokenDigest>,
    /// Where the person wanted to go.
    pub(crate) destination: Destination,
}

impl Pending {
    /// Hands this request to the browser, and takes the oldest ones back if there are too many.
    pub(crate) fn remember(&self, sealer: &Sealer, request: &Request, response: &mut Response<Body>) {
        let mut others: Vec<(String, Option<Timestamp>)> = sealed_cookies(request)
            .map(|(name, value)| (name.to_owned(), sealer.open::<Self>(value).ok().map(|pending| pending.issued_at)))
            .collect();
        others.sort_by_key(|(_, issued_at)| std::cmp::Reverse(*issued_at));
        for (name, _) in others.iter().skip(MAX_PENDING - 1) {
            answers::clear_cookie(response, name, SameSite::None);
        }
        answers::set_cookie(response, &self.cookie_name(), &sealer.seal(self), LIFETIME.as_secs(), SameSite::None);
    }

    /// Takes this request back from the browser: it has been answered.
    pub(crate) fn forget(&self, response: &mut Response<Body>) {
        answers::clear_cookie(response, &self.cookie_name(), SameSite::None);
    }

    /// The start of the request's own id tells one cookie from another.
    fn cookie_name(&self) -> String {
        let id: String = self.request_id.chars().filter(char::is_ascii_hexdigit).take(12).collect();
        format!("{PREFIX}{id}")
    }
}

/// Sends the browser to the marketplace at `url` with the request of this id, and remembers the request in the browser.
pub(crate) async fn begin(
    app: &App,
    request: &Request,
    marketplace: &Marketplace,
    protocol: Protocol,
    request_id: &str,
    url: &str,
) -> Result<Response<Body>, RouteError> {
    let mut response = answers::redirect(StatusCode::FOUND, url)
        .ok_or_else(|| RouteError::Internal("redirect is not a header".into()))?;
    let now = app.clock.now();
    let pending = Pending {
        marketplace: marketplace.key.clone(),
        protocol,
        request_id: request_id.to_owned(),
        issued_at: now,
        replaces: session::presented(request).map(|session| session.digest()),
        destination: app.return_origins.destination(request)?,
    };
    pending.remember(&app.keys(now).await?.pending_request, request, &mut response);
    Ok(response)
}

/// What this browser is waiting for from this marketplace.
pub(crate) fn outstanding(
    sealer: &Sealer,
    request: &Request,
    marketplace: &MarketplaceKey,
    protocol: Protocol,
    now: Timestamp,
) -> Vec<Pending> {
    sealed_cookies(request)
        .take(2 * MAX_PENDING)
        .filter_map(|(_, value)| sealer.open::<Pending>(value).ok())
        .filter(|pending| pending.marketplace == *marketplace && pending.protocol == protocol)
        .filter(|pending| pending.issued_at - CLOCK_SKEW <= now && now < pending.issued_at + LIFETIME)
        .collect()
}

fn sealed_cookies(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    answers::cookies(request.headers()).filter(|(name, _)| {
        name.strip_prefix(PREFIX).is_some_and(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

#[cfg(test)]
mod tests {
    use lambda_http::http::header;
    use shared::secrets::Key;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_894_701_630, 0);

    fn sealer() -> Sealer {
        let key = Key { key: "0123456789abcdef0123456789abcdef".into(), previous: None };
        Sealer::new(&key, "sso pending request").unwrap()
    }

    fn pending(request_id: &str, issued_at: Timestamp) -> Pending {
        Pending {
            marketplace: "acme-hub".parse().unwrap(),
            protocol: Protocol::Saml,
            request_id: request_id.to_owned(),
            issued_at,
            replaces: None,
            destination: Destination::default(),
        }
    }

    fn request(cookies: &[(String, String)]) -> Request {
        let mut request = Request::new(Body::Empty);
        for (name, value) in cookies {
            request.headers_mut().append(header::COOKIE, format!("{name}={value}").parse().unwrap());
        }
        request
    }

    fn cookie(pending: &Pending) -> (String, String) {
        (pending.cookie_name(), sealer().seal(pending))
    }

    fn found(cookies: &[(String, String)], marketplace: &str, now: Timestamp) -> Vec<Pending> {
        outstanding(&sealer(), &request(cookies), &marketplace.parse().unwrap(), Protocol::Saml, now)
    }

    #[test]
    fn requests_of_several_tabs_are_all_outstanding() {
        let tabs = [pending("_0123456789abcdef", NOW), pending("_fedcba9876543210", NOW)];
        assert_eq!(found(&tabs.clone().map(|tab| cookie(&tab)), "acme-hub", NOW), tabs);
    }

    #[test]
    fn another_marketplaces_request_is_not_outstanding_here() {
        assert!(found(&[cookie(&pending("_0123456789abcdef", NOW))], "northbank", NOW).is_empty());
    }

    #[test]
    fn a_request_by_saml_is_not_outstanding_by_openid() {
        let cookies = [cookie(&pending("_0123456789abcdef", NOW))];
        let acme = "acme-hub".parse().unwrap();
        assert!(outstanding(&sealer(), &request(&cookies), &acme, Protocol::OpenId, NOW).is_empty());
    }

    #[test]
    fn a_request_by_openid_is_not_outstanding_by_saml() {
        let by_openid = Pending { protocol: Protocol::OpenId, ..pending("_0123456789abcdef", NOW) };
        assert!(found(&[cookie(&by_openid)], "acme-hub", NOW).is_empty());
    }

    #[test]
    fn a_request_is_outstanding_for_ten_minutes() {
        let cookies = [cookie(&pending("_0123456789abcdef", NOW))];
        assert_eq!(found(&cookies, "acme-hub", NOW + LIFETIME - SignedDuration::from_secs(1)).len(), 1);
        assert!(found(&cookies, "acme-hub", NOW + LIFETIME).is_empty());
        assert!(found(&cookies, "acme-hub", NOW - SignedDuration::from_mins(2)).is_empty());
    }

    #[test]
    fn a_cookie_that_is_not_ours_counts_for_nothing() {
        let name = pending("_0123456789abcdef", NOW).cookie_name();
        assert!(found(&[(name, "forged".to_owned())], "acme-hub", NOW).is_empty());
    }

    #[test]
    fn the_cookie_is_for_this_host_alone_and_for_ten_minutes() {
        let mut response = Response::new(Body::Empty);
        pending("_0123456789abcdef", NOW).remember(&sealer(), &request(&[]), &mut response);
        let set: Vec<&str> =
            response.headers().get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap()).collect();
        let [cookie] = set[..] else { panic!("one cookie, not {}", set.len()) };
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert!(pair.starts_with("__Host-sign-in-0123456789ab="), "{pair}");
        assert_eq!(attributes, "Path=/; Max-Age=600; HttpOnly; Secure; SameSite=None");
    }

    #[test]
    fn the_oldest_requests_make_room_for_a_new_one() {
        let old: Vec<_> =
            (0..7).map(|n| cookie(&pending(&format!("_{n:012}ff"), NOW + SignedDuration::from_secs(n)))).collect();
        let mut response = Response::new(Body::Empty);
        pending("_aaaaaaaaaaaaaaaa", NOW).remember(&sealer(), &request(&old), &mut response);
        let set: Vec<&str> =
            response.headers().get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap()).collect();
        let cleared: Vec<&str> = set.iter().filter(|cookie| cookie.contains("Max-Age=0")).map(|c| &c[15..27]).collect();
        assert_eq!(cleared, ["000000000002", "000000000001", "000000000000"]);
        assert!(set.iter().any(|c| c.starts_with("__Host-sign-in-aaaaaaaaaaaa=")
            && c.contains("SameSite=None")
            && c.contains("Secure")));
    }
}
