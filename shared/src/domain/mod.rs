//! Plain types of the field: identifiers that cannot be malformed, and the people and groups they name.
//! No I/O, and no type of AWS, HTTP or Lambda.

mod group;
mod id;
mod record;
mod user;

pub use group::{Group, Role};
pub use id::{GroupId, InvalidId, MarketplaceKey, UserId};
pub use record::{LocalRecord, Place, Realm, RemoteRecord, Version};
pub use user::{CreationMode, User, VirtualUser};
