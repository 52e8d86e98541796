//! Playhead's own beacon (`POST /in/{ingest_key}`), as in `schema/beacon.v1.schema.json`.
//!
//! One bad event costs itself, not its neighbours. When the body as a whole does not parse (one number beyond the range
//! of a double is enough), [`salvage`] reads it event by event.

use std::{borrow::Cow, collections::HashSet};

use serde_json::value::RawValue;
use simd_json::prelude::ValueAsScalar;

use super::{
    Arrival, Decoded, Rejected, field,
    json::{self, Json},
};
use crate::{
    beacon::refusal::{MAX_EVENTS, Refusal},
    event::{Attribute, Counters, Event, Failure, Format, Kind, Record, Segment, Severity, attribute},
};

/// Most custom dimensions of one event.
const MAX_CUSTOM: usize = 256;
/// Longest view, ms: a monotonic clock beyond this is broken.
const MAX_VIEW_MS: i64 = 30 * 24 * 3_600_000;

/// Longest time an event waits for being sent, ms; a moment of sending beyond it is of another clock.
const MOST_WAIT_MS: i64 = 24 * 3_600_000;

/// Turns a body into records, one per view.
///
/// # Errors
/// When nothing of the body can be read.
pub fn decode(body: &mut [u8], arrival: Arrival) -> Result<Decoded<'_>, Refusal> {
    let untouched = body.to_vec();
    json::parse(body, |beacon| whole_beacon(beacon, arrival)).unwrap_or_else(|_| salvage(&untouched, arrival))
}

fn whole_beacon<'a>(beacon: Json<'_, 'a>, arrival: Arrival) -> Result<Decoded<'a>, Refusal> {
    let beacon = field::object(beacon).ok_or(Refusal::BadBeacon("a beacon is a JSON object"))?;
    check_version(beacon.get("v").map(|version| field::whole(Some(version), "v")))?;
    let views = beacon
        .get("views")
        .and_then(Json::items)
        .ok_or(Refusal::BadBeacon("a beacon has an array `views`"))?;
    let mut decoded = Decoded::default();
    let mut events_seen = 0;
    for view in views {
        let events = view.get("events");
        events_seen += events.map_or(0, Json::count);
        if events_seen > MAX_EVENTS {
            return Err(Refusal::TooManyEvents);
        }
        let Some(view) = field::object(view) else {
            decoded.rejected.push(Rejected { view: None, seq: None, code: "bad_view" });
            continue;
        };
        let events = events.and_then(Json::items).into_iter().flatten();
        let events = events.map(|value| event(value).map_err(|code| (sequence(value), code)));
        add_view(&mut decoded, view, events, arrival);
    }
    Ok(decoded)
}

/// No version is the first; a later one may mean something else by the same words.
fn check_version(version: Option<Option<u64>>) -> Result<(), Refusal> {
    match version {
        None | Some(Some(1)) => Ok(()),
        Some(_) => Err(Refusal::BadBeacon("this service reads version 1 of the beacon")),
    }
}

