//! Cold start of the `removals` function.

use std::process::ExitCode;

use removals::{App, Error, Settings, handle, metrics};
use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main(async |variables| {
        let app = App::start(Settings::read(variables)?).await?;
        lambda::run_job(async |function: &str| {
            let report = handle(&app).await?;
            println!("{}", metrics(&report, function, app.now()));
            Ok::<_, Error>(report)
        })
        .await
    })
    .await
}
