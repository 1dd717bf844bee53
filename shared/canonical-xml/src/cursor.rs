//! A place in the text, and the small things that can stand there: names, white space, references, characters.

use std::borrow::Cow;

use crate::{
    Error, MAX_NAME_LEN,
    same::{same, starts_with},
};

pub(crate) struct Cursor<'x> {
    text: &'x str,
    at: usize,
}

/// A qualified name as it stands in the text.
#[derive(Clone, Copy)]
pub(crate) struct QName<'x> {
    /// Empty if there is none.
    pub(crate) prefix: &'x str,
    pub(crate) local: &'x str,
}

impl QName<'_> {
    pub(crate) fn is(&self, other: &Self) -> bool {
        same(self.local, other.local) && same(self.prefix, other.prefix)
    }
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
        starts_with(self.rest().as_bytes(), text.as_bytes())
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
        self.skip(class::SPACE);
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
        self.skip(class::NAME);
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
        let is_plain = |byte| (byte >= b' ' || byte == b'\n' || byte == b'\t') & !matches!(byte, b'&' | b']' | 0xEF);
        if let Some(text) = self.plain('<', is_plain) {
            return Ok(Cow::Borrowed(text));
        }
        self.characters(
            class::TEXT,
            |byte| byte == b'<',
            |cursor, byte| match byte {
                b'\r' => Ok(Some('\n')),
                b']' if cursor.starts_with("]]>") => Err(cursor.error()),
                _ => Ok(None),
            },
        )
    }

    /// The value of an attribute, from quote to quote, normalised (XML 1.0, 3.3.3).
    pub(crate) fn attribute_value(&mut self) -> Result<Cow<'x, str>, Error> {
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\'')).ok_or(self.error())?;
        self.at += 1;
        let is_plain = |byte| (byte >= b' ') & !matches!(byte, b'&' | b'<' | 0xEF);
        let value = match self.plain(char::from(quote), is_plain) {
            Some(value) => Cow::Borrowed(value),
            None => self.characters(
                class::VALUE,
                |byte| byte == quote,
                |cursor, byte| match byte {
                    b'\r' | b'\n' | b'\t' => Ok(Some(' ')),
                    b'<' => Err(cursor.error()),
                    _ => Ok(None),
                },
            )?,
        };
        self.at += 1;
        Ok(value)
    }

    /// What stands before `end`, if every byte of it is plain, as nearly always: one search and one comparison of all bytes at
    /// once, which is much faster than looking at one after the other.
    fn plain(&mut self, end: char, is_plain: impl Fn(u8) -> bool) -> Option<&'x str> {
        let (text, _) = self.rest().split_once(end)?;
        let all_plain = text.bytes().fold(true, |plain, byte| plain & is_plain(byte));
        self.at += if all_plain { text.len() } else { 0 };
        all_plain.then_some(text)
    }

    /// Text up to a byte that `ends` it. A byte that is not `plain` is a reference, a character that no document may contain, or
    /// one for `replacement` to decide: none if it means itself. Nothing is copied as long as everything means itself.
    fn characters(
        &mut self,
        plain: u8,
        ends: impl Fn(u8) -> bool,
        replacement: impl Fn(&Self, u8) -> Result<Option<char>, Error>,
    ) -> Result<Cow<'x, str>, Error> {
        let mut changed: Option<String> = None;
        let mut start = self.at;
        loop {
            self.skip(plain);
            let character = match self.peek() {
                None => return Err(self.error()),
                Some(byte) if ends(byte) => break,
                Some(byte) if is_never_allowed(byte) => return Err(self.error()),
                Some(0xEF) => {
                    check_noncharacters(self.rest().get(..3).unwrap_or_default()).map_err(|_| self.error())?;
                    self.at += 3;
                    continue;
                }
                Some(b'&') => None,
                Some(byte) => match replacement(self, byte)? {
                    None => {
                        self.at += 1;
                        continue;
                    }
                    replaced => replaced,
                },
            };
            let changed = changed.get_or_insert_default();
            changed.push_str(self.since(start)?);
            changed.push(match character {
                Some(character) => {
                    self.at += if self.starts_with("\r\n") { 2 } else { 1 };
                    character
                }
                None => self.reference()?,
            });
            start = self.at;
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

    /// Skips bytes of this class.
    fn skip(&mut self, class: u8) {
        self.skip_while(|byte| class::of(byte) & class != 0);
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

/// What a byte can be part of, looked up instead of compared: most of parsing is this.
mod class {
    /// White space (XML 1.0, 2.3).
    pub(super) const SPACE: u8 = 1;
    /// `NCName` after its first character, as far as it is ASCII.
    pub(super) const NAME: u8 = 2;
    /// Means itself in character data.
    pub(super) const TEXT: u8 = 4;
    /// Means itself in an attribute's value, whatever its quotes.
    pub(super) const VALUE: u8 = 8;

    static CLASSES: [u8; 256] = classes();

    pub(super) fn of(byte: u8) -> u8 {
        CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
    }

    #[expect(clippy::indexing_slicing, reason = "at compile time, and never out of bounds")]
    const fn classes() -> [u8; 256] {
        let mut classes = [0; 256];
        let mut byte = 0_u8;
        loop {
            let mut class = 0;
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                class |= SPACE;
            }
            if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') {
                class |= NAME;
            }
            // U+FFFE and U+FFFF start with 0xEF.
            if !matches!(byte, 0..=8 | 11..=31 | b'<' | b'&' | b']' | 0xEF) {
                class |= TEXT;
            }
            if !matches!(byte, 0..=31 | b'<' | b'&' | b'"' | b'\'' | 0xEF) {
                class |= VALUE;
            }
            classes[byte as usize] = class;
            if byte == u8::MAX {
                return classes;
            }
            byte += 1;
        }
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
