//! The engine's configuration file: limits, durability, and what statements may reach.
//!
//! Written anew at every start into the engine's directory, because `--config-file` is the only way to give
//! the embedded engine users, profiles and MergeTree defaults.

use std::io;
use std::path::{Path, PathBuf};

/// What may be granted: everything inside the database, nothing that reaches files, networks or programs.
/// Sources (`file`, `url`, `s3`, `remote`, …) and the table engines built on them are absent, so the engine
/// refuses them with ACCESS_DENIED.
const GRANTS: &str = "SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, \
    CREATE TEMPORARY TABLE, CREATE FUNCTION, DROP FUNCTION, DROP, TRUNCATE, OPTIMIZE, KILL QUERY, SYSTEM, dictGet";

/// The limits the operator sets.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes the engine may hold in memory, all statements together.
    pub memory: u64,
    /// Processors to plan background work for.
    pub processors: usize,
}

/// Writes `config.xml` and `users.xml` into `directory`; the former's path is what the engine is given.
pub fn write(directory: &Path, limits: Limits) -> io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    let users = directory.join("users.xml");
    std::fs::write(&users, users_xml(limits))?;
    let config = directory.join("config.xml");
    std::fs::write(&config, config_xml(&users, limits))?;
    Ok(config)
}

fn config_xml(users: &Path, limits: Limits) -> String {
    let memory = limits.memory;
    // One twentieth, between 32 and 512 MiB: the default of 5 GiB assumes a machine of its own.
    let marks = (memory / 20).clamp(32 << 20, 512 << 20);
    let background = limits.processors.max(2);
    format!(
        "<clickhouse>
    <users_config>{users}</users_config>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <mark_cache_size>{marks}</mark_cache_size>
    <primary_index_cache_size>{marks}</primary_index_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <background_pool_size>{background}</background_pool_size>
    <background_schedule_pool_size>4</background_schedule_pool_size>
    <send_crash_reports><enabled>false</enabled></send_crash_reports>
    <merge_tree>
        <!-- An acknowledged insert is on the disk: the log forgets on the strength of it. -->
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
        <!-- Of 120 columns they are 38 kB in each part, a tenth of a quiet day, and no question of ours is planned by them. -->
        <auto_statistics_types></auto_statistics_types>
    </merge_tree>
</clickhouse>
",
        users = escaped(&users.display().to_string()),
    )
}

fn users_xml(limits: Limits) -> String {
    // One statement gets at most 3/5 of the memory, so a heavy question cannot take the inserts' share, and
    // spills to the disk well before that.
    let statement = limits.memory / 5 * 3;
    let spill = limits.memory / 4;
    format!(
        "<clickhouse>
    <profiles><default>
        <async_insert>0</async_insert>
        <max_memory_usage>{statement}</max_memory_usage>
        <max_bytes_before_external_group_by>{spill}</max_bytes_before_external_group_by>
        <max_bytes_before_external_sort>{spill}</max_bytes_before_external_sort>
        <allow_introspection_functions>0</allow_introspection_functions>
        <implicit_select>0</implicit_select>
    </default></profiles>
    <users><default>
        <password></password>
        <networks><ip>::/0</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
        <grants><query>GRANT {GRANTS} ON *.*</query></grants>
    </default></users>
    <quotas><default></default></quotas>
</clickhouse>
"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_break_out_of_the_file() {
        let text = config_xml(Path::new("/a<b>&c/users.xml"), Limits { memory: 1 << 30, processors: 1 });
        assert!(text.contains("<users_config>/a&lt;b&gt;&amp;c/users.xml</users_config>"));
        assert!(text.contains("<background_pool_size>2<"));
    }
}
