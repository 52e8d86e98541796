//! What changed between two states, as a JSON merge patch (RFC 7396). States never hold `null`, so nothing is lost.

use serde_json::{Map, Value};

/// The patch that turns `old` into `new`; empty when they are equal.
pub fn diff(old: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for (name, value) in new {
        match (old.get(name), value) {
            (Some(known), value) if known == value => {}
            (Some(Value::Object(known)), Value::Object(value)) => {
                patch.insert(name.clone(), Value::Object(diff(known, value)));
            }
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    patch
}

/// Applies a merge patch, as a client does.
pub fn apply(state: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        match (state.get_mut(&name), change) {
            (_, Value::Null) => {
                state.remove(&name);
            }
            (Some(Value::Object(known)), Value::Object(change)) => apply(known, change),
            (_, Value::Object(change)) => {
                let mut fresh = Map::new();
                apply(&mut fresh, change);
                state.insert(name, Value::Object(fresh));
            }
            (_, change) => {
                state.insert(name, change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state() -> impl Strategy<Value = Map<String, Value>> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
            prop::collection::vec(any::<u8>().prop_map(Value::from), 0..3).prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(3, 20, 4, |inner| {
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
        });
        prop::collection::btree_map("[a-d]", value, 0..4).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn applying_the_difference_gives_the_new_state(old in state(), new in state()) {
            let mut patched = old.clone();
            apply(&mut patched, diff(&old, &new));
            prop_assert_eq!(patched, new);
        }
    }
}
