//! The shape of a Response.

use roxmltree::{Document, Node};

use crate::http::get;
use crate::running::{ACME_ACS, NORTH_ACS, Running, authn_request, between, encode, login_url, saml_response};

/// Element names in document order, indented by depth.
fn outline(xml: &str) -> String {
    let document = Document::parse(xml).unwrap();
    let lines = document.descendants().filter(Node::is_element).map(|node| {
        let depth = node.ancestors().filter(Node::is_element).count() - 1;
        format!("{}{}", " ".repeat(depth), node.tag_name().name())
    });
    let outline: Vec<String> = lines.filter(|line| !line.trim().starts_with("Attribute")).collect();
    outline.join("\n")
}

#[tokio::test]
async fn elements_come_in_the_documented_order() {
    let xml = Running::start().await.acme_response("usr-5k2", "cld-7a1c").await;
    let expected = "\
Response
 Issuer
 Status
  StatusCode
 Assertion
  Issuer
  Signature
   SignedInfo
    CanonicalizationMethod
    SignatureMethod
    Reference
     Transforms
      Transform
      Transform
     DigestMethod
     DigestValue
   SignatureValue
   KeyInfo
    X509Data
     X509Certificate
  Subject
   NameID
   SubjectConfirmation
    SubjectConfirmationData
  Conditions
   AudienceRestriction
    Audience
  AuthnStatement
   AuthnContext
    AuthnContextClassRef";
    assert_eq!(outline(&xml), expected);
    assert_eq!(xml.lines().count(), 1);
    assert!(xml.starts_with("<samlp:Response ID=\"_"));
}

#[tokio::test]
async fn the_response_answers_the_request_and_names_its_recipient_and_audience() {
    let running = Running::start().await;
    let xml = running.acme_response("usr-5k2", "cld-7a1c").await;
    let document = Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("Destination"), Some(ACME_ACS));
    assert_eq!(root.attribute("InResponseTo"), Some("_request-1"));
    assert_eq!(root.attribute("Consent"), Some("urn:oasis:names:tc:SAML:2.0:consent:unspecified"));
    let bearer = document.descendants().find(|node| node.has_tag_name("SubjectConfirmationData"));
    let bearer = bearer.or_else(|| element(&document, "SubjectConfirmationData")).unwrap();
    assert_eq!(bearer.attribute("Recipient"), Some(ACME_ACS));
    assert_eq!(bearer.attribute("InResponseTo"), Some("_request-1"));
    assert_eq!(element(&document, "Audience").unwrap().text(), Some("http://localhost:4000/"));
    let assertion = element(&document, "Assertion").unwrap();
    let statement = element(&document, "AuthnStatement").unwrap();
    assert_eq!(statement.attribute("SessionIndex"), assertion.attribute("ID"));
}

fn element<'a>(document: &'a Document<'_>, name: &str) -> Option<Node<'a, 'a>> {
    document.descendants().find(|node| node.tag_name().name() == name)
}

#[tokio::test]
async fn the_issuer_is_the_request_address_up_to_the_first_ampersand() {
    let running = Running::start().await;
    let xml = running.acme_response("usr-5k2", "cld-7a1c").await;
    let encoded = encode(&authn_request("app-acme", ACME_ACS));
    let expected = format!("{}?SAMLRequest={encoded}", running.marketplace("acme-hub").issuer);
    assert_eq!(xml.matches(&format!(">{expected}</Issuer>")).count(), 2);
}

#[tokio::test]
async fn the_windows_are_three_minutes_and_an_hour_less_five_seconds_of_grace() {
    let xml = Running::start().await.acme_response("usr-5k2", "cld-7a1c").await;
    let document = Document::parse(&xml).unwrap();
    let instant = |element_name: &str, attribute: &str| -> jiff::Timestamp {
        element(&document, element_name).unwrap().attribute(attribute).unwrap().parse().unwrap()
    };
    let issued = instant("Assertion", "IssueInstant");
    let seconds = |later: jiff::Timestamp| later.as_second() - issued.as_second();
    assert_eq!(seconds(instant("SubjectConfirmationData", "NotOnOrAfter")), 180);
    assert_eq!(seconds(instant("Conditions", "NotBefore")), -5);
    assert_eq!(seconds(instant("Conditions", "NotOnOrAfter")), 3600);
    assert_eq!(seconds(instant("AuthnStatement", "AuthnInstant")), 0);
}

