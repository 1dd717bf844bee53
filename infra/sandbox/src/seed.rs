//! The people and groups every sandbox starts with.
//!
//! Both marketplaces use the same uids for different people and companies on purpose, because uids are not
//! unique across marketplaces. Names carry what breaks careless code: `&`, `<`, quotes, accents, other scripts.

use jiff::Timestamp;

use crate::directory::{Dates, Directory, Group, GroupStatus, Membership, Reseller, Role, User};

/// 2090-01-31T00:00:00Z: a trial that is still running.
const RUNNING_TRIAL: i64 = 3_789_504_000;
/// 2019-06-30T23:59:59Z: a trial that is over.
const ENDED_TRIAL: i64 = 1_561_939_199;
/// 2019-05-31T00:00:00Z: when everybody came to the marketplace.
const CREATED: i64 = 1_559_260_800;
/// 2020-02-29T12:30:00Z: when what is known of them last changed.
const UPDATED: i64 = 1_582_979_400;

/// Ines is in every group, Nino in one, Maya in none.
pub(crate) fn acme_hub() -> Directory {
    Directory {
        users: vec![
            user("usr-5k2", ["Inês", "Okoro"], "ines.okoro@example.org", "AU", Some("Okoro Holdings")),
            user("usr-8w1", ["ნინო", "Kapanadze & Chen"], "nino.kapanadze@example.com", "US", Some("")),
            user("usr-3d7", ["Maya", "O'Neil <QA>"], "maya@example.test", "IE", None),
        ],
        groups: vec![
            Group {
                reseller_id: Some("rsl-44x".to_owned()),
                main_accounting: Some("quickbooks".to_owned()),
                ..group("cld-7a1c", "Harbour Café & Sons", ["AUD", "Australia/Sydney", "AU", "Sydney"])
            },
            Group {
                free_trial_end_at: instant(ENDED_TRIAL),
                has_credit_card: true,
                ..group(
                    "cld-9e4f",
                    "Quay \"Books\" & 'Prints' <Ltd>",
                    ["USD", "America/Los_Angeles", "US", "San Francisco"],
                )
            },
            group("cld-2b6d", "Γεφύρι «Ωμέγα» ΑΕ", ["EUR", "Europe/Athens", "GR", "Αθήνα"]),
        ],
        memberships: vec![
            member("usr-5k2", "cld-7a1c", Role::Admin),
            member("usr-5k2", "cld-9e4f", Role::Member),
            member("usr-5k2", "cld-2b6d", Role::SuperAdmin),
            member("usr-8w1", "cld-9e4f", Role::PowerUser),
        ],
        resellers: vec![reseller("rsl-44x", "Blue Tide Consulting", "BTC", "NZ")],
    }
}

/// Søren is in one group, Priya in two, Olena in two: the same uids as on the other marketplace.
pub(crate) fn northbank() -> Directory {
    Directory {
        users: vec![
            user("usr-5k2", ["Søren", "Ångström"], "soren@example.com", "DK", Some("")),
            user("usr-8w1", ["Priya", "Nair & Daughters"], "priya.nair@example.org", "GB", Some("Nair & Co <UK>")),
            user("usr-3d7", ["Олена", "Шевченко"], "olena@example.test", "UA", None),
        ],
        groups: vec![
            group("cld-7a1c", "Nordlys A/S", ["DKK", "Europe/Copenhagen", "DK", "København"]),
            Group {
                reseller_id: Some("rsl-44x".to_owned()),
                has_credit_card: true,
                ..group("cld-9e4f", "Fjord & Fjell «Regnskap»", ["NOK", "Europe/Oslo", "NO", "Tromsø"])
            },
            Group {
                free_trial_end_at: instant(ENDED_TRIAL),
                ..group("cld-2b6d", "Nair \"Spice\" & Tea", ["GBP", "Europe/London", "GB", "Leeds"])
            },
        ],
        memberships: vec![
            member("usr-5k2", "cld-7a1c", Role::SuperAdmin),
            member("usr-8w1", "cld-9e4f", Role::Member),
            member("usr-8w1", "cld-2b6d", Role::Admin),
            member("usr-3d7", "cld-7a1c", Role::PowerUser),
            member("usr-3d7", "cld-2b6d", Role::Member),
        ],
        resellers: vec![reseller("rsl-44x", "Fjord & Partners", "FJP", "NO")],
    }
}

fn user(uid: &str, [name, surname]: [&str; 2], email: &str, country: &str, company: Option<&str>) -> User {
    User {
        uid: uid.to_owned(),
        name: name.to_owned(),
        surname: surname.to_owned(),
        email: email.to_owned(),
        country: country.to_owned(),
        company_name: company.map(str::to_owned),
        dates: dates(),
    }
}

fn group(uid: &str, name: &str, [currency, timezone, country, city]: [&str; 4]) -> Group {
    Group {
        uid: uid.to_owned(),
        name: name.to_owned(),
        email: format!("{uid}@example.com"),
        free_trial_end_at: instant(RUNNING_TRIAL),
        has_credit_card: false,
        currency: currency.to_owned(),
        timezone: timezone.to_owned(),
        country: country.to_owned(),
        city: city.to_owned(),
        reseller_id: None,
        main_accounting: None,
        status: GroupStatus::Running,
        dates: dates(),
    }
}

fn member(user_uid: &str, group_uid: &str, role: Role) -> Membership {
    Membership { user_uid: user_uid.to_owned(), group_uid: group_uid.to_owned(), role }
}

fn reseller(uid: &str, name: &str, code: &str, country: &str) -> Reseller {
    Reseller {
        uid: uid.to_owned(),
        name: name.to_owned(),
        code: code.to_owned(),
        country: country.to_owned(),
        dates: dates(),
    }
}

fn dates() -> Dates {
    Dates { created_at: instant(CREATED), updated_at: instant(UPDATED) }
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_marketplaces_use_the_same_uids_for_different_people() {
        let (acme, north) = (acme_hub(), northbank());
        for user in &acme.users {
            let namesake = north.user(&user.uid).unwrap();
            assert_ne!(user.email, namesake.email);
        }
        for group in &acme.groups {
            assert_ne!(group.name, north.group(&group.uid).unwrap().name);
        }
    }

    #[test]
    fn the_seed_covers_several_groups_one_group_and_none() {
        let acme = acme_hub();
        let counts: Vec<usize> = acme.users.iter().map(|user| acme.groups_of(&user.uid).count()).collect();
        assert_eq!(counts, [3, 1, 0]);
    }

    #[test]
    fn instants_are_the_documented_ones() {
        assert_eq!(instant(RUNNING_TRIAL).to_string(), "2090-01-31T00:00:00Z");
        assert_eq!(instant(ENDED_TRIAL).to_string(), "2019-06-30T23:59:59Z");
        assert_eq!(instant(CREATED).to_string(), "2019-05-31T00:00:00Z");
        assert_eq!(instant(UPDATED).to_string(), "2020-02-29T12:30:00Z");
    }
}
