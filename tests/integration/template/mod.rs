//! `infra/template.yaml` held against the code: what is deployed, what it is told, what it may do, and where it is reached.

mod permissions;
mod routes;
mod stores;

use std::collections::{BTreeMap, BTreeSet};

use shared::env::{EnvError, Variables};
use yaml_serde::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What every function's subscriber reads, outside its settings.
const LOG_LEVEL: &str = "RUST_LOG";

/// One function in the code: its folder, what reads its variables, the paths it serves.
struct Function {
    folder: &'static str,
    read: fn(&Variables) -> Result<(), EnvError>,
    paths: &'static [&'static str],
}

/// A new function gets a line here; `every_function_is_deployed_and_known_here` says so if it has none.
const FUNCTIONS: [Function; 2] = [
    Function {
        folder: "app-api",
        read: |variables| app_api::Settings::read(variables).map(drop),
        paths: &app_api::PATHS,
    },
    Function { folder: "sso", read: |variables| sso::Settings::read(variables).map(drop), paths: &sso::PATHS },
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

/// What `!Ref X` and `!GetAtt X.Arn` refer to.
fn referred(value: &Value) -> Option<String> {
    let Value::Tagged(tagged) = value else { return None };
    let to = tagged.value.as_str()?;
    match tagged.tag.to_string().as_str() {
        "!Ref" => Some(to.to_owned()),
        "!GetAtt" => to.split('.').next().map(str::to_owned),
        _ => None,
    }
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
    for Function { folder, read, .. } in FUNCTIONS {
        let set = template.functions()[folder]["Environment"]["Variables"].as_mapping().unwrap();
        let set: Vec<&str> = set.keys().map(|name| name.as_str().unwrap()).collect();
        let value = |name: &str| if name == "MNO_DEVPL_HOST" { "https://platform.test" } else { "x" };
        let variables = Variables::from_iter(set.iter().map(|name| (*name, value(name))));
        assert_eq!(read(&variables), Ok(()), "{folder}");
        let mut asked = variables.asked();
        assert!(asked.insert(LOG_LEVEL));
        assert_eq!(asked, BTreeSet::from_iter(set), "{folder}");
    }
}
