//! The frames of the live protocol, `playhead.v1`: the source of `schema/live.v1.schema.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The websocket subprotocol, and what `hello` announces.
pub const PROTOCOL: &str = "playhead.v1";

/// What a client may ask to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    Overview,
    Timeseries,
    Breakdown,
    Top,
    Heatmap,
    Views,
    View,
    Problems,
}

/// The details of a question; which members a topic reads stands in `schema/live.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<String>,
    /// Rows at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Seconds of a chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u32>,
}

/// What a client sends.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    Auth {
        token: String,
    },
    Subscribe {
        id: String,
        topic: Topic,
        #[serde(default)]
        query: Query,
        /// The last `seq` seen of this question.
        #[serde(default)]
        since: Option<u64>,
    },
    Unsubscribe {
        id: String,
    },
    Pause,
    Resume,
}

/// What the server sends.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    Hello {
        server_ms: i64,
        protocol: String,
    },
    Snapshot {
        id: String,
        seq: u64,
        state: Map<String, Value>,
    },
    /// `changes` is a JSON merge patch (RFC 7396) for the state.
    Delta {
        id: String,
        seq: u64,
        changes: Map<String, Value>,
    },
    Heartbeat {
        server_ms: i64,
        data_age_ms: i64,
    },
    Lagging {
        dropped: u64,
    },
    GoingAway {
        reconnect_ms: u64,
    },
    Error {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        code: String,
        message: String,
    },
}

/// Both directions, for the generated schema.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
pub struct Protocol {
    pub client: ClientFrame,
    pub server: ServerFrame,
}

/// Why a connection was closed; the contract's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    Authentication,
    Scope,
    Idle,
    TooManySubscriptions,
    FrameTooBig,
    Rate,
    Restart,
}

impl Close {
    /// The websocket close code.
    pub fn code(self) -> u16 {
        match self {
            Self::Authentication => 4401,
            Self::Scope => 4403,
            Self::Idle => 4408,
            Self::TooManySubscriptions => 4409,
            Self::FrameTooBig => 4413,
            Self::Rate => 4429,
            Self::Restart => 1012,
        }
    }
}
