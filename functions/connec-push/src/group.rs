//! The pushes of a batch for one group: which of them there is still something to do for, and in which calls.

use futures::{StreamExt as _, stream};
use shared::{
    batch::BatchItemFailure,
    connec::{ConnecError, Entity, MAX_OPERATIONS, Operation, OperationResult},
    domain::GroupId,
    marketplace::Marketplace,
    sharing::outgoing,
    store::{
        StoredRecord, Target,
        id_map::{Claim, ClaimRefused, Hint, LinkError, PushOutcome, Settlement},
    },
};

use crate::{
    App, OfGroup, Wanted,
    fate::{self, Fate},
    marketplace::Course,
};

/// How many bytes the documents of one call have at most.
const MAX_CALL_LEN: usize = 2 * 1024 * 1024;
/// After how many calls in vain a push goes alone.
const SUSPECT_AFTER: u32 = 4;
/// How many requests to the table are under way at once.
const WRITES_AT_ONCE: usize = 16;

/// A push that has begun.
struct Begun {
    wanted: Wanted,
    stored: StoredRecord,
    claim: Claim,
    operation: Operation,
}

/// Pushes what a batch has for one group. Which messages the queue is to bring again.
pub(crate) async fn push(
    app: &App,
    marketplace: &Marketplace,
    group: GroupId,
    wanted: OfGroup,
    course: &Course,
) -> Vec<BatchItemFailure> {
    let now = app.now();
    let target = Target { marketplace: marketplace.key.clone(), group: group.clone() };
    let names: Vec<_> = wanted.keys().cloned().collect();
    let found = tokio::try_join!(
        app.desk.accounts.served(std::slice::from_ref(&target), now),
        app.desk.accounts.records_of(&names, now),
    );
    let (is_served, mut records) = match found {
        Ok((served, records)) => (served == [true], records),
        Err(error) => {
            tracing::warn!(causes = shared::telemetry::causes(&error), "{error}");
            return wanted.into_values().flat_map(|one| one.records).map(|record| Fate::failure(&record)).collect();
        }
    };
    let mut failed = Vec::new();
    let mut known = Vec::new();
    for (name, one) in wanted {
        match records.remove(&name) {
            Some(stored) => known.push((one, stored)),
            None => {
                tracing::warn!(marketplace = %target.marketplace, group.id = %group, "a record to push is kept no more");
            }
        }
    }
    if !is_served {
        tracing::info!(marketplace = %target.marketplace, group.id = %group, count = known.len(), "pushes to a group that is not served are dropped");
        let dropped = stream::iter(known).map(|(one, stored)| drop_push(app, one, stored, "the group is not served"));
        let dropped: Vec<Vec<BatchItemFailure>> = dropped.buffer_unordered(WRITES_AT_ONCE).collect().await;
        return dropped.into_iter().flatten().collect();
    }
    let begun = stream::iter(known).map(|(one, stored)| begin(app, marketplace, &target, one, stored, course));
    let begun: Vec<Result<Begun, Vec<BatchItemFailure>>> = begun.buffered(WRITES_AT_ONCE).collect().await;
    let mut waiting = Vec::new();
    for one in begun {
        match one {
            Ok(begun) => waiting.push(begun),
            Err(failures) => failed.extend(failures),
        }
    }
    for call in calls(waiting) {
        failed.extend(Box::pin(send(app, marketplace, call, course)).await);
    }
    failed
}

async fn begin(
    app: &App,
    marketplace: &Marketplace,
    target: &Target,
    wanted: Wanted,
    stored: StoredRecord,
    course: &Course,
) -> Result<Begun, Vec<BatchItemFailure>> {
    let now = app.now();
    let known = (stored.entity.clone(), stored.version);
    let settle = async |wanted, fate| {
        let (entity, version) = &known;
        Err(fate::settle(app, wanted, fate, Some((entity, *version))).await)
    };
    if !course.can_go_on() {
        return settle(wanted, Fate::later("the marketplace is in trouble", None)).await;
    }
    let Some(entity) = Entity::parse(&stored.entity) else { return Err(Vec::new()) };
    let place = target.place(&stored.entity);
    // A group that it belongs to no more gets it only where it is linked: it is not brought back there.
    let hint = match wanted.message.is_linked {
        _ if !stored.groups.contains(target) => Hint::OnlyLinked,
        true => Hint::Linked,
        false => Hint::Unlinked,
    };
    let until = now + app.limits.whole();
    let claim = match app.desk.id_map.claim((&stored.record, &place, stored.version), hint, now, until).await {
        Ok(claim) => claim,
        Err(ClaimRefused::Settled | ClaimRefused::NotLinked) => return Err(Vec::new()),
        Err(ClaimRefused::Tombstoned) => {
            return Err(drop_push(app, wanted, stored, "the record was deleted there").await);
        }
        Err(ClaimRefused::UnderWay) => return settle(wanted, Fate::busy(app.limits.first_pause)).await,
        Err(ClaimRefused::Store(error)) => {
            tracing::warn!(causes = shared::telemetry::causes(&error), "{error}");
            return settle(wanted, Fate::Failed).await;
        }
    };
    let document = outgoing(&stored, marketplace, &target.group);
    let operation = match &claim.rid {
        Some(connec_id) => Operation::update(&target.group, entity, connec_id, document),
        None => Operation::create(&target.group, entity, document),
    };
    Ok(Begun { wanted, stored, claim, operation })
}

