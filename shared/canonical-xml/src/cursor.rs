//! A place in the text, and the small things that can stand there: names, white space, references, characters.

use std::borrow::Cow;

use crate::{Error, MAX_NAME_LEN};

pub(crate) struct Cursor<'x> {
    text: &'x str,
    at: usize,
}

/// A qualified name as it stands in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct QName<'x> {
    /// Empty if there is none.
    pub(crate) prefix: &'x str,
    pub(crate) local: &'x str,
}

impl<'x> Cursor<'x> {
    pub(crate) fn new(text: &'x str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn error(&self) -> Error {
        Error::NotWellFormed { at: self.at }
    }

    pub(crate) fn starts_with(&self, text: &str) -> bool {
        self.rest().as_bytes().starts_with(text.as_bytes())
    }

    pub(crate) fn eat(&mut self, text: &str) -> bool {
        let there = self.starts_with(text);
        self.at += if there { text.len() } else { 0 };
        there
    }

    pub(crate) fn expect(&mut self, text: &str) -> Result<(), Error> {
        if self.eat(text) { Ok(()) } else { Err(self.error()) }
    }

    /// Skips white space (XML 1.0, 2.3) and tells whether there was any.
    pub(crate) fn space(&mut self) -> bool {
        let start = self.at;
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        self.at > start
    }

    /// A qualified name of ASCII characters (XML Namespaces 1.0, 4).
    pub(crate) fn qualified_name(&mut self) -> Result<QName<'x>, Error> {
        let first = self.name()?;
        if !self.eat(":") {
            return Ok(QName { prefix: "", local: first });
        }
        Ok(QName { prefix: first, local: self.name()? })
    }

    /// `NCName`, its ASCII part.
    fn name(&mut self) -> Result<&'x str, Error> {
        let start = self.at;
        if !self.peek().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_') {
            return Err(self.error());
        }
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if self.at - start > MAX_NAME_LEN {
            return Err(Error::TooMany { what: "characters in a name" });
        }
        self.since(start)
    }

    /// What stands before `end`, which is taken too. Every character of it is one that XML allows.
    pub(crate) fn until(&mut self, end: &str) -> Result<&'x str, Error> {
        let start = self.at;
        let (before, _) = self.rest().split_once(end).ok_or(self.error())?;
        if let Some(bad) = before.bytes().position(is_never_allowed) {
            return Err(Error::NotWellFormed { at: start + bad });
        }
        check_noncharacters(before).map_err(|bad| Error::NotWellFormed { at: start + bad })?;
        self.at += before.len() + end.len();
        Ok(before)
    }

    /// Character data up to the next markup, references resolved and line ends normalised (XML 1.0, 2.4 and 2.11).
    pub(crate) fn character_data(&mut self) -> Result<Cow<'x, str>, Error> {
        self.characters(
            |byte| byte == b'<',
            |byte| byte == b'\r' || byte == b']',
            |cursor, piece| {
                if cursor.starts_with("]]>") {
                    return Err(cursor.error());
                }
                match cursor.peek() {
                    Some(b'\r') => cursor.line_end(piece, '\n'),
                    _ => cursor.copy_byte(piece),
                }
                Ok(())
            },
        )
    }

    /// The value of an attribute, from quote to quote, normalised (XML 1.0, 3.3.3).
    pub(crate) fn attribute_value(&mut self) -> Result<Cow<'x, str>, Error> {
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\'')).ok_or(self.error())?;
        self.at += 1;
        let is_space = |byte| matches!(byte, b'\r' | b'\n' | b'\t');
        let value = self.characters(
            |byte| byte == quote || byte == b'<',
            is_space,
            |cursor, piece| {
                cursor.line_end(piece, ' ');
                Ok(())
            },
        )?;
        if self.peek() != Some(quote) {
            return Err(self.error());
        }
        self.at += 1;
        Ok(value)
    }

    /// Text up to a byte that `ends` it. Bytes that are `special` are handed to `handle`, which takes them and appends what they
    /// mean. Nothing is copied as long as every byte means itself.
    fn characters(
        &mut self,
        ends: impl Fn(u8) -> bool,
        special: impl Fn(u8) -> bool,
        handle: impl Fn(&mut Self, &mut String) -> Result<(), Error>,
    ) -> Result<Cow<'x, str>, Error> {
        let mut changed: Option<String> = None;
        let mut start = self.at;
        loop {
            self.skip_while(|byte| {
                !ends(byte) && !special(byte) && byte != b'&' && byte != 0xEF && !is_never_allowed(byte)
            });
            match self.peek() {
                None => return Err(self.error()),
                Some(byte) if ends(byte) => break,
                Some(0xEF) => {
                    check_noncharacters(self.rest().get(..3).unwrap_or_default()).map_err(|_| self.error())?;
                    self.at += 3;
                }
                Some(byte) if is_never_allowed(byte) => return Err(self.error()),
                Some(byte) => {
                    let changed = changed.get_or_insert_default();
                    changed.push_str(self.since(start)?);
                    if byte == b'&' {
                        changed.push(self.reference()?);
                    } else {
                        handle(self, changed)?;
                    }
                    start = self.at;
                }
            }
        }
        let last = self.since(start)?;
        Ok(match changed {
            None => Cow::Borrowed(last),
            Some(mut changed) => {
                changed.push_str(last);
                Cow::Owned(changed)
            }
        })
    }

    /// A character reference or one of the five entities there are without a DTD (XML 1.0, 4.1 and 4.6).
    fn reference(&mut self) -> Result<char, Error> {
        const ENTITIES: [(&str, char); 5] =
            [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\'')];
        if let Some((_, character)) = ENTITIES.iter().find(|(entity, _)| self.starts_with(entity)) {
            self.at += 1;
            self.skip_while(|byte| byte != b';');
            self.at += 1;
            return Ok(*character);
        }
        let error = self.error();
        let radix = if self.eat("&#x") { 16 } else { 10 };
        if radix == 10 && !self.eat("&#") {
            return Err(error);
        }
        let start = self.at;
        self.skip_while(|byte| char::from(byte).is_digit(radix));
        let number = u32::from_str_radix(self.since(start)?, radix).map_err(|_| error)?;
        self.expect(";")?;
        char::from_u32(number).filter(|character| is_allowed(*character)).ok_or(error)
    }

    /// A line end or a tab, taken as one character.
    fn line_end(&mut self, into: &mut String, as_character: char) {
        self.at += if self.starts_with("\r\n") { 2 } else { 1 };
        into.push(as_character);
    }

    fn copy_byte(&mut self, into: &mut String) {
        into.extend(self.peek().map(char::from));
        self.at += 1;
    }

    fn skip_while(&mut self, skipped: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| !skipped(*byte)).unwrap_or(rest.len());
    }

    fn since(&self, start: usize) -> Result<&'x str, Error> {
        self.text.get(start..self.at).ok_or(self.error())
    }

    fn rest(&self) -> &'x str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// Line ends as XML wants them (XML 1.0, 2.11).
pub(crate) fn normalise_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// The control characters that no document may contain (XML 1.0, 2.2).
fn is_never_allowed(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')
}

fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        _ => character >= ' ',
    }
}

/// Where in `text` U+FFFE or U+FFFF stands; surrogates cannot be in UTF-8.
fn check_noncharacters(text: &str) -> Result<(), usize> {
    match text.find(['\u{FFFE}', '\u{FFFF}']) {
        None => Ok(()),
        Some(at) => Err(at),
    }
}
