//! Attribute exchange 1.0: what is asked for, and what the answer says, by the types of protocol.md §4 and under the names of
//! §3.7.

use super::{OpenIdError, signed_fields::SignedFields};

/// The extension's namespace.
const ATTRIBUTE_EXCHANGE: &str = "http://openid.net/srv/ax/1.0";
/// So many values are plenty: we ask for one of each.
const MAX_COUNT: usize = 4;

/// A type of attribute, and how we call it.
struct AttributeType {
    uri: &'static str,
    /// Our alias for it in a request.
    alias: &'static str,
    /// The names of protocol.md §3.7; what has none there is passed over.
    names: &'static [&'static str],
    /// Whether nobody can be signed in without it.
    required: bool,
}

const fn required(uri: &'static str, alias: &'static str, names: &'static [&'static str]) -> AttributeType {
    AttributeType { uri, alias, names, required: true }
}

const fn optional(uri: &'static str, alias: &'static str, names: &'static [&'static str]) -> AttributeType {
    AttributeType { uri, alias, names, required: false }
}

const TYPES: [AttributeType; 22] = [
    required("http://openid.net/schema/person/guid", "uid", &["uid", "mno_uid"]),
    required("http://openid.maestrano.com/schema/person/vguid", "virtual_uid", &["virtual_uid"]),
    optional("http://openid.net/schema/namePerson/first", "name", &["name"]),
    optional("http://openid.net/schema/namePerson/last", "surname", &["surname"]),
    required("http://openid.net/schema/contact/internet/email", "email", &["email"]),
    required(VIRTUAL_EMAIL, "virtual_email", &["virtual_email"]),
    optional("http://openid.net/schema/contact/country/home", "country", &["country"]),
    optional("http://openid.net/schema/contact/city/home", "city", &[]),
    optional("http://openid.net/schema/timezone", "timezone", &[]),
    required("http://openid.maestrano.com/schema/session/key", "session", &["mno_session"]),
    required("http://openid.maestrano.com/schema/session/expiration", "recheck", &["mno_session_recheck"]),
    required("http://openid.maestrano.com/schema/company/guid", "group_uid", &["group_uid"]),
    required("http://openid.maestrano.com/schema/company/role", "group_role", &["group_role"]),
    required("http://openid.net/schema/company/name", "group_name", &["group_name"]),
    optional("http://openid.maestrano.com/schema/company/email", "group_email", &["group_email"]),
    optional("http://openid.maestrano.com/schema/company/country", "group_country", &["group_country"]),
    optional("http://openid.maestrano.com/schema/company/city", "group_city", &["group_city"]),
    optional("http://openid.maestrano.com/schema/company/timezone", "group_timezone", &["group_timezone"]),
    optional("http://openid.maestrano.com/schema/company/reseller_id", "group_reseller_id", &["group_reseller_id"]),
    optional("http://openid.maestrano.com/schema/reseller/guid", "reseller_id", &["reseller_id"]),
    optional("http://openid.maestrano.com/schema/reseller/name", "reseller_name", &["reseller_name"]),
    optional("http://openid.maestrano.com/schema/reseller/country", "reseller_country", &["reseller_country"]),
];
const VIRTUAL_EMAIL: &str = "http://openid.maestrano.com/schema/contact/internet/vemail";
/// The spelling that Maestrano's Java demo reads; accepted, never asked for.
const VIRTUAL_EMAIL_OF_THE_DEMO: &str = "http://openid.net/schema/contact/internet/vemail";

/// The fields of a request for all types.
pub(super) fn fetch_request() -> impl Iterator<Item = (String, String)> {
    let aliases = |required| {
        let aliases = TYPES.iter().filter(|attribute| attribute.required == required).map(|attribute| attribute.alias);
        aliases.collect::<Vec<_>>().join(",")
    };
    let extension = [
        ("openid.ns.ax".to_owned(), ATTRIBUTE_EXCHANGE.to_owned()),
        ("openid.ax.mode".to_owned(), "fetch_request".to_owned()),
        ("openid.ax.required".to_owned(), aliases(true)),
        ("openid.ax.if_available".to_owned(), aliases(false)),
    ];
    let types = TYPES.iter().map(|attribute| (format!("openid.ax.type.{}", attribute.alias), attribute.uri.to_owned()));
    extension.into_iter().chain(types)
}

