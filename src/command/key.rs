//! `playhead key`.

use serde_json::json;

use super::{Of, Said, note, or_dash, time};
use crate::control::{Control, ControlError, Deed, KeySettings, ListedKey, Origins};

/// What can be done with ingest keys.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Shows the keys of an environment
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Makes a key
    Create {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        wish: Wish,
    },
    /// Sets everything about a key anew; what is left out is empty
    Set {
        key: String,
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        wish: Wish,
    },
    /// Makes a key to take another's place; both work until the old one is retired
    Rotate {
        key: String,
        #[command(flatten)]
        of: Of,
    },
    /// Ends a key: beacons with it are refused
    Retire {
        key: String,
        #[command(flatten)]
        of: Of,
    },
}

/// What is set about a key.
#[derive(Debug, clap::Args)]
pub struct Wish {
    /// For people
    #[arg(long, default_value = "")]
    name: String,
    /// Web origin it takes beacons from, as https://example.org or https://*.example.org; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Its quota in events per second and collector
    #[arg(long)]
    events_per_s: Option<u32>,
}

impl Wish {
    fn settings(self) -> Result<KeySettings, ControlError> {
        let origins = Origins::parse(&self.origins)?;
        Ok(KeySettings { name: self.name, origins, events_per_s: self.events_per_s })
    }
}

pub(super) async fn run(command: Command, control: &Control) -> Result<Said, ControlError> {
    match command {
        Command::List { of } => {
            let keys = control.list_keys(&of.id(control).await?).await?;
            Ok(table(&keys, json!(keys)))
        }
        Command::Create { of, wish } => {
            let environment = of.id(control).await?;
            let key = control.create_key(&environment, &wish.settings()?).await?;
            note(control, Some(&environment), Deed::KeyCreated, &key.ingest_key, settings(&key)).await;
            shown(key)
        }
        Command::Set { key, of, wish } => {
            let environment = of.id(control).await?;
            let changed = control.change_key(&environment, &key, &wish.settings()?).await?;
            note(control, Some(&environment), Deed::KeyChanged, &key, settings(&changed)).await;
            shown(changed)
        }
        Command::Rotate { key, of } => {
            let environment = of.id(control).await?;
            let made = control.rotate_key(&environment, &key).await?;
            let detail = json!({"new_key": made.ingest_key});
            note(control, Some(&environment), Deed::KeyRotated, &key, detail).await;
            shown(made)
        }
        Command::Retire { key, of } => {
            let environment = of.id(control).await?;
            if !control.retire_key(&environment, &key).await? {
                return Err(ControlError::Missing("there is no such ingest key that works".to_owned()));
            }
            note(control, Some(&environment), Deed::KeyRetired, &key, json!({})).await;
            Ok(Said::new(format!("{key} is retired"), json!({"retired": key})))
        }
    }
}

/// What is noted of a key.
fn settings(key: &ListedKey) -> serde_json::Value {
    json!({"name": key.name, "origins": key.origins, "events_per_s": key.events_per_s})
}

fn shown(key: ListedKey) -> Result<Said, ControlError> {
    let json = json!(key);
    Ok(table(&[key], json))
}

fn table(keys: &[ListedKey], json: serde_json::Value) -> Said {
    let rows: Vec<_> = keys.iter().map(row).collect();
    Said::table(["KEY", "NAME", "STATE", "ORIGINS", "EVENTS/S", "LAST USED"], &rows, json)
}

fn row(key: &ListedKey) -> [String; 6] {
    let state = match (key.retired_ms, &key.replaced_by) {
        (Some(_), _) => "retired".to_owned(),
        (None, Some(new)) => format!("works until retired, then {new}"),
        (None, None) => "works".to_owned(),
    };
    [
        key.ingest_key.clone(),
        or_dash(&key.name),
        state,
        if key.origins.is_empty() { "any".to_owned() } else { key.origins.join(" ") },
        key.events_per_s.map_or_else(|| "any".to_owned(), |quota| quota.to_string()),
        time(key.last_used_ms),
    ]
}
