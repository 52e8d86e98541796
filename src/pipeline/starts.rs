//! When views began and whether their viewers were erased, asked of ClickHouse for those the processor does not remember.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use clickhouse::Row;
use serde::Deserialize;

use super::{
    batch::Stranger,
    memory::ViewKey,
    notes::{Noted, Notes},
};
use crate::store::Store;

const DAY_MS: i64 = 24 * 3_600_000;
/// So far back every view is looked for that is not remembered: nearly all that go on have begun since.
pub const RECENT_MS: i64 = 3 * DAY_MS;
/// So far back those are looked for that go on, by their sequences, and were not found there: no event is more than 30 days
/// into its view. What has begun earlier begins anew.
const LONGEST_MS: i64 = 31 * DAY_MS;
/// The longest statement: half of what the embedded engine takes. It has room for tens of thousands of ids, since looking for
/// so many costs little more than looking for two thousand: an index is of no use for either, and all views are gone through.
const STATEMENT_BYTES: usize = 8 << 20;
/// What of it is for everything else.
const BESIDE_IDS: usize = 1 << 20;
/// Around an id and behind it.
const QUOTES: usize = 3;

#[derive(Row, Deserialize)]
struct Line {
    environment: String,
    view_id: String,
    start_ms: i64,
    known_marks: u64,
    known_moments: u64,
    known_errors: u64,
    known_names: Vec<String>,
    is_erased: bool,
}

impl Line {
    fn noted(&self) -> Noted {
        let [marks, moments, errors] = [self.known_marks, self.known_moments, self.known_errors]
            .map(|known| usize::try_from(known).unwrap_or(usize::MAX / 2));
        Noted::of(Notes { marks, moments, errors, ..Notes::default() }, &self.known_names)
    }
}

/// What ClickHouse knows of a view.
#[derive(Debug, Clone)]
pub enum Start {
    /// It has rows.
    Known {
        /// When it began, Unix ms.
        start_ms: i64,
        /// How much of what grows it; what came twice may count twice.
        noted: Noted,
    },
    /// Its viewer was erased.
    Erased,
}

/// The known ones of `strangers`.
///
/// # Errors
/// When ClickHouse cannot be asked: the batch has to wait.
pub async fn look_up(
    store: &Store,
    strangers: &HashMap<ViewKey, Stranger>,
) -> Result<HashMap<ViewKey, Start>, clickhouse::error::Error> {
    let mut starts = HashMap::new();
    look_back(store, strangers.iter().collect(), RECENT_MS, &mut starts).await?;
    let mut old: Vec<_> = strangers.iter().filter(|(_, stranger)| stranger.goes_on).collect();
    old.retain(|(key, _)| !starts.contains_key(*key));
    look_back(store, old, LONGEST_MS, &mut starts).await?;
    Ok(starts)
}

/// As many at a time as one statement has room for, with each id in it twice and everything in it escaped.
fn statements<'a>(mut keys: &'a [&'a ViewKey]) -> Vec<&'a [&'a ViewKey]> {
    let mut statements = Vec::new();
    while !keys.is_empty() {
        let mut room = STATEMENT_BYTES - BESIDE_IDS;
        let fit = keys.iter().take_while(|(_, id)| {
            let needed = 2 * (2 * id.len() + QUOTES);
            let fits = needed <= room;
            room = room.saturating_sub(needed);
            fits
        });
        let (statement, rest) = keys.split_at(fit.count().max(1));
        statements.push(statement);
        keys = rest;
    }
    statements
}

/// Adds those that have begun no longer than this before they were heard of here.
async fn look_back(
    store: &Store,
    strangers: Vec<(&ViewKey, &Stranger)>,
    back_ms: i64,
    starts: &mut HashMap<ViewKey, Start>,
) -> Result<(), clickhouse::error::Error> {
    let received_ms = strangers.iter().map(|(_, stranger)| stranger.received_ms);
    let Some(earliest_ms) = received_ms.min().map(|received_ms| received_ms - back_ms) else {
        return Ok(());
    };
    let keys: Vec<&ViewKey> = strangers.into_iter().map(|(key, _)| key).collect();
    for chunk in statements(&keys) {
        let environments: BTreeSet<&str> =
            chunk.iter().map(|(environment, _)| environment.as_ref()).collect();
        let ids: Vec<&str> = chunk.iter().map(|(_, id)| id.as_ref()).collect();
        let select = "SELECT environment, view_id, toUnixTimestamp64Milli(min(view_start)) AS start_ms, \
            sum(length(mapKeys(marks))) AS known_marks, \
            sum(length(mapKeys(moments))) AS known_moments, \
            sum(length(error_sequences)) AS known_errors, \
            groupUniqArrayArray(mapKeys(custom)) AS known_names, false AS is_erased \
            FROM view_states WHERE environment IN ? AND view_id IN ? AND view_start >= fromUnixTimestamp64Milli(?, 'UTC') \
            GROUP BY environment, view_id \
            UNION ALL SELECT environment, view_id, toInt64(0), toUInt64(0), toUInt64(0), toUInt64(0), \
            emptyArrayString(), true FROM erased_views WHERE environment IN ? AND view_id IN ?";
        let found = store.client.query(select).with_setting("max_query_size", STATEMENT_BYTES.to_string());
        let found = found.bind(&environments).bind(&ids).bind(earliest_ms);
        for line in found.bind(&environments).bind(&ids).fetch_all::<Line>().await? {
            let known = match line.is_erased {
                true => Start::Erased,
                false => Start::Known { start_ms: line.start_ms, noted: line.noted() },
            };
            let start = starts.entry((Arc::from(line.environment), Arc::from(line.view_id)));
            // Erased stays erased, whatever is left of the rows just then.
            start.and_modify(|start| *start = Start::Erased).or_insert(known);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_ids_as_fit_go_into_a_statement() {
        let of_length = |length: usize| -> Vec<ViewKey> {
            (0..100_000).map(|number| ("e".into(), format!("{number:0length$}").into())).collect()
        };
        for (length, most) in [(36, 3), (128, 8)] {
            let views = of_length(length);
            let keys: Vec<&ViewKey> = views.iter().collect();
            let statements = statements(&keys);
            assert!(statements.len() <= most, "{} of ids of {length} characters", statements.len());
            assert_eq!(statements.concat(), keys);
            for statement in statements {
                let ids: usize = statement.iter().map(|(_, id)| format!("'{id}{id}',").len()).sum();
                assert!(2 * ids + BESIDE_IDS <= STATEMENT_BYTES);
            }
        }
        assert!(statements(&[]).is_empty());
    }
}
