//! `GET …/saml/initialize`: sends the browser to the marketplace with a fresh request (protocol.md §3.3).

use lambda_http::{Body, Request, Response};
use shared::{domain::GroupId, saml::AuthnRequest, trace::Protocol};
use url::form_urlencoded;

use crate::{App, error::RouteError, pending};

/// Redirects to the identity provider and remembers the request in this browser.
pub(crate) async fn handle(app: &App, request: &Request, marketplace: &str) -> Result<Response<Body>, RouteError> {
    let marketplace = app.marketplace(marketplace).await?;
    let authn_request = AuthnRequest::new(app.clock.now());
    let url = authn_request
        .redirect_url(&marketplace, app.request_signer.as_ref(), group_hint(request).as_ref())
        .ok_or_else(|| RouteError::Internal("request cannot be signed".into()))?;
    pending::begin(app, request, &marketplace, Protocol::Saml, authn_request.id(), &url).await
}

/// The group the person came from: the only parameter that is passed on, and only if it is a group id (threats.md C13). It is
/// a hint: without it the marketplace asks.
fn group_hint(request: &Request) -> Option<GroupId> {
    let query = request.uri().query().unwrap_or_default();
    let (_, group) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "group_id")?;
    group.parse().ok()
}
