//! Everything one environment owns, as one stream of JSON lines in bounded memory.

use std::collections::VecDeque;

use actix_web::{HttpResponse, web::Data};
use bytes::Bytes;
use clickhouse::query::BytesCursor;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;

use crate::{
    control::Deed,
    store::{
        Store,
        query::{QueryError, export::Exported},
    },
    web::{
        api::ApiState, auth::Reader, error::ApiError, permission::Admin, problem::Problem, scribe::Scribe,
    },
};

/// Everything the environment owns but secrets, one JSON object a line, each with its `kind`: `environment`,
/// `ingest_key`, `token`, `erasure`, then `view` and `event` by the hour the view began in, and `end` as the last. A stream
/// without `end` was cut short.
#[utoipa::path(get, path = "/data/v1/export", tag = "privacy",
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = 403, body = Problem)))]
pub async fn export(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    scribe.note(Deed::Exported, &reader.environment, json!({})).await;
    let head = head(&reader, &state).await?;
    let hours = state.store.hours(&reader.environment).await?;
    let parts =
        hours.into_iter().flat_map(|hour_ms| [(Exported::Views, hour_ms), (Exported::Events, hour_ms)]);
    let rows = Rows {
        store: state.store.clone(),
        environment: reader.environment.to_string(),
        parts: parts.collect(),
        open: None,
        is_over: false,
    };
    let rows = stream::try_unfold(rows, async |mut rows: Rows| {
        Ok::<_, QueryError>(rows.next().await?.map(|bytes| (bytes, rows)))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header(("content-disposition", "attachment; filename=\"playhead-export.ndjson\""))
        .streaming(stream::iter([Ok(head)]).chain(rows)))
}

/// Views and events, hour by hour.
struct Rows {
    store: Store,
    environment: String,
    parts: VecDeque<(Exported, i64)>,
    open: Option<BytesCursor>,
    is_over: bool,
}

impl Rows {
    async fn next(&mut self) -> Result<Option<Bytes>, QueryError> {
        loop {
            if let Some(cursor) = &mut self.open {
                if let Some(bytes) = cursor.next().await? {
                    return Ok(Some(bytes));
                }
                self.open = None;
            }
            match self.parts.pop_front() {
                Some((what, hour_ms)) => {
                    self.open = Some(self.store.export_hour(what, &self.environment, hour_ms).await?);
                }
                None if self.is_over => return Ok(None),
                None => {
                    self.is_over = true;
                    return Ok(Some(Bytes::from_static(b"{\"kind\":\"end\"}\n")));
                }
            }
        }
    }
}

/// What the control database has.
async fn head(reader: &Reader, state: &ApiState) -> Result<Bytes, ApiError> {
    let mut lines = Vec::new();
    line(&mut lines, "environment", state.control.tenant(&reader.environment).await?)?;
    for key in state.control.list_keys(&reader.environment).await? {
        line(&mut lines, "ingest_key", key)?;
    }
    for token in state.control.list_tokens(&reader.environment).await? {
        line(&mut lines, "token", token)?;
    }
    for receipt in state.control.receipts(&reader.environment).await? {
        line(&mut lines, "erasure", receipt)?;
    }
    Ok(lines.into())
}

fn line(to: &mut Vec<u8>, kind: &'static str, what: impl Serialize) -> Result<(), ApiError> {
    #[derive(Serialize)]
    struct Line<T> {
        kind: &'static str,
        #[serde(flatten)]
        what: T,
    }
    serde_json::to_writer(&mut *to, &Line { kind, what })
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    to.push(b'\n');
    Ok(())
}
