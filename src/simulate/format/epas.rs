//! The words of Eyevinn's web SDK (EPAS): one event per POST, no numbers, no totals.
//!
//! The SDK knows no networks and says nothing of them, nor when play is asked for again: after a pause there is only
//! `playing`. After a seek there is only `seeked`, once playback can go on. A view is stopped once.

use serde_json::{Map, Value, json};

use super::{Letter, Page, numbered};
use crate::{
    beacon::formats::digest,
    event::{Kind, Severity},
    simulate::{
        moment::{Moment, Story},
        world::Person,
    },
};

/// A word of the SDK's, with its payload if it has one.
type Word = (&'static str, Option<Value>);

struct Writer<'a> {
    page: &'a Page,
    person: &'a Person,
    story: &'a Story,
    /// The video was asked for, has begun, is looking for a place, was said to have stopped.
    asked: bool,
    started: bool,
    seeking: bool,
    stopped: bool,
}

/// The events of all moments that the SDK has a word for.
pub fn letters(page: &Page, person: &Person, story: &Story) -> Vec<Letter> {
    let mut writer =
        Writer { page, person, story, asked: false, started: false, seeking: false, stopped: false };
    let mut letters = Vec::new();
    for (index, moment) in numbered(story) {
        for word in writer.words(moment) {
            letters.push(writer.letter(index, moment, word));
        }
    }
    letters
}

fn metadata(person: &Person, story: &Story) -> Value {
    let title = &story.title;
    json!({
        "live": title.duration_ms.is_none(),
        "contentId": title.id,
        "contentTitle": title.name,
        "contentUrl": format!("https://cdn.example/{}/master.m3u8?session={}", title.id, person.session_id),
        "userId": person.viewer_id,
        "deviceType": "web",
        "drmType": "",
    })
}

fn rendition(moment: &Moment) -> Value {
    let rendition = moment.rendition;
    json!({"bitrate": rendition.bitrate / 1000, "width": rendition.width, "height": rendition.height})
}

impl Writer<'_> {
    /// What the SDK says of a moment.
    fn words(&mut self, moment: &Moment) -> Vec<Word> {
        match moment.kind {
            Kind::Viewinit => vec![("init", None)],
            Kind::Play if !self.asked => {
                self.asked = true;
                vec![("loading", None), ("metadata", Some(metadata(self.person, self.story)))]
            }
            Kind::Playing if !self.started => {
                self.started = true;
                vec![("loaded", None), ("playing", None), ("bitrate_changed", Some(rendition(moment)))]
            }
            Kind::Playing if std::mem::take(&mut self.seeking) => vec![("seeked", None)],
            Kind::Playing => {
                self.stopped = false;
                vec![("playing", None)]
            }
            Kind::Seeking => {
                self.seeking = true;
                vec![("seeking", None)]
            }
            Kind::Pause => vec![("paused", None)],
            Kind::Rebufferstart => vec![("buffering", None)],
            Kind::Rebufferend => vec![("buffered", None)],
            Kind::Renditionchange => vec![("bitrate_changed", Some(rendition(moment)))],
            Kind::Heartbeat => vec![("heartbeat", None)],
            Kind::Error => self.fault(moment),
            Kind::Ended => vec![self.stop("ended")],
            Kind::Viewend if self.asked && !self.stopped => vec![self.stop("aborted")],
            _ => Vec::new(),
        }
    }

    fn fault(&mut self, moment: &Moment) -> Vec<Word> {
        let Some(fault) = moment.fault else { return Vec::new() };
        let payload =
            Some(json!({"category": "player", "code": fault.code, "message": fault.message, "data": {}}));
        match fault.severity {
            Severity::Warning => vec![("warning", payload)],
            Severity::Fatal | Severity::Business => vec![("error", payload), self.stop("error")],
        }
    }

    fn stop(&mut self, reason: &str) -> Word {
        self.stopped = true;
        ("stopped", Some(json!({"reason": reason})))
    }

    fn letter(&self, index: usize, moment: &Moment, (word, payload): Word) -> Letter {
        // Live streams have no duration, and without one the SDK tells no playhead; nor does it tell the very beginning.
        let seconds = |ms: Option<u64>| match ms {
            Some(ms) if ms > 0 => json!(ms as f64 / 1000.0),
            _ => json!(-1),
        };
        let duration_ms = self.story.title.duration_ms.filter(|_| !matches!(word, "init" | "loading"));
        let mut event = Map::new();
        event.insert("event".into(), word.into());
        event.insert("sessionId".into(), (*self.page.view_id).into());
        event.insert("timestamp".into(), (self.page.opened_ms + moment.t_ms as i64).into());
        event.insert("playhead".into(), seconds(duration_ms.map(|_| moment.playhead_ms)));
        event.insert("duration".into(), seconds(duration_ms));
        if let Some(payload) = payload {
            event.insert("payload".into(), payload);
        }
        let text = Value::from(event).to_string();
        Letter {
            sequence: digest::of_json(&text).unwrap_or_default(),
            text,
            written_ms: moment.t_ms,
            patience_ms: 0,
            moment: index,
        }
    }
}
