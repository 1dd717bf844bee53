//! Which dead letters are meant.

use clap::builder::NonEmptyStringValueParser;
use shared::domain::{GroupId, MarketplaceKey};

use super::letter::{About, Letter};

/// One of these has to be said.
#[derive(Debug, Default, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["all", "ids", "marketplace", "reason"])))]
pub(super) struct Which {
    /// All that can be read
    #[arg(long)]
    all: bool,
    /// Those with these message ids, whether or not they can be read
    #[arg(long = "id", value_name = "MESSAGE_ID", num_args = 1.., value_parser = NonEmptyStringValueParser::new())]
    ids: Vec<String>,
    /// The pushes to this marketplace; changes are for no single one
    #[arg(long, value_name = "KEY")]
    marketplace: Option<MarketplaceKey>,
    /// Of those, the pushes to this group
    #[arg(long, value_name = "ID", requires = "marketplace", conflicts_with_all = ["all", "ids", "reason"])]
    group: Option<GroupId>,
    /// Those whose reason, as `list` tells it, contains this text
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
}

/// What is to be done with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is meant.
    Meant,
    /// It would be, if it could be read.
    Unreadable,
    /// It is another.
    Other,
}

impl Which {
    pub(super) fn verdict(&self, letter: &Letter) -> Verdict {
        if self.ids.contains(&letter.id) {
            return Verdict::Meant;
        }
        if !self.fits(letter) {
            return Verdict::Other;
        }
        if letter.is_unreadable() { Verdict::Unreadable } else { Verdict::Meant }
    }

    /// The ids among those named that none of these letters has.
    pub(super) fn missing(&self, letters: &[Letter]) -> impl Iterator<Item = &str> {
        self.ids.iter().map(String::as_str).filter(|id| letters.iter().all(|letter| letter.id != *id))
    }

    fn fits(&self, letter: &Letter) -> bool {
        let is_to = |key: &MarketplaceKey| match &letter.about {
            About::Push { marketplace, group, .. } => {
                marketplace == key && self.group.as_ref().is_none_or(|wanted| wanted == group)
            }
            About::Change { .. } | About::Unreadable { .. } => false,
        };
        self.all
            || self.marketplace.as_ref().is_some_and(is_to)
            || self.reason.as_ref().is_some_and(|part| letter.why().contains(part.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::letter::tests::{CHANGE, PUSH, letter},
        *,
    };

    /// A push with a reason, a change and something unreadable without one.
    fn verdicts(which: &Which) -> [Verdict; 3] {
        let letters = [
            letter("m-1", PUSH, Some("answers with status 422")),
            letter("m-2", CHANGE, None),
            letter("m-3", "{", None),
        ];
        letters.each_ref().map(|letter| which.verdict(letter))
    }

    #[test]
    fn all_are_those_that_can_be_read() {
        let which = Which { all: true, ..Which::default() };
        assert_eq!(verdicts(&which), [Verdict::Meant, Verdict::Meant, Verdict::Unreadable]);
    }

    #[test]
    fn an_id_names_one_even_if_it_cannot_be_read() {
        let which = Which { ids: vec!["m-3".to_owned(), "m-4".to_owned()], ..Which::default() };
        assert_eq!(verdicts(&which), [Verdict::Other, Verdict::Other, Verdict::Meant]);
        assert_eq!(which.missing(&[letter("m-3", "{", None)]).collect::<Vec<_>>(), ["m-4"]);
    }

    #[test]
    fn a_marketplace_means_its_pushes_and_a_group_some_of_them() {
        let of = |key: &str, group: Option<&str>| Which {
            marketplace: key.parse().ok(),
            group: group.map(|group| group.parse().unwrap()),
            ..Which::default()
        };
        let first = [Verdict::Meant, Verdict::Other, Verdict::Other];
        assert_eq!(verdicts(&of("acme-hub", None)), first);
        assert_eq!(verdicts(&of("acme-hub", Some("cld-1"))), first);
        for other in [of("acme-hub", Some("cld-2")), of("northbank", None), of("northbank", Some("cld-1"))] {
            assert_eq!(verdicts(&other), [Verdict::Other; 3]);
        }
    }

    #[test]
    fn a_part_of_the_reason_as_it_is_told_is_enough() {
        let of = |part: &str| Which { reason: Some(part.to_owned()), ..Which::default() };
        assert_eq!(verdicts(&of("status 4")), [Verdict::Meant, Verdict::Other, Verdict::Other]);
        assert_eq!(verdicts(&of("none given")), [Verdict::Other, Verdict::Meant, Verdict::Unreadable]);
        assert_eq!(verdicts(&of("status 5")), [Verdict::Other; 3]);
    }
}
