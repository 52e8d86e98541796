//! The log record: what one beacon said about one view, its encoding and the names of its events.
//!
//! Declared in `schema/record.v1.proto`. The messages that hold texts stand here by hand, because theirs are borrowed: from
//! the body of a beacon on the way in, from the log's bytes on the way out. Nothing of a record is copied before it is known
//! where it goes. [`wire`] writes and reads them, and `tests/it/record.rs` holds both against [`proto`].

pub mod wire;

use std::borrow::Cow;

use bytes::Bytes;

pub use self::proto::{AttributeKey, Counters, Format, Kind, Segment, Severity};
use super::timeline;
use crate::{panics::caught, planted};

/// What is generated from the declaration: the record as any other program reads it.
pub mod proto {
    include!(concat!(env!("OUT_DIR"), "/playhead.record.v1.rs"));
}

/// What one beacon said about one view. Fields as in the declaration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record<'a> {
    /// The tenant's id.
    pub environment: Cow<'a, str>,
    /// As the client made it.
    pub view_id: Cow<'a, str>,
    /// A number of [`Format`].
    pub format: i32,
    /// Server clock, Unix ms.
    pub received_ms: i64,
    /// Server clock minus the client's event clock, ms.
    pub anchor_ms: i64,
    pub events: Vec<Event<'a>>,
    /// What the server found out about the sender.
    pub origin: Vec<Attribute<'a>>,
}

/// One event of a record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Event<'a> {
    /// Identity within its view.
    pub sequence: u64,
    /// Client's event clock, ms.
    pub t_ms: i64,
    /// A number of [`Kind`].
    pub kind: i32,
    /// The client's own word if the kind is [`Kind::Other`].
    pub name: Cow<'a, str>,
    pub playhead_ms: Option<u64>,
    pub counters: Option<Counters>,
    pub segments: Vec<Segment>,
    /// What changed with the event.
    pub attributes: Vec<Attribute<'a>>,
    pub failure: Option<Failure<'a>>,
    /// Order among events of the same millisecond.
    pub turn: u32,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Failure<'a> {
    pub code: Cow<'a, str>,
    pub message: Cow<'a, str>,
    /// A number of [`Severity`].
    pub severity: i32,
}

/// One fact about the view from its event on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attribute<'a> {
    /// A number of [`AttributeKey`].
    pub key: i32,
    /// Of custom and unknown fields.
    pub name: Cow<'a, str>,
    pub text: Cow<'a, str>,
    pub number: u64,
}

/// The wire names of events: Playhead's own, which are also what analysts see. In the order of their numbers, from 1 on.
const KINDS: [(Kind, &str); 19] = [
    (Kind::Viewinit, "viewinit"),
    (Kind::Viewstart, "viewstart"),
    (Kind::Play, "play"),
    (Kind::Playing, "playing"),
    (Kind::Pause, "pause"),
    (Kind::Seeking, "seeking"),
    (Kind::Seeked, "seeked"),
    (Kind::Rebufferstart, "rebufferstart"),
    (Kind::Rebufferend, "rebufferend"),
    (Kind::Heartbeat, "heartbeat"),
    (Kind::Ratechange, "ratechange"),
    (Kind::Renditionchange, "renditionchange"),
    (Kind::Cdnchange, "cdnchange"),
    (Kind::Error, "error"),
    (Kind::Adstart, "adstart"),
    (Kind::Adend, "adend"),
    (Kind::Custom, "custom"),
    (Kind::Ended, "ended"),
    (Kind::Viewend, "viewend"),
];

impl Kind {
    /// The kind with this wire name; `None` for words Playhead does not know (they are kept as they are).
    pub fn from_wire(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, wire)| *wire == name).map(|(kind, _)| *kind)
    }

    /// The wire name; empty for [`Kind::Other`], whose name is in the event.
    pub fn wire(self) -> &'static str {
        KINDS.get((self as usize).wrapping_sub(1)).map_or("", |(_, wire)| wire)
    }
}

impl Event<'_> {
    /// What kind of event it is; [`Kind::Other`] if the number is of a later version.
    pub fn kind(&self) -> Kind {
        Kind::try_from(self.kind).unwrap_or_default()
    }

    /// The same on its own, whatever it was borrowed from.
    pub fn into_owned(self) -> Event<'static> {
        let Self { sequence, t_ms, kind, playhead_ms, counters, segments, turn, .. } = self;
        let name = self.name.into_owned().into();
        let attributes = self.attributes.into_iter().map(Attribute::into_owned).collect();
        let failure = self.failure.map(Failure::into_owned);
        Event { sequence, t_ms, kind, name, playhead_ms, counters, segments, attributes, failure, turn }
    }

    /// The event's name as analysts see it.
    pub fn label(&self) -> &str {
        match self.kind() {
            Kind::Other => &self.name,
            kind => kind.wire(),
        }
    }

    /// Whether it says that something went wrong for good.
    pub fn is_fatal(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.severity() != Severity::Warning)
    }
}

