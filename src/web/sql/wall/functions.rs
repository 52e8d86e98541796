//! Which functions a statement may call: those of `functions.txt`, and nothing else.
//!
//! A line is a name as the engine spells it and marks: `a` for an aggregate function (which takes combinators such as
//! `If`), `i` for one that is called in any case, `h` for one that takes a lambda. The list was made from the engine's own
//! by category; left out are those that read files, dictionaries, models, settings, other servers, or facts about the
//! server, the membership functions (`in` takes a table's name for a set), and those that wait.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Function {
    /// It may be given a lambda as its first argument.
    pub takes_lambda: bool,
    aggregates: bool,
    any_case: bool,
}

/// What may be appended to the name of an aggregate function.
const COMBINATORS: [&str; 14] = [
    "If",
    "Array",
    "Map",
    "SimpleState",
    "MergeState",
    "State",
    "Merge",
    "ForEach",
    "Distinct",
    "OrDefault",
    "OrNull",
    "Resample",
    "ArgMin",
    "ArgMax",
];
/// As many as make sense on top of each other.
const MOST_COMBINATORS: usize = 4;

static FUNCTIONS: LazyLock<HashMap<&str, Function>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (name, marks) = line.split_once(' ').unwrap_or((line, ""));
        let [aggregates, any_case, takes_lambda] = ['a', 'i', 'h'].map(|mark| marks.contains(mark));
        (name, Function { takes_lambda, aggregates, any_case })
    };
    include_str!("functions.txt").lines().map(line).collect()
});
static IN_ANY_CASE: LazyLock<HashMap<String, Function>> = LazyLock::new(|| {
    let any_case = FUNCTIONS.iter().filter(|(_, function)| function.any_case);
    any_case.map(|(name, function)| (name.to_ascii_lowercase(), *function)).collect()
});

/// The function of that name, if it may be called.
pub fn allowed(name: &str) -> Option<Function> {
    plain(name).or_else(|| {
        let mut base = name;
        for _ in 0..MOST_COMBINATORS {
            base = COMBINATORS.into_iter().find_map(|combinator| base.strip_suffix(combinator))?;
            if let Some(function) = plain(base) {
                return function.aggregates.then_some(function);
            }
        }
        None
    })
}

fn plain(name: &str) -> Option<Function> {
    let exact = FUNCTIONS.get(name);
    exact.or_else(|| IN_ANY_CASE.get(&name.to_ascii_lowercase())).copied()
}

/// All names, for `system.functions` and for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&str> = FUNCTIONS.keys().copied().collect();
    names.sort_unstable();
    names.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinators_belong_to_aggregate_functions() {
        for name in
            ["sum", "SUM", "count", "countIf", "sumIfOrNull", "quantilesTDigestArrayIf", "uniqStateMap"]
        {
            assert!(allowed(name).is_some(), "{name}");
        }
        for name in ["toStringIf", "fileIf", "sumif", "nosuch"] {
            assert!(allowed(name).is_none(), "{name}");
        }
        assert!(allowed("arrayMap").expect("there").takes_lambda);
    }

    #[test]
    fn nothing_reaches_out() {
        for name in [
            "file",
            "dictGet",
            "dictGetOrDefault",
            "joinGet",
            "getSetting",
            "getServerSetting",
            "getMacro",
            "hasColumnInTable",
            "sleep",
            "sleepEachRow",
            "catboostEvaluate",
            "modelEvaluate",
            "aiGenerate",
            "addressToLine",
            "getClientHTTPHeader",
            "in",
            "notIn",
            "globalIn",
            "nullIn",
            "__getScalar",
            "_CAST",
            "serverUUID",
            "filesystemAvailable",
            "showCertificate",
            "regionToName",
            "lemmatize",
            "uptime",
        ] {
            assert!(allowed(name).is_none(), "{name}");
        }
    }
}
