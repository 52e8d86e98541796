//! The heatmap of a video: what its views watched, and what viewers did of the customer's own (`custom` events), by place.

use std::collections::HashMap;

use super::{EngagementQuestion, QueryError, Store, aside};
use crate::event::engagement::{Curves, Grid, whole};

/// More than this nobody can look at.
const MOST_MOMENTS: usize = 1_000;
/// Different names and places that are counted: a site that gives each event a name of its own has no heatmap of them.
const MOST_PLACES: usize = 200_000;

/// How often viewers did something of the customer's own at a place of the video.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Moment {
    /// The event's own name.
    pub name: String,
    /// Where, in whole seconds of the video.
    pub playhead_ms: u64,
    /// As often as the measured views stand for.
    pub count: u64,
}

/// Moments while they are counted: millionths of a view by name and second.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(HashMap<(String, u32), i64>);

impl Places {
    /// Adds those of a view that stands for so many.
    pub fn add(&mut self, stands_for: i64, moments: Vec<(u32, String)>) {
        for (second, name) in moments {
            let place = (name, second);
            if self.0.len() < MOST_PLACES || self.0.contains_key(&place) {
                *self.0.entry(place).or_default() += stands_for;
            }
        }
    }

    /// The most frequent first.
    fn listed(self) -> Vec<Moment> {
        let mut moments: Vec<_> = self.0.into_iter().collect();
        moments.sort_by(|((a_name, a), a_count), ((b_name, b), b_count)| {
            b_count.cmp(a_count).then(a.cmp(b)).then(a_name.cmp(b_name))
        });
        let moments = moments.into_iter().take(MOST_MOMENTS).map(|((name, second), count)| Moment {
            name,
            playhead_ms: u64::from(second) * 1000,
            count: whole(count),
        });
        moments.collect()
    }
}

impl Store {
    /// The views counted by bucket as by [`Store::curves`], and what their viewers did of the customer's own, by second; the
    /// most frequent first. In one reading of the views.
    pub async fn heatmap(
        &self,
        question: &EngagementQuestion,
        cut: impl FnOnce(u64) -> Grid + Send + 'static,
    ) -> Result<(Curves, Vec<Moment>), QueryError> {
        let (watched, places) = self.watched(question, "moments").await?;
        aside(move || (watched.curves(cut), places.listed())).await
    }
}
