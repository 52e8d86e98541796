//! The first credentials: made or taken from the settings at start, and announced on stdout.
//!
//! A generated token is written to `first-credentials.json` in the data directory (readable by the owner alone), so that
//! every start of a development machine can show it again; the control database keeps only its hash.

use std::{
    collections::BTreeMap, fs::OpenOptions, io::Write, net::SocketAddr, os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::{
    config::{Config, Role},
    control::{Control, ControlError, Provisioned, random_secret},
};

const FILE: &str = "first-credentials.json";

/// What may be told to whoever started the process.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Opens the dashboard; lives as long as the process.
    pub login_code: String,
    pub environments: Vec<Provisioned>,
    /// `id:secret` by environment, as far as this machine knows them.
    tokens: BTreeMap<String, String>,
}

/// Makes sure that the credentials of the settings, or generated ones, exist.
///
/// # Errors
/// When the control database cannot be written.
pub async fn provide(control: &Control, config: &Config) -> Result<Credentials, ControlError> {
    let report = control.bootstrap(config.bootstrap.clone()).await?;
    let file = config.data_dir.join(FILE);
    let mut tokens: BTreeMap<String, String> =
        std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let mut has_new = false;
    for environment in &report.environments {
        if let Some(token) = &environment.generated_token {
            tokens.insert(environment.id.clone(), format!("{}:{}", token.id, token.secret));
            has_new = true;
        }
    }
    let written = || write_private(&file, &serde_json::to_vec_pretty(&tokens)?);
    if has_new && let Err(error) = written() {
        tracing::warn!(%error, file = %file.display(), "generated tokens cannot be written down: note them now");
    }
    for wanted in &config.bootstrap.environments {
        let made = report.environments.iter().find(|environment| environment.name == wanted.name);
        if let (Some(made), Some(token)) = (made, wanted.tokens.first()) {
            tokens.insert(made.id.clone(), format!("{}:{}", token.id, token.secret));
        }
    }
    Ok(Credentials { login_code: random_secret(), environments: report.environments, tokens })
}

/// Writes a file that its owner alone can read.
pub(crate) fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Credentials {
    /// Prints where to go and with what; `sql` is where the SQL port listens, if it does.
    pub fn announce(&self, config: &Config, address: SocketAddr, sql: Option<SocketAddr>) {
        println!("Playhead is running on http://{address}");
        if config.roles.contains(&Role::Query) {
            println!("  dashboard   http://{address}/login#code={}", self.login_code);
            println!("  demo        http://{address}/demo");
        }
        if let Some(sql) = sql {
            println!("  SQL port    http://{sql}  (user and password: an API token)");
        }
        for environment in &self.environments {
            let id = &environment.id;
            println!("  ingest key  {}  ({id})", environment.ingest_key);
            match self.tokens.get(id) {
                Some(token) => println!("  API token   {token}  ({id})"),
                None => println!("  API token   only its hash is kept  ({id})"),
            }
        }
        // Whoever reads this through a pipe waits for it.
        let _ = std::io::stdout().flush();
    }
}
