//! Cold start of the `account-webhooks` function.

use std::process::ExitCode;

use account_webhooks::{App, Settings, handle};
use lambda_http::service_fn;
use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async |variables| {
        let app = App::start(Settings::read(variables)?).await?;
        lambda::run(service_fn(|request| handle(&app, request))).await
    })
    .await
}
