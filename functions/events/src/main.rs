//! Cold start of the `events` function.

use std::process::ExitCode;

use events::{App, Batch, Settings, handle};
use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async |variables| {
        let app = App::start(Settings::read(variables)?).await;
        lambda::run_worker(async |_: &str, batch: Batch| handle(&app, batch).await).await
    })
    .await
}
