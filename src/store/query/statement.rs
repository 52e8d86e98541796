//! SQL under construction: fixed text and bound values, kept apart by type.

mod layout;

use super::{QueryError, needed};

/// A column of the API's views that those of analysts have not.
const NOT_TOLD: &str = "renditions";
/// What is asked of it, in the columns that they have.
const TOLD_INSTEAD: [(&str, &str); 2] =
    [("notEmpty(renditions)", "renditions_measured"), ("length(renditions) - 1", "rendition_change_count")];

/// A statement that grows from left to right. Text is `'static`: nothing that came from outside can be part of it.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    text: String,
    values: Vec<Value>,
    /// Written for people to ask on the SQL port, and never asked by this program.
    is_for_analysts: bool,
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    /// Unix ms.
    Time(i64),
}

impl Statement {
    /// A statement over the tables of the SQL port, to be shown. It names no environment, because the port does
    /// ([`crate::web::sql`]), so it cannot be [`Self::bound`].
    pub fn for_analysts() -> Self {
        Self { is_for_analysts: true, ..Self::default() }
    }

    /// Whether it is one of those.
    pub(super) const fn is_for_analysts(&self) -> bool {
        self.is_for_analysts
    }

    /// Appends SQL that stands in this program.
    pub fn sql(&mut self, text: &'static str) -> &mut Self {
        self.definition(text)
    }

    /// Appends SQL made from definitions that stand in this program (a metric's formula). Never from input.
    pub fn definition(&mut self, text: &str) -> &mut Self {
        debug_assert!(!text.contains('?'), "values are bound by their own functions");
        self.text.push_str(text);
        self
    }

    /// Binds a text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bind(Value::Text(value.to_owned()))
    }

    /// Binds a whole number.
    pub fn integer(&mut self, value: i64) -> &mut Self {
        self.bind(Value::Integer(value))
    }

    /// Binds a number.
    pub fn number(&mut self, value: f64) -> &mut Self {
        self.bind(Value::Number(value))
    }

    /// Binds a time, given in Unix ms.
    pub fn time(&mut self, value_ms: i64) -> &mut Self {
        self.bind(Value::Time(value_ms))
    }

    fn bind(&mut self, value: Value) -> &mut Self {
        self.text.push('?');
        self.values.push(value);
        self
    }

    /// The views, with those of their columns that the finished statement names.
    pub(super) fn views(&mut self) -> &mut Self {
        self.sql(needed::HERE)
    }

    /// The query with every value in its place, escaped by the client.
    pub(super) fn bound(&self, client: &clickhouse::Client) -> Result<clickhouse::query::Query, QueryError> {
        if self.is_for_analysts {
            return Err(QueryError::Failed(
                "a statement for analysts was asked past the SQL port".to_owned(),
            ));
        }
        let text = self.spelled(&self.text, |value| match value {
            Value::Time(_) => "fromUnixTimestamp64Milli(toInt64(?), 'UTC')".to_owned(),
            _ => "?".to_owned(),
        });
        Ok(self.values.iter().fold(client.query(&needed::filled(&text)), |query, value| match value {
            Value::Text(value) => query.bind(value),
            Value::Integer(value) | Value::Time(value) => query.bind(value),
            Value::Number(value) => query.bind(value),
        }))
    }

    /// The statement as a person would write it: over lines, the values written out. `None` if it is about what the tables
    /// of analysts do not have.
    pub(super) fn written(&self) -> Option<String> {
        let text =
            TOLD_INSTEAD.iter().fold(self.text.clone(), |text, (ours, theirs)| text.replace(ours, theirs));
        let is_told = needed::words(&text).all(|word| word != NOT_TOLD);
        is_told.then(|| self.spelled(&layout::over_lines(&text), Value::literal))
    }

    /// `text` with something in the place of each value.
    fn spelled(&self, text: &str, spell: impl Fn(&Value) -> String) -> String {
        let mut values = self.values.iter().map(spell);
        let pieces = text.split('?').enumerate();
        pieces
            .map(
                |(n, piece)| {
                    if n == 0 { piece.to_owned() } else { values.next().unwrap_or_default() + piece }
                },
            )
            .collect()
    }
}

impl Value {
    /// As ClickHouse's SQL has it.
    fn literal(&self) -> String {
        match self {
            Self::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            Self::Integer(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Time(unix_ms) => {
                let time = chrono::DateTime::from_timestamp_millis(*unix_ms).unwrap_or_default();
                format!("toDateTime64('{}', 3, 'UTC')", time.format("%Y-%m-%d %H:%M:%S%.3f"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_out_as_values() {
        let mut to = Statement::for_analysts();
        to.sql("SELECT ")
            .text("it's \\ WHERE ?")
            .sql(", ")
            .number(0.5)
            .sql(" FROM views WHERE view_start < ")
            .time(1_500);
        assert_eq!(
            to.written().unwrap(),
            "SELECT 'it\\'s \\\\ WHERE ?', 0.5\nFROM views\nWHERE view_start < toDateTime64('1970-01-01 00:00:01.500', 3, 'UTC')"
        );
    }

    #[test]
    fn what_analysts_do_not_have_is_not_told() {
        assert_eq!(Statement::for_analysts().sql("SELECT renditions[1]").written(), None);
        let told = Statement::for_analysts()
            .sql("SELECT length(renditions) - 1 WHERE notEmpty(renditions)")
            .written();
        assert_eq!(told.as_deref(), Some("SELECT rendition_change_count\nWHERE renditions_measured"));
        assert!(Statement::for_analysts().sql("SELECT ").text("renditions").written().is_some());
    }

    #[test]
    fn what_names_no_environment_is_not_asked() {
        assert!(Statement::for_analysts().bound(&clickhouse::Client::default()).is_err());
        assert!(Statement::default().bound(&clickhouse::Client::default()).is_ok());
    }
}