impl Failure<'_> {
    /// The same on its own, whatever it was borrowed from.
    pub fn into_owned(self) -> Failure<'static> {
        let Self { code, message, severity } = self;
        Failure { code: code.into_owned().into(), message: message.into_owned().into(), severity }
    }

    /// How bad it is; fatal if the number is of a later version.
    pub fn severity(&self) -> Severity {
        Severity::try_from(self.severity).unwrap_or_default()
    }
}

impl Attribute<'_> {
    /// What it is about; [`AttributeKey::KeyUnknown`] if the number is of a later version.
    pub fn key(&self) -> AttributeKey {
        AttributeKey::try_from(self.key).unwrap_or_default()
    }

    /// The same on its own, whatever it was borrowed from.
    pub fn into_owned(self) -> Attribute<'static> {
        let Self { key, name, text, number } = self;
        Attribute { key, name: name.into_owned().into(), text: text.into_owned().into(), number }
    }
}

impl Severity {
    /// The word of the native beacon.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Warning => "warning",
            Self::Business => "business",
        }
    }

    /// Anything but the two milder words is fatal, as players mean it when they say nothing.
    pub fn from_wire(word: &str) -> Self {
        match word {
            "warning" => Self::Warning,
            "business" => Self::Business,
            _ => Self::Fatal,
        }
    }
}

impl<'a> Record<'a> {
    /// What format the beacon had; [`Format::Unspecified`] if the number is of a later version.
    pub fn format(&self) -> Format {
        Format::try_from(self.format).unwrap_or_default()
    }

    /// The same on its own, whatever it was borrowed from.
    pub fn into_owned(self) -> Record<'static> {
        let Self { format, received_ms, anchor_ms, .. } = self;
        let (environment, view_id) = (self.environment.into_owned().into(), self.view_id.into_owned().into());
        let events = self.events.into_iter().map(Event::into_owned).collect();
        let origin = self.origin.into_iter().map(Attribute::into_owned).collect();
        Record { environment, view_id, format, received_ms, anchor_ms, events, origin }
    }

    /// The bytes of the log record.
    pub fn to_bytes(&self) -> Bytes {
        self.to_bytes_with(&[])
    }

    /// The same with `origin` put in, which is [`Self::of_origin`] of somebody: parts of a message may be encoded one
    /// after the other.
    pub fn to_bytes_with(&self, origin: &[u8]) -> Bytes {
        let mut bytes = Vec::with_capacity(wire::room_for(self) + origin.len());
        wire::write(self, &mut bytes);
        bytes.extend_from_slice(origin);
        bytes.into()
    }

    /// A part of a record: what the server found out about the sender.
    pub fn of_origin(origin: Vec<Attribute<'_>>) -> Bytes {
        Record { origin, ..Record::default() }.to_bytes()
    }

    /// Reads a log record back.
    ///
    /// # Errors
    /// When the bytes are not a record of this service: the caller quarantines them.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, String> {
        let read = caught(|| wire::read(bytes).inspect(|record| planted::taste(&record.view_id)))
            .map_err(|words| format!("a panic: {words}"))?;
        let record = read.map_err(|error| error.to_string())?;
        if record.environment.is_empty() || record.view_id.is_empty() || record.received_ms <= 0 {
            return Err("record without environment, view or receive time".into());
        }
        Ok(record)
    }

    /// Says that the viewer of a view was erased ([`Format::Erasure`]).
    pub fn erasure(environment: &'a str, view_id: &'a str, received_ms: i64) -> Self {
        Self {
            environment: environment.into(),
            view_id: view_id.into(),
            format: Format::Erasure.into(),
            received_ms,
            ..Self::default()
        }
    }

    /// The log key: all records of a view share a partition and keep their order.
    pub fn key(&self) -> Bytes {
        format!("{}/{}", self.environment, self.view_id).into()
    }

    /// What decides between two values of one thing: the sequence where clients count, else the client's time and,
    /// within one millisecond, the turn.
    pub fn order_of(&self, event: &Event<'_>) -> u64 {
        if self.has_totals() {
            return event.sequence;
        }
        timeline::order(event.t_ms, event.turn)
    }

    /// Whether the client counts playing, rebuffering and so on itself; otherwise they come from the view's timeline.
    pub fn has_totals(&self) -> bool {
        !matches!(self.format(), Format::Cmcd | Format::Epas | Format::MuxUncounted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_numbers() {
        assert!((1..).zip(KINDS).all(|(number, (kind, _))| kind as i32 == number));
        assert!(
            KINDS.iter().all(|(kind, wire)| kind.wire() == *wire && Kind::from_wire(wire) == Some(*kind))
        );
        assert_eq!(Kind::Other.wire(), "");
    }
}
