//! Every word that Mux Data's official client has for a metric or dimension, read from the client's own types: it is
//! answered, or refused with the reason that the documents give.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

use playhead::{
    event::metric,
    store::query::dimension::mux::{Meaning, NAMES, meaning},
};
use serde_json::{Value, json};

use super::{
    clients::mux_node,
    data::{an_hour_ago, insert, timestamp},
    server::{Server, store, unlimited},
};

/// What the types of the client allow after `before`: `'a' | 'b' | …`.
fn words(file: &str, before: &str) -> Vec<String> {
    let path = mux_node().join("node_modules/@mux/mux-node/resources/data").join(file);
    let types = fs::read_to_string(path).unwrap();
    let union = types.split(before).nth(1).and_then(|rest| rest.split([';', ',']).next());
    let words: Vec<_> =
        union.unwrap().split('|').map(|word| word.trim().trim_matches('\'').to_owned()).collect();
    assert!(
        words
            .iter()
            .all(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)))
    );
    words
}

fn dimensions() -> Vec<String> {
    let words = words("metrics.d.ts", "    group_by?: ");
    assert!(words.len() > 90, "{words:?}");
    words
}

fn metrics() -> Vec<String> {
    let words = words("metrics.d.ts", "listBreakdownValues(metricID: ");
    assert!(words.len() > 50, "{words:?}");
    words
}

/// Why a dimension of theirs is not there, if it is not.
fn why(dimension: &str) -> Option<&'static str> {
    match meaning(dimension)? {
        Meaning::Nothing(why) => Some(why),
        Meaning::Ours(_) | Meaning::Said => None,
    }
}

#[tokio::test]
async fn every_dimension_of_the_client_is_answered_or_refused_with_the_reason() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let known: BTreeSet<_> =
        dimensions().into_iter().chain(words("metrics.d.ts", "    dimension?: ")).collect();
    for word in &known {
        let (filter, mut answers) = (format!("{word}:1"), Vec::new());
        for (path, query) in [
            ("metrics/views/breakdown", [("group_by", word.as_str()), ("limit", "1")]),
            ("metrics/views/overall", [("filters[]", filter.as_str()), ("measurement", "count")]),
        ] {
            answers.push((path, server.ask(&tenant, &format!("/data/v1/{path}"), &query).await));
        }
        for (path, answer) in answers {
            let status = answer.status();
            let problem: Value = answer.json().await.unwrap();
            match why(word) {
                None => assert_eq!(status, 200, "{word} {path}: {problem}"),
                Some(why) => {
                    assert_eq!(status, 400, "{word} {path}: {problem}");
                    assert!(problem["detail"].as_str().unwrap().contains(why), "{word} {path}: {problem}");
                    assert!(problem["choices"].as_array().unwrap().contains(&json!("country")), "{problem}");
                }
            }
        }
    }
    assert!(NAMES.iter().all(|(name, _)| known.contains(*name)), "a name that Mux Data has no more");
    let unheard_of = server.ask(&tenant, "/data/v1/metrics/views/breakdown", &[("group_by", "planet")]).await;
    let problem: Value = unheard_of.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["detail"]), (&json!(400), &json!("`planet` is no dimension")));
}

#[tokio::test]
async fn every_metric_of_the_client_is_answered_or_refused_with_the_reason() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    for word in metrics() {
        let absent = metric::ABSENT.iter().find(|(absent, _)| *absent == word);
        for kind in ["overall", "timeseries", "breakdown", "insights"] {
            let answer = server.ask(&tenant, &format!("/data/v1/metrics/{word}/{kind}"), &[]).await;
            let status = answer.status();
            let problem: Value = answer.json().await.unwrap();
            match absent {
                None => assert_eq!(status, 200, "{word} {kind}: {problem}"),
                Some((_, why)) => {
                    assert_eq!(status, 404, "{word} {kind}: {problem}");
                    assert!(problem["detail"].as_str().unwrap().contains(why), "{word} {kind}: {problem}");
                }
            }
        }
        if let Some((_, why)) = absent {
            let filter = format!("{word}>1");
            let answer =
                server.ask(&tenant, "/data/v1/metrics/views/overall", &[("filters[]", &filter)]).await;
            let problem: Value = answer.json().await.unwrap();
            assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
        }
    }
    assert!(metric::ABSENT.iter().all(|(id, _)| metrics().iter().any(|word| word == id)));
}

/// Each would double the groups that are kept of a day.
const NOT_LIVE: [&str; 1] = ["view_has_ad"];

#[tokio::test]
async fn every_word_of_monitoring_is_answered_or_refused_with_the_reason() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let file = "monitoring/metrics.d.ts";
    for metric in words(file, "getBreakdown(monitoringMetricID: ") {
        let path = format!("/data/v1/monitoring/metrics/{metric}/breakdown");
        for dimension in words(file, "    dimension?: ") {
            let answer = server.ask(&tenant, &path, &[("dimension", &dimension)]).await;
            let is_refused = NOT_LIVE.contains(&dimension.as_str());
            assert_eq!(answer.status(), if is_refused { 400 } else { 200 }, "{metric} {dimension}");
            if is_refused {
                let problem: Value = answer.json().await.unwrap();
                assert!(
                    problem["detail"].as_str().unwrap().contains("monitoring tells no views apart by it")
                );
            }
        }
    }
}

