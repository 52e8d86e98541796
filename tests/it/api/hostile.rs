//! SQL in every parameter of every route: it is a value like any other, or it is refused.

use serde_json::Value;

use super::{
    data::{an_hour_ago, random_views, write},
    server::{Server, store, unlimited},
};

const HOSTILE: [&str; 14] = [
    "'",
    "\\",
    "\\'",
    "x' OR '1'='1",
    "x\\' OR 1=1 -- ",
    "x') OR environment != '' --",
    "'; DROP TABLE view_states; --",
    "' UNION ALL SELECT * FROM system.tables --",
    "` OR 1=1 --",
    "?",
    "{x:String}",
    "\0\n\t\u{8}",
    "/* */ OR 1",
    "\u{2019} ＇ é 🎬",
];

/// The comparison has its own two parameters and asks the rest as `overall` does, once per metric.
const ROUTES: [&str; 11] = [
    "/data/v1/metrics/views/overall",
    "/data/v1/metrics/views/timeseries",
    "/data/v1/metrics/views/breakdown",
    "/data/v1/metrics/playback_failure_percentage/insights",
    "/data/v1/metrics/playback_failure_percentage/breakdown/sql",
    "/data/v1/video-views",
    "/data/v1/errors",
    "/data/v1/dimensions/country",
    "/data/v1/dimensions",
    "/data/v1/engagement/videos/video-a/heatmap",
    "/data/v1/engagement/videos/video-a/viewers",
];

const NAMES: [&str; 19] = [
    "timeframe[]",
    "filters[]",
    "metric_filters[]",
    "in_progress",
    "cursor",
    "measurement",
    "group_by",
    "order_by",
    "order_direction",
    "page",
    "limit",
    "viewer_id",
    "error_id",
    "bots",
    "buckets",
    "resolution",
    "clock",
    "wait_for",
    "wait_ms",
];

/// What may come before a value, or a name, in a filter.
const FILTERS: [&str; 9] = [
    "country:",
    "!country:",
    "+country:",
    "^custom.plan:",
    "?custom.",
    "custom.plan>=",
    "rendition_height:",
    "playback_failure:",
    "(country:DE or cdn:",
];

async fn rows_of(environment: &str) -> u64 {
    let count = store().client.query("SELECT count() FROM views WHERE environment = ?").bind(environment);
    count.fetch_one::<u64>().await.unwrap()
}

#[tokio::test]
async fn sql_in_a_parameter_is_a_value_or_refused() {
    let server = Server::start(unlimited());
    let (victim, attacker) = (server.tenant().await, server.tenant().await);
    write(&store(), &victim.id, &random_views(11, 20, an_hour_ago())).await;
    let mut asked = 0;
    for hostile in HOSTILE {
        let mut questions: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for route in ROUTES {
            for name in NAMES {
                questions.push((route.to_owned(), vec![(name.to_owned(), hostile.to_owned())]));
            }
        }
        // One parser and one scope read the filters of all.
        for route in [ROUTES[0], "/data/v1/video-views"] {
            let named = format!("custom.{}:x", hostile.replace(':', ""));
            for filter in FILTERS.map(|prefix| format!("{prefix}{hostile}")).into_iter().chain([named]) {
                questions.push((route.to_owned(), vec![("filters[]".to_owned(), filter)]));
            }
        }
        let group = ("group_by".to_owned(), format!("custom.{hostile}"));
        questions.push(("/data/v1/metrics/views/breakdown".to_owned(), vec![group]));
        let compared = [("dimension", "country"), ("value", hostile)];
        let compared = compared.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        questions.push(("/data/v1/metrics/comparison".to_owned(), compared));
        let segment = percent_encoded(hostile);
        for path in [
            format!("/data/v1/metrics/{segment}/overall"),
            format!("/data/v1/video-views/{segment}"),
            format!("/data/v1/dimensions/{segment}"),
            format!("/data/v1/dimensions/custom.{segment}"),
            format!("/data/v1/engagement/videos/{segment}/heatmap"),
            format!("/data/v1/engagement/videos/{segment}/live"),
            format!("/data/v1/engagement/videos/{segment}/comparison"),
            format!("/data/v1/engagement/views/{segment}"),
        ] {
            questions.push((path, Vec::new()));
        }
        for (path, mut query) in questions {
            if !query.iter().any(|(name, _)| name == "timeframe[]") {
                query.push(("timeframe[]".to_owned(), "7:days".to_owned()));
            }
            let pairs: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let response = server.ask(&attacker, &path, &pairs).await;
            let status = response.status().as_u16();
            let body = response.text().await.unwrap();
            assert!(matches!(status, 200 | 400 | 404), "{path} {query:?}: {status} {body}");
            for mark in ["\"view-", "\"Aaa\"", "\"video-a\""] {
                assert!(!body.contains(mark), "{path} {query:?} shows {mark}: {body}");
            }
            if status == 200 && path.ends_with("/overall") {
                let answer: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(answer["data"]["total_views"], 0, "{path} {query:?}");
            }
            asked += 1;
        }
    }
    assert_eq!(rows_of(&victim.id).await, 20);
    println!("{asked} hostile questions, none answered with an error of ours or with another tenant's data");
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
