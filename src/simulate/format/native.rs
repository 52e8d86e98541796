//! Our own SDK's words: every event carries the totals so far and the stretch now playing.

use serde_json::{Map, Value, json};

use super::{Letter, numbered};
use crate::{
    event::Kind,
    simulate::{
        moment::{Fault, Moment, Story},
        world::Person,
    },
};

/// Most events leave after this long, a few wait for company (`sdk-js/src/core/sender.ts`).
const GATHER_MS: u64 = 100;
const PATIENCE_MS: u64 = 10_000;
const PATIENT: [Kind; 2] = [Kind::Seeking, Kind::Renditionchange];

/// One event for each moment.
pub fn letters(person: &Person, story: &Story) -> Vec<Letter> {
    let mut before: Option<&Moment> = None;
    let mut letters = Vec::with_capacity(story.moments.len());
    for (index, moment) in numbered(story) {
        let set = facts(person, story, before.replace(moment), moment);
        let event = event(index as u32 + 1, moment, set);
        let patience_ms = if PATIENT.contains(&moment.kind) { PATIENCE_MS } else { GATHER_MS };
        let sequence = index as u32 + 1;
        letters.push(Letter {
            sequence: u64::from(sequence),
            text: event.to_string(),
            written_ms: moment.t_ms,
            patience_ms,
            moment: index,
        });
    }
    letters
}

fn event(sequence: u32, moment: &Moment, set: Map<String, Value>) -> Value {
    let mut event = Map::new();
    event.insert("seq".into(), sequence.into());
    event.insert("t_ms".into(), moment.t_ms.into());
    event.insert("type".into(), moment.kind.wire().into());
    event.insert("playhead_ms".into(), moment.playhead_ms.into());
    event.insert("c".into(), json!(moment.totals));
    if let Some(stretch) = moment.stretch {
        event.insert("seg".into(), json!([stretch.number, stretch.from_ms, stretch.to_ms]));
    }
    if !set.is_empty() {
        event.insert("set".into(), set.into());
    }
    if let Some(Fault { code, message, severity }) = moment.fault {
        event.insert("error".into(), json!({"code": code, "message": message, "severity": severity.wire()}));
    }
    event.into()
}

/// Everything with the first event, what changed with later ones.
fn facts(person: &Person, story: &Story, before: Option<&Moment>, moment: &Moment) -> Map<String, Value> {
    let mut set = Map::new();
    if before.is_none() {
        let title = &story.title;
        let live = title.duration_ms.is_none();
        let (player_width, player_height) = person.device.player;
        let first = json!({
            "video_id": title.id, "video_title": title.name, "video_series": title.series,
            "stream_type": if live { "live" } else { "on-demand" },
            "viewer_id": person.viewer_id, "session_id": person.session_id,
            "player_name": "web", "player_software": "hls.js", "player_software_version": "1.7.4",
            "player_width": player_width, "player_height": player_height,
            "sdk": concat!("playhead-simulate ", env!("CARGO_PKG_VERSION")),
            "custom": {"plan": if person.viewer_id.ends_with('0') { "gold" } else { "basic" }},
        });
        if let Value::Object(first) = first {
            set.extend(first);
        }
        if let Some(duration_ms) = title.duration_ms {
            set.insert("video_duration_ms".into(), duration_ms.into());
        }
    }
    if before.is_none_or(|before| before.cdn != moment.cdn) {
        set.insert("cdn".into(), moment.cdn.into());
    }
    if before.is_none_or(|before| before.rendition != moment.rendition) {
        set.insert("rendition_width".into(), moment.rendition.width.into());
        set.insert("rendition_height".into(), moment.rendition.height.into());
        set.insert("rendition_bitrate".into(), moment.rendition.bitrate.into());
    }
    set
}
