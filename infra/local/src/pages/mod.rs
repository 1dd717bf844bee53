//! The pages of the stack: the start page with its feed, and those of the demo app. One style sheet, no request to anyone
//! else.

mod demo_app;
mod records;
mod start;

pub(crate) use demo_app::{greeting, refused, switch, unavailable, welcome};
use maud::{DOCTYPE, Markup, PreEscaped, html};
pub(crate) use records::records;
pub(crate) use start::router;

/// A whole page.
fn page(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body { (body) }
        }
    }
    .into_string()
}
