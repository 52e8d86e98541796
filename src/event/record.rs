//! The log record: generated from `schema/record.v1.proto`, with its encoding and the names of its events.

use bytes::Bytes;
use prost::Message;

use super::timeline;
use crate::{panics::caught, planted};

include!(concat!(env!("OUT_DIR"), "/playhead.record.v1.rs"));

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

impl Event {
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

impl Record {
    /// The bytes of the log record.
    pub fn to_bytes(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// The same with `origin` put in, which is [`Self::of_origin`] of somebody: parts of a message may be encoded one
    /// after the other.
    pub fn to_bytes_with(&self, origin: &[u8]) -> Bytes {
        let mut bytes = Vec::with_capacity(self.encoded_len() + origin.len());
        self.encode_raw(&mut bytes);
        bytes.extend_from_slice(origin);
        bytes.into()
    }

    /// A part of a record: what the server found out about the sender.
    pub fn of_origin(origin: Vec<Attribute>) -> Bytes {
        Self { origin, ..Self::default() }.to_bytes()
    }

    /// Reads a log record back.
    ///
    /// # Errors
    /// When the bytes are not a record of this service: the caller quarantines them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let decoded = caught(|| Self::decode(bytes).inspect(|record| planted::taste(&record.view_id)))
            .map_err(|words| format!("a panic: {words}"))?;
        let record = decoded.map_err(|error| error.to_string())?;
        if record.environment.is_empty() || record.view_id.is_empty() || record.received_ms <= 0 {
            return Err("record without environment, view or receive time".into());
        }
        Ok(record)
    }

    /// Says that the viewer of a view was erased ([`Format::Erasure`]).
    pub fn erasure(environment: &str, view_id: &str, received_ms: i64) -> Self {
        Self {
            environment: environment.to_owned(),
            view_id: view_id.to_owned(),
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
    pub fn order_of(&self, event: &Event) -> u64 {
        if self.has_totals() {
            return event.sequence;
        }
        timeline::order(event.t_ms, event.turn)
    }

    /// Whether the client counts playing, rebuffering and so on itself; otherwise they come from the view's timeline.
    pub fn has_totals(&self) -> bool {
        !matches!(self.format(), Format::Cmcd | Format::Epas)
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
