//! mux-embed's words (`beaconCollectionDomain`): short keys, what changed since the last event, all of it at the start
//! and the end of a view.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Letter, Page, numbered};
use crate::{
    event::{Kind, Severity},
    simulate::{
        moment::{Moment, Story, Stretch},
        world::Person,
    },
};

/// The queue's timer.
const TIMER_MS: u64 = 10_000;
/// After a longer silence everything is said again.
const FULL_AFTER_MS: u64 = 600_000;
/// What every event says, changed or not.
const ALWAYS: [&str; 12] =
    ["ake", "xid", "xsqno", "psqno", "bdm", "pphti", "uti", "mapve", "vid", "pinid", "xpntimscv", "xwati"];

/// What the SDK holds of a view; keys as on the wire.
type State = BTreeMap<&'static str, Value>;

struct Writer<'a> {
    page: &'a Page,
    person: &'a Person,
    story: &'a Story,
    player_id: String,
    /// Ends of all stretches so far, in the order of watching.
    stretches: BTreeMap<u32, Stretch>,
    /// Error fields cling to all later events.
    fault: State,
    said: State,
    said_at_ms: Option<u64>,
    letters: Vec<Letter>,
}

/// The events of all moments; the first `play` also begins the view.
pub fn letters(page: &Page, person: &Person, story: &Story) -> Vec<Letter> {
    let mut writer = Writer {
        page,
        person,
        story,
        player_id: format!("player-{}", person.session_id),
        stretches: BTreeMap::new(),
        fault: State::new(),
        said: State::new(),
        said_at_ms: None,
        letters: Vec::new(),
    };
    let mut begun = false;
    for (index, moment) in numbered(story) {
        writer.learn(moment);
        if moment.kind == Kind::Play && !begun {
            begun = true;
            writer.say(index, moment, "viewstart");
        }
        writer.say(index, moment, word(moment.kind));
    }
    writer.letters
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Viewinit => "playerready",
        Kind::Heartbeat => "hb",
        kind => kind.wire(),
    }
}

impl Writer<'_> {
    fn learn(&mut self, moment: &Moment) {
        if let Some(stretch) = moment.stretch {
            self.stretches.insert(stretch.number, stretch);
        }
        if let Some(fault) = moment.fault {
            self.fault = State::from([
                ("percd", fault.code.into()),
                ("perme", fault.message.into()),
                ("persy", if fault.severity == Severity::Warning { "warning" } else { "fatal" }.into()),
                ("perbzez", (fault.severity == Severity::Business).into()),
            ]);
        }
    }

    fn say(&mut self, index: usize, moment: &Moment, word: &'static str) {
        let sequence = self.letters.len() as u32 + 1;
        let now = self.state(moment, sequence);
        let silent_ms = self.said_at_ms.map(|said_at_ms| moment.t_ms - said_at_ms);
        let is_full = silent_ms.is_none_or(|silent_ms| silent_ms > FULL_AFTER_MS)
            || ["viewstart", "viewend"].contains(&word);
        let mut event: State = now.clone();
        if !is_full {
            event.retain(|key, value| ALWAYS.contains(key) || self.said.get(key) != Some(value));
        }
        event.insert("e", word.into());
        let at_once = ["viewstart", "ended", "viewend"].contains(&word)
            || word == "error" && moment.fault.is_some_and(|fault| fault.severity != Severity::Warning);
        self.letters.push(Letter {
            sequence: u64::from(sequence),
            text: json!(event).to_string(),
            written_ms: moment.t_ms,
            patience_ms: if at_once { 0 } else { TIMER_MS },
            moment: index,
        });
        self.said = now;
        self.said_at_ms = Some(moment.t_ms);
    }

    /// Everything the SDK knows at this moment.
    fn state(&self, moment: &Moment, sequence: u32) -> State {
        let mut state = self.fault.clone();
        state.extend(self.page_facts());
        state.extend(self.video_facts(moment));
        let now_ms = self.page.opened_ms + moment.t_ms as i64;
        state.extend([("xsqno", json!(sequence)), ("psqno", json!(sequence)), ("uti", json!(now_ms))]);
        state.extend([("pphti", json!(moment.playhead_ms)), ("xpntimscv", json!(moment.totals.playing_ms))]);
        state.extend(self.view_facts(moment));
        state
    }

    fn page_facts(&self) -> [(&'static str, Value); 16] {
        let Person { viewer_id, session_id, device, .. } = self.person;
        [
            ("ake", json!(&*self.page.ingest_key)),
            ("xid", json!(&*self.page.view_id)),
            ("pinid", json!(self.player_id)),
            ("mapve", json!("2.1")),
            ("mem", json!("mux-embed")),
            ("memve", json!("5.19.0")),
            ("bdm", json!("localhost")),
            ("msara", json!(1)),
            ("pnm", json!("web")),
            ("psw", json!("hls.js")),
            ("pswve", json!("1.7.4")),
            ("pwd", json!(device.player.0)),
            ("pht", json!(device.player.1)),
            ("uusid", json!(viewer_id)),
            ("sid", json!(session_id)),
            ("wur", json!("https://watch.example/player")),
        ]
    }

    fn video_facts(&self, moment: &Moment) -> [(&'static str, Value); 9] {
        let title = &self.story.title;
        let live = title.duration_ms.is_none();
        [
            ("vid", json!(title.id)),
            ("vtt", json!(title.name)),
            ("vsr", json!(title.series)),
            ("vsmty", json!(if live { "live" } else { "on-demand" })),
            ("vsodu", json!(title.duration_ms)),
            ("vdn", json!(moment.cdn)),
            ("vsowd", json!(moment.rendition.width)),
            ("vsoht", json!(moment.rendition.height)),
            ("vsobi", json!(moment.rendition.bitrate)),
        ]
    }

    fn view_facts(&self, moment: &Moment) -> State {
        let totals = &moment.totals;
        let mut state =
            State::from([("xwati", json!(totals.watch_ms)), ("xdpfrco", json!(totals.dropped_frames))]);
        if let Some(startup_ms) = totals.startup_ms {
            state.insert("xtitofifr", json!(startup_ms));
        }
        if totals.rebuffer_count > 0 {
            state.extend([("xreco", json!(totals.rebuffer_count)), ("xredu", json!(totals.rebuffer_ms))]);
        }
        if totals.seek_count > 0 {
            state.extend([("xskco", json!(totals.seek_count)), ("xskdu", json!(totals.seek_ms))]);
        }
        let ranges: Vec<String> =
            self.stretches.values().map(|stretch| format!("{}:{}", stretch.from_ms, stretch.to_ms)).collect();
        state.insert("vpbrg", json!(json!(ranges).to_string()));
        state
    }
}
