//! EPAS, Eyevinn's player analytics (`POST {prefix}/{ingest_key}/epas`): one event per POST, as its web SDK sends them.
//!
//! An event has no number, so its identity is a hash of all it says, and its place is its time. Nothing adds up on the
//! client: how long was played, waited and sought follows from the events' times ([`crate::event::timeline`]). The SDK's
//! seconds are floats with -1 for "not known"; its bitrates are kbit/s.

use std::{borrow::Cow, collections::BTreeMap};

use simd_json::prelude::ValueAsScalar;

use super::{
    Arrival, Decoded, Rejected, clock, digest, field,
    json::{self, Json},
    private,
};
use crate::{
    beacon::refusal::{MAX_EVENTS, Refusal},
    event::{Attribute, AttributeKey, Event, Failure, Format, Kind, Record, Severity, attribute},
};

/// The specification's words, in the order in which the SDK says them when several fall into one millisecond: what was
/// going on ends before the next thing begins.
const WORDS: [(&str, Kind); 15] = [
    ("init", Kind::Viewinit),
    // There is no word for pressing play: the SDK is given the video when it is to be played.
    ("loading", Kind::Play),
    ("metadata", Kind::Other),
    ("loaded", Kind::Other),
    ("paused", Kind::Pause),
    ("buffered", Kind::Rebufferend),
    ("seeking", Kind::Seeking),
    ("seeked", Kind::Seeked),
    ("playing", Kind::Playing),
    ("bitrate_changed", Kind::Renditionchange),
    ("heartbeat", Kind::Heartbeat),
    ("buffering", Kind::Rebufferstart),
    ("warning", Kind::Error),
    ("error", Kind::Error),
    ("stopped", Kind::Viewend),
];
/// What a payload says about the video and who watches it.
const METADATA: [(&str, AttributeKey); 3] = [
    ("contentId", AttributeKey::VideoId),
    ("contentTitle", AttributeKey::VideoTitle),
    ("userId", AttributeKey::ViewerId),
];
/// What a payload says about the rendition.
const RENDITION: [(&str, AttributeKey); 2] =
    [("width", AttributeKey::RenditionWidth), ("height", AttributeKey::RenditionHeight)];
/// Members of an event that are read into its own fields.
const CONSUMED: [&str; 6] = ["event", "sessionId", "timestamp", "playhead", "duration", "payload"];

/// A body, and what its sender is answered.
#[derive(Debug)]
pub struct EpasBeacon<'a> {
    /// The view of the first event that was taken.
    pub view_id: Option<String>,
    /// That event began it.
    pub is_init: bool,
    pub decoded: Decoded<'a>,
}

/// Turns a body into records. `version` is what the SDK calls the specification it follows; `unnamed` finds the view of
/// an event that names none, and is told whether it is one that begins a view.
///
/// # Errors
/// When nothing of the body can be read.
pub fn decode<'a>(
    body: &'a mut [u8],
    arrival: Arrival,
    version: Option<&str>,
    unnamed: impl FnMut(bool) -> String,
) -> Result<EpasBeacon<'a>, Refusal> {
    json::parse(body, |body| {
        let events = body.items().map_or_else(|| vec![body], Iterator::collect);
        whole_beacon(&events, arrival, version, unnamed)
    })?
}

