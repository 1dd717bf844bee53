//! The stores: an embedded DynamoDB that the AWS SDK talks to over loopback, as it would to AWS.

use std::path::Path;

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Builder, Credentials, Region},
    error::{DisplayErrorContext, SdkError},
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, StreamSpecification, TimeToLiveSpecification,
        TimeToLiveStatus,
    },
};
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::template::{self, Attribute, Key};

/// The accounts table of the local stack.
pub(crate) const ACCOUNTS_TABLE: &str = "stallholder-accounts";
/// The id map of the local stack.
pub(crate) const ID_MAP_TABLE: &str = "stallholder-id-map";
/// The region the local stack pretends to be in.
pub(crate) const REGION: &str = "eu-west-1";

/// The stores cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoresError {
    /// The folder for the data.
    #[error("cannot keep data in {path}: {reason}; choose a folder you can write to, or leave --data away")]
    DataFolder {
        /// As given.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A table.
    #[error("cannot create the table {table}: {reason}")]
    Table {
        /// Its name.
        table: &'static str,
        /// What the store says.
        reason: String,
    },
}

/// Serves the tables on `listener` until `shutdown`, and answers with what holds them.
pub(crate) async fn start(
    listener: TcpListener,
    endpoint: &str,
    data: Option<&Path>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Result<Database, StoresError> {
    let database = open(data)?;
    let (stop, served) = (shutdown.clone(), database.clone());
    tasks.spawn(async move {
        if let Err(error) = dynoxide::server::serve_with_shutdown(listener, served, stop.cancelled_owned()).await {
            tracing::error!(%error, "the embedded DynamoDB stopped");
        }
    });
    let client = Client::from_conf(config(endpoint).build());
    for (name, logical_id) in [(ACCOUNTS_TABLE, "AccountsTable"), (ID_MAP_TABLE, "IdMapTable")] {
        create_table(&client, name, logical_id).await?;
    }
    Ok(database)
}

fn open(data: Option<&Path>) -> Result<Database, StoresError> {
    let Some(folder) = data else {
        return Database::memory().map_err(|error| data_folder(Path::new(":memory:"), &error));
    };
    std::fs::create_dir_all(folder).map_err(|error| data_folder(folder, &error))?;
    let file = folder.join("dynamodb.sqlite");
    Database::new(&file.to_string_lossy()).map_err(|error| data_folder(folder, &error))
}

fn data_folder(path: &Path, error: &dyn std::fmt::Display) -> StoresError {
    StoresError::DataFolder { path: path.display().to_string(), reason: error.to_string() }
}

/// How to reach the tables, with credentials that open nothing: the embedded store asks for none.
pub(crate) fn config(endpoint: &str) -> Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
        .endpoint_url(endpoint)
        .region(Region::from_static(REGION))
}

async fn create_table(client: &Client, name: &'static str, logical_id: &'static str) -> Result<(), StoresError> {
    let failed = |reason: String| StoresError::Table { table: name, reason };
    let table = template::table(logical_id).map_err(|error| failed(error.to_string()))?;
    let mut create = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for Attribute { attribute_name, attribute_type } in table.attribute_definitions {
        let attribute = AttributeDefinition::builder().attribute_name(attribute_name);
        let attribute = attribute.attribute_type(attribute_type.as_str().into()).build();
        create = create.attribute_definitions(attribute.map_err(|error| failed(error.to_string()))?);
    }
    for Key { attribute_name, key_type } in table.key_schema {
        let key = KeySchemaElement::builder().attribute_name(attribute_name).key_type(key_type.as_str().into()).build();
        create = create.key_schema(key.map_err(|error| failed(error.to_string()))?);
    }
    if let Some(stream) = table.stream_specification {
        let view = stream.stream_view_type.as_str().into();
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build();
        create = create.stream_specification(stream.map_err(|error| failed(error.to_string()))?);
    }
    match create.send().await {
        Ok(_) => {}
        Err(error) if is_there_already(&error) => {}
        Err(error) => return Err(failed(DisplayErrorContext(error).to_string())),
    }
    let expires_at = &table.time_to_live_specification.attribute_name;
    enable_ttl(client, name, expires_at).await.map_err(|error| failed(DisplayErrorContext(error).to_string()))
}

/// A table that an interrupted start left without it gets it now.
async fn enable_ttl(client: &Client, table: &str, attribute: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    let described = client.describe_time_to_live().table_name(table).send().await?;
    let status = described.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let ttl = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
    client.update_time_to_live().table_name(table).time_to_live_specification(ttl).send().await?;
    Ok(())
}

fn is_there_already<R>(error: &SdkError<CreateTableError, R>) -> bool {
    error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception)
}
