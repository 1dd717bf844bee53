//! An OpenID message: its fields in order, and the ways of writing them (OpenID 2.0 section 4.1).

use url::form_urlencoded::{Serializer, parse};

/// The namespace of every message of OpenID 2.0.
pub(super) const NAMESPACE: &str = "http://specs.openid.net/auth/2.0";

/// Fields by their names without the `openid.` prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    fields: Vec<(String, String)>,
}

impl Message {
    /// A message of OpenID 2.0 in `mode`.
    pub(super) fn of_mode(mode: &str) -> Self {
        let mut message = Self::direct();
        message.push("mode", mode);
        message
    }

    /// A direct answer, which has no mode.
    pub(super) fn direct() -> Self {
        let mut message = Self::default();
        message.push("ns", NAMESPACE);
        message
    }

    /// The `openid.` parameters of a query or a form; others are none of the provider's business.
    pub(super) fn from_form(encoded: &[u8]) -> Self {
        let pairs = parse(encoded).into_owned();
        let fields = pairs.filter_map(|(name, value)| Some((name.strip_prefix("openid.")?.to_owned(), value)));
        Self { fields: fields.collect() }
    }

    /// Adds a field. A line feed would end the field where it is signed, so a blank takes its place.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), value.replace(['\r', '\n'], " ")));
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// The body of a direct answer: one `name:value` a line.
    pub(super) fn to_key_value_form(&self) -> String {
        self.fields.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
    }

    /// What is signed: the named fields in key-value form, if they are all there.
    pub(super) fn select(&self, names: &str) -> Option<String> {
        names.split(',').map(|name| Some(format!("{name}:{}\n", self.get(name)?))).collect()
    }

    /// Names with their prefix, and values: what a form posts.
    pub(super) fn to_form(&self) -> Vec<(String, &str)> {
        self.fields.iter().map(|(name, value)| (format!("openid.{name}"), value.as_str())).collect()
    }

    /// `address` with the fields in its query.
    pub(super) fn in_query_of(&self, address: &str) -> String {
        let query = Serializer::new(String::new()).extend_pairs(self.to_form()).finish();
        let separator = if address.contains('?') { '&' } else { '?' };
        format!("{address}{separator}{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_openid_parameters_are_read() {
        let message = Message::from_form(b"openid.mode=cancel&mode=x&tenant=y");
        assert_eq!(message.names().collect::<Vec<_>>(), ["mode"]);
        assert_eq!(message.get("mode"), Some("cancel"));
    }

    #[test]
    fn a_line_feed_cannot_add_a_field() {
        let mut message = Message::default();
        message.push("sreg.nickname", "A\nsreg.email:b@example.test");
        assert_eq!(message.to_key_value_form(), "sreg.nickname:A sreg.email:b@example.test\n");
    }

    #[test]
    fn selected_fields_come_in_the_order_asked_for() {
        let message = Message::from_form(b"openid.a=1&openid.b=2&openid.c=3");
        assert_eq!(message.select("c,a").as_deref(), Some("c:3\na:1\n"));
        assert_eq!(message.select("a,d"), None);
    }

    #[test]
    fn fields_are_added_to_an_address_with_and_without_a_query() {
        let cancel = Message::of_mode("cancel");
        let query = "openid.ns=http%3A%2F%2Fspecs.openid.net%2Fauth%2F2.0&openid.mode=cancel";
        assert_eq!(cancel.in_query_of("http://a.test/r"), format!("http://a.test/r?{query}"));
        assert_eq!(cancel.in_query_of("http://a.test/r?n=1"), format!("http://a.test/r?n=1&{query}"));
    }
}
