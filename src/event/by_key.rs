//! A value for each of the attributes a view knows: which they are is one number, and its bits count to the place of each.
//!
//! Every attribute of every beacon is looked for here, and a million views have one.

use std::fmt;

use super::record::AttributeKey;

/// Room is made for so many at a time: to double it leaves half of it empty in each of a million views.
const ROOM: usize = 8;

/// Such values, in the order of the numbers of their keys.
#[derive(Clone, PartialEq, Eq)]
pub struct ByKey<V> {
    /// A bit for each key there is.
    keys: u64,
    values: Vec<V>,
}

impl<V> Default for ByKey<V> {
    fn default() -> Self {
        Self { keys: 0, values: Vec::new() }
    }
}

impl<V> ByKey<V> {
    /// The value of `key`.
    pub fn get(&self, key: AttributeKey) -> Option<&V> {
        (self.keys & bit(key) != 0).then(|| &self.values[self.place(key)])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values alone.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }

    /// The values, each with its key.
    pub fn iter(&self) -> impl Iterator<Item = (AttributeKey, &V)> {
        let numbers = (0..u64::BITS).filter(|number| self.keys >> number & 1 == 1);
        let keys = numbers.filter_map(|number| AttributeKey::try_from(number as i32).ok());
        keys.zip(&self.values)
    }

    fn place(&self, key: AttributeKey) -> usize {
        (self.keys & (bit(key) - 1)).count_ones() as usize
    }
}

impl<V: Default> ByKey<V> {
    /// The value of `key`, to be changed; there is one from now on.
    pub fn entry(&mut self, key: AttributeKey) -> &mut V {
        let place = self.place(key);
        if self.keys & bit(key) == 0 {
            if self.values.len() == self.values.capacity() {
                self.values.reserve_exact(ROOM);
            }
            self.keys |= bit(key);
            self.values.insert(place, V::default());
        }
        &mut self.values[place]
    }
}

impl<V: fmt::Debug> fmt::Debug for ByKey<V> {
    /// As any map.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_map().entries(self.iter()).finish()
    }
}

/// Numbers of keys are below 64 ([`super::attribute`]).
const fn bit(key: AttributeKey) -> u64 {
    1 << key as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::attribute::ATTRIBUTES;

    #[test]
    fn every_key_has_a_value_of_its_own_whatever_came_first() {
        let mut known: ByKey<usize> = ByKey::default();
        for (index, spec) in ATTRIBUTES.iter().enumerate().rev() {
            assert_eq!(known.get(spec.key), None);
            *known.entry(spec.key) = index;
        }
        assert!(ATTRIBUTES.iter().enumerate().all(|(index, spec)| known.get(spec.key) == Some(&index)));
        assert_eq!(known.len(), ATTRIBUTES.len());
        let mut numbers: Vec<i32> = ATTRIBUTES.iter().map(|spec| spec.key as i32).collect();
        numbers.sort_unstable();
        assert!(known.iter().map(|(key, _)| key as i32).eq(numbers));
        assert!(known.iter().all(|(key, index)| ATTRIBUTES[*index].key == key));
    }
}
