//! A live topic once, over HTTP: what its websocket would send first. So every figure of the live pages has its curl.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::{Deserialize, Serialize, de::IntoDeserializer};
use serde_json::{Map, Value};

use super::{
    frame::{Query, Topic},
    question::Question,
};
use crate::web::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params};

/// In the order of `schema/live.md`.
const TOPICS: [&str; 8] =
    ["overview", "timeseries", "breakdown", "top", "heatmap", "views", "view", "problems"];
const PARAMETERS: [&str; 5] = ["video_id", "view_id", "dimension", "limit", "window_s"];

/// The state of a topic.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TopicAnswer {
    /// As `schema/live.md` has it.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
    /// How far it is behind what has arrived, in ms.
    pub data_age_ms: i64,
}

/// The state of a live topic now.
#[utoipa::path(get, path = "/data/v1/live/{topic}", tag = "monitoring",
    params(("topic" = String, Path, description = "A topic of `schema/live.md`, such as `overview`"), openapi::LiveQuery),
    responses((status = 200, body = TopicAnswer)))]
pub async fn snapshot(
    reader: Reader,
    topic: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let topic = named(&topic)?;
    params.only(&PARAMETERS)?;
    let text = |name| params.one(name).map(|value| value.map(str::to_owned));
    let query = Query {
        video_id: text("video_id")?,
        view_id: text("view_id")?,
        dimension: text("dimension")?,
        limit: params.number("limit", 1..=u32::MAX)?,
        window_s: params.number("window_s", 1..=u32::MAX)?,
    };
    let question = Question { environment: reader.environment.to_string(), topic, query };
    question.check().map_err(|(_, detail)| ApiError::parameter("query", detail, PARAMETERS))?;
    let answer = async {
        let now_ms = state.clock.now_ms();
        Ok(TopicAnswer {
            data: question.answer(&state.live, now_ms),
            data_age_ms: state.live.data_age_ms(now_ms),
        })
    };
    state.answer(&reader, &params, answer).await
}

fn named(topic: &str) -> Result<Topic, ApiError> {
    let read: Result<Topic, serde::de::value::Error> = Topic::deserialize(topic.into_deserializer());
    read.map_err(|_| {
        ApiError::NotFound(format!("there is no topic `{topic}`; there are {}", TOPICS.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_its_name() {
        for topic in TOPICS {
            assert_eq!(serde_json::to_value(named(topic).unwrap()).unwrap(), topic);
        }
        assert!(named("all").is_err());
    }
}