fn whole_beacon<'a>(
    events: &[Json<'_, 'a>],
    arrival: Arrival,
    version: Option<&str>,
    mut unnamed: impl FnMut(bool) -> String,
) -> Result<EpasBeacon<'a>, Refusal> {
    if events.is_empty() {
        return Err(Refusal::BadBeacon("an EPAS beacon is an event, or an array of some"));
    }
    if events.len() > MAX_EVENTS {
        return Err(Refusal::TooManyEvents);
    }
    let mut beacon = EpasBeacon { view_id: None, is_init: false, decoded: Decoded::default() };
    let mut by_view: BTreeMap<Cow<'_, str>, Vec<Event<'_>>> = BTreeMap::new();
    for &value in events {
        let named = session(value);
        match named.clone().and_then(|view_id| Ok((view_id, event(value, version)?))) {
            Ok((view_id, event)) => {
                let is_init = event.kind() == Kind::Viewinit;
                let view_id = view_id.unwrap_or_else(|| unnamed(is_init).into());
                if beacon.view_id.is_none() {
                    (beacon.view_id, beacon.is_init) = (Some(view_id.to_string()), is_init);
                }
                by_view.entry(view_id).or_default().push(event);
            }
            Err(code) => {
                let view = named.ok().flatten().map(Cow::into_owned);
                beacon.decoded.rejected.push(Rejected { view, seq: None, code });
            }
        }
    }
    for (view_id, events) in by_view {
        let (events, damaged) = clock::of_one_clock(events, arrival);
        let view = Some(view_id.to_string());
        let rejected = |_| Rejected { view: view.clone(), seq: None, code: "bad_time" };
        beacon.decoded.rejected.extend(damaged.into_iter().map(rejected));
        beacon.decoded.records.push(record(view_id, events, arrival));
    }
    Ok(beacon)
}

fn record<'a>(view_id: Cow<'a, str>, events: Vec<Event<'a>>, arrival: Arrival) -> Record<'a> {
    let newest_ms = events.iter().map(|event| event.t_ms).max().unwrap_or(arrival.received_ms);
    Record {
        view_id,
        format: Format::Epas as i32,
        received_ms: arrival.received_ms,
        anchor_ms: arrival.received_ms - newest_ms,
        events,
        ..Record::default()
    }
}

fn event<'a>(value: Json<'_, 'a>, version: Option<&str>) -> Result<Event<'a>, &'static str> {
    let fields = field::object(value).ok_or("bad_event")?;
    let word = field::id(fields.get("event")).ok_or("bad_type")?;
    let t_ms =
        field::clock(fields.get("timestamp")).filter(|t_ms| clock::is_sane(*t_ms)).ok_or("bad_time")?;
    let payload = fields.get("payload").and_then(field::object);
    let (kind, turn) = kind(&word, payload);
    let mut failure = (kind == Kind::Error).then(|| failure(&word, payload));
    let mut attributes = attributes(kind, fields, payload);
    attributes.extend(version.filter(|_| kind == Kind::Viewinit).map(sdk));
    private::scrub(&mut attributes, &mut failure);
    if field::is_damaged(&word) || is_damaged(&attributes, failure.as_ref()) {
        return Err("invalid_utf8");
    }
    Ok(Event {
        sequence: digest::of_value(value),
        t_ms,
        kind: kind as i32,
        name: if kind == Kind::Other { word } else { "".into() },
        playhead_ms: playhead(fields),
        counters: None,
        segments: Vec::new(),
        attributes: field::in_order(attributes),
        failure,
        turn,
    })
}

/// The view an event names. The SDK's web build sends no id at all unless the page has chosen one.
fn session<'a>(event: Json<'_, 'a>) -> Result<Option<Cow<'a, str>>, &'static str> {
    match field::object(event).ok_or("bad_event")?.get("sessionId") {
        None => Ok(None),
        Some(id) if id.text() == Some("") || id.is_null() => Ok(None),
        id => match field::id(id).ok_or("bad_view_id")? {
            id if field::is_damaged(&id) => Err("invalid_utf8"),
            id => Ok(Some(id)),
        },
    }
}

/// The kind of an event and its turn among those of one millisecond. Only the end of the video does not end the view.
fn kind(word: &str, payload: Option<Json<'_, '_>>) -> (Kind, u32) {
    let reason = || payload?.get("reason")?.text();
    let Some(turn) = WORDS.iter().position(|(known, _)| *known == word) else { return (Kind::Other, 0) };
    let kind = match WORDS[turn].1 {
        Kind::Viewend if reason() == Some("ended") => Kind::Ended,
        kind => kind,
    };
    (kind, turn as u32 + 1)
}

/// The SDK takes the very beginning for nothing: 0 goes out as "not known", but then with the duration, which it leaves
/// out where it really knows neither.
fn playhead(fields: Json<'_, '_>) -> Option<u64> {
    let playhead = field::thousands(fields.get("playhead"), "playhead");
    let is_beginning = || field::clock(fields.get("playhead")) == Some(-1) && duration(fields).is_some();
    playhead.or_else(|| is_beginning().then_some(0))
}

