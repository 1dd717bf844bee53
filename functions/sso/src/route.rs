//! Which request means what (design.md §3, protocol.md §3.3 and §3.9). API Gateway hands the path over decoded, so `%2F` has
//! become a separator before we see it: routes match whole paths, and a marketplace is looked up exactly as it is written.

use lambda_http::{Request, RequestExt as _, http::Method};

use shared::routes::{
    HEALTH, OLDER_SAML_CONSUME, OLDER_SAML_INITIALIZE, OLDEST_SAML_CONSUME, OLDEST_SAML_INITIALIZE, SAML_CONSUME,
    SAML_INITIALIZE, SAML_METADATA, marketplace_in, marketplace_in_query,
};

use crate::error::RouteError;

/// Every path the function serves; `{mp}` is a marketplace. One of `/maestrano/init` and its kin names it in the query.
pub const PATHS: [&str; 12] = [
    SAML_INITIALIZE,
    SAML_CONSUME,
    SAML_METADATA,
    OPENID_INITIALIZE,
    OPENID_RETURN,
    OLDER_SAML_INITIALIZE,
    OLDER_SAML_CONSUME,
    OLDEST_SAML_INITIALIZE,
    OLDEST_SAML_CONSUME,
    SESSION,
    LOGOUT,
    HEALTH,
];
const OPENID_INITIALIZE: &str = "/mno-enterprise/{mp}/openid/initialize";
const OPENID_RETURN: &str = "/mno-enterprise/{mp}/openid/return";
const SESSION: &str = "/session";
const LOGOUT: &str = "/session/logout";

/// What is asked for. The marketplace is as the caller wrote it: not yet known to exist.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Initialize(String),
    Consume(String),
    Metadata(String),
    OpenIdInitialize(String),
    OpenIdReturn(String),
    Session,
    Logout,
    Health,
}

/// How a route may be asked.
#[derive(Clone, Copy)]
enum Methods {
    /// HEAD is GET without the body (RFC 9110, 9.3.2).
    Get,
    Post,
    /// Either, and no HEAD: even a GET changes something here.
    GetOrPost,
}

impl Methods {
    fn include(self, method: &Method) -> bool {
        match self {
            Self::Get => [Method::GET, Method::HEAD].contains(method),
            Self::Post => method == Method::POST,
            Self::GetOrPost => [Method::GET, Method::POST].contains(method),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
            Self::GetOrPost => "GET, POST",
        }
    }
}

impl Route {
    pub(crate) fn of(request: &Request) -> Result<Self, RouteError> {
        let (route, methods) = Self::of_path(request).ok_or(RouteError::NotFound)?;
        if methods.include(request.method()) {
            Ok(route)
        } else {
            Err(RouteError::MethodNotAllowed { allowed: methods.as_str() })
        }
    }

    fn of_path(request: &Request) -> Option<(Self, Methods)> {
        let path = request.raw_http_path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let (pattern, marketplace) =
            PATHS.iter().find_map(|pattern| Some((*pattern, marketplace_in(path, pattern)?)))?;
        Some(match pattern {
            SAML_INITIALIZE | OLDER_SAML_INITIALIZE => (Self::Initialize(marketplace.to_owned()), Methods::Get),
            SAML_CONSUME | OLDER_SAML_CONSUME => (Self::Consume(marketplace.to_owned()), Methods::Post),
            SAML_METADATA => (Self::Metadata(marketplace.to_owned()), Methods::Get),
            OPENID_INITIALIZE => (Self::OpenIdInitialize(marketplace.to_owned()), Methods::Get),
            OPENID_RETURN => (Self::OpenIdReturn(marketplace.to_owned()), Methods::GetOrPost),
            OLDEST_SAML_INITIALIZE => (Self::Initialize(named_in_query(request)?), Methods::Get),
            OLDEST_SAML_CONSUME => (Self::Consume(named_in_query(request)?), Methods::Post),
            SESSION => (Self::Session, Methods::Get),
            LOGOUT => (Self::Logout, Methods::Post),
            HEALTH => (Self::Health, Methods::Get),
            _ => return None,
        })
    }
}

