//! Whom an assertion is for.

use crate::login::origin;

/// The origin of an http(s) address with a trailing slash, which is the assertion's audience.
pub(crate) fn audience(acs_url: &str) -> Option<String> {
    let origin = origin(acs_url)?;
    Some(format!("{origin}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_the_origin_with_a_slash() {
        let audience_of = |acs: &str| audience(acs).unwrap();
        assert_eq!(audience_of("https://app.example.test/a/b?c=d"), "https://app.example.test/");
        assert_eq!(audience_of("http://localhost:4000/a"), "http://localhost:4000/");
    }

    #[test]
    fn an_address_of_another_scheme_has_no_audience() {
        assert_eq!(audience("javascript:alert(1)"), None);
    }
}
