//! What the deployment tells the function.

use shared::env::{EnvError, Variables};

/// The function's variables. Secrets are named here, never held.
#[derive(Debug)]
pub struct Settings {
    pub(crate) accounts_table: String,
    pub(crate) application_secret_id: String,
    pub(crate) id_map_table: String,
}

impl Settings {
    /// Reads `ACCOUNTS_TABLE`, `APPLICATION_SECRET_ID` and `ID_MAP_TABLE`.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        Ok(Self {
            accounts_table: variables.required("ACCOUNTS_TABLE")?,
            application_secret_id: variables.required("APPLICATION_SECRET_ID")?,
            id_map_table: variables.required("ID_MAP_TABLE")?,
        })
    }
}
