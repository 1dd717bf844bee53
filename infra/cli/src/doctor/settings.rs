//! What a marketplace's settings accept that is better not accepted.

use shared::marketplace::{IdpKey, LegacyCryptography, Marketplace};

use super::finding::Line;

pub(super) fn lines(marketplace: &Marketplace, manifest_secret: &str) -> Vec<Line> {
    let entry = format!("its entry in the manifest (secret {manifest_secret})");
    let settings = &marketplace.settings;
    let LegacyCryptography { sha1, short_rsa_keys, historical_names } = settings.legacy_cryptography;
    let mut lines = Vec::new();
    if sha1 {
        lines.push(Line::warn(format!(
            "SHA-1 is accepted, which can be forged: ask the marketplace to sign with SHA-256, and take \
             `legacy_cryptography.sha1` out of {entry}"
        )));
    }
    for key in marketplace.idp_keys.iter().filter(|key| key.is_short()) {
        lines.push(Line::warn(format!(
            "the key of the certificate {} has fewer than 2048 bits: ask the marketplace for a longer one",
            key.spaced_fingerprint()
        )));
    }
    if short_rsa_keys && !marketplace.idp_keys.iter().any(IdpKey::is_short) {
        lines.push(Line::warn(format!(
            "short keys are accepted, and none is short: take `legacy_cryptography.short_rsa_keys` out of {entry}"
        )));
    }
    if historical_names {
        lines.push(Line::warn(format!(
            "historical names of algorithms are accepted: ask the marketplace to use the standard's, and take \
             `legacy_cryptography.historical_names` out of {entry}"
        )));
    }
    if settings.unsolicited_responses {
        lines.push(Line::warn(format!(
            "sign-ins that nobody asked for are accepted, so one person can be signed in as another: let the marketplace \
             start them at sso.init_path, and take `unsolicited_responses` out of {entry}"
        )));
    }
    if settings.local {
        lines.push(Line::note(format!(
            "http is accepted: take `local` out of {entry} unless it is on this machine or in a test network"
        )));
    }
    lines
}

#[cfg(test)]
mod tests {
    use shared::testing::acme;

    use super::*;
    use crate::doctor::{finding::Level, testing::assert_one};

    #[test]
    fn strict_settings_need_no_words() {
        assert_eq!(lines(&acme(), "manifest-secret"), []);
    }

    #[test]
    fn whatever_is_switched_on_is_named_with_how_to_switch_it_off() {
        let mut marketplace = acme();
        marketplace.settings.legacy_cryptography =
            LegacyCryptography { sha1: true, short_rsa_keys: true, historical_names: true };
        marketplace.settings.unsolicited_responses = true;
        let lines = lines(&marketplace, "manifest-secret");
        for name in ["sha1` out", "none is short", "historical_names` out", "unsolicited_responses` out"] {
            assert_one(&lines, Level::Warn, name);
        }
    }

    #[test]
    fn a_short_key_is_named() {
        let mut marketplace = acme();
        let pem = include_str!("../../../../tests/fixtures/keys/rsa1024_cert.pem");
        marketplace.settings.legacy_cryptography.short_rsa_keys = true;
        marketplace.idp_keys = vec![IdpKey::from_pem(pem, None).unwrap()];
        let lines = lines(&marketplace, "manifest-secret");
        assert_one(&lines, Level::Warn, "has fewer than 2048 bits");
        assert_eq!(lines.len(), 1);
    }
}
