//! A dam before the log: no place in the code writes more than so many lines in so long a time.
//!
//! Strangers decide how often some lines are written: a malformed request costs its sender one packet, a broker that is
//! away one failure after the other. What was left out is told with the next line that is written. Metrics are exact
//! all the while.

use std::{
    collections::HashMap,
    fmt::{self, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Lines of one place in the code within [`SPAN`].
const LINES: u32 = 10;
const SPAN: Duration = Duration::from_secs(10);

/// What the HTTP library calls an error, and where: that a stranger has sent what is no HTTP. It is none of the service's.
const NO_HTTP: (&str, &str) = ("actix_http::h1::dispatcher", "stream error: request parse error");

/// File and line.
type Place = (&'static str, u32);

/// See the module. What an operator has asked for in detail (`debug`, `trace`) passes in full.
#[derive(Default)]
pub struct Dam {
    places: Mutex<HashMap<Place, Span>>,
}

/// The present span of one place in the code.
struct Span {
    since: Instant,
    lines: u32,
}

impl Dam {
    /// Whether a line of this place may pass, and how many of it were left out before.
    fn admit(&self, place: Place, now: Instant) -> (bool, u32) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let span = places.entry(place).or_insert(Span { since: now, lines: 0 });
        let mut left_out = 0;
        if now.duration_since(span.since) >= SPAN {
            left_out = span.lines.saturating_sub(LINES);
            *span = Span { since: now, lines: 0 };
        }
        span.lines = span.lines.saturating_add(1);
        (span.lines <= LINES, left_out)
    }
}

/// The text of a line.
#[derive(Default)]
struct Message(String);

impl Message {
    fn of(event: &Event<'_>) -> String {
        let mut message = Self::default();
        event.record(&mut message);
        message.0
    }
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}

impl<S: Subscriber> Layer<S> for Dam {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO {
            return true;
        }
        if metadata.target() == NO_HTTP.0 && Message::of(event).starts_with(NO_HTTP.1) {
            tracing::debug!("somebody has sent what is no HTTP");
            return false;
        }
        let place = (metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
        let (passes, left_out) = self.admit(place, Instant::now());
        if left_out > 0 {
            tracing::warn!(lines = left_out, of = metadata.target(), "log lines like the next were left out");
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_lines_and_tells_what_was_left_out() {
        let (dam, begun) = (Dam::default(), Instant::now());
        let (loud, quiet) = (("loud.rs", 1), ("quiet.rs", 1));
        let passed = (0..1000).filter(|_| dam.admit(loud, begun).0).count();
        assert_eq!(passed, 10);
        assert_eq!(dam.admit(quiet, begun), (true, 0), "its neighbour is not concerned");
        assert_eq!(dam.admit(loud, begun + SPAN), (true, 990));
        assert_eq!(dam.admit(loud, begun + SPAN), (true, 0));
        assert_eq!(dam.admit(quiet, begun + 2 * SPAN), (true, 0));
    }
}
