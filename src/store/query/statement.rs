//! SQL under construction: fixed text and bound values, kept apart by type.

use super::needed;

/// A statement that grows from left to right. Text is `'static`: nothing that came from outside can be part of it.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    text: String,
    values: Vec<Value>,
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
}

impl Statement {
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
        self.sql("fromUnixTimestamp64Milli(toInt64(").integer(value_ms).sql("), 'UTC')")
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
    pub(super) fn bound(&self, client: &clickhouse::Client) -> clickhouse::query::Query {
        self.values.iter().fold(client.query(&needed::filled(&self.text)), |query, value| match value {
            Value::Text(value) => query.bind(value),
            Value::Integer(value) => query.bind(value),
            Value::Number(value) => query.bind(value),
        })
    }
}
