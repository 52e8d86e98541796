//! What views may be filtered and grouped by, and with which values they came.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{api::ApiState, auth::Reader, error::ApiError, metrics::known, openapi, params::Params};
use crate::{event::metric::Bucket, store::query::dimension::Dimension};

/// The names of dimensions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DimensionsAnswer {
    pub data: DimensionNames,
    pub timeframe: [i64; 2],
    pub total_row_count: Option<u64>,
}

/// The common ones, and the rest. `custom.NAME` is there besides, for every custom dimension.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DimensionNames {
    pub basic: Vec<&'static str>,
    pub advanced: Vec<&'static str>,
}

/// The values of a dimension, the most frequent first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DimensionValuesAnswer {
    pub data: Vec<DimensionValue>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// A value and how many views have it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DimensionValue {
    /// Null: not known.
    pub value: Option<String>,
    pub total_count: u64,
}

/// What views may be filtered and grouped by.
#[utoipa::path(get, path = "/data/v1/dimensions", tag = "dimensions",
    responses((status = 200, body = DimensionsAnswer)))]
pub async fn list(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let timeframe = params.timeframe()?.seconds();
    let answer = async {
        let (basic, advanced) = Dimension::names();
        Ok(DimensionsAnswer { data: DimensionNames { basic, advanced }, timeframe, total_row_count: None })
    };
    state.answer(&reader, &params, answer).await
}

/// The values of a dimension, the most frequent first.
#[utoipa::path(get, path = "/data/v1/dimensions/{dimension}", tag = "dimensions",
    params(("dimension" = String, Path,), openapi::Selection, openapi::Paging),
    responses((status = 200, body = DimensionValuesAnswer)))]
pub async fn values(
    reader: Reader,
    name: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let dimension = named(&name)?;
    let scope = params.scope(reader.environment.clone(), Bucket::ViewStart)?;
    let page = params.page()?;
    let answer = async {
        let (rows, total_row_count) = state.store.dimension_values(&scope, &dimension, page).await?;
        Ok(DimensionValuesAnswer {
            timeframe: scope.timeframe.seconds(),
            total_row_count,
            data: rows
                .into_iter()
                .map(|row| DimensionValue { value: known(row.value), total_count: row.total_count })
                .collect(),
        })
    };
    state.answer(&reader, &params, answer).await
}

fn named(name: &str) -> Result<Dimension, ApiError> {
    Dimension::parse(name).ok_or_else(|| {
        let (basic, advanced) = Dimension::names();
        ApiError::NotFound(format!(
            "there is no dimension `{name}`; there are {}, {}",
            basic.join(", "),
            advanced.join(", ")
        ))
    })
}
