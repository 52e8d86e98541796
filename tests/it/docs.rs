//! What the documents say is what the service does: their commands are run, their tables come from the schema.

use std::{fmt::Write as _, fs, path::PathBuf, process::Stdio};

use playhead::{
    event::{
        engagement::{hotspots, typical},
        metric::{Bucket, Formula, METRICS, Metric, Unit},
    },
    store::query::filter::FORMS,
    telemetry,
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::support::server::Server;

const BEGIN: &str = "<!-- generated from schema/beacon.v1.schema.json -->\n";
const BEGIN_FILTERS: &str = "<!-- generated from src/store/query/filter.rs -->\n";
const BEGIN_METRICS: &str = "<!-- generated from src/event/metric/registry.rs -->\n";
const BEGIN_EXPORTED: &str = "<!-- generated from src/telemetry.rs -->\n";
const BEGIN_ENGAGEMENT: &str = "<!-- generated from src/event/engagement -->\n";
/// Longer ones nobody reads in a table.
const LONGEST_FORMULA: usize = 150;
const END: &str = "<!-- end -->";

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The shell commands of a document, in order.
fn commands_of(document: &str) -> Vec<&str> {
    let blocks = document.split("```sh").skip(1);
    blocks.filter_map(|block| block.split_once('\n')?.1.split("```").next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_of_beacons_tells_a_view_that_counts() {
    let server = Server::start(&[]).await;
    let document = fs::read_to_string(file("docs/beacons.md")).unwrap();
    let mut commands = commands_of(&document);
    let look = commands.pop().unwrap();
    // Reads are a second behind, on a busy machine more.
    let look = look.trim();
    let wait = format!(
        "for _ in {{1..150}}; do {look} 2>&- | grep -q 'playing_ms\":17800' && break; sleep 0.2; done"
    );
    let script = format!("{}{wait}; echo; echo LOOK; {look}\n", commands.concat());
    let printed = shell(&server, &script).await;
    assert!(!printed.contains(r#""code""#), "something was rejected: {printed}");

    // The same server, with that view: what the page about the API asks has answers.
    let document = fs::read_to_string(file("docs/api.md")).unwrap();
    for command in commands_of(&document) {
        let asked = Command::new("bash")
            .args(["-eu", "-o", "pipefail", "-c", command])
            .env("URL", server.url())
            .env("TOKEN", Server::TOKEN)
            .output()
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&asked.stdout).unwrap();
        let is_answer = if command.contains("/data/v1/sql") {
            answer["rows"].is_array()
        } else {
            answer["data"].is_object()
        };
        assert!(is_answer, "{command}: {answer:#}");
        assert!(!answer.to_string().contains("problem"), "{command}: {answer:#}");
    }

    let view: Value = serde_json::from_str(printed.split("LOOK").nth(1).unwrap()).unwrap();
    let said = json!({
        "video_id": "42", "video_startup_ms": 820, "playing_ms": 17_800, "watch_ms": 19_920, "rebuffer_ms": 1_100,
        "rebuffer_count": 1, "seek_ms": 200, "seek_count": 1, "ranges": [[0, 14_000], [5_000, 8_800]],
        "error_code": "-11800", "playback_failure": true, "view_ended": true,
    });
    for (member, expected) in said.as_object().unwrap() {
        assert_eq!(&view["data"][member], expected, "{member}: {view:#}");
    }
}

/// What a script prints that knows the server as the documents do.
async fn shell(server: &Server, script: &str) -> String {
    let mut shell = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-s"])
        .env("URL", server.url())
        .env("KEY", Server::INGEST_KEY)
        .env("TOKEN", Server::TOKEN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("bash runs");
    shell.stdin.take().unwrap().write_all(script.as_bytes()).await.unwrap();
    let output = shell.wait_with_output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    printed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_engagement_shows_what_the_service_answers() {
    let server = Server::start(&[]).await;
    let path = file("docs/engagement.md");
    let document = fs::read_to_string(&path).unwrap();
    let mut script = String::new();
    for command in commands_of(&document) {
        // Reads wait for what was sent; on a busy machine more than once.
        let patient = command.replace("curl -fsS -u", "curl -fsS --retry 10 -u");
        let _ = writeln!(script, "{patient}\necho ANSWER");
    }
    let printed = shell(&server, &script).await;
    let answers: Vec<Value> =
        printed.split("ANSWER").filter_map(|text| serde_json::from_str(text).ok()).collect();
    let mut parts = document.split("```json\n");
    let mut expected = parts.next().unwrap().to_owned();
    let parts: Vec<_> = parts.collect();
    assert_eq!(parts.len(), answers.len(), "{printed}");
    for (part, answer) in parts.into_iter().zip(answers) {
        let (_, after) = part.split_once("```").unwrap();
        let _ = write!(expected, "```json\n{}\n```{after}", by_member(answer["data"].clone()));
    }
    if std::env::var_os("PLAYHEAD_TEST_UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(expected, fs::read_to_string(&path).unwrap(), "{printed}");
}

/// A line for each member, or for each of a list; times of day are not the same twice.
fn by_member(data: Value) -> String {
    let line = |name: &str, value: &Value| match name {
        "view_start" | "view_end" => format!("\"{name}\": \"…\""),
        "ranges" => {
            let ranges: Vec<_> =
                value.as_array().unwrap().iter().map(|range| format!("    {range}")).collect();
            format!("\"ranges\": [\n{}]", ranges.join(",\n"))
        }
        _ => format!("\"{name}\": {value}"),
    };
    match data {
        Value::Array(list) => {
            format!("[{}]", list.into_iter().map(by_member).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let lines: Vec<_> =
                members.iter().map(|(name, value)| format!("  {}", line(name, value))).collect();
            format!("{{\n{}\n}}", lines.join(",\n"))
        }
        other => other.to_string(),
    }
}

#[test]
fn the_numbers_of_engagement_are_those_of_the_code() {
    let mut table = "| what | value |\n|---|---|\n".to_owned();
    for (what, value) in [
        ("views that played something, at least, for any spot", hotspots::LEAST_VIEWS.to_string()),
        ("`r`: this part of the buckets", hotspots::REACH.to_string()),
        ("`r`: at least", hotspots::LEAST_REACH.to_string()),
        ("`r`: nearer to an end than this nothing is judged", hotspots::LEAST_WINDOW.to_string()),
        ("deviations from its surroundings", hotspots::DEVIATIONS.to_string()),
        ("part of its surroundings", hotspots::LEAST_DIFFERENCE.to_string()),
        ("median deviation to standard deviation", hotspots::MAD_TO_DEVIATION.to_string()),
        (
            "like length: the longer is at most so many times the shorter",
            format!("{:.2}", typical::LIKE_LENGTH),
        ),
        ("views that played something, at least, of another video", typical::LEAST_VIEWS.to_string()),
        ("other videos, at least", typical::LEAST_VIDEOS.to_string()),
        ("other videos, at most", typical::MOST_VIDEOS.to_string()),
        ("views of another video, at most", typical::MOST_VIEWS.to_string()),
    ] {
        let _ = writeln!(table, "| {what} | {value} |");
    }
    assert_generated("docs/engagement.md", BEGIN_ENGAGEMENT, &table);
}

#[test]
fn the_members_of_a_beacon_are_those_of_the_schema() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(file("schema/beacon.v1.schema.json")).unwrap()).unwrap();
    let mut tables = String::new();
    for (title, of) in [
        ("The body", &schema),
        ("A view", &schema["$defs"]["view"]),
        ("An event", &schema["$defs"]["event"]),
        ("Totals: `c`", &schema["$defs"]["counters"]),
        ("Facts: `set`", &schema["$defs"]["facts"]),
        ("An error", &schema["$defs"]["error"]),
    ] {
        let _ = write!(tables, "### {title}\n\n| member | |\n|---|---|\n");
        let required = of["required"].as_array().cloned().unwrap_or_default();
        for (name, member) in of["properties"].as_object().unwrap() {
            let needed = if required.iter().any(|required| required == name) { " (required)" } else { "" };
            let text = member["description"].as_str().unwrap_or("See below.");
            let _ = writeln!(tables, "| `{name}`{needed} | {text} |");
        }
        tables.push('\n');
    }
    assert_generated("docs/beacons.md", BEGIN, &tables);
}

#[test]
fn the_table_of_metrics_is_that_of_the_code() {
    let mut table = "| metric | definition | formula | of views with | unit | default | by |\n|---|---|---|---|---|---|---|\n"
        .to_owned();
    for metric in &METRICS {
        let Metric { id, definition, valid, .. } = metric;
        let formula = match metric.formula {
            Formula::Views => "views counted".to_owned(),
            Formula::Distinct(value) => format!("different `{value}`"),
            Formula::Value(value) => format!("`{value}` of each view"),
            Formula::Share(condition) => format!("share of views with `{condition}`"),
            Formula::Ratio { of, to } => format!("`sum({of}) / sum({to})`"),
            Formula::Wait { ms, left } => format!("time `{ms}`, in vain if `{left}`"),
            Formula::Concurrent => "see [Concurrent viewers](#concurrent-viewers)".to_owned(),
        };
        let formula =
            if formula.len() > LONGEST_FORMULA { "see [Scores](#scores)".to_owned() } else { formula };
        let unit = match metric.unit {
            Unit::Count => "count",
            Unit::Milliseconds => "ms",
            Unit::Ratio => "ratio, 0 to 1",
            Unit::PerMinute => "per minute",
            Unit::BitsPerSecond => "bit/s",
            Unit::Score => "0 to 100",
        };
        let by = match metric.bucket {
            Bucket::ViewStart => "start",
            Bucket::ViewEnd => "end",
            Bucket::Presence => "presence",
        };
        let default = metric.default.name();
        let _ =
            writeln!(table, "| `{id}` | {definition} | {formula} | `{valid}` | {unit} | {default} | {by} |");
    }
    assert_generated("docs/metrics.md", BEGIN_METRICS, &table);
}

#[test]
fn what_is_exported_is_told_to_operators() {
    let mut table = "| exported | |\n|---|---|\n".to_owned();
    for metric in telemetry::Metric::ALL {
        let _ = writeln!(table, "| `{}` | {} |", metric.name(), metric.description());
    }
    assert_generated("docs/operations.md", BEGIN_EXPORTED, &table);
}

#[test]
fn the_forms_of_filters_are_those_of_the_code() {
    let mut table = "| filter | is true of a view |\n|---|---|\n".to_owned();
    for (form, meaning) in FORMS {
        let _ = writeln!(table, "| `{form}` | {meaning} |");
    }
    assert_generated("docs/api.md", BEGIN_FILTERS, &table);
}

/// The part of a document between `begin` and the end mark, which is made from something else.
pub fn assert_generated(path: &str, begin: &str, generated: &str) {
    let path = file(path);
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(begin).unwrap();
    let after = rest.split_once(END).unwrap().1;
    let expected = format!("{before}{begin}\n{}\n\n{END}{after}", generated.trim_end());
    if std::env::var_os("PLAYHEAD_TEST_UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        expected,
        "run: PLAYHEAD_TEST_UPDATE=1 cargo test --test it docs"
    );
}
