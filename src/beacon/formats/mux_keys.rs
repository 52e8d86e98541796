//! What each key of mux-embed's events says. Found out once per key and kept: each event says forty of them.

use std::{borrow::Cow, cell::RefCell, collections::HashMap};

use super::{json::Json, mux_names, mux_said, private};
use crate::event::{AttributeKey, attribute};
use foldhash::fast::RandomState;

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

/// Fields that are read one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Word,
    IngestKey,
    ViewId,
    Sequence,
    TimeMs,
    PlayheadMs,
    ErrorCode,
    ErrorMessage,
    ErrorSeverity,
    ErrorIsBusiness,
    PlayedRanges,
    PlayingMs,
    WatchMs,
    RebufferMs,
    RebufferCount,
    SeekMs,
    SeekCount,
    DroppedFrames,
    UpscaleMs,
    DownscaleMs,
    StartupMs,
    PlayerStartupMs,
    PageLoadMs,
    MaxRequestLatencyMs,
    MaxUpscale,
    MaxDownscale,
    PrerollRequestCount,
    PrerollRequestMs,
    PrerollLoadMs,
    CustomerViewerId,
    ViewerId,
    Sdk,
    SdkVersion,
    PlayerSoftwareName,
    PlayerSoftware,
    ProgramTimeMs,
}

/// mux-embed's keys for them, in their order.
const FIELDS: [(Field, &str); 36] = [
    (Field::Word, "e"),
    (Field::IngestKey, "ake"),
    (Field::ViewId, "xid"),
    (Field::Sequence, "xsqno"),
    (Field::TimeMs, "uti"),
    (Field::PlayheadMs, "pphti"),
    (Field::ErrorCode, "percd"),
    (Field::ErrorMessage, "perme"),
    (Field::ErrorSeverity, "persy"),
    (Field::ErrorIsBusiness, "perbzez"),
    (Field::PlayedRanges, "vpbrg"),
    (Field::PlayingMs, "xpntimscv"),
    (Field::WatchMs, "xwati"),
    (Field::RebufferMs, "xredu"),
    (Field::RebufferCount, "xreco"),
    (Field::SeekMs, "xskdu"),
    (Field::SeekCount, "xskco"),
    (Field::DroppedFrames, "xdpfrco"),
    (Field::UpscaleMs, "xtlug"),
    (Field::DownscaleMs, "xtldg"),
    (Field::StartupMs, "xtitofifr"),
    (Field::PlayerStartupMs, "psuti"),
    (Field::PageLoadMs, "wloti"),
    (Field::MaxRequestLatencyMs, "xmarqlt"),
    (Field::MaxUpscale, "xmauppe"),
    (Field::MaxDownscale, "xmadope"),
    (Field::PrerollRequestCount, "xplrqco"),
    (Field::PrerollRequestMs, "xsuplrqti"),
    (Field::PrerollLoadMs, "xsuplloti"),
    (Field::CustomerViewerId, "uusid"),
    (Field::ViewerId, "mvrid"),
    (Field::Sdk, "mem"),
    (Field::SdkVersion, "memve"),
    (Field::PlayerSoftwareName, "pswnm"),
    (Field::PlayerSoftware, "psw"),
    (Field::ProgramTimeMs, "ppgti"),
];

impl Field {
    /// mux-embed's key for it.
    pub fn key(self) -> &'static str {
        FIELDS[self as usize].1
    }
}

/// What an event says in these fields, found in one pass over its members.
pub struct Fields<'t, 'a>([Option<Json<'t, 'a>>; FIELDS.len()]);

impl<'t, 'a> Fields<'t, 'a> {
    pub fn none() -> Self {
        Self([None; FIELDS.len()])
    }

    pub fn set(&mut self, field: Field, value: Json<'t, 'a>) {
        self.0[field as usize] = Some(value);
    }

    pub fn get(&self, field: Field) -> Option<Json<'t, 'a>> {
        self.0[field as usize]
    }
}

/// Keys that repeat what the record says.
const IGNORED: [&str; 3] = ["bdm", "mapve", "udvcg"];

/// Keys kept by each thread, and their longest: clients may make up any number, which only costs them finding out anew.
const MOST_KEPT: usize = 4096;
const LONGEST_KEPT: usize = 32;

/// What is to be done with a field.
pub enum Meaning {
    /// It says what one of our attributes says.
    Attribute(&'static attribute::Spec),
    /// A dimension of the customer's own, or one that is kept like these.
    Custom(Cow<'static, str>),
    /// The same where it is true, which no later word takes back; where not, it is kept with the event.
    Ever(&'static str, private::Name<'static>),
    /// Without a meaning to us: kept with the event.
    Kept(private::Name<'static>),
    /// Read by itself.
    Field(Field),
    /// Nothing new.
    Ignored,
}

impl Meaning {
    fn of(key: &str, make: impl FnOnce(String) -> Cow<'static, str>) -> Self {
        if let Some((_, known)) = ATTRIBUTES.iter().find(|(short, _)| *short == key) {
            return attribute::by_key(*known).map_or(Self::Ignored, Self::Attribute);
        }
        if let Some((field, _)) = FIELDS.iter().find(|(_, short)| *short == key) {
            return Self::Field(*field);
        }
        if IGNORED.contains(&key) {
            return Self::Ignored;
        }
        let name = mux_names::expand(key);
        match mux_said::dimension(&name) {
            Some(ever) if mux_said::is_ever(ever) => return Self::Ever(ever, private::Name::new(make(name))),
            Some(said) => return Self::Custom(said.into()),
            None => {}
        }
        let name = make(name);
        if is_custom(key) { Self::Custom(name) } else { Self::Kept(private::Name::new(name)) }
    }
}

/// Tells `read` what `key` says. Names that are kept are kept for good, so whoever is told them need not copy them.
pub fn with_meaning<R>(key: &str, read: impl FnOnce(&Meaning) -> R) -> R {
    thread_local! {
        static KEPT: RefCell<HashMap<Box<str>, Meaning, RandomState>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        if let Some(meaning) = kept.get(key) {
            return read(meaning);
        }
        if kept.len() >= MOST_KEPT || key.len() > LONGEST_KEPT {
            return read(&Meaning::of(key, Cow::Owned));
        }
        let meaning = Meaning::of(key, |name| Cow::Borrowed(name.leak()));
        read(kept.entry(key.into()).or_insert(meaning))
    })
}

fn is_custom(key: &str) -> bool {
    key.strip_prefix('c')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_at_their_numbers() {
        assert!((0..).zip(FIELDS).all(|(number, (field, _))| field as usize == number));
    }
}
