//! What of a change can be taken, and what goes out of it.

use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{GroupId, LocalRecord, Version},
    testing::acme,
};

fn record() -> LocalRecord {
    LocalRecord { class_name: "invoice".to_owned(), id: "inv-8".to_owned() }
}

fn change() -> Value {
    json!({
        "entity": "invoices",
        "document": { "title": "Paper", "person_id": "c-1", "lines": [{ "item_id": 7 }, { "item_id": null }] },
        "version": 3,
        "groups": [{ "marketplace": "acme-hub", "group": "cld-7a1c" }, { "marketplace": "acme-hub", "group": "cld-7a1c" }],
        "references": { "person_id": "customer", "lines/item_id": "product" },
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut changed = change();
    changed[member] = value;
    changed
}

#[test]
fn a_change_is_read_whole() {
    let read = Change::read(Some(record()), change()).unwrap();
    let stored = read.stored();
    assert_eq!((stored.entity.as_str(), stored.version, stored.groups.len()), ("invoices", Version::Number(3), 2));
    let mut named = change();
    named["class"] = json!("invoice");
    named["id"] = json!("inv-8");
    assert_eq!(Change::read(None, named).unwrap(), read);
    let mut dated = with("updated_at", json!("2030-01-15T11:00:00+01:00"));
    dated.as_object_mut().unwrap().remove("version");
    let version = Change::read(Some(record()), dated).unwrap().stored().version;
    assert_eq!(version, Version::UpdatedAt("2030-01-15T10:00:00Z".parse().unwrap()));
}

#[test]
fn what_is_wrong_with_a_change_is_named() {
    let mut deep = json!(1);
    for _ in 0..33 {
        deep = json!([deep]);
    }
    let missing = |name: &str| {
        let mut changed = change();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    for (value, field) in [
        (json!([]), ""),
        (missing("entity"), "entity"),
        (with("entity", json!("unicorns")), "entity"),
        (with("entity", json!(1)), "entity"),
        (missing("document"), "document"),
        (with("document", json!([])), "document"),
        (with("document", json!({"id": "x"})), "document/id"),
        (with("document", json!({ "deep": deep })), "document"),
        (with("document", json!({"big": "x".repeat(MAX_DOCUMENT_LEN)})), "document"),
        (missing("version"), "version"),
        (with("version", json!(-1)), "version"),
        (with("version", json!(1.5)), "version"),
        (with("version", json!(1_u64 << 53)), "version"),
        (with("version", json!("3")), "version"),
        (with("updated_at", json!("2030-01-15T10:00:00Z")), "version"),
        (with("groups", json!({})), "groups"),
        (with("groups", json!([{"marketplace": "acme-hub"}])), "groups/0/group"),
        (
            with("groups", json!([{"marketplace": "acme-hub", "group": "a"}, {"marketplace": "A", "group": "a"}])),
            "groups/1/marketplace",
        ),
        (with("groups", json!([{"marketplace": "acme-hub", "group": "a", "x": 1}])), "groups/0"),
        (with("groups", json!(vec![json!({"marketplace": "a", "group": "b"}); 101])), "groups"),
        (with("references", json!([])), "references"),
        (with("references", json!({"lines//item_id": "product"})), "references"),
        (with("references", json!({"id": "product"})), "references"),
        (with("references", json!({"item_id": "a/b"})), "references/item_id"),
        (with("surprise", json!(1)), "surprise"),
    ] {
        let invalid = Change::read(Some(record()), value.clone()).unwrap_err();
        assert_eq!(invalid.field, field, "{value}");
    }
    for (at, field) in
        [("yesterday", "updated_at"), ("2030-01-15T10:00:00", "updated_at"), ("1969-01-01T00:00:00Z", "updated_at")]
    {
        let mut dated = missing("version");
        dated["updated_at"] = json!(at);
        assert_eq!(Change::read(Some(record()), dated).unwrap_err().field, field, "{at}");
    }
}

#[test]
fn names_that_could_be_taken_for_others_are_refused() {
    let refused = |class_name: &str, id: &str| {
        check_record(&LocalRecord { class_name: class_name.to_owned(), id: id.to_owned() })
            .err()
            .map(|invalid| invalid.field)
    };
    for good in ["1", "inv-8", "a b", "naïve 🦀", "a#b%c", &"x".repeat(256)] {
        assert_eq!(refused("invoice", good), None, "{good}");
    }
    for bad in ["", ".", "..", "a/b", "a\\b", "a\nb", "\0", "\u{85}", "\u{ffff}", &"x".repeat(257)] {
        assert_eq!(refused("invoice", bad).as_deref(), Some("id"), "{bad:?}");
    }
    for bad in ["", "1a", "a b", "a/b", "é", "a\n", &"x".repeat(101)] {
        assert_eq!(refused(bad, "1").as_deref(), Some("class"), "{bad:?}");
    }
}

#[test]
fn the_hash_is_that_of_what_is_pushed() {
    let hash = |value: Value| Change::read(Some(record()), value).unwrap().stored().hash.clone();
    assert_eq!(hash(change()), hash(with("version", json!(9))));
    assert_eq!(hash(change()), hash(with("groups", json!([]))));
    for (member, other) in
        [("entity", json!("quotes")), ("document", json!({"title": "Ink"})), ("references", json!({}))]
    {
        assert_ne!(hash(change()), hash(with(member, other)), "{member}");
    }
}

#[test]
fn what_goes_out_names_our_records_by_our_ids() {
    let (change, group) = (Change::read(Some(record()), change()).unwrap(), "cld-7a1c".parse::<GroupId>().unwrap());
    let id = |id: &str| json!([{ "id": id, "provider": acme().nid.unwrap(), "realm": "cld-7a1c" }]);
    let document = outgoing(change.stored(), &acme(), &group);
    assert_eq!(document["id"], id("invoice:inv-8"));
    assert_eq!(document["person_id"], id("customer:c-1"));
    assert_eq!(document["lines"], json!([{ "item_id": id("product:7") }, { "item_id": null }]));
    assert_eq!(document["title"], "Paper");
    let company = Change::read(Some(record()), with("entity", json!("company"))).unwrap();
    assert!(!outgoing(company.stored(), &acme(), &group).contains_key("id"));
}

#[test]
fn the_queue_knows_two_kinds_of_messages() {
    let push = PushMessage {
        push: crate::store::Target { marketplace: "acme-hub".parse().unwrap(), group: "cld-7a1c".parse().unwrap() },
        record: record(),
        is_linked: true,
        since: Some("2030-01-15T10:00:00Z".parse().unwrap()),
        attempts: 2,
    };
    let body = serde_json::to_string(&push).unwrap();
    assert_eq!(Message::read(&body).unwrap(), Message::Push(push));
    let mut named = change();
    named["class"] = json!("invoice");
    named["id"] = json!("inv-8");
    assert!(matches!(Message::read(&named.to_string()).unwrap(), Message::Change(_)));
    for (body, field) in
        [("", ""), ("[]", ""), ("{", ""), ("{}", "class"), (r#"{"push": {}}"#, "push"), (r#"{"push": 1}"#, "push")]
    {
        assert_eq!(Message::read(body).unwrap_err().field, field, "{body}");
    }
    // A later version may say more.
    let more = body.replacen('{', r#"{"more":1,"#, 1);
    assert_eq!(Message::read(&more).unwrap(), Message::read(&body).unwrap());
}
