//! What must hold wherever it runs: the same tests drive the embedded stack and a deployed one (`STALLHOLDER_TARGET`).

mod app_api;
mod chromium;
mod configuration;
mod events;
mod openid;
mod refusals;
mod removals;
mod session;
mod sharing;
mod sign_in;

pub(crate) use app_api::code_of;
pub(crate) use removals::send_removal;
pub(crate) use sharing::share_in_every_way;
