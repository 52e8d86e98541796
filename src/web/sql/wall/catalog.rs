//! What a table's name stands for: for every table an analyst may read, the query that is put in its place.
//!
//! The tenant's filter is in that query. It is the only thing the rest of the statement can reach, since no other name is
//! ever written where the engine looks for a table. What clients read from `system` when they connect is answered from the
//! engine's own tables, cut down to what this port has; their figures about data (rows, bytes, parts) are left out,
//! because they count everybody's.

use std::collections::BTreeMap;

use super::absent;
use super::filters::Filters;
use super::output::{literal, name};
use super::{format, from, functions, settings};
use crate::store::{Store, embedded::error::EngineError};

/// The tables analysts see in the database `playhead`, each made of the view `sql_<name>` of the schema.
pub const TABLES: [&str; 5] = ["views", "events", "sessions", "engagement", "video_days"];
/// The tables of `system` that have rows here.
const SYSTEM_TABLES: [&str; 18] = [
    "aggregate_function_combinators",
    "build_options",
    "columns",
    "data_type_families",
    "databases",
    "formats",
    "functions",
    "grants",
    "keywords",
    "numbers",
    "one",
    "processes",
    "settings",
    "table_engines",
    "table_functions",
    "tables",
    "time_zones",
    "users",
];
const SCHEMA_TABLES: [&str; 3] = ["columns", "schemata", "tables"];
/// What the names of the views behind [`TABLES`] begin with.
pub const PREFIX: &str = "sql_";

/// The database unqualified names belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Database {
    #[default]
    Playhead,
    System,
    InformationSchema,
}

impl Database {
    /// The database of that name; `default` is what clients say when they were told nothing.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "" | "default" | Store::DATABASE => Some(Self::Playhead),
            "system" => Some(Self::System),
            "information_schema" | "INFORMATION_SCHEMA" => Some(Self::InformationSchema),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Playhead => Store::DATABASE,
            Self::System => "system",
            Self::InformationSchema => "information_schema",
        }
    }
}

/// A statement that runs now, as `system.processes` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub query_id: String,
    pub query: String,
    pub elapsed_ms: u64,
}

/// What names mean for one statement.
#[derive(Debug, Clone)]
pub struct Catalog<'c> {
    /// The tenant.
    pub environment: &'c str,
    /// The token's id.
    pub user: &'c str,
    /// Where unqualified names belong.
    pub database: Database,
    /// Values of `{name:Type}`.
    pub parameters: &'c [(String, String)],
    /// What the session or the request says in [`super::filters::SETTING`].
    pub wished_filters: Option<&'c str>,
    /// Conditions around the tables.
    pub filters: Filters,
    /// Limits, as `system.settings` shows them.
    pub bounds: &'c settings::Bounds,
    /// The token's statements that run now.
    pub processes: &'c [Process],
}

