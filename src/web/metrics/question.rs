//! Questions about metrics: read from parameters, and any number of them answered in as few queries as they allow.

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        auth::Reader,
        cursor::{self, Cursor},
        error::ApiError,
        params::{Params, no_dimension},
    },
    answer::{BreakdownAnswer, OverallAnswer, TimeseriesAnswer},
};
use crate::{
    event::metric::{self, METRICS, Measurement},
    store::{
        Store,
        query::{
            QueryError, Scope,
            dimension::Dimension,
            metric::{
                Measure,
                breakdown::{Groups, Order, Ranking},
            },
            timeframe::Step,
        },
    },
};

/// Queries of one reader that run at the same time: others wait too.
const AT_ONCE: usize = 2;

/// What the metric is laid out by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Overall,
    Timeseries,
    Breakdown,
}

/// One metric of one selection of views.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    scope: Scope,
    measure: Measure,
    layout: Layout,
}

#[derive(Debug, Clone, PartialEq)]
enum Layout {
    Overall,
    Steps { step: Step, descending: bool },
    Groups { dimension: Dimension, ranking: Ranking },
}

/// The answer, as the address of its kind gives it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Overall(OverallAnswer),
    Timeseries(TimeseriesAnswer),
    Breakdown(BreakdownAnswer),
}

impl Question {
    /// Reads the parameters of a question about the metric `id`.
    pub fn read(kind: Kind, reader: &Reader, id: &str, params: &Params) -> Result<Self, ApiError> {
        let (measure, scope) = measured(reader, id, params)?;
        let layout = match kind {
            Kind::Overall => Layout::Overall,
            Kind::Timeseries => {
                let timeframe = scope.timeframe;
                let fitting: Vec<_> = Step::ALL.into_iter().filter(|step| step.fits(timeframe)).collect();
                let step = params.choice("group_by", &fitting, Step::name, Step::fitting(timeframe))?;
                Layout::Steps { step, descending: params.descending(false)? }
            }
            Kind::Breakdown => {
                let name = params.one("group_by")?.unwrap_or("country");
                let dimension = Dimension::parse(name).ok_or_else(|| no_dimension("group_by", name))?;
                let order = params.choice("order_by", &Order::ALL, Order::name, Order::NegativeImpact)?;
                let descending = params.descending(order != Order::Field)?;
                let part = params.part(&cursor::order(order.name(), descending))?;
                Layout::Groups { dimension, ranking: Ranking { measure, order, descending, part } }
            }
        };
        Ok(Self { scope, measure, layout })
    }

    /// The same as a statement for the SQL port.
    pub fn in_sql(&self) -> Result<Option<String>, QueryError> {
        match &self.layout {
            Layout::Overall => self.measure.overall_in_sql(&self.scope),
            Layout::Steps { step, descending } => {
                self.measure.timeseries_in_sql(&self.scope, *step, *descending)
            }
            Layout::Groups { dimension, ranking } => ranking.in_sql(&self.scope, dimension),
        }
    }

    /// Whether one query can answer both: the same views, laid out by the same.
    pub fn is_beside(&self, other: &Self) -> bool {
        let same_layout = match (&self.layout, &other.layout) {
            (Layout::Overall, Layout::Overall) => true,
            (Layout::Steps { step: one, .. }, Layout::Steps { step: other, .. }) => one == other,
            (Layout::Groups { dimension: one, .. }, Layout::Groups { dimension: other, .. }) => one == other,
            _ => false,
        };
        same_layout && self.scope == other.scope
    }
}

/// Which metric, how measured, of which views.
pub fn measured(reader: &Reader, id: &str, params: &Params) -> Result<(Measure, Scope), ApiError> {
    let metric = metric::by_id(id).ok_or_else(|| {
        let ids: Vec<_> = METRICS.iter().map(|metric| metric.id).collect();
        let detail = metric::absent(id).unwrap_or_else(|| format!("there is no metric `{id}`"));
        ApiError::NotFound(format!("{detail}; there are {}", ids.join(", ")))
    })?;
    let measurement = params.choice("measurement", &metric.offered(), Measurement::name, metric.default)?;
    let scope = params.scope(reader.environment.clone(), metric.bucket)?;
    Ok((Measure { metric, measurement }, scope))
}

