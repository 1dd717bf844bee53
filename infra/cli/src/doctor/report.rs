//! The findings as people and as programs read them.

use std::fmt;

use serde::Serialize;

use super::finding::{Block, Level};
use crate::printable::printable;

/// All findings, in the order in which they are told.
#[derive(Debug)]
pub(super) struct Report(pub(super) Vec<Block>);

/// One finding in JSON.
#[derive(Serialize)]
struct Flat<'r> {
    subject: &'r str,
    level: Level,
    message: &'r str,
}

impl Report {
    /// Whether nothing has to be changed.
    pub(super) fn is_well(&self) -> bool {
        self.count(Level::Fix) == 0
    }

    /// An array of findings.
    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        let flat = self.0.iter().flat_map(|Block { subject, lines }| {
            lines.iter().map(move |line| Flat { subject, level: line.level, message: &line.message })
        });
        serde_json::to_string_pretty(&flat.collect::<Vec<_>>())
    }

    fn count(&self, level: Level) -> usize {
        self.0.iter().flat_map(|block| &block.lines).filter(|line| line.level == level).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Block { subject, lines } in &self.0 {
            writeln!(f, "{}", printable(subject))?;
            for line in lines {
                writeln!(f, "  {}  {}", mark(line.level), printable(&line.message))?;
            }
            writeln!(f)?;
        }
        let [ok, note, warn, fix] = [Level::Ok, Level::Note, Level::Warn, Level::Fix].map(|level| self.count(level));
        write!(f, "{ok} ok, {note} to know, {warn} to look at, {fix} to fix")
    }
}

fn mark(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok  ",
        Level::Note => "note",
        Level::Warn => "warn",
        Level::Fix => "FIX ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Line;

    fn report() -> Report {
        let lines = vec![Line::ok("it is there"), Line::warn("look"), Line::fix("change it")];
        Report(vec![
            Block { subject: "everything".to_owned(), lines },
            Block { subject: "acme\u{1b}hub".to_owned(), lines: vec![Line::note("by the way")] },
        ])
    }

    #[test]
    fn there_is_a_block_for_each_subject_and_the_counts_come_last() {
        let expected = "everything\n  ok    it is there\n  warn  look\n  FIX   change it\n\nacme\u{fffd}hub\n  \
                        note  by the way\n\n1 ok, 1 to know, 1 to look at, 1 to fix";
        assert_eq!(report().to_string(), expected);
        assert!(!report().is_well());
    }

    #[test]
    fn json_has_the_same_findings_in_one_array() {
        let json: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
        assert_eq!(json.as_array().unwrap().len(), 4);
        assert_eq!(json[2], serde_json::json!({"subject": "everything", "level": "fix", "message": "change it"}));
    }
}
