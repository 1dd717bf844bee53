//! The pushes of a batch for one marketplace: whether to ask it at all, and group by group.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use shared::{
    batch::BatchItemFailure,
    connec::{Circuit, ConnecError},
    domain::{GroupId, MarketplaceKey},
    marketplace::Marketplace,
    random,
};

use crate::{
    App, OfGroup, Wanted,
    fate::{self, Fate},
    group,
};

/// How soon to look again whether others have left the marketplace; up to twice that.
const BUSY: Duration = Duration::from_secs(3);
/// How long the one that tries it again has before another may.
const TRIAL: Duration = Duration::from_secs(10);
/// How often it is tried to tell the others.
const TELLINGS: u32 = 3;
/// How many of its groups are worked on at once at most; its settings may want fewer calls under way.
const GROUPS_AT_ONCE: usize = 8;

/// How the marketplace does in this invocation.
#[derive(Debug)]
pub(crate) struct Course {
    /// Calls are begun until then.
    until: Instant,
    is_down: AtomicBool,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    is_well: bool,
    trouble: Option<(Option<Duration>, bool)>,
}

impl Course {
    /// Whether another call is worth beginning.
    pub(crate) fn can_go_on(&self) -> bool {
        !self.is_down.load(Ordering::Relaxed) && Instant::now() < self.until
    }

    pub(crate) fn went_well(&self) {
        self.heard().is_well = true;
    }

    /// Nobody else need ask now.
    pub(crate) fn met(&self, error: &ConnecError) {
        self.is_down.store(true, Ordering::Relaxed);
        let at_once = matches!(error, ConnecError::Timeout | ConnecError::Credentials { .. });
        self.heard().trouble = Some((error.retry_after(), at_once));
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pushes what a batch has for one marketplace. Which messages the queue is to bring again.
pub(crate) async fn push(
    app: &App,
    key: MarketplaceKey,
    marketplace: Option<Arc<Marketplace>>,
    groups: BTreeMap<GroupId, OfGroup>,
    began: Instant,
) -> Vec<BatchItemFailure> {
    let Some(marketplace) = marketplace else {
        let pause = app.limits.longest_pause;
        return fate::put_back(app, all(groups), "the marketplace is not served", pause, true).await;
    };
    let now = app.now();
    let was = match app.desk.accounts.circuit(&key).await {
        Ok(circuit) => circuit,
        Err(error) => {
            tracing::warn!(causes = shared::telemetry::causes(&error), "{error}");
            return bring_again(groups);
        }
    };
    if let Some(pause) = was.open_for(now) {
        return fate::put_back(app, all(groups), "the marketplace is in trouble", pause, true).await;
    }
    let until = now + app.limits.whole();
    let slot = match app.desk.accounts.take_slot(&key, app.limits.slots, now, until).await {
        Ok(Some(slot)) => slot,
        Ok(None) => return busy(app, groups).await,
        Err(_) => return bring_again(groups),
    };
    // Of all who find it half open one asks.
    let mut was = was;
    if was.is_half_open(now) {
        let tried = was.tried(now, TRIAL);
        if !matches!(app.desk.accounts.put_circuit(&key, was, tried).await, Ok(true)) {
            free(app, slot).await;
            return busy(app, groups).await;
        }
        was = tried;
    }
    let course = Course { until: began + app.limits.begin, is_down: AtomicBool::new(false), heard: Mutex::default() };
    let pushed = stream::iter(groups).map(|(group, wanted)| group::push(app, &marketplace, group, wanted, &course));
    // No call ever waits for another to end: its time counts from when it is begun.
    let at_once = usize::from(marketplace.settings.rate_limits.concurrent_requests).clamp(1, GROUPS_AT_ONCE);
    let failed: Vec<Vec<BatchItemFailure>> = pushed.buffer_unordered(at_once).collect().await;
    tell(app, &key, was, &course).await;
    free(app, slot).await;
    failed.into_iter().flatten().collect()
}

/// Tells the other execution environments how it did, if that is news. Whoever told them something in between is heard first.
async fn tell(app: &App, key: &MarketplaceKey, was: Circuit, course: &Course) {
    let (heard, mut was) = (std::mem::take(&mut *course.heard()), was);
    for _ in 0..TELLINGS {
        let now = app.now();
        let is = match heard.trouble {
            Some((retry_after, at_once)) => was.after_trouble(now, retry_after, at_once),
            None if heard.is_well => Circuit::default(),
            // It was not asked. Somebody else may try.
            None if was.open_until.is_some() => was.tried(now, Duration::ZERO),
            None => was,
        };
        if is == was {
            return;
        }
        let told = app.desk.accounts.put_circuit(key, was, is).await;
        if let (Ok(true), Some(pause)) = (&told, is.open_for(now)) {
            tracing::warn!(marketplace = %key, troubles = is.troubles, seconds = pause.as_secs(), "a marketplace's Connec! is left alone");
        }
        match told {
            Ok(true) => return,
            Ok(false) => was = app.desk.accounts.circuit(key).await.unwrap_or(was),
            Err(error) => return tracing::warn!(causes = shared::telemetry::causes(&error), "{error}"),
        }
    }
}

async fn free(app: &App, slot: shared::store::Slot) {
    if let Err(error) = app.desk.accounts.free_slot(slot).await {
        tracing::warn!(causes = shared::telemetry::causes(&error), "{error}");
    }
}

/// Others are at it, as many as may be.
async fn busy(app: &App, groups: BTreeMap<GroupId, OfGroup>) -> Vec<BatchItemFailure> {
    // Not all at the same time.
    let pause = BUSY + BUSY.mul_f64(f64::from(u32::from_be_bytes(random::bytes())) / f64::from(u32::MAX));
    fate::put_back(app, all(groups), "others are at it", pause, false).await
}

/// Nothing could be found out, so the queue is to bring all of it again.
fn bring_again(groups: BTreeMap<GroupId, OfGroup>) -> Vec<BatchItemFailure> {
    all(groups).iter().flat_map(|wanted| &wanted.records).map(Fate::failure).collect()
}

fn all(groups: BTreeMap<GroupId, OfGroup>) -> Vec<Wanted> {
    groups.into_values().flat_map(OfGroup::into_values).collect()
}