fn add_view<'a>(
    decoded: &mut Decoded<'a>,
    view: Json<'_, 'a>,
    events: impl Iterator<Item = Result<Event<'a>, (Option<u64>, &'static str)>>,
    arrival: Arrival,
) {
    let id = field::id(view.get("id")).filter(|id| !field::is_damaged(id));
    let mut kept = Vec::new();
    for event in events {
        match (event, &id) {
            (Ok(event), Some(_)) => kept.push(event),
            (Ok(event), None) => {
                decoded.rejected.push(Rejected {
                    view: None,
                    seq: Some(event.sequence),
                    code: "bad_view_id",
                });
            }
            (Err((seq, code)), _) => {
                let view = id.clone().map(Cow::into_owned);
                decoded.rejected.push(Rejected { view, seq, code });
            }
        }
    }
    let Some(id) = id else { return };
    let sent_t_ms = field::clock(view.get("t_sent_ms")).filter(|sent_t_ms| *sent_t_ms >= 0);
    if let Some(sent_t_ms) = sent_t_ms {
        // A little beyond is rounding; a day beyond its own sending is no time.
        kept.iter_mut()
            .filter(|event| event.t_ms > sent_t_ms + MOST_WAIT_MS)
            .for_each(|event| event.t_ms = sent_t_ms);
    }
    let Some(newest_t_ms) = kept.iter().map(|event| event.t_ms).max() else { return };
    if let Some(first) = kept.iter_mut().min_by_key(|event| event.sequence) {
        // Said for all events of this beacon: said with the first of them; an event's own word comes after.
        let mut said = attributes(view.get("set")).unwrap_or_default();
        if !said.is_empty() {
            let own: HashSet<_> = first.attributes.iter().map(|own| (own.key, &*own.name)).collect();
            said.retain(|known| !own.contains(&(known.key, &*known.name)));
        }
        said.append(&mut first.attributes);
        first.attributes = field::in_order(said);
    }
    let can_wait = newest_t_ms..=newest_t_ms + MOST_WAIT_MS;
    let sent_t_ms = sent_t_ms.filter(|sent_t_ms| can_wait.contains(sent_t_ms)).unwrap_or(newest_t_ms);
    decoded.records.push(Record {
        view_id: id,
        format: Format::Native as i32,
        received_ms: arrival.received_ms,
        anchor_ms: arrival.received_ms - sent_t_ms,
        events: kept,
        ..Record::default()
    });
}

fn sequence(event: Json<'_, '_>) -> Option<u64> {
    let seq = event.get("seq")?.scalar()?;
    // 1e3 and 7.0 are whole numbers too.
    seq.as_u64()
        .or_else(|| seq.as_f64().filter(|seq| seq.fract() == 0.0 && *seq >= 0.0).map(|seq| seq as u64))
}

fn event<'a>(value: Json<'_, 'a>) -> Result<Event<'a>, &'static str> {
    let event = field::object(value).ok_or("bad_event")?;
    let sequence =
        sequence(value).filter(|sequence| *sequence <= u64::from(u32::MAX)).ok_or("bad_sequence")?;
    let t_ms =
        field::clock(event.get("t_ms")).filter(|t_ms| (0..=MAX_VIEW_MS).contains(t_ms)).ok_or("bad_time")?;
    let word = field::id(event.get("type")).ok_or("bad_type")?;
    let kind = Kind::from_wire(&word).unwrap_or(Kind::Other);
    let failure = field::part(event.get("error"), "error").map(failure);
    let mut attributes = attributes(event.get("set"))?;
    attributes.extend(said_with_custom(event));
    let damaged = field::is_damaged(&word)
        || failure.as_ref().is_some_and(|f| field::is_damaged(&f.code) || field::is_damaged(&f.message));
    if damaged {
        return Err("invalid_utf8");
    }
    Ok(Event {
        sequence,
        t_ms,
        kind: kind as i32,
        name: if kind == Kind::Other { word } else { "".into() },
        playhead_ms: field::whole(event.get("playhead_ms"), "playhead_ms"),
        counters: field::part(event.get("c"), "c").map(counters),
        segments: event.get("seg").and_then(segment).into_iter().collect(),
        attributes: field::in_order(attributes),
        failure,
        turn: 0,
    })
}

