//! The service provider's own metadata (saml-metadata 2.4.4), for one marketplace.

use super::{
    RequestSigner,
    algorithm::{NS_PROTOCOL, NS_SIGNATURE},
    authn_request::escape,
};
use crate::marketplace::Marketplace;

/// Describes our endpoint at this marketplace: what its operator would otherwise type in.
#[must_use]
pub fn service_provider_metadata(marketplace: &Marketplace, signer: Option<&RequestSigner>) -> String {
    let key = signer.map_or_else(String::new, |signer| {
        format!(
            concat!(
                r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{namespace}"><ds:X509Data><ds:X509Certificate>"#,
                r#"{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#
            ),
            namespace = NS_SIGNATURE,
            certificate = signer.certificate(),
        )
    });
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor "#,
            r#"xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"><md:SPSSODescriptor "#,
            r#"AuthnRequestsSigned="{signed}" WantAssertionsSigned="true" protocolSupportEnumeration="{protocol}">{key}"#,
            r#"<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"#,
            r#"<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{acs_url}" "#,
            r#"index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>"#
        ),
        entity_id = escape(&marketplace.app_id),
        signed = signer.is_some(),
        protocol = NS_PROTOCOL,
        key = key,
        acs_url = escape(&marketplace.acs_url),
    )
}
