//! Cold start of the `app-api` function.

use app_api::{App, handle};
use lambda_http::{Error, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let app = App::from_env().await?;
    shared::lambda::run(service_fn(|request| handle(&app, request))).await
}
