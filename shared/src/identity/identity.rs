//! Who signed in, from the attributes of protocol.md §3.7.

use std::fmt;

use jiff::Timestamp;

use super::Assertion;
use crate::{
    domain::{Group, InvalidId, Role, User, VirtualUser},
    secret::Secret,
    trace::reason_codes,
};

/// The longest value we take; names and addresses are far shorter.
const MAX_VALUE_LEN: usize = 1_024;

/// Everything one assertion says about a person, their group, and what they are in it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The person.
    pub user: User,
    /// The same person seen through the group.
    pub virtual_user: VirtualUser,
    /// The group they signed in through.
    pub group: Group,
    /// Their role in it.
    pub role: Role,
    /// The marketplace's own session.
    pub session: MarketplaceSession,
}

/// The session at the marketplace, for asking later whether it still holds (protocol.md §3.11).
#[derive(Debug, Clone)]
pub struct MarketplaceSession {
    /// Opaque, and a credential.
    pub token: Secret,
    /// The first moment at which asking is due.
    pub recheck_at: Timestamp,
}

/// An attribute we cannot do without is missing or makes no sense.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum IdentityError {
    /// Not there, or empty.
    #[error("attribute {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// More than one value.
    #[error("attribute {name} has several values")]
    SeveralValues {
        /// Its name.
        name: &'static str,
    },
    /// Not of the documented form, or over 1,024 bytes.
    #[error("attribute {name} is malformed")]
    Malformed {
        /// Its name.
        name: &'static str,
    },
    /// Two places that must name the same person do not.
    #[error("{name} is not the subject of the assertion")]
    SubjectMismatch {
        /// The attribute that differs.
        name: &'static str,
    },
    /// An id no marketplace issues.
    #[error(transparent)]
    Id(#[from] InvalidId),
}

reason_codes! {
    impl IdentityError {
        Self::Missing { .. } => "attribute-missing",
        Self::SeveralValues { .. } => "attribute-repeated",
        Self::Malformed { .. } => "attribute-malformed",
        Self::SubjectMismatch { .. } => "subject-mismatch",
        Self::Id(_) => "malformed-id",
    }
}

impl TryFrom<&Assertion> for Identity {
    type Error = IdentityError;

    fn try_from(assertion: &Assertion) -> Result<Self, IdentityError> {
        let attributes = Attributes(&assertion.attributes);
        let user = read_user(&attributes)?;
        let group = read_group(&attributes)?;
        for name in ["mno_uid", "uid"] {
            if attributes.required(name)? != assertion.subject {
                return Err(IdentityError::SubjectMismatch { name });
            }
        }
        let virtual_id = VirtualUser::id_of(&user.id, &group.id);
        if attributes.required("virtual_uid")? != virtual_id {
            return Err(IdentityError::SubjectMismatch { name: "virtual_uid" });
        }
        Ok(Self {
            virtual_user: VirtualUser { id: virtual_id, email: attributes.required("virtual_email")?.to_owned() },
            role: Role::new(attributes.required("group_role")?),
            session: MarketplaceSession {
                token: attributes.required("mno_session")?.into(),
                recheck_at: attributes
                    .instant("mno_session_recheck")?
                    .ok_or(IdentityError::Missing { name: "mno_session_recheck" })?,
            },
            user,
            group,
        })
    }
}

fn read_user(attributes: &Attributes<'_>) -> Result<User, IdentityError> {
    Ok(User {
        id: attributes.required("uid")?.parse()?,
        email: attributes.required("email")?.to_owned(),
        first_name: attributes.optional("name")?.unwrap_or_default().to_owned(),
        last_name: attributes.optional("surname")?.unwrap_or_default().to_owned(),
        country: attributes.owned("country")?,
        company_name: attributes.owned("company_name")?,
    })
}

fn read_group(attributes: &Attributes<'_>) -> Result<Group, IdentityError> {
    Ok(Group {
        id: attributes.required("group_uid")?.parse()?,
        name: attributes.required("group_name")?.to_owned(),
        email: attributes.owned("group_email")?,
        currency: attributes.owned("group_currency")?,
        timezone: attributes.owned("group_timezone")?,
        country: attributes.owned("group_country")?,
        city: attributes.owned("group_city")?,
        org_id: attributes.owned("group_org_uid")?,
        reseller_id: attributes.owned("group_reseller_id")?,
        has_credit_card: attributes.flag("group_has_credit_card")?,
        free_trial_end_at: attributes.instant("group_end_free_trial")?,
    })
}

/// Attributes by name. Null values come as empty text (protocol.md §3.7) and count as absent.
struct Attributes<'a>(&'a [(String, Vec<String>)]);

