//! Metrics by dimension: groups of views in an order, in parts.

use std::{cmp::Ordering, ops::Range};

use serde::Deserialize;

use super::{
    super::{
        QueryError, Scope,
        dimension::Dimension,
        place::{Part, Place},
        statement::Statement,
    },
    ALL_TOTALS, Measure, Measures, Totals,
    impact::{self, Figure},
    nth,
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
    /// How far this group moves the whole for the worse; see [`impact`](super::impact).
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

    /// What a group is ordered by, as a number; the field itself is the second key of all orders.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn key(self, group: &Group) -> Option<f64> {
        let key = match self {
            Self::NegativeImpact => Some(group.negative_impact),
            Self::Value => group.totals.value,
            Self::Views => Some(group.totals.views as f64),
            Self::Field => Some(0.0),
        };
        key.filter(|key| key.is_finite())
    }
}

/// A group with all measures of it, or the whole.
#[derive(clickhouse::Row, Deserialize)]
struct GroupRow {
    field: String,
    is_whole: bool,
    values: Vec<Option<f64>>,
    views: Vec<u64>,
    watch_time: Vec<u64>,
    playing_time: Vec<u64>,
    standing_for: Vec<f64>,
}

impl Store {
    /// Metrics for each value of a dimension, in the order of the rankings.
    pub async fn breakdown(
        &self,
        scope: &Scope,
        dimension: &Dimension,
        rankings: &[Ranking],
    ) -> Result<Vec<Groups>, QueryError> {
        let begun: Vec<Ranked<'_>> = rankings.iter().map(Ranked::new).collect();
        let take = |ranked: &mut Vec<Ranked<'_>>, row: GroupRow| {
            ranked.iter_mut().enumerate().try_for_each(|(number, ranked)| ranked.take(&row, number))
        };
        let ranked = self.folded(statement(scope, dimension, rankings)?, begun, take).await?;
        Ok(ranked.into_iter().map(Ranked::into_part).collect())
    }
}

/// One reading of the views gives the whole, and then the groups it is made of. They are put in order by this program: in
/// SQL, ranks cost more than a day's views do.
fn statement(scope: &Scope, dimension: &Dimension, rankings: &[Ranking]) -> Result<Statement, QueryError> {
    let measures: Vec<Measure> = rankings.iter().map(|ranking| ranking.measure).collect();
    let measures = Measures(&measures);
    let mut to = Statement::default();
    measures.names(scope, None, &mut to);
    to.sql("SELECT ");
    dimension.expression(&mut to);
    to.sql(" AS field, CAST(grouping(field) = 1, 'Bool') AS is_whole, ");
    measures.values(&mut to)?;
    measures.totals(&ALL_TOTALS, &mut to);
    to.sql(", ");
    measures.each_figure(&mut to, |number, _, to| {
        to.definition(&format!("sumIf(weight, of_{number})"));
    });
    to.sql(" AS standing_for");
    measures.source(scope, &mut to);
    to.sql(" GROUP BY GROUPING SETS ((field), ()) ORDER BY is_whole DESC");
    Ok(to)
}

/// One ranking while the groups come in any order: its part, and of what lies beyond no more than as much again.
#[derive(Clone)]
struct Ranked<'a> {
    ranking: &'a Ranking,
    whole: Figure,
    groups: Vec<Group>,
    /// How many groups there were, those before the part's place included.
    total: u64,
}

impl<'a> Ranked<'a> {
    const fn new(ranking: &'a Ranking) -> Self {
        Self { ranking, whole: Figure { value: None, standing_for: 0.0 }, groups: Vec::new(), total: 0 }
    }

    /// Adds what a row says of measure `number`.
    fn take(&mut self, row: &GroupRow, number: usize) -> Result<(), QueryError> {
        let value = *nth(&row.values, number)?;
        let figure = Figure { value, standing_for: *nth(&row.standing_for, number)? };
        if row.is_whole {
            self.whole = figure;
        } else if figure.standing_for > 0.0 {
            self.total += 1;
            let totals = Totals {
                value,
                views: *nth(&row.views, number)?,
                watch_time: *nth(&row.watch_time, number)?,
                playing_time: *nth(&row.playing_time, number)?,
            };
            let negative_impact = impact::of(&self.ranking.measure, figure, self.whole);
            self.add(Group { field: row.field.clone(), totals, negative_impact });
        }
        Ok(())
    }

    fn add(&mut self, group: Group) {
        if self.ranking.part.after.as_ref().is_some_and(|place| !self.ranking.is_after(&group, place)) {
            return;
        }
        self.groups.push(group);
        if self.groups.len() > 2 * self.ranking.rows().end {
            self.keep_first();
        }
    }

