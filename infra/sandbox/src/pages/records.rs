//! What Connec! holds of one group: a resource at a time, each record with its JSON and a form to change it.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::layout::Page;
use super::notices;
use crate::app::Shared;
use crate::connec::{self, Memory, Record, Resource, Scope, Store, View};
use crate::time;

const SCRIPT: &str = concat!(include_str!("change.js"), include_str!("records.js"));
/// Records shown, the last written first.
const SHOWN: usize = 100;

#[derive(Deserialize)]
pub(crate) struct Chosen {
    resource: Option<String>,
}

/// `GET /{mp}/records/{gid}[?resource=]`: cancelled groups as well.
pub(crate) async fn of_group(
    State(app): State<Shared>,
    Path((key, uid)): Path<(String, String)>,
    Query(Chosen { resource }): Query<Chosen>,
) -> Response {
    let found = app.marketplace(&key).zip(app.connec.get(&key));
    let Some((marketplace, memory)) = found else {
        return notices::unknown_marketplace(&key);
    };
    let Some(group) = marketplace.directory.group(&uid) else {
        return notices::unknown_group(&marketplace, &uid);
    };
    let context = format!("{} · {} · records in Connec!", marketplace.name, group.uid);
    let page = Page { title: &group.name, context: &context, wide: true, script: Some(SCRIPT) };
    page.render(&content(&key, &uid, memory, resource.as_deref()))
}

/// The chosen resource, or the first that has records.
fn content(key: &str, group: &str, memory: &Memory, chosen: Option<&str>) -> Markup {
    let store = memory.store();
    let first = || store.shelves(group).next().map_or(Resource::COMPANY, |(resource, _)| resource);
    let resource = chosen.and_then(Resource::from_name).unwrap_or_else(first);
    let scope = Scope { group, resource };
    let path = format!("marketplaces/{key}/groups/{group}/records/{}", resource.as_str());
    html! {
        p #problem role="alert" hidden {}
        noscript { p .hint { "Reading works without JavaScript; changing needs it." } }
        (tabs(&store, &scope))
        div .cards {
            (records(&store, scope, &path))
            (adding(resource, &path))
        }
        p .way-out { a href=(format!("/{key}")) { "Back to the marketplace" } }
    }
}

fn tabs(store: &Store, scope: &Scope<'_>) -> Markup {
    html! {
        nav .tabs aria-label="Resources" {
            @for resource in Resource::all() {
                @let count = store.records(&Scope { resource, ..*scope }).len();
                a href=(format!("?resource={}", resource.as_str())) .filled[count > 0]
                    aria-current=[(resource == scope.resource).then_some("page")] {
                    (resource.as_str()) @if count > 0 { " " (count) }
                }
            }
        }
    }
}

fn records(store: &Store, scope: Scope<'_>, path: &str) -> Markup {
    let view = View { store, scope, external_ids: true };
    let mut all: Vec<&Record> = store.records(&scope).iter().collect();
    all.sort_by_key(|record| std::cmp::Reverse(record.updated_at));
    html! {
        section .card aria-labelledby="records" {
            header .card-head { h2 #records { (scope.resource.as_str()) } }
            @if all.is_empty() { p .hint { "There are none." } }
            @if all.len() > SHOWN { p .hint { "The last " (SHOWN) " of " (all.len()) "." } }
            @for record in all.iter().take(SHOWN) { (row(&view, record, path)) }
        }
    }
}

fn row(view: &View<'_>, record: &Record, path: &str) -> Markup {
    let whole = view.record(record);
    html! {
        article .record {
            h3 { (title(&whole)) }
            p .meta { code { (record.connec_id) } " · " (time::milliseconds(record.updated_at)) }
            @for id in &record.external_ids {
                p .meta { code { (id.id) } " of " (id.provider) ", " (id.realm) }
            }
            details {
                summary { "JSON" }
                pre { (pretty(&whole)) }
                (change(&format!("{path}/{}", record.connec_id), &pretty(&editable(whole))))
            }
        }
    }
}

fn adding(resource: Resource, path: &str) -> Markup {
    let heading = if resource.is_singular() { "Write the company" } else { "Add a record" };
    html! {
        section .card .adding aria-labelledby="adding" {
            h2 #adding { (heading) }
            form data-method="POST" data-path=(path) {
                label { "Fields as JSON" (text_area("{\n  \n}")) }
                button .primary type="submit" { "Add" }
            }
        }
    }
}

fn change(path: &str, fields: &str) -> Markup {
    html! {
        form data-method="PUT" data-path=(path) {
            label { "Fields to write; those left out stay as they are" (text_area(fields)) }
            button .primary type="submit" { "Save" }
        }
    }
}

fn text_area(fields: &str) -> Markup {
    html! {
        // The first line break of a text area is not part of its text.
        textarea name="fields" rows=(fields.lines().count().clamp(4, 20)) spellcheck="false" { "\n" (fields) }
    }
}

/// The fields that can be written.
fn editable(mut whole: Value) -> Value {
    if let Value::Object(fields) = &mut whole {
        fields.retain(|name, _| name != "id" && !connec::OWNED.contains(&name.as_str()));
    }
    whole
}

/// What people would call the record.
fn title(whole: &Value) -> String {
    let text = |name: &str| whole.get(name).and_then(Value::as_str).unwrap_or_default();
    let full_name = format!("{} {}", text("first_name"), text("last_name"));
    let names = [text("name"), text("title"), full_name.trim(), text("code")];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or("Without a name").to_owned()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
