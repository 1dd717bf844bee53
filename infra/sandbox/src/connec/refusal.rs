//! Why a call is not carried out, and the error document that says so (protocol §7.7).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::random;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Wrong credentials, or a group that is not a running one of this app.
    #[error("Unauthorized Access")]
    Unauthorized,
    #[error("Unknown Resource")]
    UnknownResource,
    #[error("Unknown Report")]
    UnknownReport,
    #[error("Resource not found")]
    NotFound,
    /// Ids are given by Connec!: a new record cannot bring one.
    #[error("Creation of resource with id")]
    WithId,
    /// The text is the detail.
    #[error("External id belongs to another record")]
    Taken(String),
    /// The record itself breaks a rule.
    #[error("{0}")]
    Rule(&'static str),
    /// The text is the detail.
    #[error("Invalid request")]
    Body(String),
    /// The text is the detail.
    #[error("Invalid query")]
    Query(String),
    #[error("Request entity too large")]
    TooLarge,
    #[error("Unsupported media type")]
    MediaType,
    #[error("Method not allowed")]
    Method,
    /// Of a batch: told to fail.
    #[error("Failure on demand")]
    OnDemand(StatusCode),
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WithId | Self::Taken(_) => StatusCode::CONFLICT,
            Self::UnknownResource | Self::UnknownReport | Self::Rule(_) | Self::Body(_) | Self::Query(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::OnDemand(status) => *status,
        }
    }

    /// What is wrong, as precisely as is known.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Taken(detail) | Self::Body(detail) | Self::Query(detail) => detail.clone(),
            other => other.to_string(),
        }
    }

    /// `page` is a place in the documentation of the API.
    pub(super) fn document(&self, page: Option<&str>) -> Value {
        // These come before the documentation's pages: nobody knows yet what is asked for.
        let page = page.filter(|_| !matches!(self, Self::Unauthorized | Self::UnknownResource));
        let title = self.to_string();
        json!({ "errors": [{
            "id": random::uuid(),
            "href": page.map(|page| format!("http://maestrano.github.io/connec/#{page}")),
            "status": self.written_status().as_str(),
            "code": slug(&title),
            "title": title,
            "detail": self.detail(),
        }]})
    }

    /// The original answers a creation with an id by 409 and writes 404.
    fn written_status(&self) -> StatusCode {
        if *self == Self::WithId { StatusCode::NOT_FOUND } else { self.status() }
    }
}

fn slug(title: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' };
    title.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector's document, and ours with the vector's random id.
    fn pair(vector: &str, refusal: &Refusal, page: &str) -> (Value, Value) {
        let vector: Value = serde_json::from_str(vector).unwrap();
        let mut document = refusal.document(Some(page));
        document["errors"][0]["id"] = vector["errors"][0]["id"].clone();
        (document, vector)
    }

    #[test]
    fn error_documents_are_the_vectors_but_for_their_id() {
        let cases = [
            (include_str!("../../tests/vectors/connec_error_401.json"), Refusal::Unauthorized, "people-person-get"),
            (
                include_str!("../../tests/vectors/connec_error_400_unknown_resource.json"),
                Refusal::UnknownResource,
                "unicorns-unicorn-get",
            ),
            (include_str!("../../tests/vectors/connec_error_404.json"), Refusal::NotFound, "people-person-get"),
            (
                include_str!("../../tests/vectors/connec_error_409_create_with_id.json"),
                Refusal::WithId,
                "people-people-list-post",
            ),
        ];
        for (vector, refusal, page) in cases {
            let (document, vector) = pair(vector, &refusal, page);
            assert_eq!(document, vector);
        }
    }

    #[test]
    fn the_code_is_the_slug_of_the_title() {
        assert_eq!(slug("Last name can't be blank"), "last-name-can-t-be-blank");
    }
}
