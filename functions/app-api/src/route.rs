//! Which route a request is for, and what its path names.

use lambda_http::{Request, RequestExt as _, request::RequestContext};
use percent_encoding::percent_decode_str;
use shared::domain::LocalRecord;

/// Every path the function serves.
pub const PATHS: [&str; 7] = [SESSION_TOKEN, SESSION, KEY_SET, RECORDS, RECORD, LINKS, LINK];
const SESSION_TOKEN: &str = "/app/v1/session/token";
const SESSION: &str = "/app/v1/session";
const KEY_SET: &str = "/.well-known/jwks.json";
const RECORDS: &str = "/app/v1/records";
const RECORD: &str = "/app/v1/records/{class}/{id}";
const LINKS: &str = "/app/v1/records/{class}/{id}/links";
const LINK: &str = "/app/v1/records/{class}/{id}/links/{mp}/{group}/{entity}";

/// A route, with what its path names, as the caller wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    SessionToken,
    Session,
    KeySet,
    Records,
    Record(LocalRecord),
    Links(LocalRecord),
    Link(LocalRecord, PlaceNames),
}

/// Where a link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceNames {
    pub(crate) marketplace: String,
    pub(crate) group: String,
    pub(crate) entity: String,
}

impl Route {
    /// The gateway says which route it is, and what its parts are once decoded; the path alone would leave open where a slash in an id
    /// belongs. Who has no such gateway (`cargo lambda watch`) leaves the path as it was.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let parameters = request.path_parameters();
        if let Some(pattern) = route_key(request)
            && let Some(route) = Self::with(pattern, |name| parameters.first(name).map(str::to_owned))
        {
            return Some(route);
        }
        let path = request.raw_http_path();
        PATHS.into_iter().find_map(|pattern| {
            let named = segments(path, pattern)?;
            Self::with(pattern, |name| {
                let (_, segment) = named.iter().find(|(known, _)| *known == name)?;
                Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned())
            })
        })
    }

    fn with(pattern: &str, part: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let record = || Some(LocalRecord { class_name: part("class")?, id: part("id")? });
        Some(match pattern {
            SESSION_TOKEN => Self::SessionToken,
            SESSION => Self::Session,
            KEY_SET => Self::KeySet,
            RECORDS => Self::Records,
            RECORD => Self::Record(record()?),
            LINKS => Self::Links(record()?),
            LINK => {
                let names = PlaceNames { marketplace: part("mp")?, group: part("group")?, entity: part("entity")? };
                Self::Link(record()?, names)
            }
            _ => return None,
        })
    }

    /// What it takes, as `Allow` has it.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::SessionToken | Self::Records => "POST",
            Self::Session => "GET, DELETE",
            Self::KeySet => "GET, HEAD",
            Self::Record(_) => "PUT",
            Self::Links(_) => "GET",
            Self::Link(..) => "PUT, DELETE",
        }
    }
}

/// The path of the gateway's route.
fn route_key(request: &Request) -> Option<&'static str> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else { return None };
    let (_, path) = context.route_key.as_deref()?.split_once(' ')?;
    PATHS.into_iter().find(|pattern| *pattern == path)
}

/// What stands where the pattern has names, if the path is like it.
fn segments<'a>(path: &'a str, pattern: &'static str) -> Option<Vec<(&'static str, &'a str)>> {
    let (path, pattern) = (path.split('/'), pattern.split('/'));
    if path.clone().count() != pattern.clone().count() {
        return None;
    }
    let mut named = Vec::new();
    for (segment, expected) in path.zip(pattern) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => named.push((name, segment)),
            None if segment == expected => {}
            _ => return None,
        }
    }
    Some(named)
}
