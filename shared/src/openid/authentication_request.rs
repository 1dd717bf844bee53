//! The request that starts a sign-in (section 9.1): whoever is there, and everything the provider may say of them.

use url::form_urlencoded;

use super::{NAMESPACE, attributes};
use crate::{marketplace::Marketplace, random};

/// "Whoever is there": the provider chooses the identifier (section 9.1).
const IDENTIFIER_SELECT: &str = "http://specs.openid.net/auth/2.0/identifier_select";
/// The parameter of our return URL that tells one request from another.
pub(super) const REQUEST_ID: &str = "request_id";

/// One request, to one marketplace.
#[derive(Debug, Clone)]
pub struct AuthenticationRequest {
    id: String,
}

impl AuthenticationRequest {
    /// A new request with a fresh id of 128 random bits.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "every one is different")]
    pub fn new() -> Self {
        Self { id: random::hex128() }
    }

    /// Its id: what the answer's `return_to` must carry.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The URL to send the browser to. The provider is the configured one: there is no discovery on anybody's input.
    #[must_use]
    pub fn redirect_url(&self, marketplace: &Marketplace) -> String {
        let return_to = return_to(marketplace, &self.id);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("openid.ns", NAMESPACE),
            ("openid.mode", "checkid_setup"),
            ("openid.claimed_id", IDENTIFIER_SELECT),
            ("openid.identity", IDENTIFIER_SELECT),
            ("openid.return_to", &return_to),
            ("openid.realm", &marketplace.idm),
        ]);
        query.extend_pairs(attributes::fetch_request());
        format!("{}?{}", marketplace.openid_endpoint, query.finish())
    }
}

/// Where the answer to this request comes to.
pub(super) fn return_to(marketplace: &Marketplace, request_id: &str) -> String {
    format!("{}?{REQUEST_ID}={request_id}", marketplace.openid_return_url)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use url::Url;

    use super::*;
    use crate::openid::tests::acme;

    fn query(request: &AuthenticationRequest) -> HashMap<String, String> {
        let pairs: Vec<(String, String)> =
            Url::parse(&request.redirect_url(&acme())).unwrap().query_pairs().into_owned().collect();
        let fields: HashMap<String, String> = pairs.iter().cloned().collect();
        assert_eq!(fields.len(), pairs.len(), "no field twice");
        fields
    }

    #[test]
    fn it_goes_to_the_configured_provider_and_asks_for_whoever_is_there() {
        let request = AuthenticationRequest::new();
        let url = request.redirect_url(&acme());
        assert!(url.starts_with("https://hub.acme.example/api/openid/provider/app-9f3d?"), "{url}");
        let fields = query(&request);
        assert_eq!(fields["openid.ns"], NAMESPACE);
        assert_eq!(fields["openid.mode"], "checkid_setup");
        assert_eq!(fields["openid.claimed_id"], IDENTIFIER_SELECT);
        assert_eq!(fields["openid.identity"], IDENTIFIER_SELECT);
    }

    #[test]
    fn the_answer_comes_to_our_return_url_within_our_realm() {
        let request = AuthenticationRequest::new();
        let fields = query(&request);
        let return_to = format!("{}?request_id={}", acme().openid_return_url, request.id());
        assert_eq!(fields["openid.return_to"], return_to);
        assert_eq!(fields["openid.realm"], acme().idm);
        assert!(return_to.starts_with(&acme().idm));
    }

    #[test]
    fn no_association_is_claimed() {
        assert!(!query(&AuthenticationRequest::new()).contains_key("openid.assoc_handle"));
    }

    #[test]
    fn ids_have_128_bits_and_are_never_the_same() {
        let [a, b] = [AuthenticationRequest::new(), AuthenticationRequest::new()];
        assert_eq!(a.id().len(), 32);
        assert_ne!(a.id(), b.id());
    }
}
