//! What drags a metric down: every value of every dimension that may be a cause, by the harm it does.

use serde::Deserialize;

use super::{
    super::{
        QueryError, Scope,
        dimension::{Dimension, Page},
        place::Part,
        statement::Statement,
    },
    ALL_TOTALS, Measure, Measures, Totals, impact,
};
use crate::{event::metric::Direction, store::Store};

/// Dimensions whose values can be a cause. Not those that name single viewers, and not those that say how the view went:
/// that all views with an error have failed explains nothing.
const CAUSES: [&str; 23] = [
    "asn",
    "browser",
    "browser_version",
    "cdn",
    "connection_type",
    "country",
    "device",
    "experiment_name",
    "operating_system",
    "operating_system_version",
    "page_type",
    "player_name",
    "player_software",
    "player_software_version",
    "player_version",
    "rendition_codec",
    "sdk",
    "source_hostname",
    "stream_type",
    "sub_property_id",
    "video_id",
    "video_series",
    "video_title",
];

/// A value of a dimension and what its views do to the whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    pub dimension: String,
    /// Empty: not known.
    pub field: String,
    pub totals: Totals,
    pub negative_impact: f64,
}

#[derive(clickhouse::Row, Deserialize)]
struct InsightRow {
    /// Empty: the row of the whole.
    dimension: String,
    field: String,
    values: Vec<Option<f64>>,
    views: Vec<u64>,
    watch_time: Vec<u64>,
    playing_time: Vec<u64>,
    impacts: Vec<f64>,
    total: u64,
}

impl Store {
    /// What drags a metric down, the worst first (or last), and how many such values there are. Values that all
    /// views have are left out: they move nothing.
    pub async fn insights(
        &self,
        scope: &Scope,
        measure: Measure,
        descending: bool,
        page: Page,
    ) -> Result<(Vec<Insight>, u64), QueryError> {
        if measure.metric.direction == Direction::Neither {
            return Ok((Vec::new(), 0));
        }
        let rows =
            self.rows::<InsightRow>(written(scope, measure, descending, page, Statement::default())?).await?;
        let total = rows.iter().find(|row| row.dimension.is_empty()).map_or(0, |row| row.total);
        let insights = rows.into_iter().filter(|row| !row.dimension.is_empty()).map(|row| Insight {
            totals: Totals {
                value: row.values.first().copied().flatten(),
                views: row.views.first().copied().unwrap_or_default(),
                watch_time: row.watch_time.first().copied().unwrap_or_default(),
                playing_time: row.playing_time.first().copied().unwrap_or_default(),
            },
            negative_impact: row.impacts.first().copied().unwrap_or_default(),
            dimension: row.dimension,
            field: row.field,
        });
        Ok((insights.collect(), total))
    }
}

/// Each view is laid out once for every dimension and once for the whole, so one reading groups it by all of them.
pub(super) fn written(
    scope: &Scope,
    measure: Measure,
    descending: bool,
    page: Page,
    mut to: Statement,
) -> Result<Statement, QueryError> {
    let measures = [measure];
    let measures = Measures(&measures);
    let (first, last) = Part::from(page).rows();
    to.sql("SELECT dimension, field, values, views, watch_time, playing_time, impacts, total FROM (SELECT *, ")
        .sql("countIf(tells) OVER () AS total, row_number() OVER (ORDER BY tells DESC, impacts[1] ")
        .sql(if descending { "DESC" } else { "ASC" })
        .sql(", dimension, field) AS rank FROM (SELECT *, ")
        .sql("anyIf(values, dimension = '') OVER () AS whole, anyIf(standing_for, dimension = '') OVER () AS all_standing, ")
        .sql("anyIf(measured, dimension = '') OVER () AS all_measured, ")
        .sql("dimension != '' AND measured < all_measured AND isNotNull(values[1]) AS tells, ");
    measures.each_figure(&mut to, |_, measure, to| {
        to.definition(&impact::in_sql(measure, ["values[1]", "standing_for", "whole[1]", "all_standing"]));
    });
    to.sql(" AS impacts FROM (");
    measures.names(scope, None, &mut to);
    to.sql("SELECT arrayJoin(arrayConcat([('', '')");
    for dimension in CAUSES.into_iter().filter_map(Dimension::parse) {
        to.sql(", (").text(&dimension.to_string()).sql(", ");
        dimension.expression(&mut to);
        to.sql(")");
    }
    to.sql("], arrayMap(pair -> (concat('custom.', pair.1), pair.2), CAST(custom, 'Array(Tuple(String, String))')))) AS place, ")
        .sql("place.1 AS dimension, place.2 AS field, ");
    measures.values(&mut to)?;
    measures.totals(&ALL_TOTALS, &mut to);
    to.sql(", sumIf(weight, of_0) AS standing_for, count() AS measured");
    measures.source(scope, &mut to);
    to.sql(" GROUP BY place))) WHERE dimension = '' OR tells AND rank BETWEEN ")
        .integer(first)
        .sql(" AND ")
        .integer(last)
        .sql(" ORDER BY rank");
    Ok(to)
}
