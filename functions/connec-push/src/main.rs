//! Cold start of the `connec-push` function.

use std::process::ExitCode;

use connec_push::{App, Batch, Settings, handle, metrics};
use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async |variables| {
        let app = App::start(Settings::read(variables)?).await?;
        lambda::run_worker(async |function: &str, batch: Batch| {
            let answer = handle(&app, batch).await;
            println!("{}", metrics(&app, function));
            answer
        })
        .await
    })
    .await
}
