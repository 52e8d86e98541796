//! CMCD v2's words as hls.js writes them: a record for each change of state, rendition and host, for errors, and one at
//! every beat, each sent at once; nothing when the page is left. Beyond hls.js it says where the playhead is (`pt`), as
//! the standard has it, so that played ranges can be compared as well. There are no totals and no names in it.

use std::fmt::Write;

use super::{Letter, Page, numbered};
use crate::{
    beacon::formats::cmcd::identity,
    event::{Kind, Severity},
    simulate::{
        moment::{Moment, Story},
        world::Person,
    },
};

/// The records of all moments there is a word for.
pub fn letters(page: &Page, person: &Person, story: &Story) -> Vec<Letter> {
    let mut writer = Writer { page, story, state: "d", begun: false, letters: Vec::new() };
    for (index, moment) in numbered(story) {
        writer.tell(index, moment, person);
    }
    writer.letters
}

struct Writer<'a> {
    page: &'a Page,
    story: &'a Story,
    /// `sta` of every record.
    state: &'static str,
    begun: bool,
    letters: Vec<Letter>,
}

impl Writer<'_> {
    fn tell(&mut self, index: usize, moment: &Moment, person: &Person) {
        let state = match moment.kind {
            Kind::Viewinit => Some("d"),
            // Only the first start is one; going on after a pause is `p`.
            Kind::Play if !self.begun => Some("s"),
            Kind::Playing | Kind::Rebufferend => Some("p"),
            Kind::Seeking => Some("k"),
            Kind::Rebufferstart => Some("r"),
            Kind::Pause => Some("a"),
            Kind::Ended => Some("e"),
            Kind::Error if is_fatal(moment) => Some("f"),
            _ => None,
        };
        if let Some(state) = state {
            self.begun |= state == "s";
            self.state = state;
            self.say(index, moment, person, "ps", "");
        }
        match (moment.kind, moment.fault) {
            (Kind::Heartbeat, _) => self.say(index, moment, person, "t", ""),
            (Kind::Renditionchange, _) => self.say(index, moment, person, "bc", ""),
            (Kind::Cdnchange, _) => {
                let host = format!(",h=\"{}.example\"", moment.cdn);
                self.say(index, moment, person, "h", &host);
            }
            (Kind::Error, Some(fault)) => {
                let code = format!(",ec=(\"{}\")", fault.code);
                self.say(index, moment, person, "e", &code);
            }
            _ => {}
        }
    }

    /// Writes one record, its keys in order.
    fn say(&mut self, index: usize, moment: &Moment, person: &Person, event: &str, more: &str) {
        let live = self.story.title.duration_ms.is_none();
        let mut text = format!(
            "br=({}),cid=\"{}\",com.playhead-viewer_id=\"{}\",e={event}{more}",
            moment.rendition.bitrate / 1000,
            self.story.title.id,
            person.viewer_id,
        );
        if !live {
            let _ = write!(text, ",pt={}", moment.playhead_ms);
        }
        let _ = write!(
            text,
            ",sf=h,sid=\"{}\",sn={},st={},sta={},ts={},v=2",
            self.page.uuid,
            self.letters.len(),
            if live { "l" } else { "v" },
            self.state,
            self.page.opened_ms + moment.t_ms as i64,
        );
        self.letters.push(Letter {
            sequence: identity::sequence(&text),
            text,
            written_ms: moment.t_ms,
            patience_ms: 0,
            moment: index,
        });
    }
}

fn is_fatal(moment: &Moment) -> bool {
    moment.fault.is_some_and(|fault| fault.severity != Severity::Warning)
}
