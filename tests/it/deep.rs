//! Nesting without end, on every way in. A stack that overflows cannot be caught: it ends the process, and with it the
//! beacons of everybody. So nothing that comes from outside may decide how deep our own code goes.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::server::Server;

/// Levels. Ten thousand would do for any of our own stacks.
const LEVELS: usize = 100_000;
/// Of what has to fit into 64 KB, which is the largest frame and about the largest body of an account.
const FEWER: usize = 9_000;
/// Of what stands in an address.
const FEWEST: usize = 1_500;
const OWNER: &str = "ada@example.org:a-long-password";

/// JSON that opens and does not close, closes, hides in an object, or comes as a text.
fn documents(levels: usize) -> [String; 5] {
    [
        "[".repeat(levels),
        format!("{}{}", "[".repeat(levels / 2), "]".repeat(levels / 2)),
        r#"{"a":"#.repeat(levels / 5),
        format!(r#"{{"name":{}{},"v":1}}"#, r#"{"a":["#.repeat(levels / 8), "]}".repeat(levels / 8)),
        format!(r#"{{"v":1,"views":[{{"id":"deep","set":{}"#, r#"{"custom":"#.repeat(levels / 10)),
    ]
}

/// Statements that repeat something as often as a statement may have words.
fn statements() -> Vec<String> {
    let words = |piece: &str, times: usize| format!("SELECT {}1", piece.repeat(times));
    vec![
        words("INTERVAL ", 45_000),
        words("INTERVAL -", 20_000),
        words("(", 45_000),
        words("- ", 45_000),
        words("NOT ", 45_000),
        words("CASE WHEN ", 20_000),
        words("1?", 20_000),
        words("x->", 12_000),
        words("sum(", 20_000),
        words("CAST(", 20_000),
        format!("SELECT 1 FROM {}views{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("SELECT 1{}", "::Int8".repeat(15_000)),
        format!("SELECT 1{}", " IS NULL".repeat(15_000)),
        format!("SELECT CAST([], '{}Int8{}')", "Array(".repeat(18_000), ")".repeat(18_000)),
        format!("SELECT CAST([] AS {}Int8{})", "Array(".repeat(12_000), ")".repeat(12_000)),
        format!("SELECT '{}'::Array(Array(Int8))", "[".repeat(200_000)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_depth_of_anything_ends_the_process() {
    let server = Server::start(&[("BOOTSTRAP_ADMIN", OWNER)]).await;
    let begun = Instant::now();
    while sql(&server, "SELECT count() FROM views").await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the engine is not there");
        sleep(Duration::from_millis(100)).await;
    }
    let (process, engine) = (server.pid(), server.engine());
    beacons(&server).await;
    operations(&server).await;
    filters(&server).await;
    for statement in statements() {
        let (status, answer) = sql(&server, &statement).await;
        assert!((400..500).contains(&status), "{}…: {status} {answer}", &statement[..40]);
    }
    frames(&server).await;
    assert_eq!((server.pid(), server.engine()), (process, engine));
    let event = json!({"seq": 1, "t_ms": 0, "type": "play"});
    let beacon = json!({"v": 1, "views": [{"id": "after", "events": [event]}]});
    assert_eq!(server.beacon(&beacon).await.0, 202);
}

/// Sends it; the status and the text. A process that is gone does not answer. Who asks too fast asks again a second later,
/// or the rate limit would be all there is to see.
async fn answer(request: RequestBuilder, what: &str) -> (u16, String) {
    loop {
        let sent = request.try_clone().unwrap().send().await;
        let answer = sent.unwrap_or_else(|error| panic!("{what} is not answered: {error}"));
        let is_too_fast = answer.headers().get("retry-after").is_some_and(|seconds| seconds == "1");
        if answer.status() != StatusCode::TOO_MANY_REQUESTS || !is_too_fast {
            return (answer.status().as_u16(), answer.text().await.unwrap());
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// A problem that says what is wrong, and never one of ours.
fn assert_refused(what: &str, status: u16, text: &str) {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    assert!((400..500).contains(&status), "{what}: {status} {text}");
    assert!(problem["code"].is_string() && problem["status"] == status, "{what}: {status} {text}");
}

async fn beacons(server: &Server) {
    let key = Server::INGEST_KEY;
    for body in documents(LEVELS) {
        for (path, is_told) in
            [(format!("/in/{key}"), true), (format!("/in/{key}/epas"), true), ("/".to_owned(), false)]
        {
            let request = server.http.post(server.at(&path)).header("content-type", "application/json");
            let (status, text) = answer(request.body(body.clone()), &path).await;
            // mux-embed repeats for ever what is refused; without a key that can be read it is nobody's.
            assert!(is_told || status == 204 || (400..500).contains(&status), "{path}: {status} {text}");
            if is_told {
                assert_refused(&path, status, &text);
            }
        }
    }
    let lists = ["(".repeat(LEVELS), format!("br={}", "(".repeat(LEVELS)), documents(LEVELS)[0].clone()];
    for line in lists {
        let request = server.http.post(server.at(&format!("/in/{key}/cmcd")));
        let (status, text) =
            answer(request.header("content-type", "application/cmcd").body(line), "cmcd").await;
        assert_eq!((status, text.as_str()), (204, ""));
    }
}

/// Every operation of the API's document that takes a body, by the owner of the service.
async fn operations(server: &Server) {
    let (email, password) = OWNER.split_once(':').unwrap();
    let sign_in = json!({"email": email, "password": password});
    let signed_in = server.http.post(server.at("/session")).json(&sign_in).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let (_, api) = server.get("/data/v1/openapi.json").await;
    let mut asked = 0;
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["requestBody"].is_null() {
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            for body in documents(LEVELS).into_iter().chain(documents(FEWER)) {
                let request = server.http.request(method.clone(), server.at(&path.replace(['{', '}'], "")));
                let request = request.header("cookie", &cookie).header("origin", server.url());
                let (status, text) =
                    answer(request.header("content-type", "application/json").body(body), path).await;
                assert_refused(&format!("{method} {path}"), status, &text);
            }
            asked += 1;
        }
    }
    assert!(asked > 15, "{asked} operations");
    let request = |statement: &str| {
        let request = server
            .http
            .post(server.at("/data/v1/sql"))
            .header("cookie", &cookie)
            .header("origin", server.url());
        request.json(&json!({"query": statement}))
    };
    assert_eq!(answer(request("SELECT 1"), "a statement").await.0, 200);
    for statement in statements().iter().take(11) {
        let (status, text) = answer(request(statement), "a statement of a person").await;
        assert_refused(&statement[..40], status, &text);
    }
}

async fn filters(server: &Server) {
    let (id, secret) = Server::TOKEN.split_once(':').unwrap();
    for piece in ["(", "!(", "not%20", "(country:DE%20or%20"] {
        for name in ["filters%5B%5D", "metric_filters%5B%5D", "timeframe%5B%5D", "group_by"] {
            let path = format!("/data/v1/metrics/views/breakdown?{name}=({}", piece.repeat(FEWEST / 3));
            let request = server.http.get(server.at(&path)).basic_auth(id, Some(secret));
            let (status, text) = answer(request, name).await;
            assert_refused(&format!("{name}={piece}"), status, &text);
        }
    }
}

async fn sql(server: &Server, statement: &str) -> (u16, String) {
    let (id, secret) = Server::TOKEN.split_once(':').unwrap();
    let request = server.http.post(server.sql_url()).basic_auth(id, Some(secret)).body(statement.to_owned());
    answer(request, &statement[..statement.len().min(40)]).await
}

async fn frames(server: &Server) {
    let request = server.at("/live").replacen("http", "ws", 1).into_client_request().unwrap();
    let (mut socket, _) = connect_async(request).await.unwrap();
    let auth = json!({"type": "auth", "token": Server::TOKEN}).to_string();
    let query = format!(
        r#"{{"type":"subscribe","id":"a","topic":"views","query":{}"#,
        r#"{"video_id":"#.repeat(FEWER / 2)
    );
    let frames: Vec<String> = documents(FEWER).into_iter().chain([query]).collect();
    socket.send(Message::text(auth)).await.unwrap();
    for frame in &frames {
        socket.send(Message::text(frame.clone())).await.unwrap();
    }
    let mut refused = 0;
    while refused < frames.len() {
        let frame = socket.next().await.unwrap().unwrap();
        let Message::Text(text) = frame else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        refused += usize::from(frame["type"] == "error" && frame["code"] == "bad_frame");
    }
}