fn counters(c: Json<'_, '_>) -> Counters {
    let mut counters = Counters::default();
    for (name, value) in c.members().into_iter().flatten() {
        let total = |name: &'static str| field::total(Some(value), name);
        match name {
            "playing_ms" => counters.playing_ms = total("playing_ms"),
            "watch_ms" => counters.watch_ms = total("watch_ms"),
            "rebuffer_ms" => counters.rebuffer_ms = total("rebuffer_ms"),
            "rebuffer_count" => counters.rebuffer_count = total("rebuffer_count"),
            "seek_ms" => counters.seek_ms = total("seek_ms"),
            "seek_count" => counters.seek_count = total("seek_count"),
            "dropped_frames" => counters.dropped_frames = total("dropped_frames"),
            "upscale_ms" => counters.upscale_ms = total("upscale_ms"),
            "downscale_ms" => counters.downscale_ms = total("downscale_ms"),
            "startup_ms" => counters.startup_ms = total("startup_ms"),
            "player_startup_ms" => counters.player_startup_ms = total("player_startup_ms"),
            "page_load_ms" => counters.page_load_ms = total("page_load_ms"),
            "max_request_latency_ms" => counters.max_request_latency_ms = total("max_request_latency_ms"),
            "preroll_request_count" => counters.preroll_request_count = total("preroll_request_count"),
            "preroll_request_ms" => counters.preroll_request_ms = total("preroll_request_ms"),
            "preroll_load_ms" => counters.preroll_load_ms = total("preroll_load_ms"),
            "bitrate_ms" => counters.bitrate_ms = field::whole(Some(value), "bitrate_ms"),
            "max_upscale" => counters.max_upscale = field::millionths(Some(value), "max_upscale"),
            "max_downscale" => counters.max_downscale = field::millionths(Some(value), "max_downscale"),
            _ => {}
        }
    }
    counters
}

/// `[number, from_ms, to_ms]`; a stretch without length says nothing yet.
fn segment(value: Json<'_, '_>) -> Option<Segment> {
    let mut items = value.items().into_iter().flatten();
    let (3, Some(number), Some(from_ms), Some(to_ms)) =
        (value.count(), items.next(), items.next(), items.next())
    else {
        if !value.is_null() {
            field::left_out("seg");
        }
        return None;
    };
    let part = |value| field::total(Some(value), "seg");
    let segment = Segment { number: part(number)?, from_ms: part(from_ms)?, to_ms: part(to_ms)? };
    if segment.to_ms < segment.from_ms {
        field::left_out("seg");
    }
    (segment.to_ms > segment.from_ms).then_some(segment)
}

fn failure<'a>(error: Json<'_, 'a>) -> Failure<'a> {
    let text = |name| error.get(name).and_then(field::text).unwrap_or_default();
    Failure {
        code: text("code"),
        message: text("message"),
        severity: Severity::from_wire(&text("severity")) as i32,
    }
}

fn attributes<'a>(set: Option<Json<'_, 'a>>) -> Result<Vec<Attribute<'a>>, &'static str> {
    let Some(set) = set.and_then(field::object) else { return Ok(Vec::new()) };
    let mut attributes = Vec::with_capacity(set.count());
    for (name, value) in set.members().into_iter().flatten() {
        match attribute::by_name(name).filter(|spec| spec.client) {
            Some(spec) => attributes.extend(field::attribute(spec, value)),
            None if name == "custom" => attributes.extend(custom(value)),
            None => attributes.extend(field::unknown(name.into(), value)),
        }
    }
    let damaged =
        |attribute: &Attribute<'_>| field::is_damaged(&attribute.text) || field::is_damaged(&attribute.name);
    if attributes.iter().any(damaged) { Err("invalid_utf8") } else { Ok(attributes) }
}

/// A custom event's own name and data, kept with the event as `name` and `data.*`.
fn said_with_custom<'a>(event: Json<'_, 'a>) -> impl Iterator<Item = Attribute<'a>> {
    let name = event.get("name").and_then(|name| field::unknown("name".into(), name));
    let data = event.get("data").and_then(Json::members).into_iter().flatten().take(MAX_CUSTOM);
    name.into_iter()
        .chain(data.filter_map(|(key, value)| field::unknown(format!("data.{key}").into(), value)))
}

fn custom<'a>(value: Json<'_, 'a>) -> impl Iterator<Item = Attribute<'a>> {
    let custom = value.members().into_iter().flatten().take(MAX_CUSTOM);
    custom.filter_map(|(name, value)| field::custom(name.into(), value))
}