    /// One more than asked for tells whether there is more.
    fn keep_first(&mut self) {
        self.groups.sort_unstable_by(|one, other| self.ranking.compare(one, other));
        self.groups.truncate(self.ranking.rows().end + 1);
    }

    fn into_part(mut self) -> Groups {
        self.keep_first();
        let Range { start, end } = self.ranking.rows();
        let has_more = self.groups.len() > end;
        self.groups.truncate(end);
        self.groups.drain(..start.min(self.groups.len()));
        let last = self.groups.last().filter(|_| has_more);
        let next = last.map(|group| Place::new(self.ranking.order.key(group), &group.field));
        Groups { groups: self.groups, total: self.total, next }
    }
}

impl Ranking {
    /// Which rows its part has, from 0, among those after the place.
    fn rows(&self) -> Range<usize> {
        let (first, last) = self.part.rows();
        let [start, end] = [first - 1, last].map(|row| usize::try_from(row).unwrap_or(0));
        start..end
    }

    fn compare(&self, one: &Group, other: &Group) -> Ordering {
        self.sorted((self.order.key(one), &one.field), (self.order.key(other), &other.field))
    }

    /// Also where its figures have changed since.
    fn is_after(&self, group: &Group, place: &Place) -> bool {
        group.field != place.id
            && self.sorted((self.order.key(group), &group.field), (place.key(), &place.id)).is_gt()
    }

    /// Nulls last, and among equals by the field.
    fn sorted(
        &self,
        (one, field): (Option<f64>, &str),
        (other, other_field): (Option<f64>, &str),
    ) -> Ordering {
        let directed = |order: Ordering| if self.descending { order.reverse() } else { order };
        let by_field = field.cmp(other_field);
        if self.order == Order::Field {
            return directed(by_field);
        }
        let by_key = match (one, other) {
            (Some(one), Some(other)) => directed(one.partial_cmp(&other).unwrap_or(Ordering::Equal)),
            _ => other.is_some().cmp(&one.is_some()),
        };
        by_key.then(by_field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::metric::{METRICS, Measurement};

    const GROUPS: u64 = 1000;

    /// Groups in no order: one in seven has no value, and many have the same.
    fn rows() -> impl Iterator<Item = GroupRow> {
        let row = |field: String, is_whole, value, views: u64| GroupRow {
            field,
            is_whole,
            values: vec![value],
            views: vec![views],
            watch_time: vec![0],
            playing_time: vec![0],
            standing_for: vec![views as f64],
        };
        let groups = (1..=GROUPS).map(move |number| {
            let value = (number % 7 > 0).then_some((number * 13 % 50) as f64);
            row(format!("{:04}", number * 389 % 1009), false, value, number % 90)
        });
        std::iter::once(row(String::new(), true, Some(20.0), 44_550)).chain(groups)
    }

    fn part(ranking: &Ranking) -> Groups {
        let mut ranked = Ranked::new(ranking);
        for row in rows() {
            ranked.take(&row, 0).expect("a measure");
        }
        ranked.into_part()
    }

    #[test]
    fn parts_after_parts_are_the_whole_list_in_its_order() {
        let measure = Measure { metric: &METRICS[0], measurement: Measurement::Average };
        for order in Order::ALL {
            for descending in [true, false] {
                let part_of = |after, page, limit| {
                    part(&Ranking { measure, order, descending, part: Part { after, page, limit } })
                };
                let whole = part_of(None, 1, 2000);
                // Those that stand for nobody are no groups.
                assert_eq!((whole.total, whole.groups.len(), &whole.next), (989, 989, &None));
                let ranking =
                    Ranking { measure, order, descending, part: Part { after: None, page: 1, limit: 1 } };
                assert!(whole.groups.is_sorted_by(|one, other| ranking.compare(one, other).is_lt()));
                let known = whole.groups.iter().filter(|group| group.totals.value.is_some()).count();
                let nulls_last = whole.groups.iter().skip(known).all(|group| group.totals.value.is_none());
                assert!(nulls_last || order != Order::Value);

                let (mut followed, mut after) = (Vec::new(), None);
                loop {
                    let part = part_of(after, 1, 100);
                    followed.extend(part.groups);
                    after = part.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(followed, whole.groups, "{order:?}");
                assert_eq!(part_of(None, 3, 100).groups, whole.groups[200..300]);
                assert_eq!(part_of(None, 30, 100), Groups { groups: Vec::new(), total: 989, next: None });
            }
        }
    }
}
