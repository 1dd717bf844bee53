//! What the tests of the findings share.

use super::{
    Arguments,
    finding::{Level, Line},
};

/// Each secret is called as its option.
pub(super) fn arguments() -> Arguments {
    Arguments {
        table: "accounts".to_owned(),
        application_secret: "application-secret".to_owned(),
        platform_secret: "platform-secret".to_owned(),
        manifest_secret: "manifest-secret".to_owned(),
        service_url: None,
        json: false,
    }
}

/// The one line that says this.
#[track_caller]
pub(super) fn assert_one<'l>(lines: &'l [Line], level: Level, part: &str) -> &'l str {
    let found: Vec<&Line> = lines.iter().filter(|line| line.message.contains(part)).collect();
    match found.as_slice() {
        [line] if line.level == level => &line.message,
        _ => panic!("not one line that says {part:?} at {level:?} in {lines:#?}"),
    }
}
