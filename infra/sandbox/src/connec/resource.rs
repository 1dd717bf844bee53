//! Which resources there are (protocol §7.2), and which of them a reference means.

/// Names as they stand in paths and envelopes. `contacts` is not among them: it is a view of two others.
const NAMES: [&str; 34] = [
    "company",
    "accounts",
    "invoices",
    "sales_orders",
    "purchase_orders",
    "quotes",
    "payments",
    "stock_adjustments",
    "journals",
    "items",
    "organizations",
    "people",
    "projects",
    "tax_codes",
    "tax_rates",
    "warehouses",
    "events",
    "venues",
    "event_orders",
    "work_locations",
    "pay_items",
    "employees",
    "pay_schedules",
    "time_sheets",
    "time_activities",
    "pay_runs",
    "pay_stubs",
    "leave_applications",
    "transaction_logs",
    "connector_syncs",
    "opportunities",
    "app_users",
    "teams",
    "leads",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource(&'static str);

impl Resource {
    /// The customer's own company: there is exactly one in a group.
    pub(crate) const COMPANY: Self = Self("company");
    pub(crate) const PEOPLE: Self = Self("people");

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        NAMES.into_iter().map(Self)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|resource| resource.0 == name)
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.0
    }

    pub(crate) fn is_singular(self) -> bool {
        self == Self::COMPANY
    }

    /// The word for one of them.
    pub(super) fn singular(self) -> String {
        match self.0 {
            "people" => "person".to_owned(),
            "company" => "company".to_owned(),
            name => match name.strip_suffix("ies") {
                Some(stem) => format!("{stem}y"),
                None => name.strip_suffix('s').unwrap_or(name).to_owned(),
            },
        }
    }

    /// What a field refers to by its name: `organization_id`, or `sale_tax_code_id`, which means a tax code.
    pub(super) fn meant_by(field: &str) -> Option<Self> {
        let field = field.strip_suffix("_id")?;
        let means =
            |singular: &str| field.strip_suffix(singular).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
        Self::all().filter(|resource| means(&resource.singular())).max_by_key(|resource| resource.singular().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_means_the_resource_its_name_ends_in() {
        let cases = [
            ("organization_id", Some("organizations")),
            ("person_id", Some("people")),
            ("sale_tax_code_id", Some("tax_codes")),
            ("pay_item_id", Some("pay_items")),
            ("item_id", Some("items")),
            ("opportunity_id", Some("opportunities")),
            ("lead_referent_id", None),
            ("id", None),
        ];
        for (field, expected) in cases {
            assert_eq!(Resource::meant_by(field).map(Resource::as_str), expected, "{field}");
        }
    }
}
