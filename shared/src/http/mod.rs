//! Answers to callers, and what we read from their requests. Errors are `application/problem+json` (RFC 9457) for programs
//! and a plain page for people; both carry a reference that also stands in the log, and never a reason that would help to
//! forge (threats.md C11).

mod answer;
mod basic;
mod cookie;
mod reference;
mod request;

pub use answer::{
    Problem, empty, error_page, json, problem, problem_document, problem_for_hub, problem_with, redirect,
};
pub use basic::{BASIC_CHALLENGE, BasicCredentials};
pub use cookie::{SameSite, clear_cookie, cookies, set_cookie};
pub use reference::{InvalidReference, Reference};
pub use request::{has_bearer, is_content_type};
