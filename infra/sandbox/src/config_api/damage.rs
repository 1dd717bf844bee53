//! The broken ways in which a developer platform can answer 200 (protocol §1.3).

use axum::Json;
use axum::http::header;
use axum::response::{Html, IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};

/// What is wrong with the document.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Damage {
    /// It is a web page.
    NotJson,
    /// It ends in the middle.
    HalfDocument,
    /// It has an `error` instead of marketplaces.
    ErrorDocument,
    /// It has no `marketplaces`.
    NoMarketplaces,
    /// Its `marketplaces` is empty.
    NoEntries,
    /// Its `marketplaces` is the first of them instead of an array (null when none is listed).
    SingleObject,
}

impl Damage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::HalfDocument => "half_document",
            Self::ErrorDocument => "error_document",
            Self::NoMarketplaces => "no_marketplaces",
            Self::NoEntries => "no_entries",
            Self::SingleObject => "single_object",
        }
    }

    /// What is served in the place of the whole document.
    pub(super) fn served(self, whole: &Value) -> Response {
        match self {
            Self::NotJson => {
                Html("<!DOCTYPE html><title>Maintenance</title><p>We will be back soon.</p>").into_response()
            }
            Self::HalfDocument => half(whole),
            Self::ErrorDocument => {
                Json(json!({ "error": "Unauthorized: unknown environment credentials" })).into_response()
            }
            Self::NoMarketplaces => Json(json!({ "status": "ok" })).into_response(),
            Self::NoEntries => Json(json!({ "marketplaces": [] })).into_response(),
            Self::SingleObject => Json(json!({ "marketplaces": whole["marketplaces"].get(0) })).into_response(),
        }
    }
}

/// Complete as a message of HTTP, and never complete as JSON: the last brace closes what the first one opens.
fn half(whole: &Value) -> Response {
    let mut bytes = whole.to_string().into_bytes();
    bytes.truncate(bytes.len() / 2);
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}
