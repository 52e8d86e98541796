//! Which settings a client may set, in the URL, in SET or in a SETTINGS clause.
//!
//! Three kinds: those that change how an answer looks or what NULL means are passed on; limits may be lowered and never
//! raised; and those of the protocol, which clients send whoever they talk to, are accepted and mean nothing here.
//! Every other setting is refused by the name of the error ClickHouse has for it.

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::filters;
use super::token::Token;
use crate::store::embedded::error::EngineError;

/// What the operator allows one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Seconds a statement may run.
    pub seconds: u64,
    /// Bytes of memory it may hold.
    pub memory_bytes: u64,
    /// Rows it may read from tables.
    pub read_rows: u64,
    /// Rows its answer may have.
    pub result_rows: u64,
    /// Bytes its answer may have before compression.
    pub result_bytes: u64,
    /// Threads it may use.
    pub threads: u64,
}

impl Bounds {
    /// Each limit under the engine's name for it.
    pub fn named(&self) -> [(&'static str, u64); 6] {
        [
            ("max_execution_time", self.seconds),
            ("max_memory_usage", self.memory_bytes),
            ("max_rows_to_read", self.read_rows),
            ("max_result_rows", self.result_rows),
            ("max_result_bytes", self.result_bytes),
            ("max_threads", self.threads),
        ]
    }
}

/// Settings passed on as they are: the looks of the answer, and the meaning of a few constructs.
pub const FREE: [&str; 54] = [
    "aggregate_functions_null_for_empty",
    "any_join_distinct_right_table_keys",
    "bool_false_representation",
    "bool_true_representation",
    "cast_keep_nullable",
    "cast_string_to_dynamic_use_inference",
    "count_distinct_implementation",
    "date_time_input_format",
    "date_time_output_format",
    "empty_result_for_aggregation_by_empty_set",
    "enable_named_columns_in_function_tuple",
    "except_default_mode",
    "extremes",
    "format_csv_delimiter",
    "format_csv_null_representation",
    "format_tsv_null_representation",
    "group_by_use_nulls",
    "intersect_default_mode",
    "join_default_strictness",
    "join_use_nulls",
    "limit",
    "max_block_size",
    "offset",
    "output_format_arrow_compression_method",
    "output_format_arrow_low_cardinality_as_dictionary",
    "output_format_arrow_string_as_string",
    "output_format_csv_crlf_end_of_line",
    "output_format_decimal_trailing_zeros",
    "output_format_json_array_of_rows",
    "output_format_json_escape_forward_slashes",
    "output_format_json_named_tuples_as_objects",
    "output_format_json_quote_64bit_floats",
    "output_format_json_quote_64bit_integers",
    "output_format_json_quote_decimals",
    "output_format_json_quote_denormals",
    "output_format_json_skip_null_value_in_named_tuples",
    "output_format_native_write_json_as_string",
    "output_format_parquet_compression_method",
    "output_format_parquet_row_group_size",
    "output_format_parquet_string_as_string",
    "output_format_pretty_color",
    "output_format_pretty_grid_charset",
    "output_format_pretty_max_column_pad_width",
    "output_format_pretty_max_rows",
    "output_format_pretty_max_value_width",
    "output_format_pretty_row_numbers",
    "output_format_tsv_crlf_end_of_line",
    "output_format_write_statistics",
    "prefer_column_name_to_alias",
    "result_overflow_mode",
    "session_timezone",
    "show_table_uuid_in_table_create_query_if_not_nil",
    "transform_null_in",
    "union_default_mode",
];
/// Settings that clients send for their own reasons and that mean nothing to the engine: to this port neither, apart from
/// filters.
const WITHOUT_EFFECT: [&str; 34] = [
    filters::SETTING,
    "alter_sync",
    "async_insert",
    "cancel_http_readonly_queries_on_client_close",
    "connect_timeout",
    "database_replicated_enforce_synchronous_settings",
    "enable_http_compression",
    "http_connection_timeout",
    "http_headers_progress_interval_ms",
    "http_make_head_request",
    "http_receive_timeout",
    "http_response_buffer_size",
    "http_send_timeout",
    "http_write_exception_in_output_format",
    "http_zlib_compression_level",
    "insert_distributed_sync",
    "insert_quorum",
    "interactive_delay",
    "lightweight_deletes_sync",
    "log_comment",
    "log_queries",
    "max_insert_block_size",
    "max_query_size",
    "mutations_sync",
    "network_compression_method",
    "network_zstd_compression_level",
    "readonly",
    "receive_timeout",
    "select_sequential_consistency",
    "send_progress_in_http_headers",
    "send_timeout",
    "use_client_time_zone",
    "wait_end_of_query",
    "wait_for_async_insert",
];
/// Longest value: none of those above needs more.
const LONGEST_VALUE: usize = 100;

/// The settings of one statement, checked: what the operator demands and what of the client's wishes is in its bounds.
pub fn checked(
    wishes: &BTreeMap<String, String>,
    bounds: &Bounds,
) -> Result<BTreeMap<String, String>, EngineError> {
    let mut settings: BTreeMap<String, String> =
        bounds.named().into_iter().map(|(name, most)| (name.to_owned(), most.to_string())).collect();
    for (name, value) in wishes {
        if let Some((_, most)) = bounds.named().into_iter().find(|(bound, _)| bound == name) {
            settings.insert(name.clone(), lowered(name, value, most)?);
        } else if FREE.contains(&name.as_str()) {
            if value.len() > LONGEST_VALUE || value.chars().any(char::is_control) {
                return Err(EngineError::bad_request(format_args!("The value of {name} is not valid")));
            }
            settings.insert(name.clone(), value.clone());
        } else if !WITHOUT_EFFECT.contains(&name.as_str()) {
            let text = format!("Cannot modify '{name}' setting in readonly mode");
            return Err(EngineError::raised(164, "READONLY", text));
        }
    }
    Ok(settings)
}

/// A limit as the client wants it, if that is less than what it has anyway; ClickHouse takes 0 for no limit.
fn lowered(name: &str, value: &str, most: u64) -> Result<String, EngineError> {
    let wanted = value
        .parse::<f64>()
        .ok()
        .filter(|wanted| wanted.is_finite() && *wanted >= 0.0)
        .ok_or_else(|| EngineError::bad_request(format_args!("{name} takes a number, not {value:?}")))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked; saturates above")]
    let whole = wanted.ceil() as u64;
    Ok(if whole == 0 { most } else { whole.min(most) }.to_string())
}

/// A SETTINGS clause, from behind the word: taken out of the statement and noted.
pub fn clause(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    loop {
        let name = cursor.take_name()?;
        if !cursor.drop_sign("=") {
            return Err(cursor.unexpected("="));
        }
        let negative = cursor.drop_sign("-");
        let value = match cursor.peek(0) {
            Some(Token::Sign("{")) if !negative => filters::text(cursor)?,
            _ => plain(cursor, negative)?,
        };
        cursor.settings.insert(name, value);
        if !cursor.drop_sign(",") {
            return Ok(());
        }
    }
}

fn plain(cursor: &mut Cursor<'_>, negative: bool) -> Result<String, EngineError> {
    match cursor.next() {
        Some(Token::Number(digits)) if negative => Ok(format!("-{digits}")),
        Some(Token::Number(value) | Token::Word(value)) if !negative => Ok(value),
        Some(Token::Text(value)) if !negative => {
            String::from_utf8(value).map_err(|_| cursor.unexpected("a text"))
        }
        _ => Err(cursor.unexpected("a value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        seconds: 60,
        memory_bytes: 1 << 30,
        read_rows: 1_000,
        result_rows: 100,
        result_bytes: 1_000,
        threads: 2,
    };

    fn one(name: &str, value: &str) -> Result<Option<String>, i32> {
        let wishes = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let checked = checked(&wishes, &BOUNDS).map_err(|error| error.code())?;
        Ok(checked.get(name).cloned())
    }

    #[test]
    fn limits_are_lowered_and_never_raised() {
        for (wanted, got) in [("5", "5"), ("0.5", "1"), ("0", "60"), ("61", "60"), ("1e300", "60")] {
            assert_eq!(one("max_execution_time", wanted), Ok(Some(got.to_owned())), "{wanted}");
        }
        for bad in ["-1", "x", "", "inf", "NaN"] {
            assert_eq!(one("max_execution_time", bad), Err(36), "{bad}");
        }
    }

    #[test]
    fn what_is_not_named_is_refused() {
        assert_eq!(one("join_use_nulls", "1"), Ok(Some("1".to_owned())));
        assert_eq!(one("readonly", "0"), Ok(None));
        // Read by this port, and never sent on.
        assert_eq!(one(filters::SETTING, "{}"), Ok(None));
        for name in ["format_schema", "output_format_schema", "allow_ddl", "max_ast_depth"] {
            assert_eq!(one(name, "1"), Err(164), "{name}");
        }
    }
}
