//! What the deployment tells the function.

use shared::env::{EnvError, Variables};

/// The function's variables.
#[derive(Debug)]
pub struct Settings {
    pub(crate) event_bus: String,
    pub(crate) dead_letters_url: String,
}

impl Settings {
    /// Reads `EVENT_BUS` and `EVENTS_DEAD_LETTERS_URL`.
    ///
    /// # Errors
    /// [`EnvError`] names the variable at fault.
    pub fn read(variables: &Variables) -> Result<Self, EnvError> {
        Ok(Self {
            event_bus: variables.required("EVENT_BUS")?,
            dead_letters_url: variables.required("EVENTS_DEAD_LETTERS_URL")?,
        })
    }
}
