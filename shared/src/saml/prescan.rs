//! A look at the text before it is parsed. The parser compares all attributes of an element with each other, so an element
//! with many thousands of them would cost seconds: counting them first, in one pass, costs microseconds (threats.md D2).
//!
//! Up to the first place that is not well-formed it sees the same tags as the parser, which stops there.

use super::ResponseError;

/// A genuine document has about 80 elements.
pub(super) const MAX_ELEMENTS: usize = 1_000;
/// A genuine start tag has up to eight attributes and namespace declarations together.
pub(super) const MAX_ATTRIBUTES: usize = 24;

/// Refuses a text with too many elements, or a tag with too many attributes.
pub(super) fn check(xml: &str) -> Result<(), ResponseError> {
    let mut rest = xml;
    let mut elements = 0;
    while let Some((_, tag)) = rest.split_once('<') {
        rest = match skip_what_is_no_tag(tag) {
            Some(after) => after?,
            None => {
                elements += usize::from(!tag.starts_with('/'));
                if elements > MAX_ELEMENTS {
                    return Err(ResponseError::TooMany { what: "elements" });
                }
                after_tag(tag)?
            }
        };
    }
    Ok(())
}

/// What follows a comment, a CDATA section or a processing instruction, if this is one.
fn skip_what_is_no_tag(markup: &str) -> Option<Result<&str, ResponseError>> {
    let (start, end) = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>"), ("!", "")]
        .into_iter()
        .find(|(start, _)| markup.starts_with(start))?;
    let body = markup.strip_prefix(start)?;
    // Any other declaration belongs into a DTD, which is forbidden.
    let after = if end.is_empty() { None } else { body.split_once(end) };
    Some(after.map(|(_, after)| after).ok_or(ResponseError::NotXml))
}

/// What follows a tag, its attributes counted by their equals signs outside quotes.
fn after_tag(tag: &str) -> Result<&str, ResponseError> {
    let mut quote = None;
    let mut attributes = 0;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => return tag.get(at + 1..).ok_or(ResponseError::NotXml),
            (None, _) => {}
        }
        if attributes > MAX_ATTRIBUTES {
            return Err(ResponseError::TooMany { what: "attributes" });
        }
    }
    Err(ResponseError::NotXml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_tag_but_is_none_counts_for_nothing() {
        let many = " a=''".repeat(30);
        for fine in [
            format!("<a><!-- <b{many}> \" --></a>"),
            format!("<a><![CDATA[<b{many}> ']]></a>"),
            format!("<a b=\"<c{}>\"/>", " x=".repeat(30)),
            format!("<?x <b{many} ?><a/>"),
        ] {
            assert_eq!(check(&fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn no_comment_or_quote_hides_a_tag() {
        let tag = format!("<b{}/>", " a=''".repeat(30));
        for hidden in [
            format!("<a><!-- <c x=\" -->{tag}</a>"),
            format!("<a><![CDATA[<c x=']]>{tag}</a>"),
            format!("<a x='>' y=\"'\">{tag}</a>"),
            format!("<a>\"{tag}\"</a>"),
            format!("<?x '?>{tag}"),
        ] {
            assert_eq!(check(&hidden), Err(ResponseError::TooMany { what: "attributes" }), "{hidden}");
        }
    }

    #[test]
    fn what_never_ends_is_not_well_formed() {
        for open in ["<a", "<a b='", "<!-- x", "<![CDATA[x", "<?x", "<!DOCTYPE a>", "<a><!ENTITY"] {
            assert_eq!(check(open), Err(ResponseError::NotXml), "{open}");
        }
    }
}
