//! A crowd of dashboards and API clients that look at the same event costs one query per question and second.

use futures_util::{StreamExt, stream};
use reqwest::StatusCode;

use super::server::{Server, unlimited};

const CLIENTS: usize = 500;
/// How often each client refreshes what it shows.
const REFRESHES: usize = 3;
/// What the dashboard of an event asks.
const QUESTIONS: [(&str, &[(&str, &str)]); 4] = [
    (
        "/data/v1/metrics/video_startup_time/overall",
        &[("timeframe[]", "24:hours"), ("filters[]", "video_id:final")],
    ),
    ("/data/v1/metrics/rebuffer_percentage/timeseries", &[("timeframe[]", "60:minutes")]),
    ("/data/v1/metrics/views/breakdown", &[("timeframe[]", "24:hours"), ("group_by", "country")]),
    ("/data/v1/engagement/videos/final/heatmap", &[("timeframe[]", "24:hours"), ("buckets", "100")]),
];
/// Requests under way at once: both ends of their connections are files of this process.
const AT_ONCE: usize = 100;

#[tokio::test]
async fn five_hundred_who_ask_the_same_cost_one_query_per_question_and_second() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let begun_s = chrono::Utc::now().timestamp();
    let asked = (0..REFRESHES).flat_map(|_| QUESTIONS).flat_map(|question| [question; CLIENTS]);
    let sources: Vec<String> = stream::iter(asked)
        .map(async |(path, query)| {
            let answer = server.ask(&tenant, path, query).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            answer.headers()["server-timing"].to_str().unwrap().split(',').next().unwrap().to_owned()
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let seconds = usize::try_from(chrono::Utc::now().timestamp() - begun_s).unwrap() + 1;

    let asked = sources.len();
    let queries = sources.iter().filter(|source| *source == "cache;desc=miss").count();
    let cached = sources.iter().filter(|source| *source == "cache;desc=hit").count();
    assert_eq!((asked, queries + cached), (CLIENTS * REFRESHES * QUESTIONS.len(), asked));
    assert!(queries <= QUESTIONS.len() * seconds, "{queries} queries in {seconds} s");
    assert!(cached * 100 >= asked * 95, "{cached} of {asked} from the cache");
}
