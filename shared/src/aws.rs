//! What all AWS clients of an execution environment have in common: region, credentials, time limits, one HTTP client.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

/// How long a service may take to answer; a warm answer takes milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it may take with everything that the SDK tries again.
const TIMEOUT: Duration = Duration::from_secs(7);

/// What the execution environment says about itself. Load it once and make every client from it: left to themselves, each would
/// make an HTTP client and read the TLS roots of its own.
pub async fn config() -> SdkConfig {
    let http_client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https();
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(TIMEOUT).build();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http_client).timeout_config(timeouts).load().await
}
