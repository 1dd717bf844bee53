//! What the deployment tells the function.

use shared::{
    env::{EnvError, Variables},
    marketplace::PlatformUrl,
};

/// The function's variables. Secrets are named here, never held.
#[derive(Debug)]
pub struct Settings {
    pub(crate) accounts_table: String,
    pub(crate) application_secret_id: String,
    pub(crate) manifest_secret_id: String,
    pub(crate) platform_secret_id: String,
    pub(crate) platform_url: PlatformUrl,
}

impl Settings {
    /// Reads `ACCOUNTS_TABLE`, `APPLICATION_SECRET_ID`, `DEVELOPER_PLATFORM_SECRET_ID`, `MANIFEST_SECRET_ID`, and where the developer
    /// platform is.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        Ok(Self {
            accounts_table: variables.required("ACCOUNTS_TABLE")?,
            application_secret_id: variables.required("APPLICATION_SECRET_ID")?,
            manifest_secret_id: variables.required("MANIFEST_SECRET_ID")?,
            platform_secret_id: variables.required("DEVELOPER_PLATFORM_SECRET_ID")?,
            platform_url: PlatformUrl::read(variables)?,
        })
    }
}
