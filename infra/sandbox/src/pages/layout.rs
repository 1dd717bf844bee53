//! The frame every page shares.

use axum::response::{Html, IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
/// An empty icon, so that browsers do not ask for one.
const NO_ICON: &str = "data:,";

pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// A line above the title.
    pub(super) context: &'a str,
    /// Narrow pages hold one question; wide ones hold cards.
    pub(super) wide: bool,
    pub(super) script: Option<&'static str>,
}

impl Page<'_> {
    pub(super) fn render(&self, content: &Markup) -> Response {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Sandbox" }
                    link rel="icon" href=(NO_ICON);
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main .wide[self.wide] {
                        header .page-head {
                            p .context { (self.context) }
                            h1 { (self.title) }
                        }
                        (content)
                    }
                    @if let Some(script) = self.script {
                        script { (PreEscaped(script)) }
                    }
                }
            }
        };
        Html(page.into_string()).into_response()
    }
}
