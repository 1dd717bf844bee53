//! Every way a request can end badly, as the caller sees it and as the log tells it.

use std::error::Error;

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::{
    configuration::ConfigurationError,
    http::{self as answers, Problem, Reference},
    identity::IdentityError,
    marketplace::NotServed,
    openid::{self, OpenIdError},
    recheck::HeldError,
    rotating::SecretLost,
    saml::{self, ResponseError},
    store::{SignInError, StoreError},
    telemetry::causes,
};

const UNAUTHENTICATED: Problem =
    Problem { kind: "unauthenticated", title: "Nobody is signed in", status: StatusCode::UNAUTHORIZED };

const START_AGAIN: &str = "Please go back to your marketplace and open the app from there again.";

/// One variant for each outcome a caller can see.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("no such route")]
    NotFound,
    #[error("method not allowed")]
    MethodNotAllowed { allowed: &'static str },
    #[error("no such marketplace")]
    UnknownMarketplace,
    #[error("marketplace is disabled")]
    DisabledMarketplace,
    #[error("body is not application/x-www-form-urlencoded")]
    MediaType,
    #[error("body is too large")]
    BodyTooLarge,
    #[error("form has not exactly one SAMLResponse")]
    Form,
    #[error("no sign-in was started in this browser within ten minutes")]
    NoPendingRequest,
    #[error("return_to is not an address of the app")]
    ReturnTo,
    #[error("response refused")]
    Refused(#[from] saml::Refusal),
    #[error("message refused")]
    RefusedByOpenId(#[from] openid::Refusal),
    #[error("assertion does not tell who signed in")]
    Identity(#[from] IdentityError),
    #[error("response was used before")]
    Replayed(#[source] SignInError),
    #[error("sign-in began before its end")]
    Removed(#[source] SignInError),
    #[error("nobody is signed in")]
    Unauthenticated,
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl From<StoreError> for RouteError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<HeldError> for RouteError {
    fn from(error: HeldError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<ConfigurationError<NotServed>> for RouteError {
    fn from(error: ConfigurationError<NotServed>) -> Self {
        match error {
            ConfigurationError::Marketplace(NotServed::Unknown) => Self::UnknownMarketplace,
            ConfigurationError::Marketplace(NotServed::Disabled) => Self::DisabledMarketplace,
            ConfigurationError::NotConfigured(error) => Self::Internal(error.into()),
        }
    }
}

impl From<SecretLost> for RouteError {
    fn from(error: SecretLost) -> Self {
        Self::Internal(error.into())
    }
}

impl From<SignInError> for RouteError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::AssertionConsumed | SignInError::RequestConsumed => Self::Replayed(error),
            SignInError::GroupCancelled | SignInError::MemberRemoved => Self::Removed(error),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl RouteError {
    /// The code of the rule that refused an attempt to sign in; none for what is no refusal. `docs/refusals.md` explains each.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self {
            Self::MediaType => Some("media-type"),
            Self::BodyTooLarge => Some("body-too-large"),
            Self::Form => Some("form"),
            Self::NoPendingRequest => Some("no-pending-request"),
            Self::Refused(refusal) => Some(refusal.error.code()),
            Self::RefusedByOpenId(refusal) => Some(refusal.error.code()),
            Self::Identity(error) => Some(error.code()),
            Self::Replayed(error) | Self::Removed(error) => Some(error.code()),
            _ => None,
        }
    }

    /// The answer. This is the one place that logs.
    pub(crate) fn into_response(self, reference: &Reference) -> Response<Body> {
        self.log(reference);
        if matches!(self, Self::Unauthenticated) {
            return answers::problem(UNAUTHENTICATED, reference);
        }
        let (status, title, advice) = self.page();
        let mut response = answers::error_page(status, title, advice, reference);
        let headers = response.headers_mut();
        match &self {
            Self::MethodNotAllowed { allowed } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
            }
            Self::Internal(_) | Self::RefusedByOpenId(openid::Refusal { error: OpenIdError::Provider(_), .. }) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }

    /// What a person reads. It never says which rule broke: that would help to forge (threats.md C11).
    fn page(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "There is nothing here", START_AGAIN),
            Self::UnknownMarketplace => (StatusCode::NOT_FOUND, "We do not know this marketplace", START_AGAIN),
            Self::DisabledMarketplace => {
                (StatusCode::FORBIDDEN, "This marketplace is switched off here", "Please ask the app's support.")
            }
            Self::MethodNotAllowed { .. } => {
                (StatusCode::METHOD_NOT_ALLOWED, "This address works in another way", START_AGAIN)
            }
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Your sign-in could not be read", START_AGAIN),
            Self::BodyTooLarge | Self::Refused(saml::Refusal { error: ResponseError::TooLarge { .. }, .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Your sign-in could not be read", START_AGAIN)
            }
            Self::Form => (StatusCode::BAD_REQUEST, "Your sign-in could not be read", START_AGAIN),
            Self::Refused(refusal) if is_unreadable(&refusal.error) => {
                (StatusCode::BAD_REQUEST, "Your sign-in could not be read", START_AGAIN)
            }
            Self::RefusedByOpenId(refusal) => openid_page(&refusal.error),
            Self::ReturnTo => (StatusCode::BAD_REQUEST, "This link leads somewhere we do not know", START_AGAIN),
            Self::NoPendingRequest | Self::Refused(_) | Self::Identity(_) | Self::Replayed(_) | Self::Removed(_) => {
                (StatusCode::FORBIDDEN, "You could not be signed in", START_AGAIN)
            }
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "Nobody is signed in", START_AGAIN),
            Self::Internal(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "Something went wrong on our side", "Please try again in a moment.")
            }
        }
    }

    fn log(&self, reference: &Reference) {
        let causes = Some(causes(self)).filter(|causes| !causes.is_empty());
        match self {
            Self::Internal(_) => tracing::error!(causes, %reference, "{self}"),
            Self::Unauthenticated | Self::NotFound => tracing::debug!(%reference, "{self}"),
            _ => tracing::warn!(causes, code = self.code(), %reference, "{self}"),
        }
    }
}

/// What a person reads whose answer by OpenID signs nobody in.
fn openid_page(error: &OpenIdError) -> (StatusCode, &'static str, &'static str) {
    match error {
        OpenIdError::Cancelled => (StatusCode::FORBIDDEN, "Your sign-in was cancelled", START_AGAIN),
        OpenIdError::Provider(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Your marketplace does not answer at the moment",
            "Please reload this page in a moment.",
        ),
        OpenIdError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Your sign-in could not be read", START_AGAIN),
        OpenIdError::TooManyFields
        | OpenIdError::FieldTooLong
        | OpenIdError::FieldName
        | OpenIdError::FieldValue
        | OpenIdError::RepeatedField
        | OpenIdError::TwoPlaces
        | OpenIdError::Namespace => (StatusCode::BAD_REQUEST, "Your sign-in could not be read", START_AGAIN),
        _ => (StatusCode::FORBIDDEN, "You could not be signed in", START_AGAIN),
    }
}

/// Whether the response never got as far as being a document of the right kind.
fn is_unreadable(error: &ResponseError) -> bool {
    matches!(
        error,
        ResponseError::NotBase64
            | ResponseError::NotUtf8
            | ResponseError::NotXml
            | ResponseError::DocumentType
            | ResponseError::Declaration
            | ResponseError::NotAResponse
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_this_function_are_explained_too() {
        let explained = include_str!("../../../docs/refusals.md");
        for error in [RouteError::MediaType, RouteError::BodyTooLarge, RouteError::Form, RouteError::NoPendingRequest] {
            let code = error.code().unwrap();
            assert!(explained.contains(&format!("`{code}`")), "{code}");
        }
    }
}
