//! Cold start of the `sso` function.

use lambda_http::{Error, service_fn};
use sso::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let app = App::from_env().await?;
    shared::lambda::run(service_fn(|request| handle(&app, request))).await
}
