//! What a provider says of an identifier (section 7.3.2, Yadis): an XRDS document, read by the same parser as SAML's.

use canonical_xml::{Child, Document, Element};

use super::{OpenIdError, ProviderError};

/// What a discovery document is asked for as.
pub(super) const MEDIA_TYPE: &str = "application/xrds+xml";
const NS_XRDS: &str = "xri://$xrds";
const NS_XRD: &str = "xri://$xrd*($v*2.0)";
/// A claimed identifier of OpenID 2.0 (section 7.3.2.1.2).
const SIGNON: &str = "http://specs.openid.net/auth/2.0/signon";

/// Checks that `endpoint` may speak for `claimed_id`, which is its own name for that person.
pub(super) fn check(xrds: &str, endpoint: &str, claimed_id: &str) -> Result<(), OpenIdError> {
    let document = Document::parse(xrds).map_err(|_| ProviderError::Answer)?;
    let root = document.root();
    if !root.is(NS_XRDS, "XRDS") {
        return Err(ProviderError::Answer.into());
    }
    // The last one describes the identifier itself (section 7.3.2.2).
    let xrd = children(root, "XRD").last().ok_or(ProviderError::Answer)?;
    let speaks_for_it = |service: Element<'_>| {
        has(service, "Type", SIGNON)
            && has(service, "URI", endpoint)
            && children(service, "LocalID").all(|local_id| text(local_id) == claimed_id)
    };
    if children(xrd, "Service").any(speaks_for_it) { Ok(()) } else { Err(OpenIdError::DiscoveryMismatch) }
}

fn children<'d>(parent: Element<'d>, name: &str) -> impl Iterator<Item = Element<'d>> {
    parent.children().filter_map(move |child| match child {
        Child::Element(element) if element.is(NS_XRD, name) => Some(element),
        _ => None,
    })
}

fn has(service: Element<'_>, name: &str, wanted: &str) -> bool {
    children(service, name).any(|element| text(element) == wanted)
}

/// All text of an element, so that a comment cannot cut it short; white space around it means nothing.
fn text(element: Element<'_>) -> String {
    let pieces = element.children().filter_map(|child| match child {
        Child::Text(text) => Some(text),
        _ => None,
    });
    pieces.collect::<String>().trim_ascii().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str = "https://hub.acme.example/api/openid/provider/app-9f3d";
    const CLAIMED_ID: &str = "https://hub.acme.example/api/openid/provider/app-9f3d/users/usr-5k2";
    const OF_USER: &str = include_str!("../../../tests/fixtures/vectors/openid_user.xrds.xml");
    const OF_PROVIDER: &str = include_str!("../../../tests/fixtures/vectors/openid_provider.xrds.xml");

    fn outcome(from: &str, to: &str) -> &'static str {
        assert!(OF_USER.contains(from), "{from}");
        check(&OF_USER.replace(from, to), ENDPOINT, CLAIMED_ID).map_or_else(|error| error.code(), |()| "accepted")
    }

    #[test]
    fn the_users_document_names_the_endpoint() {
        assert!(check(OF_USER, ENDPOINT, CLAIMED_ID).is_ok());
    }

    #[test]
    fn the_providers_own_document_describes_no_user() {
        assert!(matches!(check(OF_PROVIDER, ENDPOINT, CLAIMED_ID), Err(OpenIdError::DiscoveryMismatch)));
    }

    #[test]
    fn another_endpoint_another_identifier_or_an_older_version_is_refused() {
        for (from, to) in [
            ("<URI>https://hub.acme.example/", "<URI>https://evil.example/"),
            ("</URI>", "/</URI>"),
            ("usr-5k2</LocalID>", "usr-8w1</LocalID>"),
            ("auth/2.0/signon", "auth/2.0/server"),
            ("xmlns=\"xri://$xrd*($v*2.0)\"", "xmlns=\"xri://$xrd*($v*3.0)\""),
        ] {
            let expected = if to.contains("3.0") { "openid-provider-answer" } else { "openid-discovery" };
            assert_eq!(outcome(from, to), expected, "{to}");
        }
    }

    #[test]
    fn only_the_last_descriptor_counts() {
        assert_eq!(outcome("</XRD>", "</XRD><XRD/>"), "openid-discovery");
        assert_eq!(outcome("<XRD>", "<XRD/><XRD>"), "accepted");
    }

    #[test]
    fn a_local_id_is_not_needed() {
        let local_id = format!("<LocalID>{CLAIMED_ID}</LocalID>");
        assert_eq!(outcome(&local_id, ""), "accepted");
    }

    #[test]
    fn a_comment_cannot_cut_an_address_short() {
        assert_eq!(outcome("app-9f3d</URI>", "app-9f3d<!-- -->.evil</URI>"), "openid-discovery");
    }

    #[test]
    fn a_document_type_declaration_or_no_document_is_no_answer() {
        let with_dtd = OF_USER.replace("<xrds:XRDS", "<!DOCTYPE x SYSTEM \"http://169.254.169.254/\"><xrds:XRDS");
        for bad in [&with_dtd, "", "<html/>", "<a", "is_valid:true"] {
            assert!(matches!(check(bad, ENDPOINT, CLAIMED_ID), Err(OpenIdError::Provider(ProviderError::Answer))));
        }
    }
}