impl<'a> Attributes<'a> {
    fn optional(&self, name: &'static str) -> Result<Option<&'a str>, IdentityError> {
        let Some((_, values)) = self.0.iter().find(|(found, _)| found == name) else { return Ok(None) };
        match values.as_slice() {
            [] => Ok(None),
            [value] if value.is_empty() => Ok(None),
            [value] if value.len() > MAX_VALUE_LEN || value.contains('\0') => Err(IdentityError::Malformed { name }),
            [value] => Ok(Some(value)),
            _ => Err(IdentityError::SeveralValues { name }),
        }
    }

    fn required(&self, name: &'static str) -> Result<&'a str, IdentityError> {
        self.optional(name)?.ok_or(IdentityError::Missing { name })
    }

    fn owned(&self, name: &'static str) -> Result<Option<String>, IdentityError> {
        Ok(self.optional(name)?.map(str::to_owned))
    }

    fn flag(&self, name: &'static str) -> Result<bool, IdentityError> {
        match self.optional(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(IdentityError::Malformed { name }),
        }
    }

    fn instant(&self, name: &'static str) -> Result<Option<Timestamp>, IdentityError> {
        self.optional(name)?.map(|text| text.parse().map_err(|_| IdentityError::Malformed { name })).transpose()
    }
}

impl fmt::Debug for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample_attributes;

    fn assertion(change: &[(&str, &[&str])]) -> Assertion {
        let mut attributes = sample_attributes("2030-01-15T10:03:07Z");
        for (name, values) in change {
            attributes.retain(|(found, _)| found != name);
            attributes.push(((*name).to_owned(), values.iter().map(ToString::to_string).collect()));
        }
        Assertion {
            id: "_a".to_owned(),
            issued_at: Timestamp::UNIX_EPOCH,
            request_id: Some("_r".to_owned()),
            subject: "usr-5k2".to_owned(),
            consumable_until: Timestamp::MAX,
            session_not_on_or_after: None,
            attributes,
        }
    }

    fn error(change: &[(&str, &[&str])]) -> IdentityError {
        Identity::try_from(&assertion(change)).unwrap_err()
    }

    #[test]
    fn the_required_attributes_are_enough() {
        let identity = Identity::try_from(&assertion(&[])).unwrap();
        assert_eq!(identity.user.id.as_str(), "usr-5k2");
        assert!(identity.role.is_admin());
        assert!(!identity.group.has_credit_card);
        assert_eq!(identity.group.free_trial_end_at, None);
    }

    #[test]
    fn each_required_attribute_is_named_when_missing_or_empty() {
        for name in [
            "mno_uid",
            "mno_session",
            "mno_session_recheck",
            "group_uid",
            "group_name",
            "group_role",
            "uid",
            "virtual_uid",
            "email",
            "virtual_email",
        ] {
            assert_eq!(error(&[(name, &[])]), IdentityError::Missing { name });
            assert_eq!(error(&[(name, &[""])]), IdentityError::Missing { name });
        }
    }

    #[test]
    fn all_names_of_the_person_must_agree_with_the_subject() {
        assert_eq!(error(&[("mno_uid", &["usr-8w1"])]), IdentityError::SubjectMismatch { name: "mno_uid" });
        assert_eq!(error(&[("uid", &["usr-8w1"])]), IdentityError::SubjectMismatch { name: "uid" });
        assert_eq!(
            error(&[("virtual_uid", &["usr-5k2.cld-9"])]),
            IdentityError::SubjectMismatch { name: "virtual_uid" }
        );
    }

    #[test]
    fn a_second_value_is_refused_not_chosen_from() {
        assert_eq!(
            error(&[("email", &["a@example.org", "b@example.org"])]),
            IdentityError::SeveralValues { name: "email" }
        );
    }

    #[test]
    fn malformed_values_are_named() {
        assert_eq!(
            error(&[("group_has_credit_card", &["yes"])]),
            IdentityError::Malformed { name: "group_has_credit_card" }
        );
        assert_eq!(
            error(&[("group_end_free_trial", &["soon"])]),
            IdentityError::Malformed { name: "group_end_free_trial" }
        );
        assert_eq!(
            error(&[("mno_session_recheck", &["soon"])]),
            IdentityError::Malformed { name: "mno_session_recheck" }
        );
        assert_eq!(error(&[("email", &[&"x".repeat(1_025)])]), IdentityError::Malformed { name: "email" });
        assert_eq!(error(&[("group_uid", &["cld/../x"])]), IdentityError::Id(InvalidId { kind: "group id" }));
    }
}
