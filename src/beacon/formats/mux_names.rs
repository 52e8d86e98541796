//! mux-embed's field names: its short keys spelled out, from the words in `schema/mux-embed.names.json`.

use std::{collections::HashMap, sync::LazyLock};

#[derive(serde::Deserialize)]
struct Names {
    prefix: HashMap<String, String>,
    word: HashMap<String, String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../schema/mux-embed.names.json"))
        .unwrap_or(Names { prefix: HashMap::new(), word: HashMap::new() })
});

/// `xtitofifr` → `view_time_to_first_frame`. A key that does not follow the rule stays as it is.
pub fn expand(key: &str) -> String {
    spelled(key).unwrap_or_else(|| key.to_owned())
}

fn spelled(key: &str) -> Option<String> {
    let mut rest = key.get(1..)?;
    let mut name = NAMES.prefix.get(key.get(..1)?)?.clone();
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (part, word) = if digits > 0 {
            (digits, &rest[..digits])
        } else {
            (2, NAMES.word.get(rest.get(..2)?)?.as_str())
        };
        name.push('_');
        name.push_str(word);
        rest = &rest[part..];
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn keys_are_spelled_out() {
        assert_eq!(expand("xtitofifr"), "view_time_to_first_frame");
        assert_eq!(expand("c11"), "custom_11");
        assert_eq!(expand("qrpst"), "request_response_start");
        assert_eq!(expand("qmddu"), "request_media_duration");
        assert_eq!(expand("?"), "?");
        assert_eq!(expand(""), "");
    }
}
