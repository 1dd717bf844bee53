//! `infra/template.yaml` held against the code: what is deployed, what it is told, what it may do, and where it is reached.

mod outbox;
mod permissions;
mod routes;
mod stores;

use std::collections::{BTreeMap, BTreeSet};

use shared::env::{EnvError, Variables};
use yaml_serde::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What every function's subscriber reads, outside its settings.
const LOG_LEVEL: (&str, &str) = ("RUST_LOG", "LogLevel");

/// One function in the code.
struct Function {
    /// Its folder below `functions/`.
    folder: &'static str,
    /// What reads its variables.
    read: fn(&Variables) -> Result<(), EnvError>,
    /// Where each of them must come from.
    variables: &'static [(&'static str, &'static str)],
    /// The paths it serves.
    paths: &'static [&'static str],
}

/// A new function gets a line here; `every_function_is_deployed_and_known_here` says so if it has none.
const FUNCTIONS: [Function; 8] = [
    Function {
        folder: "account-webhooks",
        read: |variables| account_webhooks::Settings::read(variables).map(drop),
        variables: &[("ACCOUNTS_TABLE", "AccountsTable"), ("APPLICATION_SECRET_ID", "ApplicationSecret")],
        paths: &account_webhooks::PATHS,
    },
    Function {
        folder: "app-api",
        read: |variables| app_api::Settings::read(variables).map(drop),
        variables: &[
            ("ACCOUNTS_TABLE", "AccountsTable"),
            ("APPLICATION_SECRET_ID", "ApplicationSecret"),
            ("APP_API_KEY_SECRET_ID", "AppApiKey"),
            ("ID_MAP_TABLE", "IdMapTable"),
            ("PUSH_QUEUE_URL", "PushQueue"),
        ],
        paths: &app_api::PATHS,
    },
    Function {
        folder: "config-refresh",
        read: |variables| config_refresh::Settings::read(variables).map(drop),
        variables: &[
            ("ACCOUNTS_TABLE", "AccountsTable"),
            ("APPLICATION_SECRET_ID", "ApplicationSecret"),
            ("DEVELOPER_PLATFORM_SECRET_ID", "DeveloperPlatformSecretArn"),
            ("MANIFEST_SECRET_ID", "Manifest"),
            ("MNO_DEVPL_API_PATH", "DeveloperPlatformApiPath"),
            ("MNO_DEVPL_HOST", "DeveloperPlatformHost"),
        ],
        paths: &[],
    },
    Function {
        folder: "connec-push",
        read: |variables| connec_push::Settings::read(variables).map(drop),
        variables: &[
            ("ACCOUNTS_TABLE", "AccountsTable"),
            ("APPLICATION_SECRET_ID", "ApplicationSecret"),
            ("ID_MAP_TABLE", "IdMapTable"),
            ("PUSH_DEAD_LETTERS_URL", "PushDeadLetters"),
            ("PUSH_QUEUE_URL", "PushQueue"),
        ],
        paths: &[],
    },
    Function {
        folder: "events",
        read: |variables| events::Settings::read(variables).map(drop),
        variables: &[("EVENT_BUS", "EventBus"), ("EVENTS_DEAD_LETTERS_URL", "EventsDeadLetters")],
        paths: &[],
    },
    Function {
        folder: "metadata",
        read: |variables| metadata::Settings::read(variables).map(drop),
        variables: &[("ACCOUNTS_TABLE", "AccountsTable"), ("APPLICATION_SECRET_ID", "ApplicationSecret")],
        paths: &metadata::PATHS,
    },
    Function {
        folder: "removals",
        read: |variables| removals::Settings::read(variables).map(drop),
        variables: &[
            ("ACCOUNTS_TABLE", "AccountsTable"),
            ("APPLICATION_SECRET_ID", "ApplicationSecret"),
            ("ID_MAP_TABLE", "IdMapTable"),
        ],
        paths: &[],
    },
    Function {
        folder: "sso",
        read: |variables| sso::Settings::read(variables).map(drop),
        variables: &[
            ("ACCOUNTS_TABLE", "AccountsTable"),
            ("APPLICATION_SECRET_ID", "ApplicationSecret"),
            ("APP_POST_LOGIN_URL", "AppPostLoginUrl"),
            ("APP_RETURN_ORIGINS", "AppReturnOrigins"),
            ("SAML_SIGNING_SECRET_ID", "SamlSigningSecretArn"),
        ],
        paths: &sso::PATHS,
    },
];

/// Everything the template may make. What opens another way in, or adds to a role from outside, is not among it.
const RESOURCES: [&str; 16] = [
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::Events::ApiDestination",
    "AWS::Events::Connection",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::Function",
    "AWS::Serverless::HttpApi",
];

/// The template, as it is written: intrinsic functions stay tagged values.
struct Template(Value);

impl Template {
    fn read() -> Self {
        Self(yaml_serde::from_str(&std::fs::read_to_string(format!("{ROOT}/infra/template.yaml")).unwrap()).unwrap())
    }

