//! `POST …/saml/consume`: the assertion consumer service (protocol.md §3.9, §3.10).

use lambda_http::{Body, Request, Response};
use shared::{
    http::Reference,
    saml::{self, Expectations, MAX_ENCODED_LEN},
    trace::Protocol,
};
use url::form_urlencoded;

use crate::{App, attempt::Attempt, error::RouteError, form, pending};

/// Percent-encoding can make a field three times as long.
const MAX_BODY_LEN: usize = 3 * MAX_ENCODED_LEN;

/// Signs the person in, or says why not to an operator.
pub(crate) async fn handle(
    app: &App,
    request: &Request,
    marketplace: &str,
    reference: &Reference,
) -> Result<Response<Body>, RouteError> {
    let marketplace = app.marketplace(marketplace).await?;
    let mut attempt = Attempt::new(app, &marketplace, Protocol::Saml, reference);
    let outcome = consume(&mut attempt, request).await;
    attempt.conclude(outcome).await
}

async fn consume(attempt: &mut Attempt<'_>, request: &Request) -> Result<Response<Body>, RouteError> {
    let Attempt { app, marketplace, now, .. } = *attempt;
    let encoded = saml_response(request)?;
    let keys = app.keys(now).await?;
    let outstanding = pending::outstanding(&keys.pending_request, request, &marketplace.key, Protocol::Saml, now);
    if outstanding.is_empty() && !marketplace.settings.unsolicited_responses {
        return Err(RouteError::NoPendingRequest);
    }
    let request_ids: Vec<String> = outstanding.iter().map(|pending| pending.request_id.clone()).collect();
    let assertion = saml::accept(&encoded, marketplace, &Expectations { request_ids: &request_ids, now })?;
    attempt.sign_in(&assertion, &outstanding).await
}

/// The one `SAMLResponse` of a form.
fn saml_response(request: &Request) -> Result<String, RouteError> {
    let body = form::body(request, MAX_BODY_LEN)?;
    let mut fields = form_urlencoded::parse(body).filter(|(name, _)| name == "SAMLResponse");
    match (fields.next(), fields.next()) {
        (Some((_, encoded)), None) if !encoded.is_empty() => Ok(encoded.into_owned()),
        _ => Err(RouteError::Form),
    }
}