fn named_in_query(request: &Request) -> Option<String> {
    marketplace_in_query(request.uri().query().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, http};

    use super::*;

    fn route(method: &str, path: &str) -> Result<Route, RouteError> {
        let request =
            http::Request::builder().method(method).uri(format!("https://x.test{path}")).body(Body::Empty).unwrap();
        let raw_path = path.split('?').next().unwrap().to_owned();
        Route::of(&request.with_raw_http_path(&raw_path))
    }

    #[test]
    fn every_spelling_of_the_protocol_leads_to_its_route() {
        for path in [
            "/mno-enterprise/acme-hub/saml/initialize",
            "/maestrano/auth/saml/init/acme-hub",
            "/maestrano/init/?marketplace=acme-hub",
        ] {
            assert_eq!(route("GET", path).unwrap(), Route::Initialize("acme-hub".to_owned()), "{path}");
        }
        for path in [
            "/mno-enterprise/acme-hub/saml/consume",
            "/maestrano/auth/saml/consume/acme-hub",
            "/maestrano/consume?marketplace=acme-hub",
        ] {
            assert_eq!(route("POST", path).unwrap(), Route::Consume("acme-hub".to_owned()), "{path}");
        }
    }

    #[test]
    fn openid_has_a_way_out_and_a_way_back() {
        let initialize = route("GET", "/mno-enterprise/acme-hub/openid/initialize?group_id=cld-7a1c").unwrap();
        assert_eq!(initialize, Route::OpenIdInitialize("acme-hub".to_owned()));
        let back = "/mno-enterprise/acme-hub/openid/return?request_id=1";
        for method in ["GET", "POST"] {
            assert_eq!(route(method, back).unwrap(), Route::OpenIdReturn("acme-hub".to_owned()), "{method}");
        }
        for method in ["HEAD", "PUT"] {
            let error = route(method, back).unwrap_err();
            assert!(matches!(error, RouteError::MethodNotAllowed { allowed: "GET, POST" }), "{method}");
        }
    }

    #[test]
    fn every_path_is_served() {
        for path in PATHS {
            let request = format!("{}?marketplace=acme-hub", path.replace("{mp}", "acme-hub"));
            assert!(!matches!(route("GET", &request), Err(RouteError::NotFound)), "{path}");
        }
    }

    #[test]
    fn another_method_is_refused_with_the_right_one() {
        let error = route("GET", "/mno-enterprise/acme-hub/saml/consume").unwrap_err();
        assert!(matches!(error, RouteError::MethodNotAllowed { allowed: "POST" }));
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
            let error = route(method, "/session").unwrap_err();
            assert!(matches!(error, RouteError::MethodNotAllowed { allowed: "GET, HEAD" }), "{method}");
        }
    }

    #[test]
    fn head_is_answered_like_get() {
        assert_eq!(route("HEAD", "/session").unwrap(), Route::Session);
        assert!(route("HEAD", "/session/logout").is_err());
    }

    #[test]
    fn one_trailing_slash_changes_nothing_and_case_does() {
        let acme = || Route::Initialize("acme-hub".to_owned());
        assert_eq!(route("GET", "/mno-enterprise/acme-hub/saml/initialize/").unwrap(), acme());
        assert!(route("GET", "/mno-enterprise/acme-hub/saml/initialize//").is_err());
        assert!(route("GET", "/mno-enterprise/acme-hub/SAML/initialize").is_err());
        // Keys are lower case; another spelling is another marketplace, which nobody has.
        assert_eq!(
            route("GET", "/mno-enterprise/Acme-Hub/saml/initialize").unwrap(),
            Route::Initialize("Acme-Hub".to_owned())
        );
    }

    #[test]
    fn anything_else_is_not_found() {
        for path in [
            "/",
            "/mno-enterprise",
            "/mno-enterprise/a/b/saml/initialize",
            "/mno-enterprise//saml/initialize/x",
            "/sessions",
            "/maestrano/init",
            "/maestrano/init?marketplace=a&marketplace=b",
            "/mno-enterprise/a%2Fsaml%2Finitialize",
        ] {
            assert!(matches!(route("GET", path), Err(RouteError::NotFound)), "{path}");
        }
    }
}
