//! `GET …/saml/initialize`: sends the browser to the marketplace with a fresh request (protocol.md §3.3).

use http::StatusCode;
use lambda_http::{Body, Request, Response};
use shared::{domain::GroupId, http as answers, saml::AuthnRequest, trace::Protocol};
use url::form_urlencoded;

use crate::{App, error::RouteError, pending::Pending, session};

/// Redirects to the identity provider and remembers the request in this browser.
pub(crate) async fn handle(app: &App, request: &Request, marketplace: &str) -> Result<Response<Body>, RouteError> {
    let marketplace = app.marketplace(marketplace)?;
    let now = app.clock.now();
    let authn_request = AuthnRequest::new(now);
    let url = authn_request.redirect_url(marketplace, app.request_signer.as_ref(), group_hint(request).as_ref());
    let mut response = answers::redirect(StatusCode::FOUND, &url)
        .ok_or_else(|| RouteError::Internal("redirect is not a header".into()))?;
    let pending = Pending {
        marketplace: marketplace.key.clone(),
        protocol: Protocol::Saml,
        request_id: authn_request.id().to_owned(),
        issued_at: now,
        replaces: session::presented(request).map(|session| session.digest()),
        destination: app.return_origins.destination(request)?,
    };
    pending.remember(&*app.sealer(now).await?, request, &mut response);
    Ok(response)
}

/// The group the person came from: the only parameter that is passed on, and only if it is a group id (threats.md C13). It is
/// a hint: without it the marketplace asks.
fn group_hint(request: &Request) -> Option<GroupId> {
    let query = request.uri().query().unwrap_or_default();
    let (_, group) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "group_id")?;
    group.parse().ok()
}