    /// The template with one thing changed, for showing that a check notices.
    fn with(mut self, path: &[&str], value: &str) -> Self {
        let place = path.iter().fold(&mut self.0["Resources"], |place, name| &mut place[*name]);
        *place = yaml_serde::from_str(value).unwrap();
        self
    }

    fn resource(&self, id: &str) -> &Value {
        &self.0["Resources"][id]
    }

    /// Logical id and properties of every resource of a type.
    fn of_type(&self, kind: &str) -> Vec<(&str, &Value)> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        let found = resources.filter(|(_, resource)| resource["Type"] == kind);
        found.map(|(id, resource)| (id.as_str().unwrap(), &resource["Properties"])).collect()
    }

    /// Properties of every function by its folder.
    fn functions(&self) -> BTreeMap<&str, &Value> {
        let functions = self.of_type("AWS::Serverless::Function").into_iter();
        let by_folder = functions.map(|(_, properties)| {
            let folder = properties["CodeUri"].as_str().unwrap().strip_prefix("../functions/").unwrap();
            (folder.trim_end_matches('/'), properties)
        });
        by_folder.collect()
    }

    /// Every event of a type, with its function's folder and its own name.
    fn events(&self, kind: &str) -> Vec<(&str, &str, &Value)> {
        let functions = self.functions().into_iter();
        let events = functions.flat_map(|(folder, properties)| {
            let events = properties["Events"].as_mapping().into_iter().flatten();
            let events = events.filter(|(_, event)| event["Type"] == kind);
            events.map(move |(name, event)| (folder, name.as_str().unwrap(), &event["Properties"]))
        });
        events.collect()
    }
}

/// What `!Ref X` and `!GetAtt X.Arn` refer to: `X`, `X.Arn`. One that is left away under a condition refers all the same.
fn referred(value: &Value) -> Option<String> {
    let Value::Tagged(tagged) = value else { return None };
    if tagged.tag == "!If" && referred(&tagged.value[2]).as_deref() == Some("AWS::NoValue") {
        return referred(&tagged.value[1]);
    }
    let known = ["!Ref", "!GetAtt"].contains(&tagged.tag.to_string().as_str());
    tagged.value.as_str().filter(|_| known).map(str::to_owned)
}

/// The resource whose ARN a value is.
fn arn_of(value: &Value) -> Option<String> {
    referred(value)?.strip_suffix(".Arn").map(str::to_owned)
}

/// A list, or the one thing that stands in its place.
fn list(value: &Value) -> &[Value] {
    value.as_sequence().map_or(std::slice::from_ref(value), Vec::as_slice)
}

#[test]
fn every_function_is_deployed_and_known_here() {
    let folders: BTreeSet<String> = std::fs::read_dir(format!("{ROOT}/functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let deployed: BTreeSet<String> = Template::read().functions().keys().map(ToString::to_string).collect();
    let known: BTreeSet<String> = FUNCTIONS.iter().map(|function| function.folder.to_owned()).collect();
    assert_eq!(deployed, folders);
    assert_eq!(known, folders);
}

#[test]
fn every_variable_that_a_function_reads_is_set_and_no_other() {
    let template = Template::read();
    for Function { folder, read, variables, .. } in FUNCTIONS {
        let set = template.functions()[folder]["Environment"]["Variables"].as_mapping().unwrap().iter();
        let set: BTreeMap<&str, String> =
            set.map(|(name, value)| (name.as_str().unwrap(), referred(value).unwrap())).collect();
        let expected = variables.iter().chain([&LOG_LEVEL]).map(|(name, from)| (*name, (*from).to_owned()));
        assert_eq!(set, expected.collect(), "{folder}");

        let value = |name: &str| match name {
            "MNO_DEVPL_HOST" => "https://platform.test",
            _ => "x",
        };
        let given = Variables::from_iter(set.keys().map(|name| (*name, value(name))));
        assert_eq!(read(&given), Ok(()), "{folder}");
        let mut asked = given.asked();
        assert!(asked.insert(LOG_LEVEL.0));
        assert_eq!(asked, set.into_keys().collect(), "{folder}");
    }
    assert!(template.0["Globals"]["Function"].get("Environment").is_none(), "each function says what it needs");
}

#[test]
fn what_is_logged_is_chosen_in_one_place() {
    for (folder, function) in Template::read().functions() {
        let level = &function["LoggingConfig"]["ApplicationLogLevel"];
        // Their metrics are lines of the log, which a higher level would take away.
        if ["config-refresh", "connec-push", "removals"].contains(&folder) {
            assert_eq!(level, "INFO");
        } else {
            assert_eq!(referred(level).as_deref(), Some(LOG_LEVEL.1), "{folder}");
        }
    }
}

#[test]
fn nothing_is_made_that_these_tests_do_not_know() {
    for (id, resource) in Template::read().0["Resources"].as_mapping().unwrap() {
        assert!(RESOURCES.contains(&resource["Type"].as_str().unwrap()), "{id:?}");
        assert!(resource.get("Connectors").is_none(), "{id:?}");
    }
}
