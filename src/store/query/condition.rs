//! What is asked of views, as a tree, and its SQL. [`super::filter`] reads it from text.
//!
//! Every condition is either true or false of a view. What is not known is in no range, contains nothing and equals only
//! what stands for not known; so `NOT` of a condition is true of every view the condition is not true of.

use super::{dimension::Dimension, statement::Statement};
use crate::event::metric::Metric;

/// Which views.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All hold; none of them: every view.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
    Not(Box<Self>),
    Dimension(Dimension, Test),
    Time(Time, Range<i64>),
    /// The view's own value of a metric; without a range, that it has one.
    Metric(&'static Metric, Option<Range<f64>>),
}

/// What is asked of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    OneOf(Vec<String>),
    /// In any case of letters, as the next.
    Contains(String),
    StartsWith(String),
    Known,
    Number(Range<f64>),
}

/// A stretch of numbers or times (Unix ms).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range<T> {
    Compare(Operator, T),
    /// Both ends included.
    Between(T, T),
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    AtLeast,
    AtMost,
    Not,
    Above,
    Below,
    Equal,
}

impl Operator {
    /// Longer ones first, so that `>=` is not read as `>`.
    pub const ALL: [Self; 6] =
        [Self::AtLeast, Self::AtMost, Self::Not, Self::Above, Self::Below, Self::Equal];

    /// As it is written, here and in SQL.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Not => "!=",
            Self::Above => ">",
            Self::Below => "<",
            Self::Equal => "=",
        }
    }
}

/// A time of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    Start,
    End,
}

impl Time {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Start, Self::End];

    /// The word for it in the API, which is its column too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "view_start",
            Self::End => "view_end",
        }
    }
}

impl Condition {
    /// True of every view.
    pub const EVERY_VIEW: Self = Self::All(Vec::new());

    /// How many things are asked of each view.
    pub fn size(&self) -> usize {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.iter().map(Self::size).sum(),
            Self::Not(condition) => condition.size(),
            Self::Dimension(_, Test::OneOf(values)) => values.len(),
            Self::Dimension(..) | Self::Time(..) | Self::Metric(..) => 1,
        }
    }

    /// ` AND (…)`.
    pub(super) fn and(&self, to: &mut Statement) {
        if *self != Self::EVERY_VIEW {
            to.sql(" AND ");
            self.write(to);
        }
    }

    fn write(&self, to: &mut Statement) {
        to.sql("(");
        match self {
            Self::All(conditions) => joined(conditions, " AND ", "true", to),
            Self::Any(conditions) => joined(conditions, " OR ", "false", to),
            Self::Not(condition) => {
                to.sql("NOT ");
                condition.write(to);
            }
            Self::Dimension(dimension, test) => test.write(dimension, to),
            Self::Time(time, range) => range.write(
                to,
                |to| _ = to.sql(time.name()),
                |unix_ms, to| {
                    to.time(unix_ms);
                },
            ),
            Self::Metric(metric, range) => {
                let value = metric.of_one_view().unwrap_or_default();
                to.sql("(").sql(metric.valid).sql(") AND ");
                let value = |to: &mut Statement| _ = to.sql("(").definition(&value).sql(")");
                match range {
                    Some(range) => number(range, to, value),
                    None => {
                        value(to);
                        to.sql(" IS NOT NULL");
                    }
                }
            }
        }
        to.sql(")");
    }
}

impl Test {
    fn write(&self, dimension: &Dimension, to: &mut Statement) {
        match self {
            Self::OneOf(values) => {
                dimension.expression(to);
                to.sql(" IN (");
                for (index, value) in values.iter().enumerate() {
                    to.sql(if index == 0 { "" } else { ", " }).text(value);
                }
                to.sql(")");
            }
            Self::Contains(text) => {
                to.sql("position(lowerUTF8(");
                dimension.expression(to);
                to.sql("), lowerUTF8(").text(text).sql(")) > 0");
            }
            Self::StartsWith(text) => {
                to.sql("startsWith(lowerUTF8(");
                dimension.expression(to);
                to.sql("), lowerUTF8(").text(text).sql("))");
            }
            Self::Known => {
                dimension.expression(to);
                to.sql(" != ''");
            }
            Self::Number(range) => number(range, to, |to| dimension.number(to)),
        }
    }
}

/// A range of something that may be null, which is in no range.
fn number(range: &Range<f64>, to: &mut Statement, subject: impl Fn(&mut Statement)) {
    to.sql("ifNull(");
    range.write(to, subject, |value, to| {
        to.number(value);
    });
    to.sql(", false)");
}

impl<T: Copy> Range<T> {
    fn write(self, to: &mut Statement, subject: impl Fn(&mut Statement), value: impl Fn(T, &mut Statement)) {
        subject(to);
        match self {
            Self::Compare(operator, bound) => {
                to.sql(" ").sql(operator.sign()).sql(" ");
                value(bound, to);
            }
            Self::Between(from, until) => {
                to.sql(" BETWEEN ");
                value(from, to);
                to.sql(" AND ");
                value(until, to);
            }
        }
    }
}

fn joined(conditions: &[Condition], by: &'static str, nothing: &'static str, to: &mut Statement) {
    if conditions.is_empty() {
        to.sql(nothing);
    }
    for (index, condition) in conditions.iter().enumerate() {
        to.sql(if index == 0 { "" } else { by });
        condition.write(to);
    }
}
