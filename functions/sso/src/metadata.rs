//! `GET …/saml/metadata`: who we are, for the operator of an identity provider (saml-metadata 2.4.4).

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use shared::{http as answers, saml};

use crate::{App, error::RouteError};

/// The media type of saml-metadata, appendix A.
const MEDIA_TYPE: &str = "application/samlmetadata+xml";

/// Answers with the service provider's metadata for one marketplace.
pub(crate) async fn handle(app: &App, marketplace: &str) -> Result<Response<Body>, RouteError> {
    let marketplace = app.marketplace(marketplace).await?;
    let mut response = answers::empty(StatusCode::OK);
    *response.body_mut() = Body::Text(saml::service_provider_metadata(&marketplace, app.request_signer.as_ref()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Ok(response)
}
