//! `--env-file`: what the deployed functions find in their variables, for functions that run elsewhere on this machine, such as
//! under `cargo lambda watch`. Secrets are named in it, not held.

use std::path::Path;

use crate::{Description, bus, describe, secrets};

/// Writes `NAME=value` lines.
///
/// # Errors
/// What the system says.
pub fn write(description: &Description, file: &Path) -> std::io::Result<()> {
    let lines: String = variables(description).iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    describe::write(file, lines.as_bytes())
}

/// Each variable with its value as a function reads it.
#[must_use]
pub fn variables(description: &Description) -> [(&'static str, &str); 19] {
    let stores = &description.stores;
    [
        ("ACCOUNTS_TABLE", &*stores.tables.accounts),
        ("APPLICATION_SECRET_ID", secrets::APPLICATION),
        ("APP_API_KEY_SECRET_ID", secrets::APP_API_KEY),
        ("APP_POST_LOGIN_URL", &description.app.post_login_url),
        ("DEVELOPER_PLATFORM_SECRET_ID", secrets::DEVELOPER_PLATFORM),
        ("EVENT_BUS", bus::BUS),
        ("EVENTS_DEAD_LETTERS_URL", &stores.queues.events_dead_letters),
        ("ID_MAP_TABLE", &stores.tables.id_map),
        ("MANIFEST_SECRET_ID", secrets::MANIFEST),
        ("MNO_DEVPL_HOST", &description.sandbox.base_url),
        ("PUSH_DEAD_LETTERS_URL", &stores.queues.push_dead_letters),
        ("PUSH_QUEUE_URL", &stores.queues.push),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", &stores.region),
        ("AWS_ENDPOINT_URL_DYNAMODB", &stores.dynamodb_endpoint),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", &stores.event_bus_endpoint),
        ("AWS_ENDPOINT_URL_SQS", &stores.event_bus_endpoint),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &stores.secrets_manager_endpoint),
    ]
}
