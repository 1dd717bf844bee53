//! One call on a collection or a record, whether it comes by itself or in a batch.

use axum::http::Method;
use serde_json::{Value, json};

use super::answer::Reply;
use super::draft::Draft;
use super::listing::Listing;
use super::refusal::Refusal;
use super::resource::Resource;
use super::store::{Scope, Store, Written};
use super::view::View;
use super::{company, door};
use crate::app::App;
use crate::directory::Group;
use crate::state::Marketplace;

pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) group: String,
    pub(super) resource: String,
    pub(super) id: Option<String>,
    pub(super) query: String,
    /// Null for reads.
    pub(super) body: Value,
    /// Whether ids are answered as arrays.
    pub(super) external_ids: bool,
}

impl Operation {
    pub(super) fn is_read(method: &Method) -> bool {
        matches!(*method, Method::GET | Method::HEAD)
    }

    pub(super) fn carry_out(&self, app: &App, marketplace: &Marketplace) -> Reply {
        self.attempt(app, marketplace).unwrap_or_else(|refusal| Reply::refused(&refusal, Some(&self.page())))
    }

    fn attempt(&self, app: &App, marketplace: &Marketplace) -> Result<Reply, Refusal> {
        let group = door::group(marketplace, &self.group)?;
        let resource = Resource::from_name(&self.resource).ok_or(Refusal::UnknownResource)?;
        let memory = app.connec.get(&marketplace.key).ok_or(Refusal::NotFound)?;
        let scope = Scope { group: &group.uid, resource };
        let call = Call { app, marketplace, group, scope, operation: self };
        let mut store = memory.store();
        if resource.is_singular() { call.company(&mut store) } else { call.collection(&mut store) }
    }

    /// Where the documentation of the API describes this call.
    fn page(&self) -> String {
        let (resource, method) = (&self.resource, self.method.as_str().to_ascii_lowercase());
        match (&self.id, Resource::from_name(resource)) {
            (Some(_), Some(known)) => format!("{resource}-{}-{method}", known.singular()),
            _ => format!("{resource}-{resource}-list-{method}"),
        }
    }
}

/// An operation whose place is known.
struct Call<'a> {
    app: &'a App,
    marketplace: &'a Marketplace,
    group: &'a Group,
    scope: Scope<'a>,
    operation: &'a Operation,
}

impl Call<'_> {
    fn collection(&self, store: &mut Store) -> Result<Reply, Refusal> {
        let Operation { method, id, .. } = self.operation;
        match (method, id) {
            (method, None) if Operation::is_read(method) => self.list(store),
            (method, Some(id)) if Operation::is_read(method) => self.answered(store, id).map(Reply::ok),
            (&Method::POST, None) => {
                let written = store.post(&self.scope, self.draft()?)?;
                self.finished(store, &written)
            }
            (&Method::PUT, Some(id)) => {
                let written = store.put(&self.scope, id, self.draft()?)?;
                self.finished(store, &written)
            }
            _ => Err(Refusal::Method),
        }
    }

    /// The company is made on the first look at it. A POST is as good as a PUT, because batches are posted.
    fn company(&self, store: &mut Store) -> Result<Reply, Refusal> {
        let method = &self.operation.method;
        let reads = Operation::is_read(method);
        let writes = *method == Method::PUT || (*method == Method::POST && self.operation.id.is_none());
        if !reads && !writes {
            return Err(Refusal::Method);
        }
        let company = company::ensure(store, self.group)?;
        if company.created {
            self.tell(&company);
        }
        if self.operation.id.as_ref().is_some_and(|id| *id != company.connec_id) {
            return Err(Refusal::NotFound);
        }
        if reads {
            return self.answered(store, &company.connec_id).map(Reply::ok);
        }
        let written = company::write(store, self.group, self.draft()?)?;
        self.finished(store, &written)
    }

    fn list(&self, store: &Store) -> Result<Reply, Refusal> {
        let listing = Listing::read(&self.operation.query)?;
        Ok(Reply::ok(listing.page(&self.view(store), &self.url())))
    }

    fn draft(&self) -> Result<Draft, Refusal> {
        Draft::unwrap(self.scope.resource, &self.operation.body)
    }

    fn finished(&self, store: &Store, written: &Written) -> Result<Reply, Refusal> {
        self.tell(written);
        let body = self.answered(store, &written.connec_id)?;
        if written.created {
            return Ok(Reply::created(body, format!("{}/{}", self.url(), written.connec_id)));
        }
        Ok(Reply::ok(body))
    }

    fn answered(&self, store: &Store, connec_id: &str) -> Result<Value, Refusal> {
        let record = store.shelf(&self.scope).and_then(|shelf| shelf.record(connec_id)).ok_or(Refusal::NotFound)?;
        Ok(json!({ self.scope.resource.as_str(): self.view(store).record(record) }))
    }

    fn tell(&self, written: &Written) {
        let (kind, done) = if written.created { ("connec.created", "created") } else { ("connec.updated", "updated") };
        let (resource, group) = (self.scope.resource.as_str(), self.scope.group);
        let told = format!("The app {done} {} of {resource} in {group}.", written.connec_id);
        self.app.events.record(Some(&self.marketplace.key), kind, told);
    }

    fn view<'a>(&'a self, store: &'a Store) -> View<'a> {
        View { store, scope: self.scope, external_ids: self.operation.external_ids }
    }

    /// The collection's own address.
    fn url(&self) -> String {
        let host = self.app.host(&self.marketplace.key);
        format!("{host}/api/v2/{}/{}", self.scope.group, self.scope.resource.as_str())
    }
}
