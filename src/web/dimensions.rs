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

/// The common ones, the rest, and those of the site's own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DimensionNames {
    pub basic: Vec<&'static str>,
    pub advanced: Vec<&'static str>,
    /// Of the views that began in the timeframe, the most frequent first.
    pub custom: Vec<CustomDimension>,
}

/// A dimension of the site's own, as beacons say it under `custom`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomDimension {
    /// What to filter and group by: `custom.NAME`.
    pub name: String,
    /// `boolean` or `number` if every value is one, else `string`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Views that have it.
    pub total_count: u64,
    /// Different values, within some per cent beyond thousands.
    pub values: u64,
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
#[utoipa::path(get, path = "/data/v1/dimensions", tag = "dimensions", params(openapi::Selection),
    responses((status = 200, body = DimensionsAnswer)))]
pub async fn list(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let scope = params.scope(reader.environment.clone(), Bucket::ViewStart)?;
    let answer = async {
        let (basic, advanced) = Dimension::names();
        let custom = state.store.custom_dimensions(&scope).await?.into_iter().map(|found| CustomDimension {
            name: found.name,
            kind: found.kind,
            total_count: found.total_count,
            values: found.values,
        });
        let data = DimensionNames { basic, advanced, custom: custom.collect() };
        Ok(DimensionsAnswer { data, timeframe: scope.timeframe.seconds(), total_row_count: None })
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
            "{}; there are {}, {}",
            Dimension::why_not(name),
            basic.join(", "),
            advanced.join(", ")
        ))
    })
}
