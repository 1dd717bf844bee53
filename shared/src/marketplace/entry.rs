//! What the sources say of each marketplace, as they said it. API keys stand in here, so nothing of it prints.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the sources say of all marketplaces, by key.
pub type Entries = BTreeMap<String, Entry>;

/// What each source says of one marketplace; at least one of them says something.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its entry in the developer platform's document (protocol.md §1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Value>,
    /// Its entry in our own manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Value>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

/// Other spellings that the same keys have had (protocol.md §1.2), each with the platform's own.
const SPELLINGS: [(&str, &str, &str); 4] = [
    ("", "webhook", "webhooks"),
    ("account", "groups_path", "group_path"),
    ("account", "group_users_path", "group_user_path"),
    ("connec", "notifications_path", "notification_path"),
];

/// `over` laid over `under`, field by field: what `over` says counts, what it leaves out, leaves empty or says is null does not.
/// Keys come out in the platform's own spelling.
pub(super) fn merged(under: Value, over: &Value) -> Value {
    let mut under = spelled(under);
    lay(&mut under, spelled(over.clone()));
    under
}

fn lay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) if is_said(&over) => *under = over,
        _ => {}
    }
}

/// Empty strings count as absent: `sso.idm` comes as null and as `""` (protocol.md §1.2).
pub(super) fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    }
}

fn spelled(mut entry: Value) -> Value {
    for (section, spelling, own) in SPELLINGS {
        let holder = match section {
            "" => Some(&mut entry),
            section => entry.get_mut("webhooks").and_then(|webhooks| webhooks.get_mut(section)),
        };
        let Some(holder) = holder.and_then(Value::as_object_mut) else { continue };
        let Some(value) = holder.remove(spelling) else { continue };
        // Both spellings at once: the platform's own counts.
        let mut value = value;
        if let Some(said) = holder.remove(own) {
            lay(&mut value, said);
        }
        holder.insert(own.to_owned(), value);
    }
    entry
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_said_above_counts_and_what_is_not_said_does_not() {
        let under =
            json!({"app": {"host": "https://a.test"}, "sso": {"idm": "https://i.test", "idp": "https://p.test"}});
        let over = json!({"app": {"host": " "}, "sso": {"idm": null, "idp": "https://q.test"}, "nid": "n"});
        assert_eq!(
            merged(under, &over),
            json!({"app": {"host": "https://a.test"}, "sso": {"idm": "https://i.test", "idp": "https://q.test"}, "nid": "n"})
        );
    }

    #[test]
    fn every_spelling_of_the_webhooks_is_the_same_key() {
        let own = json!({"webhooks": {"account": {"group_path": "/g", "group_user_path": "/u"}, "connec": {"notification_path": "/n"}}});
        let other = json!({"webhook": {"account": {"groups_path": "/g", "group_users_path": "/u"}, "connec": {"notifications_path": "/n"}}});
        let mixed = json!({"webhook": {"account": {"group_path": "/g"}}, "webhooks": {"account": {"group_users_path": "/u"}, "connec": {"notifications_path": "/n"}}});
        for spelling in [own.clone(), other, mixed] {
            assert_eq!(merged(spelling, &Value::Null), own);
        }
    }

    #[test]
    fn of_two_spellings_at_once_the_platforms_own_counts() {
        let both = json!({"webhooks": {"account": {"groups_path": "/other", "group_path": "/own"}}});
        assert_eq!(merged(both, &Value::Null), json!({"webhooks": {"account": {"group_path": "/own"}}}));
        let empty = json!({"webhooks": {"account": {"groups_path": "/other", "group_path": ""}}});
        assert_eq!(merged(empty, &Value::Null), json!({"webhooks": {"account": {"group_path": "/other"}}}));
    }

    #[test]
    fn a_spelling_of_the_manifest_meets_the_platforms() {
        let platform = json!({"webhooks": {"account": {"group_path": "/platform"}}});
        let manifest = json!({"webhook": {"account": {"groups_path": "/manifest"}}});
        assert_eq!(merged(platform, &manifest), json!({"webhooks": {"account": {"group_path": "/manifest"}}}));
    }

    #[test]
    fn nothing_of_it_prints() {
        let entry = Entry { platform: Some(json!({"api": {"key": "hush"}})), manifest: None };
        assert!(!format!("{entry:?}").contains("hush"));
    }
}
