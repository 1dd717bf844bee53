//! Reading what a request brings.

use lambda_http::Request;
use serde::de::DeserializeOwned;
use shared::http as answers;

use crate::error::RouteError;

/// The JSON of a request's body, of at most so many bytes.
pub(crate) fn json<T: DeserializeOwned>(request: &Request, max_len: usize) -> Result<T, RouteError> {
    if !answers::is_content_type(request.headers(), "application/json") {
        return Err(RouteError::MediaType);
    }
    let body: &[u8] = request.body();
    if body.len() > max_len {
        return Err(RouteError::BodyTooLarge);
    }
    serde_json::from_slice(body).map_err(|_| RouteError::Body)
}
