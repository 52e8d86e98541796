//! Metrics by dimension: groups of views in an order, in parts.

use serde::Deserialize;

use super::{
    super::{
        QueryError, Scope,
        dimension::Dimension,
        place::{Part, Place},
        statement::Statement,
    },
    ALL_TOTALS, Measure, Measures, Totals, impact, nth,
};
use crate::store::Store;

/// One metric by dimension: in which order, and which part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    pub measure: Measure,
    pub order: Order,
    pub descending: bool,
    pub part: Part,
}

/// A part of the groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    pub groups: Vec<Group>,
    /// How many there are in all.
    pub total: u64,
    /// Where the rest begins, if there is more.
    pub next: Option<Place>,
}

/// A metric of the views with one value of a dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Empty: not known.
    pub field: String,
    pub totals: Totals,
    /// How far this group moves the whole for the worse; see [`impact`].
    pub negative_impact: f64,
}

/// What groups are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    NegativeImpact,
    Value,
    Views,
    Field,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NegativeImpact, Self::Value, Self::Views, Self::Field];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NegativeImpact => "negative_impact",
            Self::Value => "value",
            Self::Views => "views",
            Self::Field => "field",
        }
    }

    /// The SQL of what measure `number` is ordered by, as a number; the field itself is the second key of all orders.
    fn key(self, number: usize) -> String {
        match self {
            Self::NegativeImpact => format!("impacts[{number}]"),
            Self::Value => format!("values[{number}]"),
            Self::Views => format!("toFloat64(views[{number}])"),
            Self::Field => "toFloat64(0)".to_owned(),
        }
    }
}

#[derive(clickhouse::Row, Deserialize)]
struct GroupRow {
    field: String,
    /// The row of the whole.
    total: bool,
    values: Vec<Option<f64>>,
    views: Vec<u64>,
    watch_time: Vec<u64>,
    playing_time: Vec<u64>,
    impacts: Vec<f64>,
    /// Of each measure, how many groups have views it is about.
    groups: Vec<u64>,
    /// Of each measure, the number of the row from where its part begins to count; 0: not in it.
    ranks: Vec<u64>,
}

impl Store {
    /// Metrics for each value of a dimension, in the order of the rankings.
    pub async fn breakdown(
        &self,
        scope: &Scope,
        dimension: &Dimension,
        rankings: &[Ranking],
    ) -> Result<Vec<Groups>, QueryError> {
        let rows = self.rows::<GroupRow>(statement(scope, dimension, rankings)?).await?;
        rankings.iter().enumerate().map(|(number, ranking)| ranked(&rows, number, ranking)).collect()
    }
}

/// One reading of the views gives the groups, the whole they are part of, and the place of each in every order. The row
/// of the whole is always there, so that a part beyond the end still says how many groups there are.
fn statement(scope: &Scope, dimension: &Dimension, rankings: &[Ranking]) -> Result<Statement, QueryError> {
    let measures: Vec<Measure> = rankings.iter().map(|ranking| ranking.measure).collect();
    let measures = Measures(&measures);
    let mut to = Statement::default();
    to.sql("SELECT field, total, values, views, watch_time, playing_time, impacts, groups, ");
    measures.each(&mut to, |number, _, to| {
        to.definition(&format!("if(is_open[{0}], ranks_of_all[{0}], 0)", number + 1));
    });
    to.sql(" AS ranks FROM (SELECT *, ");
    placed(&measures, rankings, &mut to);
    to.sql(" FROM (SELECT *, anyIf(values, total) OVER () AS whole, ")
        .sql("anyIf(standing_for, total) OVER () AS whole_standing_for, ");
    measures.each(&mut to, |number, _, to| {
        to.definition(&format!("countIf(NOT total AND standing_for[{}] > 0) OVER ()", number + 1));
    });
    to.sql(" AS groups FROM (");
    grouped(scope, dimension, &measures, &mut to)?;
    to.sql("))) WHERE total");
    for (number, ranking) in rankings.iter().enumerate() {
        let (first, last) = ranking.part.rows();
        to.definition(&format!(" OR is_open[{0}] AND ranks_of_all[{0}] BETWEEN ", number + 1));
        // One more than asked for tells whether there is more.
        to.integer(first).sql(" AND ").integer(last + 1);
    }
    Ok(to)
}