impl Catalog<'_> {
    /// The value of a parameter; the last one if it was given twice.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether tables may be called `name.table`.
    pub fn is_database(&self, name: &str) -> bool {
        !name.is_empty() && Database::of(name).is_some()
    }

    /// The query a table's name stands for.
    pub fn source(&self, parts: &[&str]) -> Result<String, EngineError> {
        let found = match parts {
            [table] => self.table(self.database, table),
            [database, table] if !database.is_empty() => {
                Database::of(database).and_then(|database| self.table(database, table))
            }
            _ => None,
        };
        found.ok_or_else(|| {
            let text = format!("Table {} does not exist; there are {}", parts.join("."), TABLES.join(", "));
            EngineError::raised(60, "UNKNOWN_TABLE", text)
        })
    }

    fn table(&self, database: Database, table: &str) -> Option<String> {
        match database {
            Database::Playhead => TABLES.contains(&table).then(|| self.tenants_own(table)),
            Database::System => self.system(table),
            Database::InformationSchema => information_schema(&table.to_ascii_lowercase()),
        }
    }

    /// The tenant's rows of one of [`TABLES`].
    fn tenants_own(&self, table: &str) -> String {
        let rows = format!(
            "SELECT * EXCEPT (environment) FROM {}.{} WHERE environment = {}",
            name(Store::DATABASE),
            name(&format!("{PREFIX}{table}")),
            literal(self.environment.as_bytes()),
        );
        match self.filters.get(table) {
            None => rows,
            Some(condition) => format!("SELECT * FROM ({rows}) AS {} WHERE ({condition})", name(table)),
        }
    }

    fn system(&self, table: &str) -> Option<String> {
        Some(match table {
            "one" => "SELECT toUInt8(0) AS dummy".to_owned(),
            "numbers" => "SELECT number FROM system.numbers".to_owned(),
            "databases" => databases(),
            "tables" => format!("SELECT * FROM ({} UNION ALL {})", own_tables(), system_tables()),
            "columns" => own_columns(),
            "settings" => self.settings(),
            "functions" => functions(),
            "formats" => format!(
                "SELECT name, is_input, is_output FROM system.formats WHERE name IN {}",
                set(format::FORMATS)
            ),
            "data_type_families" => {
                "SELECT name, case_insensitive, alias_to FROM system.data_type_families".to_owned()
            }
            "time_zones" => "SELECT time_zone FROM system.time_zones".to_owned(),
            "table_engines" => "SELECT 'View' AS name".to_owned(),
            "processes" => self.processes(),
            "grants" => self.grants(),
            "users" => format!("SELECT {} AS name", literal(self.user.as_bytes())),
            "build_options" => {
                "SELECT name, value FROM system.build_options WHERE name LIKE 'VERSION\\_%'".to_owned()
            }
            "keywords" => "SELECT keyword FROM system.keywords".to_owned(),
            "aggregate_function_combinators" => {
                "SELECT name, is_internal FROM system.aggregate_function_combinators".to_owned()
            }
            "table_functions" => format!(
                "SELECT name, description, allow_readonly FROM system.table_functions WHERE name IN {}",
                set(from::ROW_MAKERS.into_iter().chain(["values"]))
            ),
            _ => return absent::query(table),
        })
    }

    fn settings(&self) -> String {
        let bounds: BTreeMap<_, _> = self.bounds.named().into();
        let names: Vec<&str> = settings::FREE.into_iter().chain(bounds.keys().copied()).collect();
        let limit = |write: &dyn Fn(u64) -> String| {
            let cases: Vec<String> = bounds
                .iter()
                .map(|(bound, most)| format!("name = {}, {}", literal(bound.as_bytes()), write(*most)))
                .collect();
            cases.join(", ")
        };
        format!(
            "SELECT name, multiIf({values}, value) AS value, toUInt8(name IN {bounded}) AS changed, description, \
             min, CAST(multiIf({most}, NULL), 'Nullable(String)') AS max, toUInt8(0) AS readonly, type, `default` \
             FROM system.settings WHERE name IN {names}",
            values = limit(&|most| literal(most.to_string().as_bytes())),
            most = limit(&|most| literal(most.to_string().as_bytes())),
            bounded = set(bounds.keys().copied()),
            names = set(names),
        )
    }

    fn processes(&self) -> String {
        let rows: Vec<String> = self
            .processes
            .iter()
            .map(|process| {
                let [id, query] = [&process.query_id, &process.query].map(|text| literal(text.as_bytes()));
                #[expect(clippy::cast_precision_loss, reason = "milliseconds of one statement")]
                let elapsed_s = process.elapsed_ms as f64 / 1000.0;
                format!("({id}, {query}, toFloat64({elapsed_s}))")
            })
            .collect();
        let rows = if rows.is_empty() { "('', '', toFloat64(0))".to_owned() } else { rows.join(", ") };
        format!(
            "SELECT {user} AS user, row.1 AS query_id, row.2 AS query, row.3 AS elapsed, toUInt8(1) AS is_initial_query \
             FROM (SELECT arrayJoin([{rows}]) AS row) WHERE query_id != ''",
            user = literal(self.user.as_bytes())
        )
    }

    fn grants(&self) -> String {
        format!(
            "SELECT {} AS user_name, CAST(NULL, 'Nullable(String)') AS role_name, 'SELECT' AS access_type, {} AS database, \
             arrayJoin({}) AS table, CAST(NULL, 'Nullable(String)') AS column, toUInt8(0) AS is_partial_revoke, \
             toUInt8(0) AS grant_option",
            literal(self.user.as_bytes()),
            literal(Store::DATABASE.as_bytes()),
            array(TABLES),
        )
    }
}

/// All names of a statement's own tables as the engine knows them.
fn views() -> String {
    set(TABLES.map(|table| format!("{PREFIX}{table}")))
}

