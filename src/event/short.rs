//! A map of a few entries: a sorted list, as the smallest tree has room for eleven and there are a million views.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use litemap::LiteMap;

/// Such a map, to be used as one.
#[derive(Clone, PartialEq, Eq)]
pub struct Short<K, V>(LiteMap<K, V>);

impl<K, V> Default for Short<K, V> {
    fn default() -> Self {
        Self(LiteMap::new_vec())
    }
}

impl<K, V> Deref for Short<K, V> {
    type Target = LiteMap<K, V>;

    fn deref(&self) -> &LiteMap<K, V> {
        &self.0
    }
}

impl<K, V> DerefMut for Short<K, V> {
    fn deref_mut(&mut self) -> &mut LiteMap<K, V> {
        &mut self.0
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Short<K, V> {
    /// As any map; a list of pairs is hard to read.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_map().entries(self.0.iter()).finish()
    }
}
