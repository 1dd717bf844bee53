//! The launcher: who can enter the app through which group, and the switches of the box.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::launcher_parts::{Card, card, events, faults};
use super::layout::Page;
use super::notices;
use crate::app::{App, Shared};
use crate::state::World;

const SCRIPT: &str = concat!(include_str!("change.js"), include_str!("launcher.js"));
/// Events shown.
const RECENT: usize = 12;

/// `GET /`
pub(crate) async fn all(State(app): State<Shared>) -> Response {
    let world = app.world().clone();
    page(&app, &world, None, "Marketplaces")
}

/// `GET /{mp}`
pub(crate) async fn one(State(app): State<Shared>, Path(key): Path<String>) -> Response {
    let world = app.world().clone();
    match world.marketplace(&key) {
        Some(marketplace) => page(&app, &world, Some(&key), &marketplace.name),
        None => notices::unknown_marketplace(&key),
    }
}

fn page(app: &App, world: &World, only: Option<&str>, title: &str) -> Response {
    let context = format!("Sandbox · the app is registered at {}", world.app_host);
    Page { title, context: &context, wide: true, script: Some(SCRIPT) }.render(&content(app, world, only))
}

fn content(app: &App, world: &World, only: Option<&str>) -> Markup {
    let shown = |key: &str| only.is_none_or(|only| only == key);
    let listed = world.marketplaces.iter().filter(|marketplace| shown(&marketplace.key));
    html! {
        p #problem role="alert" hidden {}
        noscript { p .hint { "Launching works without JavaScript; the other buttons need it." } }
        div .cards {
            @for marketplace in listed {
                (card(&Card { marketplace, host: &app.host(&marketplace.key), app_host: world.app_host_of(marketplace) }))
            }
        }
        div .cards {
            (faults(&app.faults.list(), &world.marketplaces))
            (events(&recent_events(app, only)))
        }
    }
}

/// The latest first.
fn recent_events(app: &App, only: Option<&str>) -> Vec<crate::events::Event> {
    let concerns = |event: &crate::events::Event| {
        only.is_none() || event.marketplace.is_none() || event.marketplace.as_deref() == only
    };
    let all = app.events.after(0).into_iter().rev().map(|numbered| numbered.event);
    all.filter(concerns).take(RECENT).collect()
}
