//! The page of customers and invoices. Whatever is saved there goes to the Connec! of every group through which somebody has signed in.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use futures::{StreamExt as _, stream};

use super::{
    DemoApp,
    books::{Content, Place, Record},
    forms::{Fields, FormError},
    sharing::{Link, Refusal},
};
use crate::pages;

/// How many records the service is asked about at a time.
const AT_ONCE: usize = 8;

/// A record, and where it is.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) record: Record,
    pub(crate) links: Result<Vec<Link>, Refusal>,
}

/// `GET /records`
pub(super) async fn list(State(app): State<DemoApp>, headers: HeaderMap) -> Response {
    match app.present(&headers).await {
        Some(_) => page(&app, None).await.into_response(),
        None => Redirect::to("/").into_response(),
    }
}

/// `POST /records/customers`
pub(super) async fn save_customer(
    State(app): State<DemoApp>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let fields = Fields(fields);
    save(&app, &headers, fields.id(), fields.customer()).await
}

/// `POST /records/invoices`
pub(super) async fn save_invoice(
    State(app): State<DemoApp>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let fields = Fields(fields);
    save(&app, &headers, fields.id(), fields.invoice()).await
}

async fn save(app: &DemoApp, headers: &HeaderMap, id: Option<&str>, content: Result<Content, FormError>) -> Response {
    if !is_our_form(headers) {
        return (StatusCode::FORBIDDEN, "This form does not come from a page of the app.").into_response();
    }
    if app.present(headers).await.is_none() {
        return Redirect::to("/").into_response();
    }
    let saved = content.and_then(|content| app.books().save(id, content));
    match saved {
        Ok(record) => {
            let answer = hand_in(app, &record).await;
            app.books().note(&record, answer);
            Redirect::to("/records").into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, page(app, Some(&error)).await).into_response(),
    }
}

/// Hands in a record for every group, less those that the service names as ended.
async fn hand_in(app: &DemoApp, record: &Record) -> Result<Vec<Place>, Refusal> {
    let mut groups = app.books().groups();
    loop {
        let refusal = match app.sharing.hand_in(record, &groups).await {
            Ok(places) => {
                let (class, version) = (record.content.class(), record.version);
                app.feed.push("app", format!("handed in a {class}, version {version}, for {} groups", places.len()));
                return Ok(places);
            }
            Err(refusal) => refusal,
        };
        let Some(at) = refusal.not_served().filter(|at| *at < groups.len()) else {
            app.feed.push("app", format!("the service did not take a {}: {}", record.content.class(), refusal.title));
            return Err(refusal);
        };
        app.books().leave(&groups.remove(at));
    }
}

async fn page(app: &DemoApp, error: Option<&FormError>) -> Html<String> {
    let (records, groups) = {
        let books = app.books();
        (books.records(), books.groups())
    };
    let shared = stream::iter(records).map(async |record| {
        let links = app.sharing.links(&record).await;
        Shared { record, links }
    });
    let shared: Vec<Shared> = shared.buffered(AT_ONCE).collect().await;
    Html(pages::records(&shared, &groups, error))
}

/// Whether a page of the app sent this. The cookie alone does not tell: `SameSite` knows no ports, and other servers of this machine
/// are the same site. A browser that says neither is none that we know.
fn is_our_form(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => {
            let origin = text(header::ORIGIN.as_str()).and_then(|origin| origin.strip_prefix("http://"));
            origin.is_some() && origin == text(header::HOST.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_form_of_another_page_is_not_ours() {
        let is_ours = |headers: &[(&'static str, &'static str)]| {
            let headers =
                headers.iter().map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_our_form(&headers.collect())
        };
        let host = ("host", "localhost:8080");
        assert!(is_ours(&[host, ("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8080")]));
        assert!(is_ours(&[host, ("origin", "http://localhost:8080")]));
        assert!(!is_ours(&[host, ("sec-fetch-site", "same-site"), ("origin", "http://localhost:8080")]), "it is said");
        assert!(!is_ours(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!is_ours(&[host, ("origin", "http://localhost:9000")]), "another port");
        assert!(!is_ours(&[host, ("origin", "null")]));
        assert!(!is_ours(&[host]));
    }
}
