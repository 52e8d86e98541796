//! Conditions on views: by dimension (`country:DE`, `!cdn:x`) and by metric (`rebuffer_count>=3`).

use std::collections::BTreeMap;

use super::{dimension::Dimension, statement::Statement};
use crate::event::metric::{self, Metric};

/// `dimension:value` or `!dimension:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub dimension: Dimension,
    pub value: String,
    pub negated: bool,
}

impl Filter {
    /// Reads one; the error is the name that is no dimension, or the whole when it has no form.
    pub fn parse(text: &str) -> Result<Self, &str> {
        let (negated, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (name, value) = rest.split_once(':').ok_or(text)?;
        let dimension = Dimension::parse(name).ok_or(name)?;
        let value = dimension.normal(value);
        Ok(Self { dimension, value, negated })
    }
}

/// ` AND …` for all of them: values of one dimension are alternatives, everything else holds together.
pub(super) fn conditions(filters: &[Filter], to: &mut Statement) {
    let mut grouped: BTreeMap<(&Dimension, bool), Vec<&str>> = BTreeMap::new();
    for filter in filters {
        grouped.entry((&filter.dimension, filter.negated)).or_default().push(&filter.value);
    }
    for ((dimension, negated), values) in grouped {
        to.sql(" AND ");
        dimension.expression(to);
        to.sql(if negated { " NOT IN (" } else { " IN (" });
        for (index, value) in values.into_iter().enumerate() {
            to.sql(if index == 0 { "" } else { ", " }).text(value);
        }
        to.sql(")");
    }
}

/// `metric>=number`: views without a value for the metric are out.
#[derive(Debug, Clone)]
pub struct MetricFilter {
    metric: &'static Metric,
    operator: &'static str,
    number: f64,
}

/// Longer operators first, so that `>=` is not read as `>`.
const OPERATORS: [&str; 6] = [">=", "<=", "!=", ">", "<", "="];

impl MetricFilter {
    /// What it looks like, for those who wrote something else.
    pub const FORMS: [&'static str; 1] = ["metric>=number, with one of >= <= != > < ="];

    /// Reads one; `None` if it has no form or the metric has no value per view.
    pub fn parse(text: &str) -> Option<Self> {
        let at = text.find(['>', '<', '!', '='])?;
        let (name, rest) = text.split_at(at);
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator))?;
        let number: f64 = rest[operator.len()..].parse().ok()?;
        let metric = metric::by_id(name).filter(|metric| metric.of_one_view().is_some())?;
        number.is_finite().then_some(Self { metric, operator, number })
    }

    pub(super) fn condition(&self, to: &mut Statement) {
        let value = self.metric.of_one_view().unwrap_or_default();
        to.sql(" AND (").sql(self.metric.valid).sql(") AND ifNull((").definition(&value).sql(") ");
        to.sql(self.operator).sql(" ").number(self.number).sql(", 0)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_up_to_the_first_colon() {
        let filter = Filter::parse("!video_title:a:b").unwrap();
        assert_eq!((filter.value.as_str(), filter.negated), ("a:b", true));
        assert_eq!(filter.dimension, Dimension::parse("video_title").unwrap());
        assert_eq!(Filter::parse("password:x"), Err("password"));
        assert_eq!(Filter::parse("country"), Err("country"));
        assert_eq!(Filter::parse("playback_failure:1").unwrap().value, "true");
    }

    #[test]
    fn metric_filters_know_their_operators() {
        let filter = MetricFilter::parse("rebuffer_count>=3").unwrap();
        assert_eq!((filter.metric.id, filter.operator, filter.number), ("rebuffer_count", ">=", 3.0));
        for bad in ["views>1", "rebuffer_count", "rebuffer_count>x", "x>1", "rebuffer_count>inf", ">=1"] {
            assert!(MetricFilter::parse(bad).is_none(), "{bad}");
        }
    }
}