/// A view's own name again.
fn own_name(column: &str) -> String {
    format!("substring({column}, {})", PREFIX.len() + 1)
}

fn databases() -> String {
    "SELECT arrayJoin(['playhead', 'system', 'information_schema']) AS name, 'Memory' AS engine, '' AS data_path, '' AS metadata_path, \
     toUUID('00000000-0000-0000-0000-000000000000') AS uuid, '' AS engine_full, \
     if(name = 'playhead', 'Views, events and what is made of them', '') AS comment"
        .to_owned()
}

const TABLE_COLUMNS: &str = "toUUID('00000000-0000-0000-0000-000000000000') AS uuid, 'View' AS engine, \
    toUInt8(0) AS is_temporary, emptyArrayString() AS data_paths, '' AS metadata_path, \
    emptyArrayString() AS dependencies_database, emptyArrayString() AS dependencies_table, \
    '' AS create_table_query, '' AS engine_full, '' AS as_select, '' AS partition_key, '' AS sorting_key, \
    '' AS primary_key, '' AS sampling_key, '' AS storage_policy, CAST(NULL, 'Nullable(UInt64)') AS total_rows, \
    CAST(NULL, 'Nullable(UInt64)') AS total_bytes, CAST(NULL, 'Nullable(UInt64)') AS parts, \
    CAST(NULL, 'Nullable(UInt64)') AS active_parts, toUInt8(0) AS has_own_data";

fn own_tables() -> String {
    format!(
        "SELECT 'playhead' AS database, {} AS name, {TABLE_COLUMNS}, metadata_modification_time, comment \
         FROM system.tables AS each WHERE each.database = 'playhead' AND each.name IN {}",
        own_name("each.name"),
        views()
    )
}

fn system_tables() -> String {
    format!(
        "SELECT 'system' AS database, arrayJoin({}) AS name, {TABLE_COLUMNS}, toDateTime(0) AS metadata_modification_time, \
         '' AS comment",
        array(SYSTEM_TABLES.into_iter().chain(absent::names()))
    )
}

/// The columns of [`TABLES`], without the one that tells tenants apart.
pub fn own_columns() -> String {
    format!(
        "SELECT 'playhead' AS database, {} AS table, name, type, each.position - 1 AS position, default_kind, default_expression, \
         toUInt64(0) AS data_compressed_bytes, toUInt64(0) AS data_uncompressed_bytes, toUInt64(0) AS marks_bytes, \
         comment, is_in_partition_key, is_in_sorting_key, is_in_primary_key, is_in_sampling_key, compression_codec, \
         character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision \
         FROM system.columns AS each \
         WHERE each.database = 'playhead' AND each.table IN {} AND name != 'environment'",
        own_name("each.table"),
        views()
    )
}

fn functions() -> String {
    format!(
        "SELECT name, is_aggregate, case_insensitive, alias_to, origin, description, syntax, arguments, returned_value, \
         examples, categories FROM system.functions WHERE name IN {}",
        set(functions::names())
    )
}

fn information_schema(table: &str) -> Option<String> {
    if !SCHEMA_TABLES.contains(&table) {
        return None;
    }
    Some(match table {
        "schemata" => "SELECT arrayJoin(['playhead', 'system', 'information_schema']) AS schema_name, schema_name AS catalog_name, \
             'default' AS schema_owner"
            .to_owned(),
        "tables" => format!(
            "SELECT database AS table_catalog, database AS table_schema, name AS table_name, 'VIEW' AS table_type, \
             comment AS table_comment FROM ({})",
            own_tables()
        ),
        _ => format!(
            "SELECT database AS table_catalog, database AS table_schema, table AS table_name, name AS column_name, \
             position AS ordinal_position, default_expression AS column_default, \
             toUInt8(type LIKE 'Nullable(%') AS is_nullable, type AS data_type, type AS column_type, \
             character_octet_length AS character_maximum_length, numeric_precision, numeric_scale, datetime_precision, \
             comment AS column_comment FROM ({})",
            own_columns()
        ),
    })
}

/// `('a', 'b')`.
fn set(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    format!("({})", quoted(names))
}

/// `['a', 'b']`.
fn array(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    format!("[{}]", quoted(names))
}

fn quoted(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| literal(name.as_ref().as_bytes())).collect();
    names.join(", ")
}
