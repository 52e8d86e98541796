//! What was refused of each environment's beacons since this process began, counted by format and reason, with the newest
//! example of each: whoever mends a player wants to see which one it is.
//!
//! The counters of [`crate::telemetry`] are the operator's and know no environment; this is the tenant's. Formats and reasons
//! are few and known, so it is as large as there are environments, whatever is sent.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{dev::RequestHead, http::header};
use serde::Serialize;

use super::{Collector, fates::label, formats::Rejected, refusal::Refusal};
use crate::event::Format;

/// Longer ones say no more.
const LONGEST_TEXT: usize = 300;

/// The last one of its kind, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Example {
    pub ingest_key: String,
    pub view_id: Option<String>,
    pub sequence: Option<u64>,
    /// Of the page that sent it; null for what is no page.
    pub origin: Option<String>,
    pub user_agent: Option<String>,
}

/// One reason in one format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Refused {
    /// `native`, `mux`, `cmcd` or `epas`.
    pub format: &'static str,
    /// The code senders get.
    pub reason: &'static str,
    /// What it means; null where the code is all there is.
    pub detail: Option<String>,
    /// Whether single events were left out of a beacon that was taken otherwise, or whole beacons were refused.
    pub whole_beacons: bool,
    /// Of events, or of beacons.
    pub count: u64,
    /// Whether the sender keeps them and comes again.
    pub is_temporary: bool,
    pub first_ms: i64,
    pub last_ms: i64,
    pub example: Example,
}

type Kinds = BTreeMap<(&'static str, &'static str), Refused>;

/// What was refused, by environment.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Arc<str>, Kinds>>);

impl Refusals {
    /// Counts `now` under its kind; its example takes the place of the last one.
    fn add(&self, environment: &Arc<str>, now: Refused) {
        let mut environments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kinds = environments.entry(Arc::clone(environment)).or_default();
        kinds
            .entry((now.format, now.reason))
            .and_modify(|known| {
                let (count, first_ms) = (known.count + now.count, known.first_ms);
                *known = Refused { count, first_ms, ..now.clone() };
            })
            .or_insert(now);
    }

    /// All kinds of an environment, the most frequent first.
    pub fn of(&self, environment: &str) -> Vec<Refused> {
        let environments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kinds: Vec<Refused> =
            environments.get(environment).into_iter().flat_map(|kinds| kinds.values().cloned()).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        kinds
    }
}

impl Example {
    /// Who sent it.
    pub fn of(request: &RequestHead, key: &str) -> Self {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).map(cut);
        Self {
            ingest_key: key.to_owned(),
            origin: text(header::ORIGIN),
            user_agent: text(header::USER_AGENT),
            ..Self::default()
        }
    }

    /// The same where no more is known than the key.
    pub fn of_key(key: &str) -> Self {
        Self { ingest_key: key.to_owned(), ..Self::default() }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

impl Collector {
    /// Events left out of a beacon, by their codes: there may be thousands.
    pub(super) fn tell_rejected(
        &self,
        request: &RequestHead,
        (environment, key): (&Arc<str>, &str),
        rejected: &[Rejected],
        format: Format,
    ) {
        let mut by_code: BTreeMap<&'static str, (u64, &Rejected)> = BTreeMap::new();
        for event in rejected {
            let (count, last) = by_code.entry(event.code).or_insert((0, event));
            (*count, *last) = (*count + 1, event);
        }
        for (reason, (count, Rejected { view, seq, .. })) in by_code {
            let view_id = view.as_deref().map(cut);
            let example = Example { view_id, sequence: *seq, ..Example::of(request, key) };
            let now_ms = self.clock.now_ms();
            let rejected = Refused {
                format: label(format),
                reason,
                detail: None,
                whole_beacons: false,
                count,
                is_temporary: false,
                first_ms: now_ms,
                last_ms: now_ms,
                example,
            };
            self.refusals.add(environment, rejected);
        }
    }

    /// A beacon refused, if it was sent with a key of somebody's.
    pub(super) async fn tell_refused(&self, example: Example, refusal: &Refusal, format: Format) {
        // Its event has been told of.
        if matches!(refusal, Refusal::BadEvent(_)) {
            return;
        }
        let Ok(Some(ingest_key)) = self.control.ingest_key(&example.ingest_key).await else { return };
        let now_ms = self.clock.now_ms();
        let refused = Refused {
            format: label(format),
            reason: refusal.code(),
            detail: Some(refusal.to_string()),
            whole_beacons: true,
            count: 1,
            is_temporary: refusal.is_temporary(),
            first_ms: now_ms,
            last_ms: now_ms,
            example,
        };
        self.refusals.add(&ingest_key.environment, refused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(reason: &'static str, at_ms: i64, key: &str) -> Refused {
        Refused {
            format: "native",
            reason,
            detail: None,
            whole_beacons: true,
            count: 1,
            is_temporary: false,
            first_ms: at_ms,
            last_ms: at_ms,
            example: Example { ingest_key: key.to_owned(), ..Example::default() },
        }
    }

    #[test]
    fn kinds_are_counted_with_their_newest_example_and_apart_by_environment() {
        let refusals = Refusals::default();
        let (one, other): (Arc<str>, Arc<str>) = ("one".into(), "other".into());
        refusals.add(&one, refused("bad_json", 5, "a"));
        refusals.add(&one, refused("over_quota", 6, "a"));
        refusals.add(&one, refused("over_quota", 7, "b"));
        refusals.add(&other, refused("bad_json", 8, "c"));
        let kinds = refusals.of("one");
        let told: Vec<_> = kinds
            .iter()
            .map(|kind| (kind.reason, kind.count, kind.first_ms, kind.last_ms, &*kind.example.ingest_key))
            .collect();
        assert_eq!(told, [("over_quota", 2, 6, 7, "b"), ("bad_json", 1, 5, 5, "a")]);
        assert_eq!(refusals.of("other").len(), 1);
        assert!(refusals.of("nobody").is_empty());
    }
}