/// A view that says everything: each word is answered with what it said.
#[tokio::test]
async fn a_view_is_grouped_by_what_it_said() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let start = timestamp(an_hour_ago());
    let said = NAMES.iter().filter(|(_, meaning)| *meaning == Meaning::Said).map(|(name, _)| *name);
    let custom: serde_json::Map<_, _> =
        said.clone().map(|name| (name.to_owned(), json!([1, format!("its {name}")]))).collect();
    let rendition = |bitrate: u64, height: u32| json!([1, 0, bitrate, height]);
    let views = [
        json!({"environment": tenant.id, "view_id": "all", "view_start": start, "last_received_at": start, "attempted": 1,
            "custom": custom, "country": [1, "DE"], "rendition_codec": [1, "avc1"], "rendition_bitrate": [1, 5_000_000],
            "rendition_fps": [1, 50], "preroll_request_count": 1, "preroll_load_ms": 200,
            "marks": {"1": rendition(800_000, 360), "2": rendition(5_000_000, 1080)}}),
        json!({"environment": tenant.id, "view_id": "none", "view_start": start, "last_received_at": start, "attempted": 1}),
    ];
    insert(&store(), "view_states", &views).await;
    let known = [
        ("continent_code", "EU"),
        ("video_codec", "avc1"),
        ("video_source_bitrate", "5000000"),
        ("video_source_bitrate_initial", "800000"),
        ("video_source_height_initial", "360"),
        ("video_source_fps", "50"),
    ];
    let known = known.map(|(word, value)| (word, value.to_owned(), None));
    let flags = ["preroll_played", "preroll_requested"]
        .map(|word| (word, "true".to_owned(), Some("false".to_owned())));
    let said = said.map(|word| (word, format!("its {word}"), None));
    for (word, value, other) in said.chain(known).chain(flags) {
        let path = "/data/v1/metrics/views/breakdown";
        let answer = server.answer(&tenant, path, &[("group_by", word), ("order_by", "field")]).await;
        let fields: Vec<_> =
            answer["data"].as_array().unwrap().iter().map(|row| row["field"].clone()).collect();
        let mut expected = [json!(value), json!(other)];
        expected.sort_by_key(|field| field.as_str().map(ToOwned::to_owned));
        assert!(
            expected.iter().all(|field| fields.contains(field)) && fields.len() == 2,
            "{word}: {fields:?}"
        );
        let filter = format!("{word}:{value}");
        let found = server.answer(&tenant, "/data/v1/video-views", &[("filters[]", &filter)]).await;
        assert_eq!(
            (&found["total_row_count"], &found["data"][0]["id"]),
            (&json!(1), &json!("all")),
            "{word}"
        );
    }
    let view = server.answer(&tenant, "/data/v1/video-views/all", &[]).await;
    assert_eq!(view["data"]["viewer_plan"], "its viewer_plan");
}

const BEGIN: &str = "<!-- generated from the types of @mux/mux-node -->\n";
const END: &str = "<!-- end -->";

/// Puts a text between the marks of a document, and holds the document against it.
fn documented(document: &str, generated: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect(document);
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}\n{generated}\n{END}{after}");
    if std::env::var_os("PLAYHEAD_TEST_UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(expected, fs::read_to_string(&path).unwrap(), "{document}");
}

/// Names as code, with commas.
fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_documents_say_what_becomes_of_each_word() {
    let dimensions = dimensions();
    let mut text = "| Mux Data | here |\n|---|---|\n".to_owned();
    for (name, meaning) in NAMES {
        let _ = match meaning {
            Meaning::Ours(ours) => writeln!(text, "| `{name}` | `{ours}` |"),
            Meaning::Nothing(why) => writeln!(text, "| `{name}` | not there: {why} |"),
            Meaning::Said => Ok(()),
        };
    }
    let same = dimensions.iter().filter(|word| meaning(word).is_none());
    let said = dimensions.iter().filter(|word| meaning(word) == Some(Meaning::Said));
    let _ = write!(
        text,
        "\nCustom dimensions of the same name: {}.\n\nThe same: {}.",
        listed(said),
        listed(same)
    );
    documented("docs/dimensions.md", &text);

    let metrics = metrics();
    let mut text = "| Mux Data | here |\n|---|---|\n".to_owned();
    for (id, why) in metric::ABSENT {
        let _ = writeln!(text, "| `{id}` | not there: {why} |");
    }
    let same = metrics.iter().filter(|word| metric::by_id(word).is_some());
    let _ = write!(text, "\nThe same: {}.", listed(same));
    documented("docs/metrics.md", &text);
}
