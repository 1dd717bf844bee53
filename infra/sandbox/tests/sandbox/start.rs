//! Starting, stopping, and what the library tells about itself.

use sandbox::{IdpKeys, KeyPair, MarketplaceSpec, Options, Sandbox, StartError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::http::get;
use crate::running::{APP, Running, key_pair};

async fn start(options: Options) -> Result<Sandbox, StartError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Sandbox::start(listener, options, CancellationToken::new()).await
}

#[tokio::test]
async fn keys_are_generated_per_marketplace_when_none_are_given() {
    let sandbox = start(Options::default()).await.unwrap();
    let marketplaces = sandbox.marketplaces();
    assert_ne!(marketplaces[0].idp_certificate_pem, marketplaces[1].idp_certificate_pem);
    for marketplace in marketplaces {
        KeyPair::from_pem(&marketplace.idp_private_key_pem, &marketplace.idp_certificate_pem).unwrap();
    }
}

#[tokio::test]
async fn a_listener_reachable_from_elsewhere_is_refused() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let result = Sandbox::start(listener, Options::default(), CancellationToken::new()).await;
    assert!(matches!(result, Err(StartError::NotLoopback(_))));
}

#[tokio::test]
async fn marketplace_keys_that_would_shadow_a_path_are_refused() {
    for key in ["control", "api", "", "A b", "acme-hub"] {
        let odd = MarketplaceSpec { key: key.to_owned(), ..MarketplaceSpec::northbank() };
        let options = Options { marketplaces: vec![MarketplaceSpec::acme_hub(), odd], ..Options::default() };
        assert!(matches!(start(options).await, Err(StartError::MarketplaceKey(_))), "{key:?}");
    }
}

#[tokio::test]
async fn key_pairs_must_fit_the_marketplaces() {
    let keys = IdpKeys::PerMarketplace(vec![key_pair().clone()]);
    let result = start(Options { keys, ..Options::default() }).await;
    assert!(matches!(result, Err(StartError::KeyCount { keys: 1, marketplaces: 2 })));
}

#[tokio::test]
async fn an_app_host_that_is_no_base_url_is_refused() {
    let options = Options { app_host: "localhost:4000".to_owned(), ..Options::default() };
    assert!(matches!(start(options).await, Err(StartError::AppHost(_))));
}

#[tokio::test]
async fn it_stops_when_asked_even_with_an_idle_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let keys = IdpKeys::PerMarketplace(vec![key_pair().clone(), key_pair().clone()]);
    let sandbox = Sandbox::start(listener, Options { keys, ..Options::default() }, shutdown.clone()).await.unwrap();
    let _idle = tokio::net::TcpStream::connect(address).await.unwrap();
    assert_eq!(get(format!("{}/", sandbox.base_url())).send().await.status, 200);
    shutdown.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(5), sandbox.stopped()).await.unwrap();
}

#[tokio::test]
async fn the_summary_names_the_urls_and_debug_hides_the_secrets() {
    let running = Running::start().await;
    let base = running.sandbox.base_url();
    let acme = running.marketplace("acme-hub");
    assert_eq!(acme.host, format!("{base}/acme-hub"));
    assert_eq!(acme.idp_sso_url, format!("{base}/acme-hub/api/v1/auth/saml"));
    assert_eq!(acme.issuer, acme.idp_sso_url);
    assert_eq!(acme.initialize_url, format!("{APP}/mno-enterprise/acme-hub/saml/initialize"));
    assert_eq!(acme.acs_url, format!("{APP}/mno-enterprise/acme-hub/saml/consume"));
    assert_eq!(acme.openid_endpoint, format!("{base}/acme-hub/api/openid/provider/app-acme"));
    assert_eq!(acme.openid_initialize_url, format!("{APP}/mno-enterprise/acme-hub/openid/initialize"));
    assert_eq!(acme.users, ["usr-5k2", "usr-8w1", "usr-3d7"]);
    let debug = format!("{acme:?} {:?} {:?}", running.sandbox, running.sandbox.environment());
    assert!(!debug.contains(&acme.api_key) && !debug.contains("PRIVATE"));
    assert!(!debug.contains(&running.sandbox.environment().secret));
}

#[tokio::test]
async fn subscribers_hear_of_a_login_without_its_token() {
    let running = Running::start().await;
    let mut events = running.sandbox.subscribe();
    running.acme_response("usr-5k2", "cld-7a1c").await;
    let event = events.recv().await.unwrap();
    assert_eq!(event.kind, "saml.response_issued");
    assert_eq!(event.marketplace.as_deref(), Some("acme-hub"));
    assert_eq!(event.text, "Response issued for usr-5k2 in cld-7a1c.");
}
