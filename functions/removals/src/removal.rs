//! One removal, step by step. Each step can be repeated, and the list says how far it has come.

use std::{sync::Arc, time::Instant};

use jiff::SignedDuration;
use shared::{
    account_api::GroupStatus,
    event::RemovalReason,
    marketplace::Marketplace,
    store::{Removal, Removed, StoreError},
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
    // Somebody signed in again: nothing of it is to be purged.
    if app.accounts.is_still_cancelled(removal).await? {
        let Some(marketplace) = marketplace else {
            report.unconfirmed += 1;
            return postpone(app, removal).await;
        };
        if !is_confirmed(app, removal, marketplace, report).await {
            return postpone(app, removal).await;
        }
        let purge_at = (removal.cancelled_at + marketplace.settings.retention.duration()).max(app.now());
        app.accounts.purge_group(removal, purge_at).await?;
        tracing::info!(
            marketplace.key = %removal.marketplace, group.id = %removal.group, %purge_at, "cancelled group will be purged"
        );
    }
    app.accounts.finish_removal(removal).await?;
    report.finished += 1;
    Ok(())
}

/// Ends the memberships of then, one after the other. Whether all have ended before the deadline.
async fn end_members(app: &App, removal: &Removal, report: &mut Report, deadline: Instant) -> Result<bool, StoreError> {
    for user in app.accounts.members_to_end(removal).await? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        let who = (&removal.marketplace, &removal.group, &user);
        let removed = app.accounts.remove_member(who, RemovalReason::GroupCancelled, None, app.now()).await?;
        report.members_ended += u32::from(removed == Removed::Now);
    }
    Ok(true)
}

/// Whether the marketplace says itself that the group is over, or need not be asked.
async fn is_confirmed(app: &App, removal: &Removal, marketplace: &Marketplace, report: &mut Report) -> bool {
    if !marketplace.settings.confirm_removals.0 {
        return true;
    }
    match app.account_api.group_status(marketplace, &removal.group).await {
        Ok(GroupStatus::Terminated | GroupStatus::Unknown) => true,
        Ok(GroupStatus::Other(status)) => {
            report.disputed += 1;
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

async fn postpone(app: &App, removal: &mut Removal) -> Result<(), StoreError> {
    removal.next_at = app.now() + ASK_AGAIN_AFTER;
    app.accounts.postpone_removal(removal).await
}
