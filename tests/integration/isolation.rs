//! Two marketplaces that mean different people and companies by the same ids: whatever happens at one, nothing of the other is read,
//! written, ended or told. Random histories, held against a model of who should be signed in.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use shared::{
    clock::SystemClock,
    domain::{CreationMode, GroupId, MarketplaceKey, UserId},
    http::Reference,
    identity::{Assertion, Identity},
    session::{Destination, Token},
    store::{Accounts, SignIn},
    testing::sample_attributes,
    trace::{Claims, Protocol, SIGNED_IN, SignInTrace},
};

use crate::harness::World;

type Items = Vec<HashMap<String, AttributeValue>>;

/// Where and to whom something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    marketplace: usize,
    user: usize,
    group: usize,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    SignIn,
    RemoveMember,
    CancelGroup,
    FinishRemovals,
    /// Of the sessions there were, the one this leads to.
    EndSession(usize),
    RedeemCode(usize),
}

fn steps() -> impl Strategy<Value = Vec<(Place, Step)>> {
    let place =
        (0..2_usize, 0..2_usize, 0..2_usize).prop_map(|(marketplace, user, group)| Place { marketplace, user, group });
    let step = prop_oneof![
        5 => Just(Step::SignIn),
        2 => Just(Step::RemoveMember),
        1 => Just(Step::CancelGroup),
        1 => Just(Step::FinishRemovals),
        1 => any::<usize>().prop_map(Step::EndSession),
        2 => any::<usize>().prop_map(Step::RedeemCode),
    ];
    prop::collection::vec((place, step), 1..25)
}

impl Place {
    fn marketplace(self) -> MarketplaceKey {
        ["acme-hub", "northbank"][self.marketplace].parse().unwrap()
    }

    fn user(self) -> UserId {
        ["usr-5k2", "usr-8w1"][self.user].parse().unwrap()
    }

    fn group(self) -> GroupId {
        ["cld-7a1c", "cld-9e4f"][self.group].parse().unwrap()
    }
}

/// A session that somebody was given, and whether it should hold.
struct Given {
    place: Place,
    session: Token,
    code: Option<Token>,
    holds: bool,
}

struct History<'a> {
    world: &'a World,
    accounts: Accounts,
    given: Vec<Given>,
    now: Timestamp,
}

impl History<'_> {
    async fn take(&mut self, place: Place, step: Step) {
        self.now += SignedDuration::from_secs(1);
        let (key, group, user) = (place.marketplace(), place.group(), place.user());
        match step {
            Step::SignIn => self.sign_in(place).await,
            Step::RemoveMember => {
                let later = self.now + SignedDuration::from_hours(1);
                self.accounts.remove_member((&key, &group, &user), later, self.now).await.unwrap();
                self.end(|given| given.place == place);
            }
            Step::CancelGroup => {
                self.accounts.cancel_group(&key, &group, self.now).await.unwrap();
                self.end(|given| given.place.marketplace == place.marketplace && given.place.group == place.group);
            }
            Step::FinishRemovals => {
                for removal in self.accounts.removals().await.unwrap() {
                    if removal.marketplace != key {
                        continue;
                    }
                    for user in self.accounts.members_to_end(&removal).await.unwrap() {
                        self.accounts.end_member_of(&removal, &user, self.now).await.unwrap();
                    }
                    let later = self.now + SignedDuration::from_hours(1);
                    self.accounts.purge_group(&removal, later, || true).await.unwrap();
                    self.accounts.finish_removal(&removal).await.unwrap();
                }
            }
            Step::EndSession(which) => {
                let Some(given) = self.chosen(place, which) else { return };
                given.holds = false;
                let id = given.session.digest();
                self.accounts.end_session(&id).await.unwrap();
            }
            Step::RedeemCode(which) => {
                let now = self.now;
                let Some(given) = self.chosen(place, which) else { return };
                let Some(code) = given.code.take() else { return };
                let expected = given.session.digest();
                let redeemed = self.accounts.redeem_code(&code, now).await.unwrap();
                assert_eq!(redeemed.unwrap().0, expected, "a code leads to its own session");
            }
        }
    }

    /// One of the sessions of this marketplace.
    fn chosen(&mut self, place: Place, which: usize) -> Option<&mut Given> {
        let mut own: Vec<&mut Given> =
            self.given.iter_mut().filter(|given| given.place.marketplace == place.marketplace).collect();
        let at = which.checked_rem(own.len())?;
        Some(own.swap_remove(at))
    }

    fn end(&mut self, is_ended: impl Fn(&Given) -> bool) {
        for given in self.given.iter_mut().filter(|given| is_ended(given)) {
            given.holds = false;
        }
    }

    async fn sign_in(&mut self, place: Place) {
        let (session, code) = (Token::generate(), Token::generate());
        let marketplace = place.marketplace();
        let assertion = assertion(place, self.now);
        let identity = Identity::try_from(&assertion).unwrap();
        let trace = SignInTrace {
            reference: Reference::generate(),
            marketplace: marketplace.clone(),
            protocol: Protocol::Saml,
            at: self.now,
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
            asked_at: self.now,
            replaces: None,
            trace: &trace,
            now: self.now,
        };
        self.accounts.sign_in(&sign_in).await.unwrap();
        self.given.push(Given { place, session, code: Some(code), holds: true });
    }

    /// Everybody who should be signed in is, as themselves, and nobody else.
    async fn check_sessions(&self) {
        for Given { place, session, holds, .. } in &self.given {
            let found = self.accounts.session(&session.digest(), self.now).await.unwrap();
            assert_eq!(found.is_some(), *holds, "{place:?}");
            if let Some(found) = found {
                assert_eq!(found.session.marketplace, place.marketplace());
                assert_eq!(found.user.email, email(*place), "nobody sees the other marketplace's person");
            }
        }
    }

    /// The items that belong to one marketplace; each says so in its key, and where it says so inside, the same.
    async fn items_of(&self, marketplace: usize) -> Items {
        let keys = ["acme-hub", "northbank"];
        let mut own: Items = Vec::new();
        for item in self.world.items().await {
            let said = said_marketplace(&item);
            assert!(keys.contains(&&*said), "{item:?}");
            let other = keys[usize::from(said == keys[0])];
            assert!(!format!("{item:?}").contains(other), "it names the other marketplace: {item:?}");
            if said == keys[marketplace] {
                own.push(item);
            }
        }
        own.sort_by_key(|item| format!("{:?}{:?}", item["PK"], item["SK"]));
        own
    }
}

