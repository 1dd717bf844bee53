//! The kinds of records that Connec! has.

use std::fmt;

/// A kind of records, by its name in Connec!'s paths (protocol.md §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity(&'static str);

/// Those of the sandbox, and those met in connectors.
const NAMES: [&str; 35] = [
    "accounts",
    "app_users",
    "company",
    "connector_syncs",
    "contacts",
    "employees",
    "event_orders",
    "events",
    "invoices",
    "items",
    "journals",
    "leads",
    "leave_applications",
    "opportunities",
    "organizations",
    "pay_items",
    "pay_runs",
    "pay_schedules",
    "pay_stubs",
    "payments",
    "people",
    "projects",
    "purchase_orders",
    "quotes",
    "sales_orders",
    "stock_adjustments",
    "tax_codes",
    "tax_rates",
    "teams",
    "time_activities",
    "time_sheets",
    "transaction_logs",
    "venues",
    "warehouses",
    "work_locations",
];

/// The one of which a group has a single record.
const SINGULAR: &str = "company";

impl Entity {
    /// The entity of this name, exactly.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.into_iter().find(|known| *known == name).map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.0
    }

    /// Whether a group has a single one.
    #[must_use]
    pub fn is_singular(&self) -> bool {
        self.0 == SINGULAR
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
