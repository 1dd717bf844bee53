//! The demo app's customers and invoices, and where each of them is.

use maud::{Markup, html};

use super::page;
use crate::demo_app::{Content, Customer, FormError, Invoice, Line, Link, Place, Record, Refusal, Shared};

/// How many rows for lines a form has at least; one of them is always empty.
const ROWS: usize = 2;

/// Both lists, each with a form for one more, and what was wrong with the form that came last.
pub(crate) fn records(shared: &[Shared], groups: &[Place], error: Option<&FormError>) -> String {
    let customers: Vec<(&Shared, &Customer)> = shared.iter().filter_map(as_customer).collect();
    page(
        "Ledgerly: records",
        &html! {
            main {
                h1 { "Customers and invoices" }
                p.lead { "Whatever you save goes to the marketplaces through which somebody has signed in. " (goes_to(groups)) }
                p { a href="/records" { "Look again" } " · " a href="/" { "Back" } }
                @if let Some(error) = error { p #error.problem role="alert" { (error) } }
                section.card aria-labelledby="customers" {
                    h2 #customers { "Customers" }
                    @for (shared, customer) in &customers {
                        (entry(shared, &customer.name, &customer_form(Some((&shared.record.id, customer)))))
                    }
                    details open[customers.is_empty()] { summary { "Add a customer" } (customer_form(None)) }
                }
                section.card aria-labelledby="invoices" {
                    h2 #invoices { "Invoices" }
                    @for (shared, invoice) in shared.iter().filter_map(as_invoice) {
                        (entry(shared, &invoice.title, &invoice_form(Some((&shared.record.id, invoice)), &customers)))
                    }
                    @if customers.is_empty() { p.empty { "An invoice needs a customer." } }
                    @else { details { summary { "Add an invoice" } (invoice_form(None, &customers)) } }
                }
            }
        },
    )
}

fn as_customer(shared: &Shared) -> Option<(&Shared, &Customer)> {
    match &shared.record.content {
        Content::Customer(customer) => Some((shared, customer)),
        Content::Invoice(_) => None,
    }
}

fn as_invoice(shared: &Shared) -> Option<(&Shared, &Invoice)> {
    match &shared.record.content {
        Content::Invoice(invoice) => Some((shared, invoice)),
        Content::Customer(_) => None,
    }
}

fn goes_to(groups: &[Place]) -> Markup {
    html! {
        @if groups.is_empty() { "There are none at the moment." }
        @else { "Now these are " @for (at, place) in groups.iter().enumerate() { @if at > 0 { ", " } (name_of(place)) } "." }
    }
}

fn name_of(place: &Place) -> Markup {
    html! { (place.marketplace) " " code { (place.group) } }
}

/// A record: what it is called, where it is, and the form that changes it.
fn entry(Shared { record, links }: &Shared, name: &str, form: &Markup) -> Markup {
    html! {
        article.record {
            h3 { (name) " " small { "version " (record.version) } }
            @match &record.answer {
                Some(Ok(_)) => {}
                Some(Err(refusal)) => { (problem("This version was not taken", refusal)) }
                None => { p.empty { "This version is being handed in." } }
            }
            @match links {
                Ok(links) => { (places(record, links)) }
                Err(refusal) => { (problem("It is not known where it is", refusal)) }
            }
            details { summary { "Change" } (form) }
        }
    }
}

fn problem(what: &str, Refusal { title, detail, reference, .. }: &Refusal) -> Markup {
    html! {
        p.problem {
            (what) ": " (title) @if let Some(detail) = detail { " (" (detail) ")" } "."
            @if let Some(reference) = reference { " Reference " code { (reference) } }
        }
    }
}

/// Where it is, and where nothing is known of it yet though it was taken for there.
fn places(record: &Record, links: &[Link]) -> Markup {
    let taken_for = record.answer.iter().flatten().flatten();
    let unknown = taken_for.filter(|place| links.iter().all(|link| link.place != **place));
    html! {
        ul.places {
            @for link in links {
                li {
                    (name_of(&link.place)) ": " (outcome(record, &link.place, &state_of(record, link)))
                    @if let Some(connec_id) = &link.connec_id {
                        " as " @match &link.url {
                            Some(url) => { a href=(url) rel="noreferrer" { code { (connec_id) } } }
                            None => { code { (connec_id) } }
                        }
                    }
                    @if link.deleted_at.is_some() { ", deleted" }
                    @if let Some(reason) = link.push.as_ref().and_then(|push| push.reason.as_ref()) { p.problem { (reason) } }
                }
            }
            @for place in unknown { li { (name_of(place)) ": " (outcome(record, place, "on its way")) } }
        }
    }
}

fn outcome(record: &Record, place: &Place, state: &str) -> Markup {
    html! { strong id={ "push-" (record.id) "-" (place.marketplace) "-" (place.group) } { (state) } }
}

fn state_of(record: &Record, link: &Link) -> String {
    let Some(push) = &link.push else { return "on its way".to_owned() };
    let outcome = push.outcome.replace('_', " ");
    if push.version == record.version { outcome } else { format!("{outcome}, version {}", push.version) }
}

fn customer_form(known: Option<(&String, &Customer)>) -> Markup {
    let customer = known.map(|(_, customer)| customer);
    html! {
        form.fields method="post" action="/records/customers" {
            @if let Some((id, _)) = known { input type="hidden" name="id" value=(id); }
            label { "Name" input name="name" required value=[customer.map(|customer| &customer.name)]; }
            label { "E-mail" input name="email" type="email" value=[customer.and_then(|customer| customer.email.as_ref())]; }
            button.button type="submit" { "Save" }
        }
    }
}

fn invoice_form(known: Option<(&String, &Invoice)>, customers: &[(&Shared, &Customer)]) -> Markup {
    let invoice = known.map(|(_, invoice)| invoice);
    let lines = invoice.map(|invoice| invoice.lines.as_slice()).unwrap_or_default();
    let is_its_customer = |id: &str| invoice.is_some_and(|invoice| invoice.customer_id == id);
    html! {
        form.fields method="post" action="/records/invoices" {
            @if let Some((id, _)) = known { input type="hidden" name="id" value=(id); }
            label { "Title" input name="title" required value=[invoice.map(|invoice| &invoice.title)]; }
            label { "Number" input name="number" value=[invoice.and_then(|invoice| invoice.number.as_ref())]; }
            label { "Customer" select name="customer" required {
                @for (Shared { record, .. }, customer) in customers {
                    option value=(record.id) selected[is_its_customer(&record.id)] { (customer.name) }
                }
            } }
            label { "Due" input name="due_date" type="date" value=[invoice.and_then(|invoice| invoice.due_date)]; }
            label { "Currency" input name="currency" required pattern="[A-Za-z]{3}" value=(invoice.map_or("EUR", |invoice| &invoice.currency)); }
            @for line in lines { (row(Some(line))) }
            @for _ in lines.len()..ROWS.max(lines.len() + 1) { (row(None)) }
            button.button type="submit" { "Save" }
        }
    }
}

fn row(line: Option<&Line>) -> Markup {
    html! {
        div.line {
            label { "Line" input name="description" value=[line.map(|line| &line.description)]; }
            label { "Quantity" input name="quantity" type="number" step="any" value=[line.map(|line| &line.quantity)]; }
            label { "Price of one" input name="price" type="number" step="any" value=[line.map(|line| &line.price)]; }
        }
    }
}
