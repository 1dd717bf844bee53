//! What the embedded store never answers on demand, transactions that meet each other, and what it cannot show of our questions.

mod membership;

use aws_sdk_dynamodb::{
    Client,
    operation::{
        get_item::GetItemOutput,
        transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
    },
    types::{CancellationReason, error::TransactionCanceledException},
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use jiff::Timestamp;

use super::{
    item::{Item as _, SessionItem},
    transaction::ATTEMPTS,
    *,
};
use crate::{
    domain::{CreationMode, MarketplaceKey},
    http::Reference,
    identity::{Assertion, Identity},
    session::{Destination, Token},
    testing::sample_attributes,
    trace::{Claims, Protocol, SIGNED_IN, SignInTrace},
};

/// Nobody is known.
fn empty_table() -> Rule {
    mock!(Client::get_item).then_output(|| GetItemOutput::builder().build())
}

/// Cancelled with these reasons for the first two items, the two uses.
fn cancelled(codes: [&str; 2]) -> TransactWriteItemsError {
    let reasons = codes.map(|code| CancellationReason::builder().code(code).build());
    let exception = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons.to_vec())).build();
    TransactWriteItemsError::TransactionCanceledException(exception)
}

async fn sign_in(client: Client) -> Result<(), SignInError> {
    let now: Timestamp = "2030-01-15T10:00:30Z".parse().unwrap();
    let marketplace: MarketplaceKey = "acme-hub".parse().unwrap();
    let assertion = Assertion {
        id: "_a".to_owned(),
        issued_at: now,
        request_id: Some("_r".to_owned()),
        subject: "usr-5k2".to_owned(),
        consumable_until: now,
        session_not_on_or_after: None,
        attributes: sample_attributes("2030-01-15T10:03:07Z"),
    };
    let identity = Identity::try_from(&assertion).unwrap();
    let (session, code) = (Token::generate(), Token::generate());
    let trace = SignInTrace {
        reference: Reference::generate(),
        marketplace: marketplace.clone(),
        protocol: Protocol::Saml,
        at: now,
        outcome: SIGNED_IN.to_owned(),
        explanation: String::new(),
        claims: Claims::default(),
    };
    let sign_in = SignIn {
        marketplace: &marketplace,
        assertion: &assertion,
        identity: &identity,
        session: &session,
        code: &code,
        destination: &Destination::default(),
        creation_mode: CreationMode::Real,
        asked_at: now,
        replaces: None,
        trace: &trace,
        now,
    };
    Accounts::new(client, "accounts".to_owned()).sign_in(&sign_in).await
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_met_another_is_tried_again() {
    let rule = mock!(Client::transact_write_items)
        .sequence()
        .error(|| cancelled(["None", "TransactionConflict"]))
        .times(3)
        .output(|| TransactWriteItemsOutput::builder().build())
        .build();
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&empty_table(), &rule]);
    assert!(sign_in(client).await.is_ok());
    assert_eq!(rule.num_calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_always_meets_others_is_given_up() {
    let rule = mock!(Client::transact_write_items)
        .sequence()
        .error(|| cancelled(["None", "TransactionConflict"]))
        .times(100)
        .build();
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&empty_table(), &rule]);
    assert!(matches!(sign_in(client).await, Err(SignInError::Store(_))));
    assert_eq!(rule.num_calls(), usize::try_from(ATTEMPTS).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_use_that_is_spent_is_told_apart_and_not_tried_again() {
    for (codes, first) in [(["ConditionalCheckFailed", "None"], true), (["None", "ConditionalCheckFailed"], false)] {
        let rule = mock!(Client::transact_write_items).then_error(move || cancelled(codes));
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&empty_table(), &rule]);
        let error = sign_in(client).await.unwrap_err();
        assert_eq!(matches!(error, SignInError::AssertionConsumed), first, "{error}");
        assert_eq!(matches!(error, SignInError::RequestConsumed), !first, "{error}");
        assert_eq!(rule.num_calls(), 1);
    }
}

/// A session of nobody the table knows.
fn session_item() -> SessionItem {
    let now: Timestamp = "2030-01-15T10:00:30Z".parse().unwrap();
    SessionItem {
        marketplace: "acme-hub".parse().unwrap(),
        user: "usr-5k2".parse().unwrap(),
        group: "cld-7a1c".parse().unwrap(),
        marketplace_session: "q7m2x9c4v1b8n3k6j5h0g".to_owned(),
        recheck_at: now,
        checked_at: now,
        ask_again_at: None,
        creation_mode: CreationMode::Real,
        group_since: now,
        member_since: now,
        created_at: now,
        expires_at: Timestamp::MAX,
    }
}

#[tokio::test]
async fn every_read_is_consistent() {
    let consistent =
        |request: &aws_sdk_dynamodb::operation::get_item::GetItemInput| request.consistent_read() == Some(true);
    let session = mock!(Client::get_item)
        .match_requests(consistent)
        .then_output(|| GetItemOutput::builder().set_item(Some(session_item().attributes().unwrap())).build());
    let nothing = mock!(Client::get_item)
        .match_requests(consistent)
        .sequence()
        .output(|| GetItemOutput::builder().build())
        .times(5)
        .build();
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, [&session, &nothing]);
    let accounts = Accounts::new(client, "accounts".to_owned());
    let now = Timestamp::UNIX_EPOCH;
    assert!(accounts.session(&Token::generate().digest(), now).await.unwrap().is_none(), "there is no such person");
    assert!(accounts.trace(&Reference::generate(), now).await.unwrap().is_none());
    accounts.warm_up().await.unwrap();
    assert_eq!((session.num_calls(), nothing.num_calls()), (1, 5));
}
