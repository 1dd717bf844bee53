//! The page a newcomer sees first: what runs, where, and a live feed of what happens.

use std::convert::Infallible;

use axum::{
    Router,
    extract::State,
    response::{Html, Sse, sse},
    routing::get,
};
use futures::{Stream, StreamExt as _};
use maud::{Markup, PreEscaped, html};
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;

use super::page;
use crate::{Description, Entry, Feed};

#[derive(Clone)]
struct Start {
    description: Description,
    feed: Feed,
    shutdown: CancellationToken,
}

/// The start page and its feed.
pub(crate) fn router(description: &Description, feed: &Feed, shutdown: &CancellationToken) -> Router {
    let start = Start { description: description.clone(), feed: feed.clone(), shutdown: shutdown.clone() };
    Router::new().route("/", get(show)).route("/feed", get(follow)).with_state(start)
}

async fn show(State(start): State<Start>) -> Html<String> {
    Html(page(
        "Stallholder on this machine",
        &html! {
            main {
                h1 { "Stallholder on this machine" }
                p.lead {
                    "Two marketplaces, the service that a vendor deploys, and the vendor's app: all in one process, all on loopback. "
                    "Open a marketplace, launch the app as somebody, and watch below what happens."
                }
                (cards(&start.description))
                section.card aria-labelledby="feed-title" {
                    h2 #feed-title { "What happens " small { "times in UTC" } }
                    p #stopped.stopped hidden { "The stack has stopped. Start it again, and open the address it prints." }
                    ul #feed.feed aria-live="polite" {
                        @for entry in start.feed.recent().iter().rev() { (line(entry)) }
                        li #empty.empty { "Nothing yet. Sign in, and it will appear here." }
                    }
                }
                script { (PreEscaped(include_str!("start.js"))) }
            }
        },
    ))
}

fn cards(stack: &Description) -> Markup {
    html! {
        div.cards {
            section.card {
                h2 { "The marketplaces" }
                p { "A sandbox that plays " (stack.marketplaces.len()) " of them, with people and companies." }
                p { a.button href=(stack.sandbox.base_url) { "Open the sandbox" } }
            }
            section.card {
                h2 { "The service" }
                p { "What you deploy. The same handlers as the Lambda functions, behind a gateway that speaks API Gateway's events." }
                p { a href={ (stack.service.base_url) "/session" } { "Who is signed in?" } }
            }
            section.card {
                h2 { "The vendor's app" }
                p { "Ledgerly, a demo. It exchanges a one-time code for the person's session on the back channel." }
                p { a href=(stack.app.base_url) { "Open the app" } }
            }
            section.card {
                h2 { "The tables" }
                p { "An embedded DynamoDB: " code { (stack.stores.dynamodb_endpoint) } }
                p { "Table " code { (stack.stores.tables.accounts) } ", region " code { (stack.stores.region) } ", any credentials." }
            }
        }
    }
}

fn line(entry: &Entry) -> Markup {
    html! {
        li {
            time datetime=(entry.at) { (entry.at.strftime("%H:%M:%S")) }
            span class={ "source " (entry.source) } { (entry.source) }
            span { (entry.text) }
        }
    }
}

/// Entries as they happen, each as a line of HTML, until the stack stops.
async fn follow(State(start): State<Start>) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let entries = BroadcastStream::new(start.feed.follow());
    let lines = entries.filter_map(|entry| async {
        entry.ok().map(|entry| Ok(sse::Event::default().data(line(&entry).into_string())))
    });
    Sse::new(lines.take_until(start.shutdown.cancelled_owned())).keep_alive(sse::KeepAlive::default())
}
