//! The token by which the app knows a session: a JWT (RFC 7519) that lives for minutes, signed with ES256 under a key derived from the
//! application secret. Whoever has our public keys can check it without asking us; whether the session still holds, we must be asked.

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{GroupId, MarketplaceKey, UserId},
    sealed::{SealerError, derive},
    secret::Secret,
    secrets::Key,
    session::{ActiveSession, TokenDigest},
};

/// How long a token is good for.
pub const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// The longest token we look at; ours have about 700 bytes.
const MAX_LEN: usize = 4 * 1024;
/// Who signs.
const ISSUER: &str = "stallholder";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Us.
    pub iss: String,
    /// The id the app files the person under.
    pub sub: String,
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
    /// When it ends, idem.
    pub exp: i64,
    /// Which session it stands for. That is no secret: nobody can present it.
    pub sid: TokenDigest,
    /// The boundary.
    pub marketplace: MarketplaceKey,
    /// The person.
    pub user: UserId,
    /// The group they signed in through.
    pub group: GroupId,
    /// What they are in it.
    pub role: String,
    /// Whether that is an administrator.
    pub is_admin: bool,
}

/// It is no token of ours.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not a session token of this service")]
pub struct NotOurs;

/// The public keys, as a JWK Set (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
    y: String,
}

/// The keys that sign and check tokens. While the application secret is being changed there are two, and both are published: in its
/// first step the new one, before anything is signed with it, and in the second the old one, until what it signed is over.
pub struct TokenKeys {
    key: TokenKey,
    other: Option<TokenKey>,
}

struct TokenKey {
    jwk: Jwk,
    signing: EncodingKey,
    checking: DecodingKey,
}

impl TokenKeys {
    /// The keys of this secret.
    ///
    /// # Errors
    /// When the secret could be guessed.
    pub fn new(secret: &Key) -> Result<Self, SealerError> {
        let other = secret.previous.as_ref().map(TokenKey::derive).transpose()?;
        Ok(Self { key: TokenKey::derive(&secret.key)?, other })
    }

    /// A token for a session that holds.
    ///
    /// # Panics
    /// If AWS-LC cannot sign, which no input can cause.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a good key signs any text, and claims are plain types")]
    pub fn sign(&self, session: &TokenDigest, active: &ActiveSession, now: Timestamp) -> (String, Timestamp) {
        let expires_at = (now + TOKEN_LIFETIME).min(active.session.expires_at);
        // A token counts whole seconds, and so does whoever is told.
        let expires_at = Timestamp::from_second(expires_at.as_second()).unwrap_or(expires_at);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: active.account_id().to_owned(),
            iat: now.as_second(),
            exp: expires_at.as_second(),
            sid: session.clone(),
            marketplace: active.session.marketplace.clone(),
            user: active.session.user.clone(),
            group: active.session.group.clone(),
            role: active.role.as_str().to_owned(),
            is_admin: active.role.is_admin(),
        };
        let header = Header { kid: Some(self.key.jwk.kid.clone()), ..Header::new(Algorithm::ES256) };
        (encode(&header, &claims, &self.key.signing).expect("plain claims are signed"), expires_at)
    }

    /// What a token of ours says, its time over or not.
    ///
    /// # Errors
    /// [`NotOurs`], whatever is wrong with it.
    pub fn read(&self, token: &str) -> Result<Claims, NotOurs> {
        if token.len() > MAX_LEN {
            return Err(NotOurs);
        }
        let named = decode_header(token).map_err(|_| NotOurs)?.kid.ok_or(NotOurs)?;
        let key = self.all().find(|key| key.jwk.kid == named).ok_or(NotOurs)?;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_issuer(&[ISSUER]);
        rules.validate_exp = false;
        decode::<Claims>(token, &key.checking, &rules).map(|token| token.claims).map_err(|_| NotOurs)
    }

    /// What others check tokens with.
    #[must_use]
    pub fn public(&self) -> KeySet {
        KeySet { keys: self.all().map(|key| key.jwk.clone()).collect() }
    }

    fn all(&self) -> impl Iterator<Item = &TokenKey> {
        std::iter::once(&self.key).chain(&self.other)
    }
}

impl TokenKey {
    fn derive(secret: &Secret) -> Result<Self, SealerError> {
        // One in four thousand million numbers of 32 bytes is no private key.
        let candidates = (0..4).map(|attempt| derive(secret, &format!("session token ES256 {attempt}")));
        for scalar in candidates {
            let scalar = scalar?;
            let Ok(private) = PrivateKey::from_private_key(&ECDH_P256, &scalar) else { continue };
            let public = private.compute_public_key().map_err(|_| SealerError::Derivation)?;
            return Self::new(&scalar, public.as_ref()).ok_or(SealerError::Derivation);
        }
        Err(SealerError::Derivation)
    }

