//! Forms as they were sent, and what of them cannot be taken.

use serde_json::Number;

use super::books::{Content, Customer, Invoice, Line};

/// The fields of a form, in the order of the page.
pub(super) struct Fields(pub(super) Vec<(String, String)>);

/// Why a form is not taken, as the person reads it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormError {
    #[error("A customer needs a name.")]
    Name,
    #[error("An invoice needs a title.")]
    Title,
    #[error("An invoice needs a customer that is in the list.")]
    Customer,
    #[error("The due date is not a date.")]
    DueDate,
    #[error("A currency has three letters.")]
    Currency,
    #[error("An invoice needs a line, and each line a description, a quantity and a price.")]
    Lines,
    #[error("There is no such record any more. The demo app forgets them when it stops.")]
    Unknown,
}

impl Fields {
    /// The record that is changed; none if one is added.
    pub(super) fn id(&self) -> Option<&str> {
        self.text("id")
    }

    pub(super) fn customer(&self) -> Result<Content, FormError> {
        let name = self.text("name").ok_or(FormError::Name)?.to_owned();
        Ok(Content::Customer(Customer { name, email: self.text("email").map(str::to_owned) }))
    }

    pub(super) fn invoice(&self) -> Result<Content, FormError> {
        let due_date = self.text("due_date").map(str::parse).transpose();
        let currency = self.text("currency").filter(|text| is_currency(text)).ok_or(FormError::Currency)?;
        Ok(Content::Invoice(Invoice {
            title: self.text("title").ok_or(FormError::Title)?.to_owned(),
            number: self.text("number").map(str::to_owned),
            customer_id: self.text("customer").ok_or(FormError::Customer)?.to_owned(),
            due_date: due_date.map_err(|_| FormError::DueDate)?,
            currency: currency.to_ascii_uppercase(),
            lines: self.lines()?,
        }))
    }

    /// Rows that were left empty are none.
    fn lines(&self) -> Result<Vec<Line>, FormError> {
        let rows = self.all("description").zip(self.all("quantity")).zip(self.all("price"));
        let rows = rows.map(|((description, quantity), price)| [description, quantity, price]);
        let lines: Option<Vec<Line>> = rows.filter(|row| row.iter().any(|text| !text.is_empty())).map(line).collect();
        lines.filter(|lines| !lines.is_empty()).ok_or(FormError::Lines)
    }

    /// What a field holds, if it holds anything.
    fn text(&self, name: &'static str) -> Option<&str> {
        self.all(name).next().filter(|text| !text.is_empty())
    }

    fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(of, _)| of == name).map(|(_, text)| text.trim())
    }
}

fn line([description, quantity, price]: [&str; 3]) -> Option<Line> {
    // What a browser takes for a number is a little more than what JSON does: `.5`.
    let number = |text: &str| text.parse().ok().or_else(|| Number::from_f64(text.parse().ok()?));
    let description = Some(description).filter(|text| !text.is_empty())?.to_owned();
    Some(Line { description, quantity: number(quantity)?, price: number(price)? })
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GOOD: [(&str, &str); 12] = [
        ("id", ""),
        ("title", " June "),
        ("number", ""),
        ("customer", "c-1"),
        ("due_date", "2026-12-24"),
        ("currency", "eur"),
        ("description", "Paper"),
        ("quantity", "2"),
        ("price", "12.50"),
        ("description", ""),
        ("quantity", ""),
        ("price", ""),
    ];

    fn invoice(changed: &[(&str, &str)]) -> Result<Content, FormError> {
        let kept = GOOD.iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
        Fields(kept.chain(changed).map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()).invoice()
    }

    #[test]
    fn an_invoice_becomes_what_connec_wants_of_one() {
        let document = invoice(&[]).unwrap().document();
        let unit_price = json!({ "total_amount": 12.5, "currency": "EUR" });
        let expected = json!({
            "title": "June", "transaction_number": null, "organization_id": "c-1", "due_date": "2026-12-24T00:00:00Z",
            "lines": [{ "description": "Paper", "quantity": 2, "unit_price": unit_price }],
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        let cases = [
            (("title", " "), "title"),
            (("customer", ""), "customer"),
            (("due_date", "soon"), "due date"),
            (("currency", "euro"), "currency"),
            (("quantity", "many"), "line"),
            (("price", ""), "line"),
            (("price", "inf"), "line"),
        ];
        for (field, named) in cases {
            let error = invoice(&[field]).unwrap_err().to_string();
            assert!(error.contains(named), "{field:?}: {error}");
        }
    }
}
