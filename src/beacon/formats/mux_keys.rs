//! What each key of mux-embed's events says. Found out once per key and kept: each event says forty of them.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::{mux_names, private};
use crate::event::{AttributeKey, attribute};

/// mux-embed's keys that say what one of our attributes says.
const ATTRIBUTES: [(&str, AttributeKey); 26] = [
    ("vid", AttributeKey::VideoId),
    ("vtt", AttributeKey::VideoTitle),
    ("vsr", AttributeKey::VideoSeries),
    ("vsmty", AttributeKey::StreamType),
    ("sid", AttributeKey::SessionId),
    ("pnm", AttributeKey::PlayerName),
    ("pve", AttributeKey::PlayerVersion),
    ("pswve", AttributeKey::PlayerSoftwareVersion),
    ("vdn", AttributeKey::Cdn),
    ("wur", AttributeKey::PageUrl),
    ("wty", AttributeKey::PageType),
    ("fnm", AttributeKey::Experiment),
    ("ypyid", AttributeKey::SubPropertyId),
    ("ucxty", AttributeKey::ConnectionType),
    ("vsohn", AttributeKey::SourceHostname),
    ("vsocc", AttributeKey::RenditionCodec),
    ("vsodu", AttributeKey::VideoDurationMs),
    ("vsowd", AttributeKey::RenditionWidth),
    ("vsoht", AttributeKey::RenditionHeight),
    ("vsobi", AttributeKey::RenditionBitrate),
    ("vsofp", AttributeKey::RenditionFps),
    ("pwd", AttributeKey::PlayerWidth),
    ("pht", AttributeKey::PlayerHeight),
    ("msara", AttributeKey::SampleRate),
    ("xavrqth", AttributeKey::RequestThroughput),
    ("xavrqlt", AttributeKey::RequestLatencyMs),
];

/// Keys that are read elsewhere or repeat what the record says; the rest is kept with the event.
const CONSUMED: [&str; 38] = [
    "e",
    "ake",
    "xid",
    "xsqno",
    "uti",
    "pphti",
    "percd",
    "perme",
    "persy",
    "perbzez",
    "vpbrg",
    "xpntimscv",
    "xwati",
    "xredu",
    "xreco",
    "xskdu",
    "xskco",
    "xdpfrco",
    "xtlug",
    "xtldg",
    "xtitofifr",
    "psuti",
    "wloti",
    "xmarqlt",
    "xmauppe",
    "xmadope",
    "xplrqco",
    "xsuplrqti",
    "xsuplloti",
    "uusid",
    "mvrid",
    "mem",
    "memve",
    "bdm",
    "mapve",
    "udvcg",
    "psw",
    "pswnm",
];

/// Keys kept by each thread, and their longest: clients may make up any number, which only costs them finding out anew.
const MOST_KEPT: usize = 4096;
const LONGEST_KEPT: usize = 32;

/// What is to be done with a field.
pub enum Meaning {
    /// It says what one of our attributes says.
    Attribute(&'static attribute::Spec),
    /// A dimension of the customer's own.
    Custom(String),
    /// Without a meaning to us: kept with the event.
    Kept(private::Name),
    /// Read elsewhere.
    Consumed,
}

impl Meaning {
    fn of(key: &str) -> Self {
        if let Some((_, known)) = ATTRIBUTES.iter().find(|(short, _)| *short == key) {
            return attribute::by_key(*known).map_or(Self::Consumed, Self::Attribute);
        }
        if CONSUMED.contains(&key) {
            return Self::Consumed;
        }
        let name = mux_names::expand(key);
        if is_custom(key) { Self::Custom(name) } else { Self::Kept(private::Name::new(name)) }
    }
}

/// What `key` says.
pub fn meaning(key: &str) -> Rc<Meaning> {
    thread_local! {
        static KEPT: RefCell<HashMap<Box<str>, Rc<Meaning>>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        if let Some(meaning) = kept.get(key) {
            return Rc::clone(meaning);
        }
        let meaning = Rc::new(Meaning::of(key));
        if kept.len() < MOST_KEPT && key.len() <= LONGEST_KEPT {
            kept.insert(key.into(), Rc::clone(&meaning));
        }
        meaning
    })
}

fn is_custom(key: &str) -> bool {
    key.strip_prefix('c')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}
