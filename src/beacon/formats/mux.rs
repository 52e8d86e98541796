//! mux-embed's beacon (`POST /` when `beaconCollectionDomain` points here): short keys, delta-encoded events.
//!
//! Only the first event of a view and some others carry the full state, the rest what changed. Nothing here needs the
//! predecessor: each event becomes the patch it is, and [`crate::event::View`] joins the patches by sequence.
//!
//! Since 5.13 every event says how long its view has played. A body in which none does is of an older version, which knows
//! no played ranges either: its totals and ranges are left to [`crate::event::timeline`].

use std::{borrow::Cow, collections::BTreeMap};

use simd_json::{StaticNode, prelude::ValueAsScalar};

use super::{
    Arrival, Decoded, Rejected, field,
    json::{self, Json},
    mux_keys::{self, Field, Fields, Meaning},
    private,
};
use crate::{
    beacon::refusal::{MAX_EVENTS, Refusal},
    event::{
        Attribute, AttributeKey, Counters, Event, Failure, Format, Kind, Record, Segment, Severity, attribute,
    },
};

/// Who is further behind than a day does not watch live: such a programme time is damaged, or its encoder's clock is wrong.
const LONGEST_LATENCY_MS: i64 = 24 * 3600 * 1000;

/// What mux-embed says of a source once it knows.
const IS_LIVE: &str = "video_source_is_live";

/// A body with its key, which stands in the events.
pub struct MuxBeacon<'a> {
    pub ingest_key: &'a str,
    pub decoded: Decoded<'a>,
}

/// Turns a body into records, one per view.
///
/// # Errors
/// When nothing of the body can be read.
pub fn decode(body: &mut [u8], arrival: Arrival) -> Result<MuxBeacon<'_>, Refusal> {
    json::parse(body, |beacon| whole_beacon(beacon, arrival))?
}

fn whole_beacon<'a>(beacon: Json<'_, 'a>, arrival: Arrival) -> Result<MuxBeacon<'a>, Refusal> {
    let listed = beacon.get("events").and_then(Json::items);
    let events: Vec<Json<'_, 'a>> =
        listed.ok_or(Refusal::BadBeacon("a beacon of mux-embed has an array `events`"))?.collect();
    if events.len() > MAX_EVENTS {
        return Err(Refusal::TooManyEvents);
    }
    let ingest_key = events
        .iter()
        .find_map(|event| event.get(Field::IngestKey.key())?.text())
        .ok_or(Refusal::BadBeacon("no event carries an env key"))?;
    let metadata = beacon.get("metadata");
    let sent_ms = field::clock(metadata.and_then(|m| m.get("transmission_timestamp")));
    let mut decoded = views(&events, ingest_key, sent_ms, arrival);
    // How long the POST before this one took: said of the way, so it stands with the newest event on it.
    let way = metadata.and_then(|m| m.get("rtt_ms")).and_then(|rtt_ms| private::kept("rtt_ms", rtt_ms));
    if let Some(event) = decoded.records.iter_mut().filter_map(|record| record.events.last_mut()).next_back()
    {
        event.attributes.extend(way);
    }
    Ok(MuxBeacon { ingest_key, decoded })
}

fn views<'a>(events: &[Json<'_, 'a>], key: &str, sent_ms: Option<i64>, arrival: Arrival) -> Decoded<'a> {
    let mut decoded = Decoded::default();
    let mut by_view: BTreeMap<Cow<'_, str>, Vec<Event<'_>>> = BTreeMap::new();
    let ahead_ms = sent_ms.map(|sent_ms| arrival.received_ms - sent_ms);
    for &value in events {
        match event(value, key, ahead_ms) {
            Ok((view_id, event)) => by_view.entry(view_id).or_default().push(event),
            Err(code) => decoded.rejected.push(Rejected {
                view: field::id(value.get("xid")).map(Cow::into_owned),
                seq: value.get("xsqno").and_then(|seq| seq.scalar()?.as_u64()),
                code,
            }),
        }
    }
    let is_counted = events.iter().any(|event| event.get(Field::PlayingMs.key()).is_some());
    let format = if is_counted { Format::Mux } else { Format::MuxUncounted };
    for (view_id, mut events) in by_view {
        if !is_counted {
            events.iter_mut().for_each(leave_to_timeline);
        }
        if let Some(sent_ms) = sent_ms {
            // Nothing was sent before it happened: such a time is damaged, or the device's clock was set back.
            events.iter_mut().for_each(|event| event.t_ms = event.t_ms.min(sent_ms));
        }
        let newest_ms = events.iter().map(|event| event.t_ms).max().unwrap_or(arrival.received_ms);
        let origin = if events.iter().any(is_of_live) { vec![live()] } else { Vec::new() };
        decoded.records.push(Record {
            view_id,
            format: format as i32,
            received_ms: arrival.received_ms,
            anchor_ms: arrival.received_ms - sent_ms.unwrap_or(newest_ms).max(newest_ms),
            events,
            origin,
            ..Record::default()
        });
    }
    decoded
}

