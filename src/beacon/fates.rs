//! What became of events at intake, in numbers. Each event received has one fate here: accepted, rejected or shed.
//!
//! Counters of what every beacon does are looked up once and kept; the rest is looked up by its labels each time.

use metrics::{Counter, counter};

use super::{
    formats::{Decoded, Rejected},
    importance::Importance,
    refusal::Refusal,
};
use crate::{
    event::{AttributeKey, Format},
    telemetry::Metric,
};

const FORMATS: [Format; 5] = [Format::Unspecified, Format::Native, Format::Mux, Format::Cmcd, Format::Epas];

/// The counters; made after the recorder was installed.
pub struct Fates([OfFormat; FORMATS.len()]);

struct OfFormat {
    received: Counter,
    accepted: Counter,
    unknown_fields: Counter,
}

impl Default for Fates {
    fn default() -> Self {
        Self(FORMATS.map(|format| {
            let label = label(format);
            OfFormat {
                received: counter!(Metric::EventsReceived.name(), "format" => label),
                accepted: counter!(Metric::EventsIntake.name(), "format" => label, "fate" => "accepted"),
                unknown_fields: counter!(Metric::FieldsUnknown.name(), "format" => label),
            }
        }))
    }
}

impl Fates {
    /// Everything readable that a body held, with what was refused of it one by one.
    pub fn received(&self, format: Format, decoded: &Decoded<'_>) {
        let of_format = self.of(format);
        of_format.received.increment((decoded.accepted() + decoded.rejected.len()) as u64);
        decoded.rejected.iter().for_each(|rejected| reject(format, rejected));
        let attributes =
            decoded.records.iter().flat_map(|record| &record.events).flat_map(|event| &event.attributes);
        // Kept with their event, without a meaning.
        let unknown = attributes.filter(|attribute| attribute.key() == AttributeKey::KeyUnknown).count();
        if unknown > 0 {
            of_format.unknown_fields.increment(unknown as u64);
        }
    }

    /// Events that are durable.
    pub fn accepted(&self, format: Format, events: usize) {
        self.of(format).accepted.increment(events as u64);
    }

    /// Events that stay with their client, by reason and by what they are worth.
    pub fn shed(&self, format: Format, events: usize, importance: Importance, refusal: &Refusal) {
        let (reason, importance) = (refusal.code(), importance.label());
        counter!(Metric::EventsIntake.name(), "format" => label(format), "fate" => "shed", "reason" => reason, "importance" => importance)
            .increment(events as u64);
    }

    /// A whole request that was answered without a 2xx.
    pub fn refused(&self, format: Format, refusal: &Refusal) {
        counter!(Metric::BeaconsRefused.name(), "format" => label(format), "code" => refusal.code())
            .increment(1);
    }

    fn of(&self, format: Format) -> &OfFormat {
        &self.0[format as usize]
    }
}

fn reject(format: Format, rejected: &Rejected) {
    counter!(Metric::EventsIntake.name(), "format" => label(format), "fate" => "rejected", "reason" => rejected.code)
        .increment(1);
}

pub(super) fn label(format: Format) -> &'static str {
    match format {
        Format::Unspecified | Format::Erasure => "unknown",
        Format::Native => "native",
        Format::Mux | Format::MuxUncounted => "mux",
        Format::Cmcd => "cmcd",
        Format::Epas => "epas",
    }
}
