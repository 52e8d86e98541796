//! Exports: days and hours of views as files. They are made while they are read, so there is nothing to wait for and
//! nothing to expire, and memory does not grow with them.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime};
use futures_util::StreamExt;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params};
use crate::store::query::{timeframe::Timeframe, view_files::ExportFormat};

/// Exports at a time, of all who ask: they read a lot, and others wait.
const MOST_AT_ONCE: usize = 2;
const RETRY_AFTER_S: u64 = 10;
/// Of the columns; rises when one goes or changes its meaning.
const VERSION: u32 = 1;

static SLOTS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(MOST_AT_ONCE)));

/// The files there are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExportsAnswer {
    pub data: Vec<ExportDay>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// The views that began on one day, UTC.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExportDay {
    pub export_date: String,
    pub files: Vec<ExportFile>,
}

/// One form of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExportFile {
    /// Where on this server to get it, with the same credentials.
    pub path: String,
    /// `csv` or `ndjson`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Of the columns.
    pub version: u32,
}

/// The days there are views of, newest first, and where to get them.
#[utoipa::path(get, path = "/data/v1/exports/views", tag = "exports",
    responses((status = 200, body = ExportsAnswer)))]
pub async fn list(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let now_ms = state.clock.now_ms();
    let answer = async {
        let days = state.store.export_days(&reader.environment).await?;
        let first_s = days.last().map_or(now_ms / 1000, |day| i64::from(*day) * 86_400);
        let data: Vec<_> = days.into_iter().map(day).collect();
        Ok(ExportsAnswer { timeframe: [first_s, now_ms / 1000], total_row_count: data.len(), data })
    };
    state.answer(&reader, &params, answer).await
}

fn day(number: u16) -> ExportDay {
    let date = (NaiveDate::default() + Duration::days(number.into())).to_string();
    let files = ExportFormat::ALL.map(|format| ExportFile {
        path: format!("/data/v1/exports/views/{date}.{}", format.extension()),
        kind: format.extension(),
        version: VERSION,
    });
    ExportDay { files: files.into(), export_date: date }
}

/// Every column of every view that began on a day (`2026-11-22.csv`) or in an hour (`2026-11-22T13.ndjson`), UTC.
#[utoipa::path(get, path = "/data/v1/exports/views/{file}", tag = "exports", params(openapi::ExportPath),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 404, body = super::problem::Problem), (status = 429, body = super::problem::Problem)))]
pub async fn file(
    reader: Reader,
    name: Path<String>,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let (timeframe, format) = parse(&name).ok_or_else(|| {
        ApiError::NotFound(format!(
            "`{name}` is no export: there are DATE.csv, DATE.ndjson, DATEThh.csv and DATEThh.ndjson"
        ))
    })?;
    let slot = Arc::clone(&SLOTS)
        .try_acquire_owned()
        .map_err(|_| ApiError::RateLimited { retry_after_s: RETRY_AFTER_S })?;
    let rows = state.store.export(&reader.environment, timeframe, format).await?;
    // The slot is given back when the last row was read, or nobody reads any more.
    let body = rows.map(move |chunk| {
        let _held = &slot;
        chunk.map_err(|error| {
            tracing::warn!(%error, "an export broke off");
            ApiError::from(error)
        })
    });
    let content_type = match format {
        ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
        ExportFormat::NdJson => "application/x-ndjson",
    };
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("content-disposition", format!("attachment; filename=\"views-{name}\"")))
        .streaming(body))
}

/// What a name stands for.
fn parse(name: &str) -> Option<(Timeframe, ExportFormat)> {
    let (time, extension) = name.rsplit_once('.')?;
    let format = ExportFormat::ALL.into_iter().find(|format| format.extension() == extension)?;
    let (begin, length): (NaiveDateTime, _) = match time.split_once('T') {
        None => (time.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?, Duration::days(1)),
        Some((date, hour)) => {
            let date = date.parse::<NaiveDate>().ok()?;
            (date.and_hms_opt(hour.parse().ok()?, 0, 0)?, Duration::hours(1))
        }
    };
    let from_ms = begin.and_utc().timestamp_millis();
    // Years that ClickHouse's times do not reach.
    DateTime::from_timestamp_millis(from_ms)
        .filter(|time| (1970..2200).contains(&chrono::Datelike::year(time)))?;
    Some((Timeframe { from_ms, to_ms: from_ms + length.num_milliseconds() }, format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_days_and_hours() {
        let (day, format) = parse("2026-11-22.csv").unwrap();
        assert_eq!((day.to_ms - day.from_ms, format), (86_400_000, ExportFormat::Csv));
        let (hour, format) = parse("2026-11-22T13.ndjson").unwrap();
        assert_eq!((hour.from_ms - day.from_ms, format), (13 * 3_600_000, ExportFormat::NdJson));
        for bad in [
            "",
            "2026-11-22",
            "2026-13-01.csv",
            "2026-11-22T24.csv",
            "x.csv",
            "2026-11-22.parquet",
            "9999-01-01.csv",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
