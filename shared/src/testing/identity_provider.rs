//! Responses of the shape of protocol.md §3.6, really signed, in which everything can be changed before or after signing.

use aws_lc_rs::{
    digest::{SHA256, SHA384, SHA512, digest},
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};

/// A key and its certificate.
pub struct IdentityProvider {
    key: KeyPair,
    private_key_pem: String,
    certificate_pem: String,
}

impl std::fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityProvider").finish_non_exhaustive()
    }
}

impl IdentityProvider {
    /// One with a fresh key of 2,048 bits.
    #[must_use]
    pub fn generate() -> Self {
        Self::with_key(KeyPair::generate_for(&PKCS_RSA_SHA256).expect("AWS-LC makes RSA keys"))
    }

    /// One with the key in `pem`: for speaking in the name of a marketplace whose key is known.
    #[must_use]
    pub fn from_pem(pem: &str) -> Self {
        Self::with_key(KeyPair::from_pem(pem).expect("a private key in PEM"))
    }

    fn with_key(key: KeyPair) -> Self {
        let params = CertificateParams::new(vec!["idp.test".to_owned()]).expect("a plain name");
        let certificate_pem = params.self_signed(&key).expect("a self-signed certificate").pem();
        Self { private_key_pem: key.serialize_pem(), key, certificate_pem }
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its private key, in PKCS #8: worth nothing outside the test that made it.
    #[must_use]
    pub fn private_key_pem(&self) -> &str {
        &self.private_key_pem
    }

    fn sign(&self, text: &str, strength: Strength) -> String {
        let pkcs8 = self.key.serialize_der();
        let key = aws_lc_rs::rsa::KeyPair::from_pkcs8(&pkcs8).expect("its own key");
        let encoding: &dyn RsaEncoding = match strength {
            Strength::Sha256 => &RSA_PKCS1_SHA256,
            Strength::Sha384 => &RSA_PKCS1_SHA384,
            Strength::Sha512 => &RSA_PKCS1_SHA512,
        };
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(encoding, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("RSA signs");
        STANDARD.encode(signature)
    }
}

/// Which of the SHA-2 family signs and digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// What everybody uses.
    Sha256,
    /// Longer.
    Sha384,
    /// The longest.
    Sha512,
}

/// A response before it is signed. Every part is public: a test changes exactly one.
#[derive(Debug, Clone)]
pub struct ResponseDraft {
    /// The assertion's `ID`.
    pub assertion_id: String,
    /// Everything in `Assertion` but the signature, in canonical form, from the start tag to the end tag.
    pub assertion: String,
    /// The attributes of the response element, outside the signature.
    pub envelope: String,
    /// The value of `StatusCode`.
    pub status: String,
    /// `SignedInfo`, with `{digest}` and `{id}` to be filled in.
    pub signed_info: String,
}

/// What an identity provider says of the person and the group of the vectors: all that is required, and two names.
#[must_use]
pub fn sample_attributes(recheck: &str) -> Vec<(String, Vec<String>)> {
    [
        ("mno_uid", "usr-5k2"),
        ("mno_session", "q7m2x9c4v1b8n3k6j5h0g"),
        ("mno_session_recheck", recheck),
        ("group_uid", "cld-7a1c"),
        ("group_name", "Harbour Caf\u{e9} & Sons"),
        ("group_role", "Admin"),
        ("uid", "usr-5k2"),
        ("virtual_uid", "usr-5k2.cld-7a1c"),
        ("email", "ines.okoro@example.org"),
        ("virtual_email", "usr-5k2.cld-7a1c@appmail.hub.example"),
        ("name", "In\u{ea}s"),
        ("surname", "Okoro"),
    ]
    .map(|(name, value)| (name.to_owned(), vec![value.to_owned()]))
    .into()
}

/// The `SignedInfo` of protocol.md §3.6.
const SIGNED_INFO: &str = concat!(
    r#"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
    r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>"#,
    r#"<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>"#,
    r##"<ds:Reference URI="#{id}"><ds:Transforms>"##,
    r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>"#,
    r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>"#,
    r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>"#,
    r#"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"#
);

impl ResponseDraft {
    /// What the identity provider at `idp_sso_url` would answer to `request_id` at `now`, for the assertion consumer service
    /// `acs` and the person and group of the vectors.
    #[must_use]
    pub fn genuine(idp_sso_url: &str, acs: &str, request_id: &str, now: Timestamp) -> Self {
        let assertion_id = format!("_{}", crate::random::hex128());
        let audience = url::Url::parse(acs).expect("a configured URL").origin().ascii_serialization();
        let at = |offset: i64| (now + SignedDuration::from_secs(offset)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let attributes: String = sample_attributes(&at(180))
            .iter()
            .map(|(name, values)| {
                let value = values.concat().replace('&', "&amp;");
                format!(r#"<Attribute Name="{name}"><AttributeValue>{value}</AttributeValue></Attribute>"#)
            })
            .collect();
        let assertion = format!(
            concat!(
                r#"<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" IssueInstant="{issued}" Version="2.0">"#,
                r#"<Issuer>{issuer}?SAMLRequest=abc</Issuer><Subject>"#,
                r#"<NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">usr-5k2</NameID>"#,
                r#"<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData "#,
                r#"InResponseTo="{request_id}" NotOnOrAfter="{bearer_end}" Recipient="{acs}"></SubjectConfirmationData>"#,
                r#"</SubjectConfirmation></Subject><Conditions NotBefore="{start}" NotOnOrAfter="{end}"><AudienceRestriction>"#,
                r#"<Audience>{audience}/</Audience></AudienceRestriction></Conditions>"#,
                r#"<AttributeStatement>{attributes}</AttributeStatement>"#,
                r#"<AuthnStatement AuthnInstant="{issued}" SessionIndex="{id}"><AuthnContext><AuthnContextClassRef>"#,
                r#"urn:federation:authentication:windows</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>"#
            ),
            id = assertion_id,
            issued = at(0),
            issuer = idp_sso_url,
            request_id = request_id,
            bearer_end = at(180),
            acs = acs,
            start = at(-5),
            end = at(3_600),
            audience = audience,
            attributes = attributes,
        );
        let envelope = format!(
            concat!(
                r#"ID="_{}" Version="2.0" IssueInstant="{}" Destination="{}" "#,
                r#"Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="{}""#
            ),
            crate::random::hex128(),
            at(0),
            acs,
            request_id
        );
        Self {
            assertion_id,
            assertion,
            envelope,
            status: "urn:oasis:names:tc:SAML:2.0:status:Success".to_owned(),
            signed_info: SIGNED_INFO.to_owned(),
        }
    }

    /// This draft with `from` in the assertion replaced by `to`; `from` must be there.
    #[must_use]
    pub fn replacing(mut self, from: &str, to: &str) -> Self {
        assert!(self.assertion.contains(from), "the assertion has no {from}");
        self.assertion = self.assertion.replace(from, to);
        self
    }

    /// The signature over the assertion as it stands.
    #[must_use]
    pub fn signature(&self, idp: &IdentityProvider) -> String {
        self.signature_with(idp, Strength::Sha256)
    }

    fn signature_with(&self, idp: &IdentityProvider, strength: Strength) -> String {
        let algorithm = match strength {
            Strength::Sha256 => &SHA256,
            Strength::Sha384 => &SHA384,
            Strength::Sha512 => &SHA512,
        };
        let digest = STANDARD.encode(digest(algorithm, self.assertion.as_bytes()));
        let signed_info = self.signed_info.replace("{digest}", &digest).replace("{id}", &self.assertion_id);
        format!(
            r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{signed_info}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>"#,
            idp.sign(&signed_info, strength)
        )
    }

    /// The response as XML, signed.
    #[must_use]
    pub fn sign(&self, idp: &IdentityProvider) -> String {
        self.sign_with(idp, Strength::Sha256)
    }

    /// The response as XML, signed and digested with this algorithm, whatever `SignedInfo` says.
    #[must_use]
    pub fn sign_with(&self, idp: &IdentityProvider, strength: Strength) -> String {
        let (head, tail) = self.assertion.split_once("</Issuer>").expect("an assertion has an issuer");
        self.wrap(&format!("{head}</Issuer>{}{tail}", self.signature_with(idp, strength)))
    }

    /// The response as XML around `assertion`.
    #[must_use]
    pub fn wrap(&self, assertion: &str) -> String {
        format!(
            concat!(
                r#"<samlp:Response {} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">"#,
                r#"<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://hub.acme.example</Issuer>"#,
                r#"<samlp:Status><samlp:StatusCode Value="{}" /></samlp:Status>{}</samlp:Response>"#
            ),
            self.envelope, self.status, assertion
        )
    }
}
