//! Escaping exactly as canonical XML writes text and attribute values, because the digest is taken on the literal text.

use std::borrow::Cow;

/// Element content: `& < >` and carriage return. What XML 1.0 forbids outright becomes U+FFFD.
pub(crate) fn text(value: &str) -> Cow<'_, str> {
    replace(value, |character| match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#xD;"),
        '\t' | '\n' => None,
        other => forbidden(other),
    })
}

/// Attribute values: `& < "` and white space other than the blank. `>` stays.
pub(crate) fn attribute(value: &str) -> Cow<'_, str> {
    replace(value, |character| match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#x9;"),
        '\n' => Some("&#xA;"),
        '\r' => Some("&#xD;"),
        other => forbidden(other),
    })
}

fn forbidden(character: char) -> Option<&'static str> {
    matches!(character, '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}').then_some("\u{fffd}")
}

fn replace(value: &str, replacement: impl Fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    if value.chars().all(|character| replacement(character).is_none()) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 8);
    for character in value.chars() {
        match replacement(character) {
            Some(replaced) => escaped.push_str(replaced),
            None => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_canonical_xml_does() {
        assert_eq!(text("a&b<c>d\"e'f\r\n\té"), "a&amp;b&lt;c&gt;d\"e'f&#xD;\n\té");
    }

    #[test]
    fn attribute_values_are_escaped_as_canonical_xml_does() {
        assert_eq!(attribute("a&b<c>d\"e'f\r\n\t"), "a&amp;b&lt;c>d&quot;e'f&#xD;&#xA;&#x9;");
    }

    #[test]
    fn characters_xml_forbids_are_replaced() {
        assert_eq!(text("a\u{0}b"), "a\u{fffd}b");
    }
}