/// That it is not live is said of every stream whose window has a length, by a mux-embed that was not given the engine.
/// So only the other is believed.
fn is_of_live(event: &Event<'_>) -> bool {
    event.attributes.iter().any(|known| known.name == IS_LIVE && known.text == "true")
}

/// It stands with the origin: a page's own `video_stream_type` wins, whenever that is said.
fn live() -> Attribute<'static> {
    Attribute::of_text(AttributeKey::StreamType, "live")
}

/// Orders an event as a timeline does, and drops the totals that stand beside the timeline's own.
fn leave_to_timeline(event: &mut Event<'_>) {
    event.turn = u32::try_from(event.sequence).unwrap_or(u32::MAX);
    if let Some(counters) = &mut event.counters {
        counters.watch_ms = None;
        (counters.rebuffer_ms, counters.rebuffer_count) = (None, None);
        (counters.seek_ms, counters.seek_count) = (None, None);
    }
}

/// One event. Our clock is `ahead_ms` of the player's.
fn event<'a>(
    value: Json<'_, 'a>,
    ingest_key: &str,
    ahead_ms: Option<i64>,
) -> Result<(Cow<'a, str>, Event<'a>), &'static str> {
    let (fields, mut attributes) = members(value, ahead_ms).ok_or("bad_event")?;
    if fields.get(Field::IngestKey).and_then(Json::text).is_some_and(|key| key != ingest_key) {
        return Err("other_key");
    }
    let view_id = field::id(fields.get(Field::ViewId)).ok_or("bad_view_id")?;
    let sequence = whole(&fields, Field::Sequence).ok_or("bad_sequence")?;
    let t_ms = field::clock(fields.get(Field::TimeMs)).filter(|t_ms| *t_ms > 0).ok_or("bad_time")?;
    let word = field::id(fields.get(Field::Word)).ok_or("bad_type")?;
    let kind = kind(&word);
    // Error fields cling to all later events; only the error event itself says that one happened.
    let mut failure = (kind == Kind::Error).then(|| failure(&fields));
    private::scrub(&mut attributes, &mut failure);
    let damaged =
        |attribute: &Attribute<'_>| field::is_damaged(&attribute.text) || field::is_damaged(&attribute.name);
    if field::is_damaged(&view_id) || field::is_damaged(&word) || attributes.iter().any(damaged) {
        return Err("invalid_utf8");
    }
    let event = Event {
        sequence,
        t_ms,
        kind: kind as i32,
        name: if kind == Kind::Other { word } else { "".into() },
        playhead_ms: whole(&fields, Field::PlayheadMs),
        counters: Some(counters(&fields)),
        segments: fields.get(Field::PlayedRanges).map(segments).unwrap_or_default(),
        attributes,
        failure,
        turn: 0,
    };
    Ok((view_id, event))
}

fn whole(fields: &Fields<'_, '_>, field: Field) -> Option<u64> {
    field::whole(fields.get(field), field.key())
}

fn kind(word: &str) -> Kind {
    match word {
        "hb" => Kind::Heartbeat,
        "adbreakstart" => Kind::Adstart,
        "adbreakend" => Kind::Adend,
        _ => Kind::from_wire(word).unwrap_or(Kind::Other),
    }
}

fn counters(fields: &Fields<'_, '_>) -> Counters {
    let total = |field: Field| field::total(fields.get(field), field.key());
    let millionths = |field: Field| field::millionths(fields.get(field), field.key());
    Counters {
        playing_ms: total(Field::PlayingMs),
        watch_ms: total(Field::WatchMs),
        rebuffer_ms: total(Field::RebufferMs),
        rebuffer_count: total(Field::RebufferCount),
        seek_ms: total(Field::SeekMs),
        seek_count: total(Field::SeekCount),
        dropped_frames: total(Field::DroppedFrames),
        bitrate_ms: None,
        upscale_ms: total(Field::UpscaleMs),
        downscale_ms: total(Field::DownscaleMs),
        startup_ms: total(Field::StartupMs),
        player_startup_ms: total(Field::PlayerStartupMs),
        page_load_ms: total(Field::PageLoadMs),
        max_request_latency_ms: total(Field::MaxRequestLatencyMs),
        max_upscale: millionths(Field::MaxUpscale),
        max_downscale: millionths(Field::MaxDownscale),
        preroll_request_count: total(Field::PrerollRequestCount),
        preroll_request_ms: total(Field::PrerollRequestMs),
        preroll_load_ms: total(Field::PrerollLoadMs),
    }
}

