//! Many questions about metrics in one request: each is answered, or refused, by itself, and those about the same views
//! laid out by the same are one query.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    api::ApiState,
    auth::Reader,
    error::ApiError,
    metrics::question::{Answer, Kind, Question, ask_all, together},
    openapi,
    params::Params,
    problem::Problem,
};

/// Largest list of questions, bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// Most questions at once, and most queries they may come to.
const MAX_QUESTIONS: usize = 100;
const MAX_QUERIES: usize = 20;

/// Questions by names of the caller's choice.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The views all questions are about that have no selection of their own.
    #[serde(default)]
    selection: Chosen,
    questions: BTreeMap<String, Asked>,
}

/// Which views, as the parameters of the same names say it. All views of the last day, if nothing is said.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Chosen {
    #[schema(inline, value_type = Vec<openapi::words::TimeframeText>, max_items = 2)]
    timeframe: Vec<String>,
    #[schema(inline, value_type = Vec<openapi::words::FilterText>, max_items = 100)]
    filters: Vec<String>,
    #[schema(inline, value_type = Vec<openapi::words::FilterText>, max_items = 100)]
    metric_filters: Vec<String>,
    #[schema(pattern = "^(include|exclude|only)$")]
    in_progress: Option<String>,
}

/// One question: the parameters are those of the address of its kind.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    metric: String,
    kind: Kind,
    #[serde(default)]
    measurement: Option<String>,
    /// A step for a timeseries, a dimension for a breakdown.
    #[serde(default)]
    group_by: Option<String>,
    #[serde(default)]
    order_by: Option<String>,
    #[serde(default)]
    #[schema(pattern = "^(asc|desc)$")]
    order_direction: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    page: Option<u32>,
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
    /// Members of `data` to answer with; all, if none are named. Of a timeseries: `time`, `value`, `views`.
    #[serde(default)]
    fields: Vec<String>,
    /// Instead of the shared selection.
    #[serde(default)]
    selection: Option<Chosen>,
}

/// Answers by the names of their questions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BatchAnswer {
    data: BTreeMap<String, Outcome>,
    meta: BatchMeta,
}

/// What came of one question: one of the two.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Outcome {
    /// What the address of the question's kind answers, with the fields asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    answer: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// What it cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BatchMeta {
    /// Queries to ClickHouse, each counted as a request.
    queries: usize,
}

/// Answers many questions about metrics at once.
///
/// Each is answered, or refused, by itself. Those about the same views, laid out by the same, cost one query together,
/// and the request counts as many times as there are queries.
#[utoipa::path(post, path = "/data/v1/query", tag = "metrics", params(openapi::Fresh), request_body = Batch,
    responses((status = 200, body = BatchAnswer)))]
pub async fn query(
    request: HttpRequest,
    reader: Reader,
    params: Params,
    batch: Json<Batch>,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    params.only(&["wait_for", "wait_ms"])?;
    let asked = batch.questions.len();
    if !(1..=MAX_QUESTIONS).contains(&asked) {
        return Err(ApiError::InvalidBody(format!("{asked} questions; 1 to {MAX_QUESTIONS} at once")));
    }
    let (mut names, mut questions) = (Vec::new(), Vec::new());
    let mut data = BTreeMap::new();
    for (name, asked) in &batch.questions {
        match asked.read(&batch.selection, &reader, &params) {
            Ok(question) => {
                names.push(name);
                questions.push(question);
            }
            Err(error) => _ = data.insert(name.clone(), Outcome::from(Err(error))),
        }
    }
    let queries = together(&questions);
    let cost = queries.len();
    if cost > MAX_QUERIES {
        let detail = format!("the questions come to {cost} queries; at most {MAX_QUERIES} at once");
        return Err(ApiError::InvalidBody(detail));
    }
    state.charge(&request, &reader, u32::try_from(cost).unwrap_or(u32::MAX).saturating_sub(1))?;
    let body = serde_json::to_string(&*batch).map_err(|error| ApiError::Internal(error.to_string()))?;
    let ask = async {
        let answers = ask_all(&state.store, &questions, queries).await;
        for (name, answer) in names.into_iter().zip(answers) {
            let fields = batch.questions.get(name).map_or(&[][..], |asked| &asked.fields);
            data.insert(name.clone(), answer.and_then(|answer| with_fields(&answer, fields)).into());
        }
        Ok(BatchAnswer { data, meta: BatchMeta { queries: cost } })
    };
    state.answer(&reader, &params.clone().with_body(body), ask).await
}

impl Asked {
    /// The question as the address of its kind would read it.
    fn read(&self, shared: &Chosen, reader: &Reader, params: &Params) -> Result<Question, ApiError> {
        let chosen = self.selection.as_ref().unwrap_or(shared);
        let (page, limit) =
            (self.page.map(|page| page.to_string()), self.limit.map(|limit| limit.to_string()));
        let once = [
            ("in_progress", &chosen.in_progress),
            ("measurement", &self.measurement),
            ("group_by", &self.group_by),
            ("order_by", &self.order_by),
            ("order_direction", &self.order_direction),
            ("page", &page),
            ("limit", &limit),
            ("cursor", &self.cursor),
        ];
        let lists = [
            ("timeframe[]", &chosen.timeframe),
            ("filters[]", &chosen.filters),
            ("metric_filters[]", &chosen.metric_filters),
        ];
        let once = once.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let lists =
            lists.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let pairs = once.chain(lists).map(|(name, value)| (name.to_owned(), value.clone()));
        check_fields(self.kind, &self.fields)?;
        Question::read(self.kind, reader, &self.metric, &params.inner(pairs.collect())?)
    }
}

impl From<Result<Value, ApiError>> for Outcome {
    fn from(result: Result<Value, ApiError>) -> Self {
        match result {
            Ok(answer) => Self { answer: Some(answer), problem: None },
            Err(error) => Self { answer: None, problem: Some(error.problem()) },
        }
    }
}

const fn fields_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Overall => &["value", "total_views", "total_watch_time", "total_playing_time"],
        Kind::Timeseries => &["time", "value", "views"],
        Kind::Breakdown => {
            &["field", "value", "views", "negative_impact", "total_watch_time", "total_playing_time"]
        }
    }
}

fn check_fields(kind: Kind, fields: &[String]) -> Result<(), ApiError> {
    let known = fields_of(kind);
    match fields.iter().find(|field| !known.contains(&field.as_str())) {
        Some(field) => {
            Err(ApiError::parameter("fields", format!("`{field}` is no field here"), known.iter().copied()))
        }
        None => Ok(()),
    }
}

/// The answer with the fields of `data` that were asked for.
fn with_fields(answer: &Answer, fields: &[String]) -> Result<Value, ApiError> {
    let mut value = serde_json::to_value(answer).map_err(|error| ApiError::Internal(error.to_string()))?;
    let wants = |name: &str| fields.iter().any(|field| field == name);
    let only = |row: &mut Value| match row {
        Value::Object(members) => members.retain(|name, _| wants(name)),
        Value::Array(triple) => {
            let mut names = fields_of(Kind::Timeseries).iter();
            triple.retain(|_| names.next().is_some_and(|name| wants(name)));
        }
        _ => {}
    };
    match value.get_mut("data") {
        _ if fields.is_empty() => {}
        Some(Value::Array(rows)) => rows.iter_mut().for_each(only),
        Some(row) => only(row),
        None => {}
    }
    Ok(value)
}
