//! The schema, applied in order from `schema/clickhouse/NNNN_*.sql`.
//!
//! Files are compiled in, so a binary and its schema cannot drift apart. What was applied is remembered with its
//! checksum in `schema_migrations`; a file changed after it was applied, a gap, or a database newer than the binary stops
//! the start. Statements are idempotent, because ClickHouse's DDL is not transactional.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use clickhouse::Row;
use rust_embed::RustEmbed;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Store;

#[derive(RustEmbed)]
#[folder = "schema/clickhouse"]
#[include = "*.sql"]
struct Files;

/// One numbered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    pub number: u32,
    pub name: String,
    pub sql: String,
}

impl Migration {
    fn checksum(&self) -> String {
        Sha256::digest(self.sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The file's statements: separated by a semicolon at the end of a line.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.sql.split(";\n").map(str::trim).filter(|statement| !statement.is_empty())
    }
}

/// Why the schema cannot be brought to this binary's version.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("ClickHouse refused the schema: {0}")]
    Refused(#[from] clickhouse::error::Error),
    #[error("the migrations of this binary have a gap before {0}")]
    Gap(u32),
    #[error("migration {0} was changed after it had been applied; write a new one instead")]
    Changed(u32),
    #[error("the database is at schema {database}, newer than this binary's {binary}: run a newer playhead")]
    Newer { database: u32, binary: u32 },
}

#[derive(Row, Deserialize)]
struct Applied {
    number: u32,
    checksum: String,
}

/// The files of this binary, in order.
pub fn migrations() -> Vec<Migration> {
    let mut migrations: Vec<Migration> = Files::iter()
        .filter_map(|name| {
            let number = name.split('_').next()?.parse().ok()?;
            let sql = String::from_utf8(Files::get(&name)?.data.into_owned()).ok()?;
            Some(Migration { number, name: name.into_owned(), sql })
        })
        .collect();
    migrations.sort_by_key(|migration| migration.number);
    migrations
}

/// Brings the database to this binary's schema. Returns the names of what was applied.
///
/// # Errors
/// See [`MigrateError`]; what had been applied before the error stays.
pub async fn migrate(store: &Store) -> Result<Vec<String>, MigrateError> {
    let names = apply(store, &migrations()).await?;
    store.has_schema.store(true, Ordering::Relaxed);
    Ok(names)
}

impl Store {
    /// Whether all migrations of this binary have been applied, by whichever process: then there is everything to ask.
    ///
    /// # Errors
    /// When ClickHouse cannot be asked.
    pub async fn has_schema(&self) -> Result<bool, clickhouse::error::Error> {
        if self.has_schema.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let last = migrations().last().map_or(0, |migration| migration.number);
        // The catalogue is always there, whatever is not yet in it.
        let server = self.client.clone().with_database("default");
        let tables = "SELECT count() FROM system.tables WHERE database = ? AND name = 'schema_migrations'";
        if server.query(tables).bind(Self::DATABASE).fetch_one::<u64>().await? == 0 {
            return Ok(false);
        }
        let newest = "SELECT max(number) FROM schema_migrations";
        let has_schema = self.client.query(newest).fetch_one::<u32>().await? >= last;
        self.has_schema.store(has_schema, Ordering::Relaxed);
        Ok(has_schema)
    }
}

/// Creates the database if needed and applies what is missing of `migrations`. Returns the names of what was applied.
///
/// # Errors
/// See [`MigrateError`]; what had been applied before the error stays.
pub async fn apply(store: &Store, migrations: &[Migration]) -> Result<Vec<String>, MigrateError> {
    let server = store.client.clone().with_database("default");
    server.query(&format!("CREATE DATABASE IF NOT EXISTS {}", Store::DATABASE)).execute().await?;
    let ledger = "CREATE TABLE IF NOT EXISTS schema_migrations \
        (number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) \
        ENGINE = ReplacingMergeTree ORDER BY number";
    store.client.query(ledger).execute().await?;
    let applied = applied(store).await?;
    check(migrations, &applied)?;

    let mut names = Vec::new();
    for migration in migrations.iter().filter(|migration| !applied.contains_key(&migration.number)) {
        for statement in migration.statements() {
            store.client.query(&statement.replace('?', "??")).execute().await?;
        }
        let remember = "INSERT INTO schema_migrations (number, name, checksum) VALUES (?, ?, ?)";
        let checksum = migration.checksum();
        store
            .client
            .query(remember)
            .bind(migration.number)
            .bind(&migration.name)
            .bind(checksum)
            .execute()
            .await?;
        names.push(migration.name.clone());
    }
    Ok(names)
}

async fn applied(store: &Store) -> Result<BTreeMap<u32, String>, MigrateError> {
    let select = "SELECT number, checksum FROM schema_migrations FINAL";
    let rows = store.client.query(select).fetch_all::<Applied>().await?;
    Ok(rows.into_iter().map(|row| (row.number, row.checksum)).collect())
}

fn check(migrations: &[Migration], applied: &BTreeMap<u32, String>) -> Result<(), MigrateError> {
    for (index, migration) in migrations.iter().enumerate() {
        if migration.number as usize != index + 1 {
            return Err(MigrateError::Gap(migration.number));
        }
        if applied.get(&migration.number).is_some_and(|checksum| *checksum != migration.checksum()) {
            return Err(MigrateError::Changed(migration.number));
        }
    }
    let binary = migrations.last().map_or(0, |migration| migration.number);
    match applied.keys().next_back() {
        Some(database) if *database > binary => Err(MigrateError::Newer { database: *database, binary }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_numbered_without_gaps_and_idempotent() {
        let migrations = migrations();
        check(&migrations, &BTreeMap::new()).expect("no gap");
        for statement in migrations.iter().flat_map(Migration::statements) {
            let words = statement.lines().filter(|line| !line.starts_with("--")).collect::<String>();
            assert!(
                // What goes into `view_states` merges with what is there.
                ["IF NOT EXISTS", "OR REPLACE", "MODIFY SETTING", "MODIFY COLUMN", "INSERT INTO view_states"]
                    .iter()
                    .any(|known| words.contains(known)),
                "not idempotent: {statement}"
            );
        }
    }

    #[test]
    fn changed_and_newer_schemas_stop_the_start() {
        let migrations = migrations();
        let last = migrations.len() as u32;
        let changed = BTreeMap::from([(1, "other".to_owned())]);
        assert!(matches!(check(&migrations, &changed), Err(MigrateError::Changed(1))));
        let newer = BTreeMap::from([(last + 1, String::new())]);
        assert!(matches!(check(&migrations, &newer), Err(MigrateError::Newer { .. })));
    }
}
