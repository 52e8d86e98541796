//! Tables of `system` that clients look into when they connect, and that are empty here: whoever asks what roles or clusters
//! there are is told that there are none, in the columns a server has for them.

/// Each table with its columns and their types.
const TABLES: [(&str, &[(&str, &str)]); 11] = [
    (
        "clusters",
        &[
            ("cluster", "String"),
            ("shard_num", "UInt32"),
            ("shard_weight", "UInt32"),
            ("replica_num", "UInt32"),
            ("host_name", "String"),
            ("host_address", "String"),
            ("port", "UInt16"),
            ("is_local", "UInt8"),
            ("user", "String"),
            ("default_database", "String"),
        ],
    ),
    ("current_roles", &[("role_name", "String"), ("with_admin_option", "UInt8"), ("is_default", "UInt8")]),
    (
        "data_skipping_indices",
        &[
            ("database", "String"),
            ("table", "String"),
            ("name", "String"),
            ("type", "String"),
            ("type_full", "String"),
            ("expr", "String"),
            ("granularity", "UInt64"),
        ],
    ),
    (
        "dictionaries",
        &[
            ("database", "String"),
            ("name", "String"),
            ("status", "String"),
            ("origin", "String"),
            ("type", "String"),
            ("comment", "String"),
        ],
    ),
    (
        "enabled_roles",
        &[
            ("role_name", "String"),
            ("with_admin_option", "UInt8"),
            ("is_current", "UInt8"),
            ("is_default", "UInt8"),
        ],
    ),
    ("macros", &[("macro", "String"), ("substitution", "String")]),
    (
        "mutations",
        &[
            ("database", "String"),
            ("table", "String"),
            ("mutation_id", "String"),
            ("command", "String"),
            ("create_time", "DateTime"),
            ("is_done", "UInt8"),
            ("latest_fail_reason", "String"),
        ],
    ),
    (
        "parts",
        &[
            ("database", "String"),
            ("table", "String"),
            ("name", "String"),
            ("partition", "String"),
            ("active", "UInt8"),
            ("rows", "UInt64"),
            ("bytes_on_disk", "UInt64"),
        ],
    ),
    (
        "projections",
        &[
            ("database", "String"),
            ("table", "String"),
            ("name", "String"),
            ("type", "String"),
            ("query", "String"),
        ],
    ),
    (
        "role_grants",
        &[
            ("user_name", "Nullable(String)"),
            ("role_name", "Nullable(String)"),
            ("granted_role_name", "String"),
            ("granted_role_is_default", "UInt8"),
            ("with_admin_option", "UInt8"),
        ],
    ),
    ("roles", &[("name", "String"), ("id", "UUID"), ("storage", "String")]),
];

/// Their names.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().map(|(name, _)| name)
}

/// The query that one of them stands for.
pub fn query(name: &str) -> Option<String> {
    let (_, columns) = TABLES.into_iter().find(|(known, _)| *known == name)?;
    let columns: Vec<String> =
        columns.iter().map(|(name, kind)| format!("defaultValueOfTypeName('{kind}') AS `{name}`")).collect();
    Some(format!("SELECT {} WHERE 0", columns.join(", ")))
}
