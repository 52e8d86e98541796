//! First credentials: what the settings name, or one generated set where they name nothing.
//!
//! Idempotent: it runs at every start, on every node, and the settings win over what an earlier start wrote.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use sqlx::Row;

use super::{
    Control, ControlError, Environment, KeySettings, NewToken, Scope, Scopes, TokenSettings, secret,
};

/// The environment that is made when nothing is configured.
const DEFAULT: &str = "default";
const INGEST_KEYS: &str = "SELECT COUNT(*) AS n FROM ingest_keys WHERE environment = $1";
const TOKENS: &str = "SELECT COUNT(*) AS n FROM tokens WHERE environment = $1";

/// What the settings say; also the form of `PLAYHEAD_BOOTSTRAP_FILE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    #[serde(default)]
    pub environments: Vec<BootstrapEnvironment>,
    #[serde(default)]
    pub admins: Vec<BootstrapAdmin>,
}

/// An environment to be there, with these keys and tokens; one of each is generated where none is named.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapEnvironment {
    pub name: String,
    #[serde(default)]
    pub ingest_keys: Vec<String>,
    #[serde(default)]
    pub tokens: Vec<BootstrapToken>,
}

/// A token to be there.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapToken {
    pub id: String,
    pub secret: String,
    /// Left out: `read`, `sql` and `write` for a new one, and what it has for one that is there.
    #[serde(default)]
    pub scopes: Option<Vec<Scope>>,
}

/// Someone who may sign in.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapAdmin {
    pub email: String,
    pub password: String,
}

impl fmt::Debug for BootstrapToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BootstrapToken").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for BootstrapAdmin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BootstrapAdmin").field("email", &self.email).finish_non_exhaustive()
    }
}

/// What is there after a start, to be printed.
#[derive(Debug, Clone)]
pub struct BootstrapReport {
    pub environments: Vec<Provisioned>,
}

/// One environment after a start.
#[derive(Debug, Clone)]
pub struct Provisioned {
    pub id: String,
    pub name: String,
    pub ingest_key: String,
    /// Only when this start made it: nobody will see the secret again.
    pub generated_token: Option<NewToken>,
}

impl Bootstrap {
    /// Everything that is wrong with it, all at once.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut ids = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for environment in &self.environments {
            let name = &environment.name;
            match secret::slug(name) {
                None => mistakes.push(format!("`{name}` is no name for an environment")),
                Some(id) if !ids.insert(id.clone()) => {
                    mistakes.push(format!("two environments have the id `{id}`"));
                }
                Some(_) => {}
            }
            for key in &environment.ingest_keys {
                if !secret::is_ingest_key(key) {
                    mistakes.push(format!("`{key}` is no ingest key: 1 to 64 characters of a-z and 0-9"));
                }
                if !seen.insert(format!("key {key}")) {
                    mistakes.push(format!("the ingest key `{key}` is given twice"));
                }
            }
            for token in &environment.tokens {
                if token.id.is_empty() || token.id.contains(':') || token.secret.is_empty() {
                    mistakes
                        .push(format!("the token `{}` needs an id without a colon and a secret", token.id));
                }
                if !seen.insert(format!("token {}", token.id)) {
                    mistakes.push(format!("the token `{}` is given twice", token.id));
                }
            }
        }
        for admin in &self.admins {
            if admin.email.is_empty() || admin.password.is_empty() {
                mistakes.push("an admin needs an email address and a password".to_owned());
            }
        }
        mistakes
    }
}

impl Control {
    /// Makes what `wanted` names, and on an empty database with nothing named one environment to start with.
    pub async fn bootstrap(&self, wanted: Bootstrap) -> Result<BootstrapReport, ControlError> {
        let mistakes = wanted.mistakes();
        if !mistakes.is_empty() {
            return Err(ControlError::Invalid(mistakes.join("; ")));
        }
        for environment in &wanted.environments {
            let id = secret::slug(&environment.name).unwrap_or_default();
            self.insert_environment(&id, &environment.name).await?;
            for key in &environment.ingest_keys {
                self.insert_key(&id, key, &KeySettings::default()).await?;
            }
            for token in &environment.tokens {
                let scopes = token.scopes.as_ref().map(|scopes| scopes.iter().copied().collect::<Scopes>());
                self.ensure_token(&id, &token.id, &token.secret, scopes).await?;
            }
        }
        let mut there = self.environments().await?;
        if there.is_empty() {
            self.insert_environment(DEFAULT, DEFAULT).await?;
            there = self.environments().await?;
        }
        for admin in &wanted.admins {
            self.ensure_owner(&admin.email, &admin.password).await?;
        }
        let mut generated = BTreeMap::new();
        for Environment { id, .. } in there {
            if self.never_had(INGEST_KEYS, &id).await? {
                self.create_key(&id, &KeySettings::default()).await?;
            }
            if self.never_had(TOKENS, &id).await? {
                generated.insert(id.clone(), self.create_token(&id, &TokenSettings::default()).await?);
            }
        }
        // Read again: another node may have been filling the same gaps.
        let environments = self.environments().await?.into_iter().map(|environment| Provisioned {
            generated_token: generated.remove(&environment.id),
            id: environment.id,
            name: environment.name,
            ingest_key: environment.ingest_key,
        });
        Ok(BootstrapReport { environments: environments.collect() })
    }

    /// Revoked ones count: somebody may have ended the last one on purpose. An environment whose making was cut
    /// short has none and gets them at the next start.
    async fn never_had(&self, count: &'static str, environment: &str) -> Result<bool, ControlError> {
        let row = sqlx::query(count).bind(environment).fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>("n")? == 0)
    }
}
