//! What others wrote, made harmless before a person reads it.

/// A key that is none, or a server's words, may hold anything, and a terminal obeys some of it: what moves the cursor, colours, or
/// turns the direction of the text around becomes the replacement character.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|one| if is_obeyed(one) { char::REPLACEMENT_CHARACTER } else { one }).collect()
}

fn is_obeyed(one: char) -> bool {
    let separates_lines = matches!(one, '\u{2028}' | '\u{2029}');
    let turns_around =
        matches!(one, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    one.is_control() || separates_lines || turns_around
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_replaced_and_the_rest_stays() {
        let odd = "a\u{1b}[2J\u{9b}31m\r\nb\u{7f}\u{202e}c\u{2028}";
        assert_eq!(printable(odd), "a\u{fffd}[2J\u{fffd}31m\u{fffd}\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}");
        assert_eq!(printable("Größe 4 · 木 \\ \"x\""), "Größe 4 · 木 \\ \"x\"");
    }
}
