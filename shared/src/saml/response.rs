//! The unsigned envelope. Its `Status`, `Destination` and shape can only make us refuse: nothing is taken from it
//! (threats.md F1).

use super::{
    ResponseError, UnverifiedResponse,
    algorithm::{NS_ASSERTION, NS_PROTOCOL, STATUS_SUCCESS},
    xml::SamlElement as _,
};

impl UnverifiedResponse<'_> {
    /// Checks version, destination, status, and that there is nothing beside issuer, status and assertion.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check_envelope(&self, acs_url: &str) -> Result<(), ResponseError> {
        let response = self.response;
        if response.attribute("Version") != Some("2.0") {
            return Err(ResponseError::Version { element: "Response" });
        }
        if response.attribute("Destination").is_some_and(|destination| destination != acs_url) {
            return Err(ResponseError::DestinationMismatch);
        }
        let mut children = response.sequence("Response");
        let _ = children.optional(NS_ASSERTION, "Issuer")?;
        let status = children.required(NS_PROTOCOL, "Status")?;
        children.required(NS_ASSERTION, "Assertion")?;
        children.end()?;

        let mut parts = status.sequence("Status");
        let code = parts.required(NS_PROTOCOL, "StatusCode")?;
        let _ = parts.optional(NS_PROTOCOL, "StatusMessage")?;
        let _ = parts.optional(NS_PROTOCOL, "StatusDetail")?;
        parts.end()?;
        if code.attribute("Value") == Some(STATUS_SUCCESS) { Ok(()) } else { Err(ResponseError::Status) }
    }
}
