//! `stallholder trace REF`: one attempt to sign in, by the reference that the person was shown.

use std::fmt::Write as _;

use shared::{
    aws,
    clock::{Clock as _, SystemClock},
    http::Reference,
    store::{Accounts, StoreError},
    telemetry::causes,
    trace::{SIGNED_IN, SignInTrace, TRACE_LIFETIME},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The reference on the person's page or in the log; case, spaces and dashes do not count
    #[arg(value_name = "REF")]
    reference: Reference,
    /// The accounts table (the stack's output `AccountsTableName`)
    #[arg(long, env = "ACCOUNTS_TABLE", value_name = "NAME")]
    table: String,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// There is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TraceError {
    #[error(
        "there is no trace of {0}. Traces are kept for {days} days, and only attempts that reached a known marketplace leave one; \
         the functions' logs have the reference too",
        days = TRACE_LIFETIME.as_hours() / 24
    )]
    NotFound(Reference),
    #[error("the table could not be read ({}): check --table, the region and your AWS credentials", causes(.0))]
    Store(#[from] StoreError),
    #[error("the trace is not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

pub(crate) async fn run(arguments: &Arguments) -> Result<String, TraceError> {
    let accounts = Accounts::connect(&aws::config().await, arguments.table.clone());
    let found = accounts.trace(&arguments.reference, SystemClock.now()).await?;
    let trace = found.ok_or_else(|| TraceError::NotFound(arguments.reference.clone()))?;
    if arguments.json { Ok(serde_json::to_string_pretty(&trace)?) } else { Ok(readable(&trace)) }
}

/// One line for each thing that is known.
fn readable(trace: &SignInTrace) -> String {
    let claims = &trace.claims;
    let protocol = format!("{:?}", trace.protocol);
    let at = trace.at.to_string();
    let vouched = trace.outcome == SIGNED_IN;
    let mut text = format!("{}  {}\n", trace.reference, trace.outcome);
    let lines = [
        ("why", Some(trace.explanation.as_str()).filter(|why| !why.is_empty())),
        ("marketplace", Some(trace.marketplace.as_str())),
        ("protocol", Some(protocol.as_str())),
        ("at", Some(at.as_str())),
        ("user", claims.user.as_deref()),
        ("group", claims.group.as_deref()),
        ("issuer", claims.issuer.as_deref()),
        ("audience", claims.audience.as_deref()),
        ("recipient", claims.recipient.as_deref()),
        ("assertion", claims.assertion_id.as_deref()),
        ("in response to", claims.in_response_to.as_deref()),
    ];
    for (name, value) in lines.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "  {name:<15} {value}");
    }
    if !vouched {
        text.push_str("\nWhat a refused message says of itself is nobody's word. docs/refusals.md explains the codes.");
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use shared::trace::{Claims, Protocol};

    use super::*;

    fn trace(outcome: &str) -> SignInTrace {
        SignInTrace {
            reference: "0123456789AB".parse().unwrap(),
            marketplace: "acme-hub".parse().unwrap(),
            protocol: Protocol::Saml,
            at: jiff::Timestamp::UNIX_EPOCH,
            outcome: outcome.to_owned(),
            explanation: "digest does not match".to_owned(),
            claims: Claims { user: Some("usr-5k2".to_owned()), ..Claims::default() },
        }
    }

    #[test]
    fn a_refusal_tells_the_rule_and_that_the_claims_are_nobodys_word() {
        let text = readable(&trace("digest-mismatch"));
        assert!(text.starts_with("0123456789AB  digest-mismatch\n  why             digest does not match\n"), "{text}");
        assert!(text.contains("  user            usr-5k2\n") && text.contains("nobody's word"), "{text}");
        assert!(!text.contains("issuer"), "what is not known is not there: {text}");
    }

    #[test]
    fn a_sign_in_needs_no_warning() {
        assert!(!readable(&trace(SIGNED_IN)).contains("nobody's word"));
    }
}
