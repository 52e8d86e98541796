//! The facts that may be said about a view, in one table: wire name, column and type.
//!
//! The native beacon's `set`, the columns of `view_states` and the filters of the API all come from [`ATTRIBUTES`].

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use foldhash::fast::RandomState;

use super::record::{Attribute, AttributeKey};

/// How an attribute's value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Number,
    /// Above 0 and at most 1, kept in whole [`MILLIONTHS`] so that it is the same number everywhere.
    Share,
}

/// What a share of 1 is kept as.
pub const MILLIONTHS: u32 = 1_000_000;

/// One attribute: its key in the record, the word for it on the wire and in ClickHouse, its type.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    pub key: AttributeKey,
    /// Name in the native beacon, column in ClickHouse, dimension in the API.
    pub name: &'static str,
    pub kind: Type,
    /// Whether a client may set it; the rest is found out by the collector.
    pub client: bool,
}

const fn client(key: AttributeKey, name: &'static str, kind: Type) -> Spec {
    Spec { key, name, kind, client: true }
}

const fn server(key: AttributeKey, name: &'static str) -> Spec {
    Spec { key, name, kind: Type::Text, client: false }
}

/// Every attribute with a meaning, in column order.
pub const ATTRIBUTES: [Spec; 41] = [
    client(AttributeKey::VideoId, "video_id", Type::Text),
    client(AttributeKey::VideoTitle, "video_title", Type::Text),
    client(AttributeKey::VideoSeries, "video_series", Type::Text),
    client(AttributeKey::StreamType, "stream_type", Type::Text),
    client(AttributeKey::ViewerId, "viewer_id", Type::Text),
    client(AttributeKey::SessionId, "session_id", Type::Text),
    client(AttributeKey::PlayerName, "player_name", Type::Text),
    client(AttributeKey::PlayerVersion, "player_version", Type::Text),
    client(AttributeKey::PlayerSoftware, "player_software", Type::Text),
    client(AttributeKey::PlayerSoftwareVersion, "player_software_version", Type::Text),
    client(AttributeKey::Cdn, "cdn", Type::Text),
    client(AttributeKey::PageUrl, "page_url", Type::Text),
    client(AttributeKey::PageType, "page_type", Type::Text),
    client(AttributeKey::Experiment, "experiment_name", Type::Text),
    client(AttributeKey::SubPropertyId, "sub_property_id", Type::Text),
    client(AttributeKey::ConnectionType, "connection_type", Type::Text),
    client(AttributeKey::SourceHostname, "source_hostname", Type::Text),
    client(AttributeKey::RenditionCodec, "rendition_codec", Type::Text),
    client(AttributeKey::Sdk, "sdk", Type::Text),
    server(AttributeKey::Country, "country"),
    server(AttributeKey::Region, "region"),
    server(AttributeKey::Asn, "asn"),
    server(AttributeKey::AsnOrganization, "asn_organization"),
    server(AttributeKey::BotClass, "bot_class"),
    server(AttributeKey::Browser, "browser"),
    server(AttributeKey::BrowserVersion, "browser_version"),
    server(AttributeKey::OperatingSystem, "operating_system"),
    server(AttributeKey::OperatingSystemVersion, "operating_system_version"),
    server(AttributeKey::Device, "device"),
    server(AttributeKey::AddressPrefix, "address_prefix"),
    client(AttributeKey::VideoDurationMs, "video_duration_ms", Type::Number),
    client(AttributeKey::RenditionWidth, "rendition_width", Type::Number),
    client(AttributeKey::RenditionHeight, "rendition_height", Type::Number),
    client(AttributeKey::RenditionBitrate, "rendition_bitrate", Type::Number),
    client(AttributeKey::RenditionFps, "rendition_fps", Type::Number),
    client(AttributeKey::PlayerWidth, "player_width", Type::Number),
    client(AttributeKey::PlayerHeight, "player_height", Type::Number),
    client(AttributeKey::LiveLatencyMs, "live_latency_ms", Type::Number),
    client(AttributeKey::SampleRate, "sample_rate", Type::Share),
    client(AttributeKey::RequestThroughput, "request_throughput", Type::Number),
    client(AttributeKey::RequestLatencyMs, "request_latency_ms", Type::Number),
];

/// The attribute a client calls `name`.
pub fn by_name(name: &str) -> Option<&'static Spec> {
    static BY_NAME: LazyLock<HashMap<&str, &Spec, RandomState>> =
        LazyLock::new(|| ATTRIBUTES.iter().map(|spec| (spec.name, spec)).collect());
    BY_NAME.get(name).copied()
}

/// The row of the table for `key`; `None` for custom and unknown fields.
pub fn by_key(key: AttributeKey) -> Option<&'static Spec> {
    ATTRIBUTES.get(*PLACES.get(key as usize)? as usize)
}

/// Of each key, its row in the table; beyond its end where it has none.
static PLACES: [u8; KEYS] = {
    let mut places = [u8::MAX; KEYS];
    let mut row = 0;
    while row < ATTRIBUTES.len() {
        places[ATTRIBUTES[row].key as usize] = row as u8;
        row += 1;
    }
    places
};

/// Numbers of keys are below this; the compiler refuses a table that has a larger one.
const KEYS: usize = 64;

impl<'a> Attribute<'a> {
    /// A fact that is a text.
    pub fn of_text(key: AttributeKey, text: impl Into<Cow<'a, str>>) -> Self {
        Self { key: key as i32, text: text.into(), ..Self::default() }
    }
}
