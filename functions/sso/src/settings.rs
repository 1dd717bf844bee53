//! What the deployment tells the function.

use shared::env::{EnvError, Variables};

/// The function's variables. Secrets are named here, never held.
#[derive(Debug)]
pub struct Settings {
    pub(crate) accounts_table: String,
    pub(crate) application_secret_id: String,
    pub(crate) post_login_url: String,
    pub(crate) return_origins: String,
    pub(crate) signing_secret_id: Option<String>,
}

impl Settings {
    /// Reads `ACCOUNTS_TABLE`, `APPLICATION_SECRET_ID`, `APP_POST_LOGIN_URL`, `APP_RETURN_ORIGINS` and `SAML_SIGNING_SECRET_ID`.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        Ok(Self {
            accounts_table: variables.required("ACCOUNTS_TABLE")?,
            application_secret_id: variables.required("APPLICATION_SECRET_ID")?,
            post_login_url: variables.required("APP_POST_LOGIN_URL")?,
            return_origins: variables.optional("APP_RETURN_ORIGINS")?.unwrap_or_default(),
            signing_secret_id: variables.optional("SAML_SIGNING_SECRET_ID")?,
        })
    }
}
