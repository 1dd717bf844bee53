//! One removal, step by step. Each step can be repeated, and the list says how far it has come.

use std::{sync::Arc, time::Instant};

use jiff::SignedDuration;
use shared::{
    account_api::GroupStatus,
    marketplace::{Marketplace, Retention},
    store::{Removal, StoreError, Target},
    telemetry::causes,
};

use crate::{App, Report};

/// How long to wait before a marketplace is asked again that did not confirm.
const ASK_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Takes a removal as far as it goes.
pub(crate) async fn advance(
    app: &App,
    removal: &mut Removal,
    marketplace: Option<&Arc<Marketplace>>,
    report: &mut Report,
    deadline: Instant,
) -> Result<(), StoreError> {
    if !removal.members_ended {
        if !end_members(app, removal, report, deadline).await? {
            return Ok(());
        }
        removal.members_ended = true;
        app.accounts.postpone_removal(removal).await?;
    }
    // Where somebody has signed in again there is nothing to confirm: only who has not is forgotten, and they were told as removed.
    let is_over = app.accounts.is_still_cancelled(removal).await?;
    if is_over && !is_confirmed(app, removal, marketplace, report).await {
        removal.next_at = app.now() + ASK_AGAIN_AFTER;
        return app.accounts.postpone_removal(removal).await;
    }
    let retention = marketplace.map_or_else(Retention::default, |marketplace| marketplace.settings.retention);
    let purge_at = (removal.cancelled_at + retention.duration()).max(app.now());
    let has_time = || Instant::now() < deadline;
    let target = Target { marketplace: removal.marketplace.clone(), group: removal.group.clone() };
    if is_over && !app.id_map.remove_realm(&target.realm(), purge_at, has_time).await? {
        return Ok(());
    }
    if app.accounts.purge_group(removal, purge_at, has_time).await? {
        tracing::info!(
            marketplace.key = %removal.marketplace, group.id = %removal.group, %purge_at, "what has ended will be purged"
        );
        report.finished += u32::from(app.accounts.finish_removal(removal).await?);
    }
    Ok(())
}

/// Ends the memberships of then, one after the other. Whether all have ended before the deadline.
async fn end_members(app: &App, removal: &Removal, report: &mut Report, deadline: Instant) -> Result<bool, StoreError> {
    for user in app.accounts.members_to_end(removal).await? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        report.members_ended += u32::from(app.accounts.end_member_of(removal, &user, app.now()).await?);
    }
    Ok(true)
}

/// Whether the marketplace says itself that the group is over, or need not be asked.
async fn is_confirmed(
    app: &App,
    removal: &mut Removal,
    marketplace: Option<&Arc<Marketplace>>,
    report: &mut Report,
) -> bool {
    let Some(marketplace) = marketplace else {
        report.unconfirmed += 1;
        tracing::warn!(
            marketplace.key = %removal.marketplace, group.id = %removal.group,
            "a removal cannot be confirmed: no source names the marketplace any more"
        );
        return false;
    };
    removal.is_disputed = false;
    if !marketplace.settings.confirm_removals.0 {
        return true;
    }
    match app.account_api.group_status(marketplace, &removal.group).await {
        Ok(GroupStatus::Terminated | GroupStatus::Unknown) => true,
        Ok(GroupStatus::Other(status)) => {
            removal.is_disputed = true;
            tracing::error!(
                marketplace.key = %removal.marketplace, group.id = %removal.group, status,
                "the marketplace cancelled a group and says that it is not over: its records are kept"
            );
            false
        }
        Err(error) => {
            report.unconfirmed += 1;
            tracing::warn!(
                marketplace.key = %removal.marketplace, group.id = %removal.group, causes = causes(&error),
                "a removal is not confirmed yet: {error}"
            );
            false
        }
    }
}
