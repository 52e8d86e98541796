//! What tables take on disk, asked of the engine.

/// SQL for one line of text: rows of a table and what each takes, of which marks and indexes.
pub fn size(table: &str) -> String {
    format!(
        "SELECT concat('{table}: ', toString(sum(rows)), ' rows, ', \
         toString(round(sum(bytes_on_disk) / sum(rows), 1)), ' bytes each (marks ', \
         toString(round(sum(marks_bytes) / sum(rows), 2)), ', indexes ', \
         toString(round(sum(secondary_indices_compressed_bytes + primary_key_size) / sum(rows), 2)), \
         '), in ', toString(count()), ' parts') {}",
        parts(table)
    )
}

/// SQL for one line of text: the columns that take most, in bytes a row.
pub fn columns(table: &str) -> String {
    format!(
        "SELECT concat('  ', arrayStringConcat(groupArray(concat(name, ' ', toString(bytes))), ', ')) FROM \
         (SELECT name, round(data_compressed_bytes / (SELECT sum(rows) {}), 2) AS bytes FROM system.columns \
         WHERE database = 'playhead' AND table = '{table}' ORDER BY bytes DESC LIMIT {COLUMNS})",
        parts(table)
    )
}

/// Columns of a table that are named.
const COLUMNS: usize = 24;

fn parts(table: &str) -> String {
    format!("FROM system.parts WHERE active AND database = 'playhead' AND table = '{table}'")
}
