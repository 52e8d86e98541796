//! The table of all metrics; [`super`] says what its columns mean.

mod ads;
mod engagement;
mod quality;
mod requests;
mod scores;
mod smoothness;
mod startup;
mod success;

use super::Metric;

const VIEW: &str = "view_attempted";
const STARTED: &str = "view_attempted AND view_started";
const AD: &str = "view_attempted AND view_has_ad";

const GROUPS: [&[Metric]; 8] = [
    &engagement::METRICS,
    &startup::METRICS,
    &scores::METRICS,
    &smoothness::METRICS,
    &quality::METRICS,
    &requests::METRICS,
    &success::METRICS,
    &ads::METRICS,
];

/// Every metric there is, in the order of the documents.
pub const METRICS: [Metric; count()] = all();

const fn count() -> usize {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
}

const fn all() -> [Metric; count()] {
    let mut all = [engagement::METRICS[0]; count()];
    let (mut at, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut place = 0;
        while place < GROUPS[group].len() {
            all[at] = GROUPS[group][place];
            at += 1;
            place += 1;
        }
        group += 1;
    }
    all
}