fn said_marketplace(item: &HashMap<String, AttributeValue>) -> String {
    let inside =
        |item: &HashMap<String, AttributeValue>| item.get("marketplace").map(|key| key.as_s().unwrap().clone());
    let event = item.get("event").and_then(|event| inside(event.as_m().unwrap()));
    inside(item).or(event).expect("every item names its marketplace")
}

fn email(place: Place) -> String {
    format!("{}@{}.test", place.user(), place.marketplace())
}

fn assertion(place: Place, now: Timestamp) -> Assertion {
    let mut attributes = sample_attributes(&(now + SignedDuration::from_hours(1)).to_string());
    let (user, group) = (place.user().to_string(), place.group().to_string());
    let email = email(place);
    let virtual_id = format!("{user}.{group}");
    for (name, value) in
        [("uid", &user), ("mno_uid", &user), ("group_uid", &group), ("virtual_uid", &virtual_id), ("email", &email)]
    {
        attributes.retain(|(found, _)| found != name);
        attributes.push((name.to_owned(), vec![value.clone()]));
    }
    // The same in both marketplaces, on purpose: it must not matter.
    let id = format!("_{}", now.as_second());
    Assertion {
        request_id: Some(id.clone()),
        id,
        issued_at: now,
        subject: user,
        consumable_until: now + SignedDuration::from_mins(5),
        session_not_on_or_after: None,
        attributes,
    }
}

#[test]
fn nothing_crosses_from_one_marketplace_to_the_other() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::embedded(Arc::new(SystemClock)));
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            for item in world.items().await {
                world.delete(&item).await;
            }
            let now = "2030-01-15T10:00:30Z".parse().unwrap();
            let mut history = History { world: &world, accounts: world.accounts(), given: Vec::new(), now };
            for (place, step) in steps {
                let other = 1 - place.marketplace;
                let before = history.items_of(other).await;
                history.take(place, step).await;
                assert_eq!(history.items_of(other).await, before, "{place:?} {step:?} changed the other marketplace");
                history.check_sessions().await;
            }
        });
        Ok(())
    });
    outcome.unwrap();
    let published = world.stack().bus().published();
    assert!(!published.is_empty());
    for event in &published {
        let other = if event.marketplace.as_str() == "acme-hub" { "northbank" } else { "acme-hub" };
        assert!(!serde_json::to_string(event).unwrap().contains(other), "{event:?}");
    }
    runtime.block_on(world.stop());
}
