//! What the deployment tells the function.

use shared::env::{EnvError, Variables};

/// The function's variables. Secrets are named here, never held.
#[derive(Debug)]
pub struct Settings {
    pub(crate) accounts_table: String,
    pub(crate) app_api_key_secret_id: String,
    pub(crate) application_secret_id: String,
    pub(crate) id_map_table: String,
    pub(crate) push_queue_url: String,
}

impl Settings {
    /// Reads `ACCOUNTS_TABLE`, `APP_API_KEY_SECRET_ID`, `APPLICATION_SECRET_ID`, `ID_MAP_TABLE` and `PUSH_QUEUE_URL`.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        Ok(Self {
            accounts_table: variables.required("ACCOUNTS_TABLE")?,
            app_api_key_secret_id: variables.required("APP_API_KEY_SECRET_ID")?,
            application_secret_id: variables.required("APPLICATION_SECRET_ID")?,
            id_map_table: variables.required("ID_MAP_TABLE")?,
            push_queue_url: variables.required("PUSH_QUEUE_URL")?,
        })
    }
}