fn attributes(xml: &str) -> Vec<(String, String)> {
    let document = Document::parse(xml).unwrap();
    let nodes = document.descendants().filter(|node| node.tag_name().name() == "Attribute");
    nodes
        .map(|node| {
            let value = node.first_element_child().unwrap().text().unwrap_or_default();
            (node.attribute("Name").unwrap().to_owned(), value.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn attributes_come_in_emission_order() {
    let running = Running::start().await;
    let token = running.session_token(0, "usr-5k2").await;
    let mut attributes = attributes(&running.acme_response("usr-5k2", "cld-7a1c").await);
    let recheck = attributes.remove(2);
    assert_eq!(recheck.0, "mno_session_recheck");
    assert!(recheck.1.parse::<jiff::Timestamp>().is_ok() && recheck.1.ends_with('Z') && recheck.1.len() == 20);
    let expected = [
        ("mno_uid", "usr-5k2"),
        ("mno_session", token.as_str()),
        ("group_uid", "cld-7a1c"),
        ("group_name", "Harbour Café & Sons"),
        ("group_end_free_trial", "2090-01-31T00:00:00Z"),
        ("group_role", "Admin"),
        ("group_has_credit_card", "false"),
        ("group_email", "cld-7a1c@example.com"),
        ("group_currency", "AUD"),
        ("group_timezone", "Australia/Sydney"),
        ("group_country", "AU"),
        ("group_city", "Sydney"),
        ("group_reseller_id", "rsl-44x"),
        ("uid", "usr-5k2"),
        ("virtual_uid", "usr-5k2.cld-7a1c"),
        ("email", "ines.okoro@example.org"),
        ("virtual_email", "usr-5k2.cld-7a1c@appmail.acme-hub.test"),
        ("name", "Inês"),
        ("surname", "Okoro"),
        ("country", "AU"),
        ("company_name", "Okoro Holdings"),
        ("app_owner", "true"),
        ("organizations", "{}"),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(attributes, expected);
    assert_eq!(token.len(), 36);
}

#[tokio::test]
async fn values_are_escaped_as_canonical_text() {
    let xml = Running::start().await.acme_response("usr-8w1", "cld-9e4f").await;
    assert!(xml.contains("<AttributeValue>Quay \"Books\" &amp; 'Prints' &lt;Ltd&gt;</AttributeValue>"));
    assert!(xml.contains("<AttributeValue>Kapanadze &amp; Chen</AttributeValue>"));
    assert!(xml.contains("<AttributeValue>ნინო</AttributeValue>"));
}

#[tokio::test]
async fn an_absent_reseller_has_no_attribute_and_an_empty_company_an_empty_one() {
    let xml = Running::start().await.acme_response("usr-8w1", "cld-9e4f").await;
    assert!(!xml.contains("group_reseller_id"));
    assert!(xml.contains("<Attribute Name=\"company_name\"><AttributeValue></AttributeValue></Attribute>"));
}

#[tokio::test]
async fn the_same_uids_are_other_people_on_the_other_marketplace() {
    let running = Running::start().await;
    let north = running.marketplace("northbank");
    let page = get(login_url(&north, NORTH_ACS, "&user_uid=usr-5k2")).send().await;
    let xml = saml_response(&page);
    assert!(xml.contains("<AttributeValue>Søren</AttributeValue>"));
    assert_eq!(between(&xml, "Name=\"uid\"><AttributeValue>", "<"), Some("usr-5k2"));
}
