//! The one story in the words of four clients: [`native`], [`mux`], [`cmcd`] and [`epas`]. An encoder turns a moment into the
//! events that SDK would send for it and says how long each may wait; an envelope turns events into the body of a POST.

pub mod cmcd;
pub mod epas;
pub mod mux;
pub mod native;

use std::sync::Arc;

use super::{
    moment::{Moment, Story},
    world::{Person, Title},
};
use crate::beacon::formats::cmcd::identity;

/// What viewers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Dialect {
    Native,
    Mux,
    Cmcd,
    Epas,
}

impl Dialect {
    /// Its name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Mux => "mux",
            Self::Cmcd => "cmcd",
            Self::Epas => "epas",
        }
    }

    /// Most events of one POST.
    pub fn most_events(self) -> usize {
        match self {
            Self::Native => 200,
            Self::Mux => 300,
            Self::Cmcd => 100,
            Self::Epas => 1,
        }
    }

    /// Where its beacons go.
    pub fn url(self, target: &str, ingest_key: &str) -> String {
        match self {
            Self::Native => format!("{target}/in/{ingest_key}"),
            Self::Mux => format!("{target}/"),
            Self::Cmcd => format!("{target}/in/{ingest_key}/cmcd"),
            Self::Epas => format!("{target}/in/{ingest_key}/epas"),
        }
    }

    /// What its bodies call themselves.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Native | Self::Mux => "text/plain",
            Self::Cmcd => "application/cmcd",
            Self::Epas => "application/json; charset=utf-8",
        }
    }

    /// The id under which the server knows a view of `title` on a page.
    pub fn view_id(self, uuid: &str, title: &Title) -> String {
        match self {
            Self::Native | Self::Mux | Self::Epas => uuid.to_owned(),
            Self::Cmcd => identity::view_id(uuid, Some(&title.id)),
        }
    }

    /// Whether its events carry totals; where not, figures follow from the events' times.
    pub fn tells_totals(self) -> bool {
        matches!(self, Self::Native | Self::Mux)
    }

    /// Whether the last POST of a page goes out twice: mux-embed's unload beacon and its fetch.
    pub fn doubles_the_last(self) -> bool {
        self == Self::Mux
    }

    /// How long to wait before try `attempt` (from 1) after a failure. `draw` is in [0, 1).
    pub fn backoff_ms(self, attempt: u32, draw: f64) -> u64 {
        let doubled = 2_f64.powi(attempt.min(6) as i32 - 1);
        let ms = match self {
            // Eyevinn's web SDK gives up at once; a client that does not shows how repeats are taken.
            Self::Native | Self::Epas => draw * 1000.0 * doubled,
            Self::Mux => (1.0 + draw * doubled) * 10_000.0,
            // The players know no patience: again with the next event.
            Self::Cmcd => draw * 1000.0,
        };
        ms as u64
    }
}

/// One event on its way, written once: a retry sends the same words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub sequence: u64,
    pub text: String,
    /// When it was written, since the page was opened.
    pub written_ms: u64,
    /// How long it may wait for company, ms.
    pub patience_ms: u64,
    /// Which moment of the story it tells.
    pub moment: usize,
}

/// What a page knows besides what happens in it.
#[derive(Debug, Clone)]
pub struct Page {
    /// Made at random when it was opened: what native beacons and mux-embed call the view, and CMCD the session.
    pub uuid: Arc<str>,
    /// What the server calls the view.
    pub view_id: Arc<str>,
    pub ingest_key: Arc<str>,
    /// The device's own wall clock when the page was opened, Unix ms.
    pub opened_ms: i64,
}

/// All events of a story, in the order of its moments.
pub fn letters(dialect: Dialect, page: &Page, person: &Person, story: &Story) -> Vec<Letter> {
    match dialect {
        Dialect::Native => native::letters(person, story),
        Dialect::Mux => mux::letters(page, person, story),
        Dialect::Cmcd => cmcd::letters(page, person, story),
        Dialect::Epas => epas::letters(page, person, story),
    }
}

/// The body of a POST sent `elapsed_ms` after the page was opened.
pub fn body<'a>(
    dialect: Dialect,
    page: &Page,
    letters: impl Iterator<Item = &'a Letter>,
    elapsed_ms: u64,
) -> String {
    let events: Vec<&str> = letters.map(|letter| letter.text.as_str()).collect();
    let sent_ms = page.opened_ms + elapsed_ms as i64;
    match dialect {
        Dialect::Native => {
            let (view, events) = (&page.view_id, events.join(","));
            format!(
                r#"{{"v":1,"sent_ms":{sent_ms},"views":[{{"id":"{view}","t_sent_ms":{elapsed_ms},"events":[{events}]}}]}}"#
            )
        }
        Dialect::Mux => {
            let events = events.join(",");
            format!(r#"{{"metadata":{{"transmission_timestamp":{sent_ms}}},"events":[{events}]}}"#)
        }
        // Players end a single record with a line feed as well.
        Dialect::Cmcd => events.join("\n") + "\n",
        Dialect::Epas => events.concat(),
    }
}

/// The moments with their place in the story.
fn numbered(story: &Story) -> impl Iterator<Item = (usize, &Moment)> {
    story.moments.iter().enumerate()
}
