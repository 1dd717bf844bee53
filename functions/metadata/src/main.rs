//! Cold start of the `metadata` function.

use std::process::ExitCode;

use lambda_http::service_fn;
use metadata::{App, Settings, handle};
use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async |variables| {
        let app = App::start(Settings::read(variables)?).await?;
        lambda::run(service_fn(|request| handle(&app, request))).await
    })
    .await
}