    /// `public` is the uncompressed point: 4, x, y.
    fn new(scalar: &[u8], public: &[u8]) -> Option<Self> {
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, scalar, public).ok()?;
        let (x, y) = public.get(1..)?.split_at_checked(32)?;
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        // RFC 7638.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()));
        Some(Self {
            signing: EncodingKey::from_ec_der(pair.to_pkcs8v1().ok()?.as_ref()),
            checking: DecodingKey::from_ec_components(&x, &y).ok()?,
            jwk: Jwk { kty: "EC", crv: "P-256", alg: "ES256", r#use: "sig", kid, x, y },
        })
    }
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeys").field("public", &self.public()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::active_session;

    const FIRST: &str = "0123456789abcdef0123456789abcdef";
    const SECOND: &str = "another secret of thirty-two byte";
    const NOW: Timestamp = Timestamp::constant(1_894_701_630, 0);

    fn keys(key: &str, previous: Option<&str>) -> TokenKeys {
        TokenKeys::new(&Key { key: key.into(), previous: previous.map(Secret::from) }).unwrap()
    }

    fn sign(keys: &TokenKeys, now: Timestamp) -> String {
        let session = crate::session::Token::generate().digest();
        keys.sign(&session, &active_session(), now).0
    }

    #[test]
    fn a_token_says_who_through_what_as_what_and_until_when() {
        let keys = keys(FIRST, None);
        let claims = keys.read(&sign(&keys, NOW)).unwrap();
        assert_eq!((&*claims.iss, &*claims.sub, &*claims.role), ("stallholder", "usr-5k2", "Admin"));
        assert_eq!((claims.marketplace.as_str(), claims.group.as_str()), ("acme-hub", "cld-7a1c"));
        assert_eq!((claims.iat, claims.exp), (NOW.as_second(), NOW.as_second() + 300));
    }

    /// As an app does it that has nothing of ours but the key set.
    #[test]
    fn the_published_key_checks_it() {
        let keys = keys(FIRST, None);
        let set: jsonwebtoken::jwk::JwkSet =
            serde_json::from_value(serde_json::to_value(keys.public()).unwrap()).unwrap();
        let token = sign(&keys, crate::clock::Clock::now(&crate::clock::SystemClock));
        let kid = decode_header(&token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_issuer(&["stallholder"]);
        assert_eq!(decode::<Claims>(&token, &key, &rules).unwrap().claims.user.as_str(), "usr-5k2");
    }

    #[test]
    fn the_same_secret_gives_the_same_key_and_another_another() {
        assert_eq!(keys(FIRST, None).public(), keys(FIRST, None).public());
        assert_ne!(keys(FIRST, None).public(), keys(SECOND, None).public());
    }

    /// The three steps of docs/settings.md: who is one step behind can check what who is ahead signs, and the other way round.
    #[test]
    fn while_the_secret_is_changed_step_by_step_everybody_can_check_everything() {
        let steps = [keys(FIRST, None), keys(FIRST, Some(SECOND)), keys(SECOND, Some(FIRST)), keys(SECOND, None)];
        for pair in steps.windows(2) {
            let [behind, ahead] = pair else { unreachable!() };
            // By the last step, what the old key has signed is over.
            assert!(behind.read(&sign(ahead, NOW)).is_ok());
            assert!(ahead.read(&sign(behind, NOW)).is_ok());
        }
        assert!(steps[3].read(&sign(&steps[1], NOW)).is_err());
    }

    #[test]
    fn a_token_never_outlives_its_session() {
        let keys = keys(FIRST, None);
        let mut active = active_session();
        active.session.expires_at = NOW + SignedDuration::from_millis(60_900);
        let (token, until) = keys.sign(&crate::session::Token::generate().digest(), &active, NOW);
        assert_eq!(
            (keys.read(&token).unwrap().exp, until),
            (NOW.as_second() + 60, NOW + SignedDuration::from_secs(60))
        );
    }

    #[test]
    fn nothing_else_is_ours() {
        let keys = keys(FIRST, None);
        let token = sign(&keys, NOW);
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("not three parts") };
        let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let other_claims = URL_SAFE_NO_PAD.encode(text(claims).replace("usr-5k2", "usr-8w1"));
        let none = URL_SAFE_NO_PAD.encode(text(header).replace("ES256", "none"));
        let hmac = URL_SAFE_NO_PAD.encode(text(header).replace("ES256", "HS256"));
        for bad in [
            String::new(),
            format!("{header}.{claims}."),
            format!("{header}.{claims}"),
            format!("{header}.{other_claims}.{signature}"),
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{signature}"),
            format!("{hmac}.{claims}.{signature}"),
            format!("{token}A"),
            "a".repeat(MAX_LEN + 1),
            sign(&self::keys(SECOND, None), NOW),
        ] {
            assert_eq!(keys.read(&bad), Err(NotOurs), "{bad}");
        }
    }

    #[test]
    fn no_private_key_prints() {
        assert!(!format!("{:?}", keys(FIRST, None)).contains("signing"));
    }
}
