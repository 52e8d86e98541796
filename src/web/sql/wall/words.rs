//! The words of expressions: operators, constants, units, and those that are no names.

/// Operators that are words.
pub const WORD_OPERATORS: [&str; 7] = ["AND", "OR", "LIKE", "ILIKE", "REGEXP", "DIV", "MOD"];
/// Operators that are signs, the longer before those they begin with.
pub const SIGN_OPERATORS: [&str; 16] =
    ["->", "<=>", "==", "!=", "<>", "<=", ">=", "||", "+", "-", "*", "/", "%", "=", "<", ">"];
/// Values that are words.
pub const CONSTANTS: [&str; 6] = ["NULL", "TRUE", "FALSE", "INF", "INFINITY", "NAN"];
/// Units of time, as INTERVAL and the date functions take them.
pub const UNITS: [&str; 26] = [
    "NANOSECOND",
    "NANOSECONDS",
    "MICROSECOND",
    "MICROSECONDS",
    "MILLISECOND",
    "MILLISECONDS",
    "SECOND",
    "SECONDS",
    "MINUTE",
    "MINUTES",
    "HOUR",
    "HOURS",
    "DAY",
    "DAYS",
    "WEEK",
    "WEEKS",
    "MONTH",
    "MONTHS",
    "QUARTER",
    "QUARTERS",
    "YEAR",
    "YEARS",
    "DOW",
    "DOY",
    "EPOCH",
    "ISODOW",
];
/// Words that end an expression, and so neither a column nor an alias without AS unless quoted.
const RESERVED: [&str; 60] = [
    "SELECT",
    "FROM",
    "PREWHERE",
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "QUALIFY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "SETTINGS",
    "FORMAT",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "INTO",
    "ARRAY",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "FULL",
    "CROSS",
    "ANY",
    "ASOF",
    "SEMI",
    "ANTI",
    "GLOBAL",
    "PASTE",
    "NATURAL",
    "ON",
    "USING",
    "FINAL",
    "SAMPLE",
    "AS",
    "WITH",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "ILIKE",
    "BETWEEN",
    "IS",
    "DIV",
    "MOD",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "APPLY",
    "BY",
    "INTERPOLATE",
    "ASC",
    "DESC",
    "NULLS",
    "COLLATE",
    "REPLACE",
];
/// Those of them that are also functions, and so may begin an expression.
pub const ALSO_FUNCTIONS: [&str; 11] =
    ["LEFT", "RIGHT", "ANY", "MOD", "ARRAY", "REPLACE", "FORMAT", "LIKE", "ILIKE", "AND", "OR"];

/// Whether a bare word is no name.
pub fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}