/// `"[\"0:4950\",\"20002:23743\"]"`: all stretches of the view so far, in the order of watching, so the place in the
/// list is the stretch's number. A list may lose its last stretch at the end of a view; the union keeps it.
fn segments(value: Json<'_, '_>) -> Vec<Segment> {
    let Some(list) = value.text().and_then(|text| serde_json::from_str::<Vec<String>>(text).ok()) else {
        return Vec::new();
    };
    let parse = |(number, range): (usize, &String)| {
        let (from, to) = range.split_once(':')?;
        let (from_ms, to_ms) = (from.parse().ok()?, to.parse().ok()?);
        (to_ms > from_ms).then_some(Segment { number: number as u32, from_ms, to_ms })
    };
    list.iter().enumerate().filter_map(parse).collect()
}

fn failure<'a>(fields: &Fields<'_, 'a>) -> Failure<'a> {
    let text = |field| fields.get(field).and_then(field::text).unwrap_or_default();
    let business = fields.get(Field::ErrorIsBusiness).is_some_and(is_true);
    let severity =
        if business { Severity::Business } else { Severity::from_wire(&text(Field::ErrorSeverity)) };
    Failure { code: text(Field::ErrorCode), message: text(Field::ErrorMessage), severity: severity as i32 }
}

fn is_true(flag: Json<'_, '_>) -> bool {
    flag.scalar() == Some(StaticNode::Bool(true))
}

/// An event's fields, and its attributes in order; `None` if it is no object.
fn members<'t, 'a>(
    event: Json<'t, 'a>,
    ahead_ms: Option<i64>,
) -> Option<(Fields<'t, 'a>, Vec<Attribute<'a>>)> {
    let mut fields = Fields::none();
    let mut attributes = Vec::with_capacity(event.count());
    for (key, value) in event.members()? {
        attributes.extend(mux_keys::with_meaning(key, |meaning| match meaning {
            Meaning::Attribute(spec) => field::attribute(spec, value),
            Meaning::Custom(name) => field::custom(name.clone(), value),
            Meaning::Ever(name, _) if is_true(value) => field::custom((*name).into(), value),
            Meaning::Ever(_, name) | Meaning::Kept(name) => name.kept(value),
            Meaning::Field(field) => {
                fields.set(*field, value);
                None
            }
            Meaning::Ignored => None,
        }));
    }
    attributes.extend(first(&fields, AttributeKey::ViewerId, [Field::CustomerViewerId, Field::ViewerId]));
    attributes.extend(first(
        &fields,
        AttributeKey::PlayerSoftware,
        [Field::PlayerSoftwareName, Field::PlayerSoftware],
    ));
    attributes.extend(sdk(&fields));
    attributes.extend(programme(&fields, ahead_ms).into_iter().flatten());
    Some((fields, field::in_order(attributes)))
}

/// The programme time of a live stream, as far as mux-embed knows it from `EXT-X-PROGRAM-DATE-TIME`, and how far behind
/// the playhead therefore is.
fn programme<'a>(fields: &Fields<'_, 'a>, ahead_ms: Option<i64>) -> [Option<Attribute<'a>>; 2] {
    let Some(said) = fields.get(Field::ProgramTimeMs) else { return [None, None] };
    let behind_ms = || Some(field::clock(fields.get(Field::TimeMs))? + ahead_ms? - field::clock(Some(said))?);
    let latency = behind_ms().filter(|ms| (1..=LONGEST_LATENCY_MS).contains(ms)).map(|ms| Attribute {
        key: AttributeKey::LiveLatencyMs as i32,
        number: ms.unsigned_abs(),
        ..Attribute::default()
    });
    [latency, private::kept("player_program_time", said)]
}

/// What mux-embed says by either of two keys: the customer's own viewer id before mux-embed's, the player's name for
/// itself before that of the element it plays in.
fn first<'a>(fields: &Fields<'_, 'a>, key: AttributeKey, either: [Field; 2]) -> Option<Attribute<'a>> {
    let spec = attribute::by_key(key)?;
    either.iter().find_map(|field| field::attribute(spec, fields.get(*field)?))
}

fn sdk(fields: &Fields<'_, '_>) -> Option<Attribute<'static>> {
    let text = |field| fields.get(field).and_then(Json::text);
    let text = format!("{} {}", text(Field::Sdk)?, text(Field::SdkVersion).unwrap_or_default());
    Some(Attribute::of_text(AttributeKey::Sdk, field::cut(text.into(), str::trim)))
}