/// Which questions one query answers together: their numbers.
pub fn together(questions: &[Question]) -> Vec<Vec<usize>> {
    let mut queries: Vec<Vec<usize>> = Vec::new();
    for (number, question) in questions.iter().enumerate() {
        let beside = |query: &&mut Vec<usize>| {
            query
                .first()
                .and_then(|first| questions.get(*first))
                .is_some_and(|first| first.is_beside(question))
        };
        match queries.iter_mut().find(beside) {
            Some(query) => query.push(number),
            None => queries.push(vec![number]),
        }
    }
    queries
}

/// The answer to one question.
pub async fn ask(store: &Store, question: &Question) -> Result<Answer, ApiError> {
    let mut answers = ask_beside(store, &[question]).await?;
    answers.pop().ok_or_else(|| ApiError::Internal("a question without an answer".to_owned()))
}

/// The answers to all questions in their order, one query for each of `queries`.
pub async fn ask_all(
    store: &Store,
    questions: &[Question],
    queries: Vec<Vec<usize>>,
) -> Vec<Result<Answer, ApiError>> {
    let asked = queries.into_iter().map(|numbers| async move {
        let beside: Vec<_> = numbers.iter().filter_map(|number| questions.get(*number)).collect();
        match ask_beside(store, &beside).await {
            Ok(answers) => numbers.into_iter().zip(answers.into_iter().map(Ok)).collect::<Vec<_>>(),
            Err(error) => {
                let error = ApiError::from(error);
                numbers.into_iter().map(|number| (number, Err(error.clone()))).collect()
            }
        }
    });
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE).concat().await;
    answers.sort_unstable_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// The answers to questions that one query can answer.
async fn ask_beside(store: &Store, questions: &[&Question]) -> Result<Vec<Answer>, QueryError> {
    let Some(first) = questions.first() else { return Ok(Vec::new()) };
    let (scope, timeframe) = (&first.scope, first.scope.timeframe.seconds());
    let measures: Vec<Measure> = questions.iter().map(|question| question.measure).collect();
    let answers = match &first.layout {
        Layout::Overall => {
            let totals = store.overall(scope, &measures).await?;
            let answer = |(measure, totals)| Answer::Overall(OverallAnswer::new(timeframe, measure, totals));
            measures.into_iter().zip(totals).map(answer).collect()
        }
        Layout::Steps { step, .. } => {
            let series = store.timeseries(scope, &measures, *step).await?;
            let answer = |(question, points): (&&Question, Vec<_>)| {
                let points = points.into_iter();
                let answer = match question.layout {
                    Layout::Steps { descending: true, .. } => {
                        TimeseriesAnswer::new(timeframe, question.measure, step.name(), points.rev())
                    }
                    _ => TimeseriesAnswer::new(timeframe, question.measure, step.name(), points),
                };
                Answer::Timeseries(answer)
            };
            questions.iter().zip(series).map(answer).collect()
        }
        Layout::Groups { dimension, .. } => {
            let ranking = |question: &&Question| match &question.layout {
                Layout::Groups { ranking, .. } => Some(ranking.clone()),
                _ => None,
            };
            let rankings: Vec<Ranking> = questions.iter().filter_map(ranking).collect();
            let groups = store.breakdown(scope, dimension, &rankings).await?;
            let answer = |(ranking, mut groups): (Ranking, Groups)| {
                let order = cursor::order(ranking.order.name(), ranking.descending);
                let next = groups.next.take().map(|place| Cursor::write(scope.timeframe, &order, place));
                Answer::Breakdown(BreakdownAnswer::new(timeframe, ranking.measure, groups, next))
            };
            rankings.into_iter().zip(groups).map(answer).collect()
        }
    };
    Ok(answers)
}
