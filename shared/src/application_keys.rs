//! What is keyed from the application secret, each under a key of its own.

use crate::{
    rotating::Rotating,
    sealed::{Sealer, SealerError},
    secrets::Key,
    session_token::TokenKeys,
};

/// Everything that is sealed or signed under the application secret.
#[derive(Debug)]
pub struct ApplicationKeys {
    /// Seals the cookies of pending sign-ins.
    pub pending_request: Sealer,
    /// Seals the stored configuration of the marketplaces: whoever can write the table can neither read their keys nor put
    /// certificates of their own in.
    pub configuration: Sealer,
    /// Sign the tokens by which the app knows a session.
    pub session_tokens: TokenKeys,
}

/// The keys as they are now.
pub type RotatingKeys = Rotating<ApplicationKeys, SealerError>;

impl ApplicationKeys {
    /// Derives all keys.
    ///
    /// # Errors
    /// When the secret could be guessed.
    #[expect(clippy::needless_pass_by_value, reason = "a secret that rotates is handed over")]
    pub fn new(secret: Key) -> Result<Self, SealerError> {
        Ok(Self {
            pending_request: Sealer::new(&secret, "sso pending request")?,
            configuration: Sealer::new(&secret, "configuration snapshot")?,
            session_tokens: TokenKeys::new(&secret)?,
        })
    }
}
