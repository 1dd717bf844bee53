//! `/app/v1/records/{class}/{id}/links`: which records a record is linked to, and what became of its last push to each place.

use http::StatusCode;
use jiff::Timestamp;
use lambda_http::{Body, Request, Response};
use serde::{Deserialize, Serialize};
use shared::{
    connec::Entity,
    domain::{GroupId, LocalRecord, Place, Realm, RemoteRecord},
    http as answers,
    marketplace::Directory,
    sharing::{check_record, is_record_id},
    store::{
        Target,
        id_map::{Link, Linked, PushState},
    },
};

use crate::{App, body, error::RouteError, route::PlaceNames};

/// A `connec_id` is a UUID.
const MAX_BODY_LEN: usize = 1_024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counterpart {
    connec_id: String,
}

#[derive(Serialize)]
struct Links<'a> {
    class: &'a str,
    id: &'a str,
    links: Vec<LinkView>,
}

#[derive(Serialize)]
struct LinkView {
    marketplace: String,
    group: String,
    entity: String,
    /// None, as long as the record never got there.
    connec_id: Option<String>,
    /// Where it is, if the marketplace is configured.
    url: Option<String>,
    linked_at: Option<Timestamp>,
    /// Since when it is no more.
    deleted_at: Option<Timestamp>,
    push: Option<PushState>,
}

impl LinkView {
    fn of(link: Link, directory: &Directory) -> Self {
        let marketplace = directory.known(&link.place.realm.provider);
        let url = marketplace.and_then(|marketplace| marketplace.remote_url(&link.remote()?));
        let Place { realm: Realm { provider, realm }, entity } = link.place;
        Self {
            marketplace: provider,
            group: realm,
            entity,
            connec_id: link.rid,
            url,
            linked_at: link.linked_at,
            deleted_at: link.tombstoned_at,
            push: link.push,
        }
    }
}

/// Answers with everything that is known of the record.
pub(crate) async fn show(app: &App, record: &LocalRecord) -> Result<Response<Body>, RouteError> {
    check_record(record)?;
    let now = app.clock.now();
    let directory = app.configuration.current(now).await?;
    let links = app.desk.id_map.links(record, now).await?;
    let links = links.into_iter().map(|link| LinkView::of(link, &directory)).collect();
    Ok(answers::json(StatusCode::OK, &Links { class: &record.class_name, id: &record.id, links }))
}

/// Links the record to one that is in Connec! already.
pub(crate) async fn link(
    app: &App,
    request: &Request,
    record: &LocalRecord,
    names: &PlaceNames,
) -> Result<Response<Body>, RouteError> {
    check_record(record)?;
    let Counterpart { connec_id } = body::json(request, MAX_BODY_LEN)?;
    if !is_record_id(&connec_id) {
        return Err(RouteError::invalid("connec_id", "is not 1 to 256 bytes without slashes and control characters"));
    }
    let (place, target) = place(names)?;
    let now = app.clock.now();
    let directory = app.configuration.current(now).await?;
    if directory.find(target.marketplace.as_str()).is_err() {
        return Err(RouteError::NotServed { field: "marketplace".to_owned() });
    }
    if app.desk.accounts.served(&[target], now).await? != [true] {
        return Err(RouteError::NotServed { field: "group".to_owned() });
    }
    let remote = RemoteRecord { place, rid: connec_id };
    let status = match app.desk.id_map.link(record, &remote, now).await? {
        Linked::Now => StatusCode::CREATED,
        Linked::Before => StatusCode::OK,
    };
    let link = app.desk.id_map.link_in(record, &remote.place, now).await?;
    // Somebody may have taken it back at once.
    let link = link.ok_or_else(|| RouteError::Internal("the link is gone".into()))?;
    Ok(answers::json(status, &LinkView::of(link, &directory)))
}

/// Takes a link back; taking back what is not there changes nothing.
pub(crate) async fn unlink(app: &App, record: &LocalRecord, names: &PlaceNames) -> Result<Response<Body>, RouteError> {
    check_record(record)?;
    let (place, _) = place(names)?;
    app.desk.id_map.unlink(record, &place, app.clock.now()).await?;
    Ok(answers::empty(StatusCode::NO_CONTENT))
}

fn place(names: &PlaceNames) -> Result<(Place, Target), RouteError> {
    let marketplace = names.marketplace.parse();
    let marketplace = marketplace.map_err(|_| RouteError::invalid("marketplace", "is no marketplace key"))?;
    let group: GroupId = names.group.parse().map_err(|_| RouteError::invalid("group", "is no group id"))?;
    let entity =
        Entity::parse(&names.entity).ok_or_else(|| RouteError::invalid("entity", "is no entity of Connec!"))?;
    let target = Target { marketplace, group };
    Ok((target.place(entity.as_str()), target))
}
