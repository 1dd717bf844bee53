//! Where the functions are reached.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::{Value, json};

use super::{FUNCTIONS, Function, ROOT, Template, list, referred};

impl Template {
    /// Every route with the function behind it.
    fn routes(&self) -> BTreeSet<(String, &str)> {
        let events = self.events("HttpApi").into_iter();
        events.map(|(folder, _, route)| (route["Path"].as_str().unwrap().to_owned(), folder)).collect()
    }
}

/// Whether API Gateway would send this path to this route.
fn covers(route: &str, path: &str) -> bool {
    match route.split_once("{proxy+}") {
        Some((before, _)) => path.len() > before.len() && path.starts_with(before),
        None => route == path,
    }
}

#[test]
fn every_path_served_has_a_route_and_every_route_is_served() {
    let template = Template::read();
    let routes = template.routes();
    for Function { folder, paths, .. } in FUNCTIONS {
        for path in paths {
            // API Gateway takes the most specific route, so another function's may come first.
            let exact = routes.iter().find(|(route, _)| route == path);
            let behind = exact.or_else(|| routes.iter().find(|(route, _)| covers(route, path)));
            assert_eq!(behind.map(|(_, function)| *function), Some(folder), "{path}");
        }
        for (route, _) in routes.iter().filter(|(_, function)| *function == folder) {
            assert!(paths.iter().any(|path| covers(route, path)), "{folder} does not serve {route}");
        }
    }
}

#[test]
fn every_route_is_one_that_our_api_can_have() {
    let template = Template::read();
    for (folder, name, route) in template.events("HttpApi") {
        // Without it SAM makes a second API, which has no throttling and no log.
        assert_eq!(referred(&route["ApiId"]).as_deref(), Some("Api"), "{folder}.{name}");
        assert!(route.get("PayloadFormatVersion").is_none(), "{folder}.{name}: the functions read version 2.0");
        assert_eq!(route["Method"], "ANY", "{folder}.{name}: the function answers other methods itself");
        let path = route["Path"].as_str().unwrap();
        assert!(!path.ends_with('/'), "{folder}.{name}: an HTTP API takes no route like {path}");
    }
}

#[test]
fn there_is_no_other_way_in() {
    let template = Template::read();
    let functions = template.functions().into_values().chain([&template.0["Globals"]["Function"]]);
    for function in functions {
        assert!(function.get("FunctionUrlConfig").is_none());
        for (name, event) in function.get("Events").and_then(yaml_serde::Value::as_mapping).into_iter().flatten() {
            assert!(["DynamoDB", "HttpApi", "SQS", "Schedule"].contains(&event["Type"].as_str().unwrap()), "{name:?}");
        }
    }
}

#[test]
fn cargo_lambda_watch_has_the_same_routes() {
    let mut cargo = Command::new(env!("CARGO"));
    let answer = cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]).current_dir(ROOT).output();
    let metadata: Value = serde_json::from_slice(&answer.unwrap().stdout).unwrap();
    let watched: BTreeMap<String, String> =
        serde_json::from_value(metadata["metadata"]["lambda"]["watch"]["router"].clone()).unwrap();
    let template = Template::read();
    let deployed = template.routes().into_iter();
    let deployed = deployed.map(|(path, folder)| (path.replace("{proxy+}", "{*proxy}"), folder.to_owned()));
    assert_eq!(watched, deployed.collect());
}

/// The examples for `cargo lambda invoke`.
#[test]
fn every_example_event_is_for_a_route_and_can_be_read() {
    let template = Template::read();
    let routes: BTreeSet<String> = template.routes().into_iter().map(|(path, _)| format!("ANY {path}")).collect();
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new(ROOT).join("tests/fixtures/events")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let event: Value = serde_json::from_str(&text).unwrap();
        assert!(routes.contains(event["routeKey"].as_str().unwrap()), "{}", path.display());
        assert_eq!(event["version"], json!("2.0"), "{}", path.display());
        let request: lambda_http::Request = shared::lambda::prepare(serde_json::from_str(&text).unwrap()).into();
        assert_eq!(request.uri().path(), event["rawPath"].as_str().unwrap(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 4, "{count}");
}

/// The access log is JSON whatever an error says, and tells nothing personal.
#[test]
fn the_access_log_is_json_without_anything_personal() {
    let template = Template::read();
    let format = template.resource("Api")["Properties"]["AccessLogSettings"]["Format"].as_str().unwrap();
    let fields: BTreeMap<String, String> = serde_json::from_str(format).unwrap();
    for (name, value) in fields {
        let personal = ["identity", "authorizer", "path", "customDomain", "header", "querystring"];
        assert!(personal.iter().all(|word| !value.contains(word)), "{name}");
        // This one comes with quotes of its own.
        assert!(!value.contains("messageString"), "{name}");
    }
}

#[test]
fn with_a_domain_it_is_the_only_address_and_speaks_modern_tls() {
    let template = Template::read();
    let yaml = |value: &str| yaml_serde::from_str::<yaml_serde::Value>(value).unwrap();
    let api = &template.resource("Api")["Properties"];
    assert_eq!(api["DisableExecuteApiEndpoint"], yaml("!If [HasDomain, true, false]"));
    assert_eq!(
        template.0["Conditions"]["HasDomain"],
        yaml("!Not [!Equals [!Ref DomainName, \"\"]]"),
        "a domain is one that was given"
    );
    let domains = template.of_type("AWS::ApiGatewayV2::DomainName");
    assert_eq!(domains.len(), 1);
    for (id, domain) in domains {
        assert_eq!(template.resource(id)["Condition"], "HasDomain");
        for configuration in list(&domain["DomainNameConfigurations"]) {
            assert_eq!(configuration["SecurityPolicy"], "TLS_1_2", "{id}");
        }
    }
}

#[test]
fn rates_concurrency_and_times_are_limited() {
    let template = Template::read();
    let limits = &template.resource("Api")["Properties"]["DefaultRouteSettings"];
    assert_eq!(referred(&limits["ThrottlingRateLimit"]).as_deref(), Some("RateLimit"));
    assert_eq!(referred(&limits["ThrottlingBurstLimit"]).as_deref(), Some("BurstLimit"));
    let default = &template.0["Globals"]["Function"]["Timeout"];
    for (folder, function) in template.functions() {
        let yaml_serde::Value::Tagged(reserved) = &function["ReservedConcurrentExecutions"] else {
            panic!("{folder} has no reserved concurrency under a condition")
        };
        assert_eq!((reserved.tag.to_string().as_str(), &reserved.value[0]), ("!If", &"HasReservedConcurrency".into()));
        assert!(reserved.value[1].as_u64().is_some_and(|reserved| reserved > 0), "{folder}");
        assert_eq!(referred(&reserved.value[2]).as_deref(), Some("AWS::NoValue"), "{folder}");
        // API Gateway gives up after 30 s; what a queue feeds may take as long as a slow marketplace.
        let is_fed = template.events("SQS").iter().any(|(fed, ..)| *fed == folder);
        let longest = if is_fed { 180 } else { 29 };
        assert!(function.get("Timeout").unwrap_or(default).as_u64().is_some_and(|secs| secs <= longest), "{folder}");
    }
}