/// What a signed answer says: names and values. The aliases are the provider's and mean nothing.
pub(super) fn fetch_response(signed: &SignedFields<'_>) -> Result<Vec<(String, Vec<String>)>, OpenIdError> {
    let extension = extension_alias(signed)?;
    if signed.required(&format!("{extension}.mode"), "ax.mode")? != "fetch_response" {
        return Err(OpenIdError::AttributeExchangeMode);
    }
    let mut attributes: Vec<(String, Vec<String>)> = Vec::new();
    let mut types: Vec<&str> = Vec::new();
    let prefix = format!("{extension}.type.");
    for alias in signed.names_of_message().filter_map(|name| name.strip_prefix(&prefix)) {
        let uri = signed.required(&format!("{prefix}{alias}"), "ax.type")?;
        if alias.contains('.') || types.contains(&uri) {
            return Err(OpenIdError::AttributeType);
        }
        types.push(uri);
        let names = names_of(uri);
        if names.is_empty() {
            continue;
        }
        let values = values(signed, &extension, alias)?;
        for name in names {
            add(&mut attributes, name, &values)?;
        }
    }
    Ok(attributes)
}

/// The extension's alias: the one that stands for its namespace (section 12).
fn extension_alias(signed: &SignedFields<'_>) -> Result<String, OpenIdError> {
    let mut aliases = signed.aliases_of(ATTRIBUTE_EXCHANGE);
    match (aliases.next(), aliases.next()) {
        (Some(alias), None) if !alias.is_empty() && !alias.contains('.') => {
            signed.required(&format!("ns.{alias}"), "ns.ax")?;
            Ok(alias.to_owned())
        }
        (None, _) => Err(OpenIdError::Missing { field: "ns.ax" }),
        _ => Err(OpenIdError::AttributeExchangeAlias),
    }
}

fn names_of(uri: &str) -> &'static [&'static str] {
    let uri = if uri == VIRTUAL_EMAIL_OF_THE_DEMO { VIRTUAL_EMAIL } else { uri };
    TYPES.iter().find(|attribute| attribute.uri == uri).map_or(&[], |attribute| attribute.names)
}

/// One value, or as many as `count` says (attribute exchange 1.0, 5.2).
fn values(signed: &SignedFields<'_>, extension: &str, alias: &str) -> Result<Vec<String>, OpenIdError> {
    let value = |name: String| match signed.optional(&name, "ax.value")? {
        Some(value) => Ok(value.to_owned()),
        None => Err(OpenIdError::Missing { field: "ax.value" }),
    };
    match signed.optional(&format!("{extension}.count.{alias}"), "ax.count")? {
        None => Ok(vec![value(format!("{extension}.value.{alias}"))?]),
        Some(count) => match count.parse() {
            Ok(count @ 0..=MAX_COUNT) => {
                (1..=count).map(|at| value(format!("{extension}.value.{alias}.{at}"))).collect()
            }
            _ => Err(OpenIdError::AttributeCount),
        },
    }
}

/// Two types can have the same name, but not say different things by it.
fn add(attributes: &mut Vec<(String, Vec<String>)>, name: &str, values: &[String]) -> Result<(), OpenIdError> {
    match attributes.iter().find(|(known, _)| known == name) {
        None => attributes.push((name.to_owned(), values.to_owned())),
        Some((_, known)) if known == values => {}
        Some(_) => return Err(OpenIdError::AttributeType),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_types_are_asked_for_and_those_nobody_signs_in_without_are_required() {
        let fields: Vec<(String, String)> = fetch_request().collect();
        let field = |name: &str| fields.iter().find(|(found, _)| found == name).unwrap().1.as_str();
        assert_eq!(
            field("openid.ax.required"),
            "uid,virtual_uid,email,virtual_email,session,recheck,group_uid,group_role,group_name"
        );
        let aliases = format!("{},{}", field("openid.ax.required"), field("openid.ax.if_available"));
        assert_eq!(aliases.split(',').count(), TYPES.len());
        for alias in aliases.split(',') {
            assert!(field(&format!("openid.ax.type.{alias}")).starts_with("http://openid."), "{alias}");
        }
    }
}
