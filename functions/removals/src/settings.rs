//! What the deployment tells the function.

use shared::env::{EnvError, Variables};

/// The function's variables. Secrets are named here, never held.
#[derive(Debug)]
pub struct Settings {
    pub(crate) accounts_table: String,
    pub(crate) application_secret_id: String,
}

impl Settings {
    /// Reads `ACCOUNTS_TABLE` and `APPLICATION_SECRET_ID`.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        Ok(Self {
            accounts_table: variables.required("ACCOUNTS_TABLE")?,
            application_secret_id: variables.required("APPLICATION_SECRET_ID")?,
        })
    }
}
