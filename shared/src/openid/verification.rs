//! Stage 4: the provider is asked directly whether it made the assertion (section 11.4.2), and what the identifier stands for
//! (section 11.2). Nobody else is asked anything.

use super::{
    CheckedAssertion, NAMESPACE, OpenIdError, ProviderClient, ProviderError, discovery, provider_client::Reply,
};
use crate::identity::Assertion;

impl CheckedAssertion {
    /// Verifies the assertion with the provider at the configured endpoint.
    ///
    /// # Errors
    /// Either the provider says no, or [`OpenIdError::Provider`]: it did not say anything that makes sense.
    pub async fn verify(self, provider: &ProviderClient) -> Result<Assertion, OpenIdError> {
        // The provider confirms an assertion once: it is asked that only when nothing else can go wrong.
        self.discover(provider).await?;
        self.check_authentication(provider).await?;
        Ok(self.assertion)
    }

    async fn check_authentication(&self, provider: &ProviderClient) -> Result<(), OpenIdError> {
        let Reply { status, body } = provider.post(&self.endpoint, self.message.to_check_authentication()).await?;
        match status {
            200 => {}
            // A direct error response (section 5.1.2.2).
            400 => return Err(OpenIdError::NotConfirmed),
            other => return Err(ProviderError::Status(other).into()),
        }
        let fields = key_values(&body).ok_or(ProviderError::Answer)?;
        let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        match (field("ns"), field("is_valid")) {
            (Some(NAMESPACE), Some("true")) => Ok(()),
            (Some(NAMESPACE), Some(_)) => Err(OpenIdError::NotConfirmed),
            _ => Err(ProviderError::Answer.into()),
        }
    }

    async fn discover(&self, provider: &ProviderClient) -> Result<(), OpenIdError> {
        let Reply { status, body } = provider.get(self.claimed_id.as_str(), discovery::MEDIA_TYPE).await?;
        match status {
            200 => discovery::check(&body, &self.endpoint, self.claimed_id.as_str()),
            404 => Err(OpenIdError::ClaimedIdUnknown),
            other => Err(ProviderError::Status(other).into()),
        }
    }
}

/// The fields of a direct answer (section 4.1.1), if it is one and has none of them twice.
fn key_values(body: &str) -> Option<Vec<(&str, &str)>> {
    let mut fields: Vec<(&str, &str)> = Vec::new();
    for line in body.strip_suffix('\n').unwrap_or(body).split('\n') {
        let (name, value) = line.split_once(':')?;
        if fields.iter().any(|(known, _)| *known == name) {
            return None;
        }
        fields.push((name, value));
    }
    Some(fields)
}