fn duration(fields: Json<'_, '_>) -> Option<u64> {
    field::thousands(fields.get("duration"), "duration").filter(|ms| *ms > 0)
}

fn is_damaged(attributes: &[Attribute<'_>], failure: Option<&Failure<'_>>) -> bool {
    let texts = attributes.iter().flat_map(|attribute| [&attribute.text, &attribute.name]);
    let failure = failure.into_iter().flat_map(|failure| [&failure.code, &failure.message]);
    texts.chain(failure).any(|text| field::is_damaged(text))
}

/// An error without a code is known by its category.
fn failure<'a>(word: &str, payload: Option<Json<'_, 'a>>) -> Failure<'a> {
    let text = |name| payload?.get(name).and_then(field::text).filter(|text| !text.is_empty());
    let severity = if word == "warning" { Severity::Warning } else { Severity::Fatal };
    Failure {
        code: text("code").or_else(|| text("category")).unwrap_or_default(),
        message: text("message").unwrap_or_default(),
        severity: severity as i32,
    }
}

fn attributes<'a>(kind: Kind, fields: Json<'_, 'a>, payload: Option<Json<'_, 'a>>) -> Vec<Attribute<'a>> {
    let mut attributes = Vec::new();
    if let Some(duration_ms) = duration(fields) {
        let key = AttributeKey::VideoDurationMs as i32;
        attributes.push(Attribute { key, number: duration_ms, ..Attribute::default() });
    }
    for (name, value) in fields.members().into_iter().flatten().filter(|(name, _)| !CONSUMED.contains(name)) {
        attributes.extend(private::kept(name, value));
    }
    match (payload, fields.get("payload")) {
        (Some(payload), _) => {
            for (name, value) in payload.members().into_iter().flatten() {
                attributes.extend(of_payload(kind, name, value));
            }
        }
        (None, Some(other)) => attributes.extend(private::kept("payload", other)),
        (None, None) => {}
    }
    attributes
}

/// What a member of a payload says; what is not as it should be is kept as it is.
fn of_payload<'a>(kind: Kind, name: &'a str, value: Json<'_, 'a>) -> Vec<Attribute<'a>> {
    let known = match (kind, name) {
        (Kind::Error, "code" | "message") => return Vec::new(),
        (Kind::Error, _) => None,
        (Kind::Renditionchange, "bitrate") => bitrate(value),
        (Kind::Renditionchange, _) => listed(&RENDITION, name, value),
        (_, "live") => stream_type(value),
        // The rest of the address is worth keeping too.
        (_, "contentUrl") => {
            return source_host(value).into_iter().chain(private::kept(name, value)).collect();
        }
        _ => listed(&METADATA, name, value),
    };
    known.or_else(|| private::kept(name, value)).into_iter().collect()
}

fn listed<'a>(list: &[(&str, AttributeKey)], name: &str, value: Json<'_, 'a>) -> Option<Attribute<'a>> {
    let (_, key) = list.iter().find(|(listed, _)| *listed == name)?;
    field::attribute(attribute::by_key(*key)?, value)
}

fn sdk(version: &str) -> Attribute<'static> {
    Attribute::of_text(AttributeKey::Sdk, format!("epas {version}"))
}

fn bitrate(value: Json<'_, '_>) -> Option<Attribute<'static>> {
    let number = field::thousands(Some(value), "bitrate").filter(|bitrate| *bitrate > 0)?;
    Some(Attribute { key: AttributeKey::RenditionBitrate as i32, number, ..Attribute::default() })
}

fn stream_type(value: Json<'_, '_>) -> Option<Attribute<'static>> {
    let text = if value.scalar()?.as_bool()? { "live" } else { "on-demand" };
    Some(Attribute::of_text(AttributeKey::StreamType, text))
}

fn source_host(value: Json<'_, '_>) -> Option<Attribute<'static>> {
    let text = private::host(value.text()?)?.to_owned();
    Some(Attribute::of_text(AttributeKey::SourceHostname, text))
}