/// As many in each call as it takes. What has failed several times goes alone, and last: it may be what makes calls fail.
fn calls(begun: Vec<Begun>) -> Vec<Vec<Begun>> {
    let (suspects, plain): (Vec<Begun>, Vec<Begun>) =
        begun.into_iter().partition(|one| one.wanted.message.attempts >= SUSPECT_AFTER);
    let (mut calls, mut call, mut len) = (Vec::new(), Vec::new(), 0);
    for one in plain {
        let adds = one.stored.document.len();
        if call.len() == MAX_OPERATIONS || (!call.is_empty() && len + adds > MAX_CALL_LEN) {
            calls.push(std::mem::take(&mut call));
            len = 0;
        }
        len += adds;
        call.push(one);
    }
    calls.extend((!call.is_empty()).then_some(call));
    calls.extend(suspects.into_iter().map(|one| vec![one]));
    calls
}

/// Makes one call, and does with each of its pushes what came of it. What is refused as a whole is tried in halves, so that the one that is
/// refused harms no other.
async fn send(app: &App, marketplace: &Marketplace, mut call: Vec<Begun>, course: &Course) -> Vec<BatchItemFailure> {
    if !course.can_go_on() {
        return later(app, call, "the marketplace is in trouble", None).await;
    }
    let operations: Vec<Operation> = call.iter().map(|begun| begun.operation.clone()).collect();
    match app.connec.batch(marketplace, &operations).await {
        Ok(results) => {
            if results.iter().any(|result| !matches!(result, OperationResult::Delayed { .. })) {
                course.went_well();
            }
            let settled =
                stream::iter(call.into_iter().zip(results)).map(|(begun, result)| conclude(app, begun, result));
            let failed: Vec<Vec<BatchItemFailure>> = settled.buffer_unordered(WRITES_AT_ONCE).collect().await;
            failed.into_iter().flatten().collect()
        }
        Err(error) if error.is_passing() => {
            tracing::warn!(marketplace = %marketplace.key, count = call.len(), causes = shared::telemetry::causes(&error), "{error}");
            course.met(&error);
            later(app, call, &error.to_string(), error.retry_after()).await
        }
        Err(_) if call.len() > 1 => {
            let rest = call.split_off(call.len() / 2);
            let mut failed = Box::pin(send(app, marketplace, call, course)).await;
            failed.extend(Box::pin(send(app, marketplace, rest, course)).await);
            failed
        }
        Err(error) => {
            let reason = reason(&error);
            let mut failed = Vec::new();
            for begun in call {
                failed.extend(end(app, begun, Settlement::Rejected { reason: reason.clone() }, Fate::Done).await);
            }
            failed
        }
    }
}

/// What became of one push.
async fn conclude(app: &App, begun: Begun, result: OperationResult) -> Vec<BatchItemFailure> {
    match result {
        OperationResult::Done { connec_id } => {
            let hash = begun.stored.hash.clone();
            end(app, begun, Settlement::Pushed { rid: connec_id, hash }, Fate::Done).await
        }
        OperationResult::Refused { status, document } => {
            let reason = format!("{status}: {}", document.reason());
            end(app, begun, Settlement::Rejected { reason }, Fate::Done).await
        }
        OperationResult::Delayed { status } => {
            let reason = match status {
                0 => "Connec!'s result makes no sense".to_owned(),
                status => format!("Connec! answered {status}"),
            };
            let fate = Fate::later(reason.clone(), None);
            end(app, begun, Settlement::Waiting { reason }, fate).await
        }
    }
}

async fn later(app: &App, call: Vec<Begun>, reason: &str, pause: Option<std::time::Duration>) -> Vec<BatchItemFailure> {
    let ended = stream::iter(call).map(|begun| {
        let settlement = Settlement::Waiting { reason: reason.to_owned() };
        end(app, begun, settlement, Fate::later(reason, pause))
    });
    let failed: Vec<Vec<BatchItemFailure>> = ended.buffer_unordered(WRITES_AT_ONCE).collect().await;
    failed.into_iter().flatten().collect()
}

/// Writes the end of a push to its link, then does with its messages what it means for them.
async fn end(app: &App, begun: Begun, settlement: Settlement, fate: Fate) -> Vec<BatchItemFailure> {
    let Begun { wanted, stored, claim, .. } = begun;
    let fate = match app.desk.id_map.settle(&claim, &settlement, app.now()).await {
        Ok(true) => fate,
        // Somebody else has been at the link since. Whether there is something left to do shows when it is claimed again.
        Ok(false) => Fate::busy(app.limits.first_pause),
        Err(LinkError::RemoteTaken { record }) => {
            tracing::error!(class = record.class_name, "a push met the counterpart of another record");
            let reason = format!("Connec! took it for the counterpart of {record}");
            match app.desk.id_map.settle(&claim, &Settlement::Rejected { reason }, app.now()).await {
                Ok(_) => Fate::Done,
                Err(_) => Fate::Failed,
            }
        }
        Err(error) => {
            tracing::warn!(causes = shared::telemetry::causes(&error), "{error}");
            Fate::Failed
        }
    };
    fate::settle(app, wanted, fate, Some((&stored.entity, stored.version))).await
}

/// Notes why a push is not made.
async fn drop_push(app: &App, wanted: Wanted, stored: StoredRecord, reason: &str) -> Vec<BatchItemFailure> {
    let place = wanted.message.push.place(&stored.entity);
    let state = (PushOutcome::Dropped, stored.version, reason);
    let fate = match app.desk.id_map.note_push(&stored.record, &place, state, app.now()).await {
        Ok(_) => Fate::Done,
        Err(_) => Fate::Failed,
    };
    fate::settle(app, wanted, fate, None).await
}

fn reason(error: &ConnecError) -> String {
    match error {
        ConnecError::Refused { status, document } => format!("{status}: {}", document.reason()),
        other => other.to_string(),
    }
}
