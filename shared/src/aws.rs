//! What all AWS clients of an execution environment have in common: region, credentials, time limits, one HTTP client.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};

/// How long a service may take to answer; a warm answer takes milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it may take with everything that the SDK tries again.
const TIMEOUT: Duration = Duration::from_secs(7);

/// What the execution environment says about itself. Load it once and make every client from it: they then share their
/// connections, and the TLS roots are read once.
pub async fn config() -> SdkConfig {
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(TIMEOUT).build();
    aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await
}
