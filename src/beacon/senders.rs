//! Which view an event belongs to that names none: the one its sender began last.
//!
//! EPAS's web SDK sends no session id unless the page configures one, and throws away the one it is given. A sender is
//! then a network (/24, /48) and a user agent, and what they have begun is kept in memory for as long as they talk.
//! Two people behind one address with one user agent cannot be told apart: from the second `init` on, the events of both
//! go to the newer view. A node that has not seen the `init` (it has restarted, or another one took it) calls the view
//! after the sender and the day, so that all such nodes agree and no more than a day's events meet in it.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use uuid::Uuid;

use super::formats::digest;

/// After this silence a view is over.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// Most senders remembered.
const MOST: u64 = 100_000;

/// What senders without session ids are in the middle of.
pub struct Senders(Cache<u64, Arc<str>>);

/// Somebody who sends, as far as they can be known.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    pub environment: &'a str,
    /// The address cut short.
    pub network: &'a str,
    pub user_agent: &'a str,
}

impl Default for Senders {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_idle(IDLE).build())
    }
}

impl Senders {
    /// A new view of the sender's.
    pub fn begin(&self, sender: Sender<'_>) -> Arc<str> {
        let view_id: Arc<str> = Uuid::new_v4().to_string().into();
        self.0.insert(sender.key(), Arc::clone(&view_id));
        view_id
    }

    /// The view the sender is in the middle of at `now_ms`.
    pub fn view_of(&self, sender: Sender<'_>, now_ms: i64) -> Arc<str> {
        self.0.get_with(sender.key(), || sender.view_of_day(now_ms))
    }
}

impl Sender<'_> {
    fn key(self) -> u64 {
        digest::of_texts(&[self.environment, self.network, self.user_agent])
    }

    fn view_of_day(self, now_ms: i64) -> Arc<str> {
        let day = now_ms.div_euclid(24 * 3_600_000).to_string();
        let digest = digest::of_texts(&[self.environment, self.network, self.user_agent, &day]);
        format!("unnamed-{digest:014x}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 12 * 3_600_000;
    const ANNA: Sender<'_> = Sender { environment: "e", network: "203.0.113.0/24", user_agent: "Firefox" };
    const OTTO: Sender<'_> = Sender { user_agent: "Safari", ..ANNA };

    #[test]
    fn events_go_to_what_their_sender_began_last() {
        let senders = Senders::default();
        let (first, others) = (senders.begin(ANNA), senders.begin(OTTO));
        assert_eq!(senders.view_of(ANNA, NOON), first);
        let second = senders.begin(ANNA);
        assert_ne!(first, second);
        assert_eq!(senders.view_of(ANNA, NOON), second);
        assert_eq!(senders.view_of(OTTO, NOON), others);
        assert_ne!(senders.view_of(Sender { environment: "f", ..ANNA }, NOON), second);
    }

    #[test]
    fn nodes_that_have_not_seen_the_beginning_agree_for_a_day() {
        let (one, other) = (Senders::default(), Senders::default());
        let seen = one.view_of(ANNA, NOON);
        assert_eq!(other.view_of(ANNA, 2 * NOON - 1), seen);
        assert_eq!(one.view_of(ANNA, 2 * NOON), seen, "a view goes on over midnight");
        assert_ne!(Senders::default().view_of(ANNA, 2 * NOON), seen);
    }
}