#[derive(serde::Deserialize)]
struct RawBeacon<'a> {
    #[serde(default)]
    v: Option<u64>,
    #[serde(borrow)]
    views: Vec<&'a RawValue>,
}

#[derive(serde::Deserialize)]
struct RawEvents<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// Reads a body that does not parse as a whole, view by view and event by event, and keeps what does.
fn salvage(body: &[u8], arrival: Arrival) -> Result<Decoded<'static>, Refusal> {
    let beacon: RawBeacon<'_> = serde_json::from_slice(body).map_err(|_| Refusal::BadJson)?;
    check_version(beacon.v.map(Some))?;
    let mut decoded = Decoded::default();
    for view in beacon.views {
        let Ok(raw) = serde_json::from_str::<RawEvents<'_>>(view.get()) else {
            decoded.rejected.push(Rejected { view: None, seq: None, code: "bad_view" });
            continue;
        };
        if raw.events.len() > MAX_EVENTS {
            return Err(Refusal::TooManyEvents);
        }
        let events: Vec<_> = raw.events.iter().map(|event| event_alone(event.get())).collect();
        // The view without its events, so that their damage does not reach its own members.
        let mut members = serde_json::from_str::<std::collections::BTreeMap<String, &RawValue>>(view.get())
            .map_err(|_| Refusal::BadJson)?;
        members.remove("events");
        let mut members = serde_json::to_vec(&members).map_err(|_| Refusal::BadJson)?;
        let of_view = json::parse(&mut members, |view| {
            let mut of_view = Decoded::default();
            add_view(&mut of_view, view, events.into_iter(), arrival);
            of_view.into_owned()
        });
        match of_view {
            Ok(of_view) => {
                decoded.records.extend(of_view.records);
                decoded.rejected.extend(of_view.rejected);
            }
            Err(_) => decoded.rejected.push(Rejected { view: None, seq: None, code: "bad_view" }),
        }
    }
    Ok(decoded)
}

fn event_alone(json: &str) -> Result<Event<'static>, (Option<u64>, &'static str)> {
    let mut json = json.as_bytes().to_vec();
    let alone = json::parse(&mut json, |value| {
        event(value).map(Event::into_owned).map_err(|code| (sequence(value), code))
    });
    alone.unwrap_or(Err((None, "bad_json")))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn decoded(json: &str) -> Decoded<'static> {
        let mut body = json.as_bytes().to_vec();
        decode(&mut body, Arrival { received_ms: 1_795_314_391_345 }).expect("a beacon").into_owned()
    }

    #[test]
    fn an_events_own_word_comes_after_what_is_said_for_all() {
        let beacon = r#"{"views":[{"id":"v","set":{"video_id":"all","cdn":"all"},"events":[
            {"seq":2,"t_ms":9,"type":"pause"},{"seq":1,"t_ms":5,"type":"play","set":{"video_id":"own"}}]}]}"#;
        let beacon = decoded(beacon);
        let [second, first] = &*beacon.records[0].events else { panic!("two events") };
        let mut texts: Vec<&str> = first.attributes.iter().map(|known| &*known.text).collect();
        texts.sort_unstable();
        assert_eq!((texts, second.attributes.len()), (vec!["all", "own"], 0));
    }

    #[test]
    fn members_without_end_cost_what_they_are_and_not_their_square() {
        let members = |letter: char| {
            let members: Vec<String> = (0..40_000).map(|number| format!(r#""{letter}{number}":1"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        let (all, own) = (members('a'), members('b'));
        let beacon = format!(
            r#"{{"views":[{{"id":"v","set":{all},"events":[{{"seq":1,"t_ms":5,"type":"play","set":{own}}}]}}]}}"#
        );
        let begun = Instant::now();
        assert_eq!(decoded(&beacon).records[0].events[0].attributes.len(), 80_000);
        // A second in a build that is not optimised; compared one by one it was minutes.
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}
