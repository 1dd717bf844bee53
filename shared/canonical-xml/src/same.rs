//! Comparing names, prefixes and namespace names: short texts, most of them slices of the same document. Calling the C library for
//! each of the thousands of comparisons took more than half of all the time.

/// Whether two texts are equal.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && (std::ptr::eq(one, other) || starts_with(one.as_bytes(), other.as_bytes()))
}

/// Whether `text` starts with `start`.
pub(crate) fn starts_with(text: &[u8], start: &[u8]) -> bool {
    text.len() >= start.len() && text.iter().zip(start).all(|(one, other)| one == other)
}
