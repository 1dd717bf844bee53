//! Whether an address lies within a realm (OpenID 2.0 section 9.2).

use url::Url;

/// A realm is a URL without a fragment whose host may begin with `*.` to mean the rest and everything below it.
pub(super) fn contains(realm: &str, address: &str) -> bool {
    let (Ok(realm), Ok(address)) = (Url::parse(realm), Url::parse(address)) else {
        return false;
    };
    realm.fragment().is_none()
        && realm.scheme() == address.scheme()
        && realm.port_or_known_default() == address.port_or_known_default()
        && hosts_match(realm.host_str().unwrap_or_default(), address.host_str().unwrap_or_default())
        && is_below(address.path(), realm.path())
}

fn hosts_match(realm: &str, host: &str) -> bool {
    match realm.strip_prefix("*.") {
        Some(domain) => host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => host == realm,
    }
}

fn is_below(path: &str, root: &str) -> bool {
    path == root || path.strip_prefix(root).is_some_and(|rest| root.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_contains_itself_and_what_is_below() {
        for address in ["http://a.test/app", "http://a.test/app/", "http://a.test/app/return?x=1"] {
            assert!(contains("http://a.test/app", address), "{address}");
        }
        assert!(contains("http://a.test/", "http://a.test/anything"));
    }

    #[test]
    fn a_path_that_only_begins_alike_is_outside() {
        assert!(!contains("http://a.test/app", "http://a.test/application"));
    }

    #[test]
    fn another_scheme_port_or_host_is_outside() {
        for address in ["https://a.test/", "http://a.test:81/", "http://b.test/", "http://a.test.evil.test/"] {
            assert!(!contains("http://a.test/", address), "{address}");
        }
    }

    #[test]
    fn a_wildcard_means_the_domain_and_everything_below_it() {
        assert!(contains("http://*.a.test/", "http://a.test/"));
        assert!(contains("http://*.a.test/", "http://x.a.test/"));
        assert!(!contains("http://*.a.test/", "http://xa.test/"));
    }

    #[test]
    fn a_realm_with_a_fragment_contains_nothing() {
        assert!(!contains("http://a.test/#x", "http://a.test/"));
    }
}