/// The groups and the whole, with all measures of each.
fn grouped(
    scope: &Scope,
    dimension: &Dimension,
    measures: &Measures<'_>,
    to: &mut Statement,
) -> Result<(), QueryError> {
    measures.names(scope, None, to);
    to.sql("SELECT ");
    dimension.expression(to);
    to.sql(" AS field, CAST(grouping(field) = 1, 'Bool') AS total, ");
    measures.values(to)?;
    measures.totals(&ALL_TOTALS, to);
    to.sql(", ");
    measures.each(to, |number, _, to| {
        to.definition(&format!("sumIf(weight, of_{number})"));
    });
    to.sql(" AS standing_for");
    measures.source(scope, to);
    to.sql(" GROUP BY GROUPING SETS ((field), ())");
    Ok(())
}

/// Of each measure: the impact of the group, whether the group is after the place where the part begins, and its rank.
fn placed(measures: &Measures<'_>, rankings: &[Ranking], to: &mut Statement) {
    measures.each_figure(to, |number, measure, to| {
        let names = ["values", "standing_for", "whole", "whole_standing_for"];
        let [value, standing_for, whole, of_whole] = names.map(|name| format!("{name}[{}]", number + 1));
        to.definition(&impact(measure, [&value, &standing_for, &whole, &of_whole]));
    });
    to.sql(" AS impacts, ");
    measures.each(to, |number, _, to| {
        to.definition(&format!("NOT total AND standing_for[{}] > 0", number + 1));
        let Some(Ranking { order, descending, part, .. }) = rankings.get(number) else { return };
        let Some(place) = &part.after else { return };
        to.sql(" AND ");
        match order {
            Order::Field => _ = to.sql(if *descending { "field < " } else { "field > " }).text(&place.id),
            _ => place.precedes(&order.key(number + 1), "field", *descending, to),
        }
    });
    to.sql(" AS is_open, ");
    measures.each(to, |number, _, to| {
        let Some(Ranking { order, descending, .. }) = rankings.get(number) else { return };
        let direction = if *descending { "DESC" } else { "ASC" };
        let field_direction = if *order == Order::Field { direction } else { "ASC" };
        to.definition(&format!(
            "row_number() OVER (ORDER BY is_open[{0}] DESC, {1} {direction} NULLS LAST, field {field_direction})",
            number + 1,
            order.key(number + 1)
        ));
    });
    to.sql(" AS ranks_of_all");
}

/// The part of one ranking, out of the rows of all.
fn ranked(rows: &[GroupRow], number: usize, ranking: &Ranking) -> Result<Groups, QueryError> {
    let (first, last) = ranking.part.rows();
    let bounds = u64::try_from(first).unwrap_or(0)..=u64::try_from(last).unwrap_or(0);
    let mut part: Vec<(u64, &GroupRow)> = Vec::new();
    let (mut total, mut has_more) = (0, false);
    for row in rows {
        let rank = *nth(&row.ranks, number)?;
        if row.total {
            total = *nth(&row.groups, number)?;
        } else if bounds.contains(&rank) {
            part.push((rank, row));
        } else {
            has_more |= rank > *bounds.end();
        }
    }
    part.sort_unstable_by_key(|(rank, _)| *rank);
    let groups = part.into_iter().map(|(_, row)| {
        Ok(Group {
            field: row.field.clone(),
            totals: Totals {
                value: *nth(&row.values, number)?,
                views: *nth(&row.views, number)?,
                watch_time: *nth(&row.watch_time, number)?,
                playing_time: *nth(&row.playing_time, number)?,
            },
            negative_impact: *nth(&row.impacts, number)?,
        })
    });
    let groups: Vec<Group> = groups.collect::<Result<_, QueryError>>()?;
    let next = groups.last().filter(|_| has_more).map(|group| place(group, ranking.order));
    Ok(Groups { groups, total, next })
}

fn place(group: &Group, order: Order) -> Place {
    #[expect(clippy::cast_precision_loss, reason = "as ClickHouse does it, and far below 2^53")]
    let key = match order {
        Order::NegativeImpact => Some(group.negative_impact),
        Order::Value => group.totals.value,
        Order::Views => Some(group.totals.views as f64),
        Order::Field => Some(0.0),
    };
    Place::new(key, &group.field)
}
