//! What people see: the launcher, the pickers and the notices. Server-rendered, nothing loaded from elsewhere.

pub(crate) mod launcher;
mod launcher_groups;
mod launcher_parts;
mod layout;
pub(crate) mod notices;
pub(crate) mod pickers;
pub(crate) mod records;
