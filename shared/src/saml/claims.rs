//! What a response that was refused said of itself: for its trace and for nothing else.

use canonical_xml::{Child, Element};

use super::algorithm::NS_ASSERTION;
use crate::trace::{Claims, claim};

/// The first of everything, wherever it stands.
pub(super) fn of(root: Element<'_>) -> Claims {
    let first = |name: &str| root.descendants().find(|element| element.is(NS_ASSERTION, name));
    let text = |name: &str| first(name).and_then(|element| claim(&text_of(element)));
    let attribute =
        |name: &str, attribute: &str| first(name).and_then(|element| element.attribute(attribute)).and_then(claim);
    let group = root
        .descendants()
        .find(|element| element.is(NS_ASSERTION, "Attribute") && element.attribute("Name") == Some("group_uid"))
        .and_then(|element| element.descendants().nth(1))
        .and_then(|value| claim(&text_of(value)));
    Claims {
        issuer: text("Issuer"),
        audience: text("Audience"),
        recipient: attribute("SubjectConfirmationData", "Recipient"),
        assertion_id: attribute("Assertion", "ID"),
        in_response_to: attribute("SubjectConfirmationData", "InResponseTo"),
        user: text("NameID"),
        group,
    }
}

fn text_of(element: Element<'_>) -> String {
    element.children().filter_map(|child| if let Child::Text(text) = child { Some(text) } else { None }).collect()
}
