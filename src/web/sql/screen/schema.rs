//! What can be written: tables, columns, functions and words, and the limits of a statement.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Serialize;

use super::{fault::Fault, rows::Rows, run::MOST_ROWS};
use crate::{
    store::embedded::error::EngineError,
    web::{
        error::ApiError,
        permission::Analyst,
        problem::Problem,
        sql::{
            SqlPort, SqlState,
            answer::error_of,
            ask::ROWS,
            upstream::Question,
            wall::{catalog, functions, settings::Bounds},
        },
    },
};

/// A table analysts see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TableShown {
    pub name: String,
    pub columns: Vec<ColumnShown>,
}

/// One of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ColumnShown {
    pub name: String,
    /// ClickHouse's name for its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it means.
    pub comment: String,
}

/// How much a statement, and whoever asks it, may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StatementLimits {
    pub seconds: u64,
    pub memory_bytes: u64,
    pub read_rows: u64,
    /// On the SQL port.
    pub result_rows: u64,
    /// On the SQL port, before compression.
    pub result_bytes: u64,
    pub threads: u64,
    /// Statements at a time.
    pub at_once: usize,
    /// In an answer of `/data/v1/sql`.
    pub rows_on_screen: u32,
}

/// Everything a statement can name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SqlSchema {
    pub database: &'static str,
    pub tables: Vec<TableShown>,
    pub functions: Vec<&'static str>,
    pub limits: StatementLimits,
    /// The port of this host where ClickHouse's own clients connect.
    pub port: u16,
}

/// Tables and columns with what they mean, functions, and limits.
#[utoipa::path(get, path = "/data/v1/sql/schema", tag = "sql",
    responses((status = 200, body = SqlSchema), (status = 403, body = Problem)))]
pub async fn show(
    _analyst: Analyst,
    state: Data<SqlState>,
    port: Data<SqlPort>,
) -> Result<Json<SqlSchema>, ApiError> {
    let tables =
        tables(&state).await.map_err(|error| ApiError::Statement(Box::new(Fault::new(&error, ""))))?;
    let Bounds { seconds, memory_bytes, read_rows, result_rows, result_bytes, threads } = state.bounds;
    Ok(Json(SqlSchema {
        database: crate::store::Store::DATABASE,
        tables,
        functions: functions::names().collect(),
        limits: StatementLimits {
            seconds,
            memory_bytes,
            read_rows,
            result_rows,
            result_bytes,
            threads,
            at_once: state.running.per_token(),
            rows_on_screen: MOST_ROWS,
        },
        port: port.0,
    }))
}

/// In the order of the documentation.
async fn tables(state: &SqlState) -> Result<Vec<TableShown>, EngineError> {
    let sql = format!(
        "SELECT table, name, type, comment FROM ({}) ORDER BY table, position",
        catalog::own_columns()
    );
    let question = Question {
        environment: "",
        engine_id: &uuid::Uuid::new_v4().to_string(),
        user: "",
        sql,
        format: ROWS,
        settings: BTreeMap::new(),
        parameters: &[],
        compress: false,
        wait_end: true,
        client_protocol_version: 0,
    };
    let answer = state.upstream.ask(&question).await?;
    if !answer.status().is_success() {
        return Err(error_of(answer).await);
    }
    let columns = answer.bytes().await.map_err(|error| EngineError::host(error.without_url()))?;
    let mut tables: Vec<TableShown> =
        catalog::TABLES.map(|name| TableShown { name: name.to_owned(), columns: Vec::new() }).into();
    for row in Rows::read(&columns, usize::MAX)?.rows {
        let parsed = serde_json::from_str::<[String; 4]>(row.get());
        let [table, name, kind, comment] = parsed.map_err(EngineError::host)?;
        if let Some(shown) = tables.iter_mut().find(|shown| shown.name == table) {
            shown.columns.push(ColumnShown { name, kind, comment });
        }
    }
    Ok(tables)
}
