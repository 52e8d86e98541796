//! `playhead environment`.

use serde_json::json;

use super::{Said, note};
use crate::control::{Control, ControlError, Deed, NewEnvironment, Tenant};

/// What can be done with environments.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Makes an environment with an ingest key and an API token
    Create {
        /// What it is to be called
        name: String,
    },
    /// Shows all environments
    List,
    /// Gives an environment another name; its id stays
    Rename { id: String, name: String },
    /// Sets how many days views and events are kept, 1 to 90
    Retention { id: String, days: u32 },
}

pub(super) async fn run(command: Command, control: &Control) -> Result<Said, ControlError> {
    match command {
        Command::Create { name } => {
            let made = control.create_environment(&name).await?;
            let NewEnvironment { id, ingest_key, token } = &made;
            let detail = json!({"name": name, "ingest_key": ingest_key, "token": token.id});
            note(control, Some(id), Deed::EnvironmentCreated, id, detail).await;
            let text = format!(
                "environment {id}\ningest key  {ingest_key}\nAPI token   {}:{}",
                token.id, token.secret
            );
            Ok(Said::new(text, &made))
        }
        Command::List => {
            let tenants = control.tenants().await?;
            let rows: Vec<_> = tenants.iter().map(row).collect();
            Ok(Said::table(["ID", "NAME", "INGEST KEY", "DAYS KEPT"], &rows, json!(tenants)))
        }
        Command::Rename { id, name } => {
            let tenant = control.change_environment(&id, Some(&name), None).await?;
            note(control, Some(&id), Deed::EnvironmentChanged, &id, json!({"name": name})).await;
            changed(tenant)
        }
        Command::Retention { id, days } => {
            let tenant = control.change_environment(&id, None, Some(days)).await?;
            note(control, Some(&id), Deed::EnvironmentChanged, &id, json!({"retention_days": days})).await;
            changed(tenant)
        }
    }
}

fn changed(tenant: Tenant) -> Result<Said, ControlError> {
    Ok(Said::table(["ID", "NAME", "INGEST KEY", "DAYS KEPT"], &[row(&tenant)], &tenant))
}

fn row(tenant: &Tenant) -> [String; 4] {
    let environment = tenant.environment.clone();
    [
        environment.id,
        environment.name,
        super::or_dash(&environment.ingest_key),
        tenant.retention_days.to_string(),
    ]
}
