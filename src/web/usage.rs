//! What an environment has used.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;

use super::{
    api::ApiState,
    auth::Reader,
    error::ApiError,
    metrics::{
        in_sql::{InSqlAnswer, told},
        time,
    },
    openapi,
    params::Params,
};
use crate::store::query::{
    timeframe::{Step, Timeframe},
    usage,
};

/// Usage over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UsageAnswer {
    pub data: Vec<UsageStep>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// One step. Nothing is left out or scaled: robots count, and a view of a sample is one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UsageStep {
    /// Beginning of the step, UTC.
    pub date: String,
    pub environment: String,
    /// Views that began.
    pub views: u64,
    /// Of these views, everything but pauses.
    pub minutes_watched: f64,
    /// Events that came in and are stored, repeats once.
    pub events: u64,
    /// Beacons that carried them; one that tells of several views counts for each.
    pub beacons: u64,
}

/// Views, minutes watched, events and beacons of the environment, by day unless asked for otherwise.
#[utoipa::path(get, path = "/data/v1/usage", tag = "usage", params(openapi::UsageOf),
    responses((status = 200, body = UsageAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn show(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let (timeframe, step) = asked(&params)?;
    let answer = async {
        let steps = state.store.usage(&reader.environment, timeframe, step).await?;
        #[expect(clippy::cast_precision_loss, reason = "2^53 ms are longer than there has been video")]
        let shown = steps.into_iter().map(|usage| UsageStep {
            date: time(usage.start_ms, chrono::SecondsFormat::Secs),
            environment: reader.environment.to_string(),
            views: usage.views,
            minutes_watched: usage.watch_ms as f64 / 60_000.0,
            events: usage.events,
            beacons: usage.beacons,
        });
        let data: Vec<_> = shown.collect();
        Ok(UsageAnswer { timeframe: timeframe.seconds(), total_row_count: data.len(), data })
    };
    state.answer(&reader, &params, answer).await
}

/// The statement that gives it: `time`, `views`, `minutes_watched`, `events`. Beacons are in no table.
#[utoipa::path(get, path = "/data/v1/usage/sql", tag = "sql", params(openapi::UsageOf),
    responses((status = 200, body = InSqlAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn usage_in_sql(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let (timeframe, step) = asked(&params)?;
    told(usage::in_sql(timeframe, step), &reader, &params, &state).await
}

fn asked(params: &Params) -> Result<(Timeframe, Step), ApiError> {
    let timeframe = params.timeframe()?;
    let fitting: Vec<_> = Step::ALL.into_iter().filter(|step| step.fits(timeframe)).collect();
    Ok((timeframe, params.choice("group_by", &fitting, Step::name, Step::Day)?))
}
