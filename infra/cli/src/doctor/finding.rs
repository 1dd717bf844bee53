//! What is found: lines, by subject.

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Good to know.
    Note,
    /// It works, and may not tomorrow, or not as safely as it could.
    Warn,
    /// It does not work.
    Fix,
}

/// One finding: a sentence, which says what to change where there is something to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) message: String,
}

/// All that was found about one subject.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) subject: String,
    pub(super) lines: Vec<Line>,
}

impl Line {
    pub(super) fn ok(message: impl Into<String>) -> Self {
        Self { level: Level::Ok, message: message.into() }
    }

    pub(super) fn note(message: impl Into<String>) -> Self {
        Self { level: Level::Note, message: message.into() }
    }

    pub(super) fn warn(message: impl Into<String>) -> Self {
        Self { level: Level::Warn, message: message.into() }
    }

    pub(super) fn fix(message: impl Into<String>) -> Self {
        Self { level: Level::Fix, message: message.into() }
    }
}
