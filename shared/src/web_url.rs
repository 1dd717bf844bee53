//! Which URLs a configuration may name. Credentials and people are sent there, so: https, or http to this very machine; a
//! host that is no cloud's metadata service; and nothing in it that a header or a log could not carry (threats.md W12).

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Where Lambda's runtime API listens on its own machine.
const LAMBDA_RUNTIME_API: u16 = 9_001;

/// `text`, if it is a URL we would send somebody to: https, or http to this machine. It comes back as it was written.
#[must_use]
pub fn parse(text: &str) -> Option<Url> {
    parse_if(text, |scheme, host| match scheme {
        "https" => is_reachable(host),
        "http" => is_loopback(host),
        _ => false,
    })
}

/// The same for a marketplace that is neither on this machine nor in a test network: https only, and not to this machine.
#[must_use]
pub fn parse_public(text: &str) -> Option<Url> {
    parse_if(text, |scheme, host| scheme == "https" && is_reachable(host) && !is_loopback(host))
}

/// The same for one that is: http, too.
#[must_use]
pub fn parse_local(text: &str) -> Option<Url> {
    parse_if(text, |scheme, host| ["http", "https"].contains(&scheme) && is_reachable(host))
}

fn parse_if(text: &str, is_allowed: impl FnOnce(&str, &Host<&str>) -> bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let as_written = url.as_str().trim_end_matches('/') == text.trim_end_matches('/');
    let anonymous = url.username().is_empty() && url.password().is_none();
    let is_runtime_api = is_loopback(&url.host()?) && url.port() == Some(LAMBDA_RUNTIME_API);
    let is_allowed = is_allowed(url.scheme(), &url.host()?);
    (as_written && anonymous && is_allowed && !is_runtime_api).then_some(url)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

/// Names under which clouds serve their metadata.
const METADATA_NAMES: [&str; 3] = ["metadata.google.internal", "instance-data", "instance-data.ec2.internal"];

/// Private ranges are allowed: an enterprise's marketplace may live in one. Link-local addresses never are.
fn is_reachable(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => !METADATA_NAMES.contains(&name.trim_end_matches('.')),
        Host::Ipv4(address) => allowed_v4(*address),
        Host::Ipv6(address) => allowed_v6(*address),
    }
}

fn allowed_v4(address: Ipv4Addr) -> bool {
    !(address.is_link_local() || address.is_unspecified() || address.is_multicast() || address.is_broadcast())
}

fn allowed_v6(address: Ipv6Addr) -> bool {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let embedded = address.to_ipv4_mapped().is_none_or(allowed_v4);
    embedded
        && address != METADATA
        && !(address.is_unicast_link_local() || address.is_unspecified() || address.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_this_machine_are_fine() {
        for good in [
            "https://hub.acme.example",
            "https://hub.acme.example/",
            "https://hub.acme.example:8443/path",
            "https://10.0.0.7",
            "http://localhost:3000",
            "http://127.0.0.1:4000/acme-hub",
            "http://[::1]:5000",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
    }

    #[test]
    fn anything_that_could_leak_or_break_is_not() {
        for bad in [
            "",
            "hub.acme.example",
            "http://hub.acme.example",
            "ftp://hub.acme.example",
            "https://user@hub.acme.example",
            "https://u:p@hub.acme.example",
            "https://hub.acme.example\n",
            " https://hub.acme.example",
            "https://hüb.example",
            "https://hub.example/\u{e9}",
            "https://HUB.example",
            "https://169.254.169.254",
            "https://[fe80::1]",
            "https://[fd00:ec2::254]",
            "https://[::ffff:169.254.169.254]",
            "https://0.0.0.0",
            "http://169.254.169.254",
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
            "http://localhost:9001",
            "https://[::1]:9001",
            "javascript:alert(1)",
            "https://hub.example/a/../b",
            "https://[::ffff:a9fe:a9fe]",
            "https://[::ffff:7f00:1]:9001",
            "https://localhost.:9001",
            "http://localhost.:9001",
            "https://metadata.google.internal",
            "https://metadata.google.internal./computeMetadata",
        ] {
            assert!(parse(bad).is_none(), "{bad:?}");
            let plain_http = bad == "http://hub.acme.example";
            assert!(parse_public(bad).is_none() && (plain_http || parse_local(bad).is_none()), "{bad:?}");
        }
    }

    #[test]
    fn http_is_for_what_is_said_to_be_local() {
        for local in ["http://localhost:3000", "http://127.0.0.1:4000", "http://connec.test", "http://10.0.0.7:8080"] {
            assert!(parse_local(local).is_some() && parse_public(local).is_none(), "{local}");
        }
        for this_machine in [
            "https://localhost",
            "https://localhost.",
            "https://hub.localhost",
            "https://127.0.0.1",
            "https://[::1]",
            "https://[::ffff:7f00:1]",
        ] {
            assert!(parse_public(this_machine).is_none(), "{this_machine}");
        }
        assert!(parse_public("https://10.0.0.7").is_some() && parse_local("https://hub.test").is_some());
    }
}
