//! The formats an answer may have: all that turn rows into bytes by themselves, without a schema or template file.

use crate::store::embedded::error::EngineError;

/// Formats by the engine's spelling.
pub const FORMATS: [&str; 57] = [
    "Arrow",
    "ArrowStream",
    "CSV",
    "CSVWithNames",
    "CSVWithNamesAndTypes",
    "CustomSeparated",
    "CustomSeparatedWithNames",
    "CustomSeparatedWithNamesAndTypes",
    "JSON",
    "JSONColumns",
    "JSONColumnsWithMetadata",
    "JSONCompact",
    "JSONCompactColumns",
    "JSONCompactEachRow",
    "JSONCompactEachRowWithNames",
    "JSONCompactEachRowWithNamesAndTypes",
    "JSONCompactEachRowWithProgress",
    "JSONCompactStrings",
    "JSONCompactStringsEachRow",
    "JSONCompactStringsEachRowWithNames",
    "JSONCompactStringsEachRowWithNamesAndTypes",
    "JSONEachRow",
    "JSONEachRowWithProgress",
    "JSONLines",
    "JSONObjectEachRow",
    "JSONStrings",
    "JSONStringsEachRow",
    "Markdown",
    "MsgPack",
    "NDJSON",
    "Native",
    "Null",
    "ODBCDriver2",
    "ORC",
    "Parquet",
    "Pretty",
    "PrettyCompact",
    "PrettyCompactMonoBlock",
    "PrettyCompactNoEscapes",
    "PrettyNoEscapes",
    "PrettySpace",
    "Raw",
    "RowBinary",
    "RowBinaryWithNames",
    "RowBinaryWithNamesAndTypes",
    "TSV",
    "TSVRaw",
    "TSVWithNames",
    "TSVWithNamesAndTypes",
    "TabSeparated",
    "TabSeparatedRaw",
    "TabSeparatedWithNames",
    "TabSeparatedWithNamesAndTypes",
    "Values",
    "Vertical",
    "XML",
    "PrettyMonoBlock",
];

/// The format of that name, in the engine's spelling.
pub fn allowed(name: &str) -> Result<&'static str, EngineError> {
    FORMATS.into_iter().find(|format| format.eq_ignore_ascii_case(name)).ok_or_else(|| {
        EngineError::raised(
            73,
            "UNKNOWN_FORMAT",
            format_args!("Format {name} does not exist or is not available on this port"),
        )
    })
}
