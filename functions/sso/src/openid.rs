//! `…/openid/initialize` and `…/openid/return`: the same as SAML's two, in OpenID 2.0 (protocol.md §4), for marketplaces that
//! have it.

use std::sync::Arc;

use http::Method;
use lambda_http::{Body, Request, Response};
use shared::{
    http::Reference,
    marketplace::Marketplace,
    openid::{self, AuthenticationRequest, Expectations, MAX_FORM_LEN, Message, OpenIdError},
    trace::Protocol,
};

use crate::{App, attempt::Attempt, error::RouteError, form, pending};

/// Redirects to the marketplace's provider and remembers the request in this browser. A `group_id` has no place in OpenID: the
/// provider knows through which group it was launched.
pub(crate) async fn initialize(app: &App, request: &Request, marketplace: &str) -> Result<Response<Body>, RouteError> {
    let marketplace = with_openid(app, marketplace).await?;
    let authentication_request = AuthenticationRequest::new();
    let url = authentication_request.redirect_url(&marketplace);
    pending::begin(app, request, &marketplace, Protocol::OpenId, authentication_request.id(), &url).await
}

/// Signs the person in, or says why not to an operator.
pub(crate) async fn come_back(
    app: &App,
    request: &Request,
    marketplace: &str,
    reference: &Reference,
) -> Result<Response<Body>, RouteError> {
    let marketplace = with_openid(app, marketplace).await?;
    let mut attempt = Attempt::new(app, &marketplace, Protocol::OpenId, reference);
    let outcome = accept(&mut attempt, request).await;
    attempt.conclude(outcome).await
}

async fn accept(attempt: &mut Attempt<'_>, request: &Request) -> Result<Response<Body>, RouteError> {
    let Attempt { app, marketplace, now, .. } = *attempt;
    let message = message(request)?;
    let keys = app.keys(now).await?;
    let outstanding = pending::outstanding(&keys.pending_request, request, &marketplace.key, Protocol::OpenId, now);
    let request_ids: Vec<String> = outstanding.iter().map(|pending| pending.request_id.clone()).collect();
    let expected = Expectations { request_ids: &request_ids, now };
    let accepted = openid::accept(message, marketplace, &expected, &app.openid_provider).await;
    let assertion = accepted.map_err(|refusal| match refusal.error {
        OpenIdError::RequestMismatch if request_ids.is_empty() => RouteError::NoPendingRequest,
        _ => RouteError::RefusedByOpenId(refusal),
    })?;
    attempt.sign_in(&assertion, &outstanding).await
}

/// The message in the query or, as long ones are, in a form.
fn message(request: &Request) -> Result<Message, RouteError> {
    let form = if request.method() == Method::POST { Some(form::body(request, MAX_FORM_LEN)?) } else { None };
    Message::read(request.uri().query().unwrap_or_default(), form)
        .map_err(|error| RouteError::RefusedByOpenId(error.into()))
}

/// The marketplace, if its people may sign in by OpenID. Others are not told apart from those that are not there.
async fn with_openid(app: &App, marketplace: &str) -> Result<Arc<Marketplace>, RouteError> {
    let marketplace = app.marketplace(marketplace).await?;
    if marketplace.settings.openid { Ok(marketplace) } else { Err(RouteError::UnknownMarketplace) }
}
