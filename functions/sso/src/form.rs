//! The body of a form that another site's page posted (threats.md C12, D3).

use lambda_http::Request;
use shared::http as answers;

use crate::error::RouteError;

/// The body, if it is a form of at most `max_len` bytes. Nothing is ever inflated.
pub(crate) fn body(request: &Request, max_len: usize) -> Result<&[u8], RouteError> {
    if !answers::is_content_type(request.headers(), "application/x-www-form-urlencoded")
        || request.headers().contains_key(http::header::CONTENT_ENCODING)
    {
        return Err(RouteError::MediaType);
    }
    let body: &[u8] = request.body();
    if body.len() > max_len { Err(RouteError::BodyTooLarge) } else { Ok(body) }
}
