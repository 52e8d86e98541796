//! A search by halving.

use std::ops::Range;

/// A search for the members of a row of things that are refused by themselves: asks about ranges, and halves those that
/// are refused. It goes on until more than so many are found.
pub struct Halving {
    /// The last one is asked about next.
    open: Vec<Range<usize>>,
    most: usize,
    /// In order.
    pub found: Vec<usize>,
}

impl Halving {
    pub fn of(length: usize, most: usize) -> Self {
        Self { open: (length > 0).then_some(0..length).into_iter().collect(), most, found: Vec::new() }
    }

    /// What to ask about; none when the search is over.
    pub fn next(&self) -> Option<Range<usize>> {
        self.open.last().filter(|_| self.found.len() <= self.most).cloned()
    }

    /// Whether the range that was asked about is taken.
    pub fn answer(&mut self, is_taken: bool) {
        match self.open.pop() {
            Some(range) if is_taken || range.is_empty() => {}
            Some(range) if range.len() == 1 => self.found.push(range.start),
            Some(range) => {
                let middle = range.start + range.len() / 2;
                self.open.push(middle..range.end);
                self.open.push(range.start..middle);
            }
            None => {}
        }
    }

    /// Where the search has ended because too many are found: nothing is known from there on.
    pub fn unsearched(&self) -> Option<usize> {
        self.open.last().map(|range| range.start)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A search in `length` things of which some are refused, and after how many questions it was over.
    fn search(length: usize, is_bad: impl Fn(usize) -> bool) -> (Halving, usize) {
        let (mut halving, mut questions) = (Halving::of(length, 20), 0);
        while let Some(mut range) = halving.next() {
            questions += 1;
            halving.answer(!range.any(&is_bad));
        }
        (halving, questions)
    }

    proptest! {
        #[test]
        fn halving_finds_each_bad_thing_and_no_other(bad in prop::collection::btree_set(0_usize..5000, 0..20)) {
            let (halving, questions) = search(5000, |thing| bad.contains(&thing));
            prop_assert_eq!(halving.unsearched(), None);
            prop_assert_eq!(halving.found.into_iter().collect::<BTreeSet<_>>(), bad.clone());
            prop_assert!(questions <= 1 + 2 * 13 * bad.len(), "{} questions for {}", questions, bad.len());
        }
    }

    #[test]
    fn what_refuses_everything_is_not_searched_to_the_end() {
        let (halving, questions) = search(50_000, |_| true);
        assert!(halving.found == (0..21).collect::<Vec<_>>() && questions < 60, "{questions} questions");
        assert_eq!(halving.unsearched(), Some(21));
        let (halving, questions) = search(0, |_| true);
        assert_eq!((halving.found.len(), halving.unsearched(), questions), (0, None, 0));
    }
}
