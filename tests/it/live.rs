//! The live protocol over a real websocket: snapshot, deltas within the promise, walls, and a goodbye.

mod hostile;
mod problems;
mod slow;

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use playhead::web::live::{frame::Close, patch};
use serde_json::{Map, Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::server::Server;

struct Client(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

impl Client {
    async fn connect(server: &Server) -> Self {
        let mut request = server.at("/live").replacen("http", "ws", 1).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "playhead.v1".parse().unwrap());
        let (socket, answer) = connect_async(request).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "playhead.v1");
        let mut client = Self(socket);
        assert_eq!(client.next_of("hello").await["protocol"], "playhead.v1");
        client
    }

    async fn signed_in(server: &Server) -> Self {
        let mut client = Self::connect(server).await;
        client.send(&json!({"type": "auth", "token": Server::TOKEN})).await;
        client
    }

    async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame, or the close code.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let message =
                tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("a frame in time");
            match message.unwrap().unwrap() {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return Err(frame.unwrap().code.into()),
                _ => {}
            }
        }
    }

    /// The close code, whatever frames come before it.
    async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap();
            if frame["type"] == kind {
                return frame;
            }
        }
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn play(view: &str) -> Value {
    json!({"v": 1, "views": [{"id": view, "set": {"video_id": "film", "video_title": "Film"}, "events": [
        {"seq": 1, "t_ms": 0, "type": "play", "playhead_ms": 0},
        {"seq": 2, "t_ms": 300, "type": "playing", "playhead_ms": 0},
        {"seq": 3, "t_ms": 2300, "type": "heartbeat", "playhead_ms": 2000, "seg": [0, 0, 2000]}]}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn beacons_reach_an_open_dashboard_as_deltas() {
    let server = Server::start(&[]).await;
    let mut client = Client::signed_in(&server).await;
    client.send(&json!({"type": "subscribe", "id": "o", "topic": "overview"})).await;
    let snapshot = client.next_of("snapshot").await;
    assert_eq!((&snapshot["id"], &snapshot["state"]["concurrent_viewers"]), (&json!("o"), &json!(0)));
    client
        .send(&json!({"type": "subscribe", "id": "h", "topic": "heatmap", "query": {"video_id": "film"}}))
        .await;
    let mut heat = object(&client.next_of("snapshot").await["state"]);

    let mut latencies = Vec::new();
    for n in 0..10_u64 {
        let posted = Instant::now();
        assert_eq!(server.beacon(&play(&format!("view-{n}"))).await.0, 202);
        loop {
            let frame = client.next_of("delta").await;
            if frame["id"] == "h" {
                patch::apply(&mut heat, object(&frame["changes"]));
            } else if frame["changes"]["concurrent_viewers"] == n + 1 {
                break;
            }
        }
        latencies.push(posted.elapsed());
    }
    latencies.sort();
    println!("post to delta: median {:?}, worst {:?}", latencies[5], latencies[9]);
    while heat["plays"]["1"] != 10 {
        let frame = client.next_of("delta").await;
        if frame["id"] == "h" {
            patch::apply(&mut heat, object(&frame["changes"]));
        }
    }
    assert_eq!(heat["plays"], json!({"0": 10, "1": 10}));
    assert_eq!(heat["viewers"], heat["plays"]);

    // What viewers do of the customer's own is counted at its place, once however often it is sent.
    let own = json!({"seq": 9, "t_ms": 1500, "type": "custom", "name": "add_to_cart", "playhead_ms": 1400});
    let beacon = json!({"v": 1, "views": [{"id": "view-0", "events": [own]}]});
    let (_, answer) = server.beacon(&beacon).await;
    server.beacon(&beacon).await;
    while heat["moments"]["add_to_cart"].is_null() {
        let frame = client.next_of("delta").await;
        if frame["id"] == "h" {
            patch::apply(&mut heat, object(&frame["changes"]));
        }
    }
    assert_eq!(heat["moments"], json!({"add_to_cart": {"1": 1}}));
    let position = answer["position"].as_str().unwrap();
    let path = "/data/v1/engagement/videos/film/heatmap";
    let (_, history) = server.get(&format!("{path}?wait_for={position}&wait_ms=30000")).await;
    let moment = json!({"name": "add_to_cart", "playhead_ms": 1000, "count": 1});
    assert_eq!(history["data"]["moments"], json!([moment]), "{history}");

    // A second client's snapshot is what the first one's deltas add up to.
    let mut second = Client::signed_in(&server).await;
    second
        .send(&json!({"type": "subscribe", "id": "x", "topic": "heatmap", "query": {"video_id": "film"}}))
        .await;
    assert_eq!(object(&second.next_of("snapshot").await["state"]), heat);
    // And so is the same question over HTTP.
    let (_, once) = server.get("/data/v1/live/heatmap?video_id=film").await;
    assert_eq!(object(&once["data"]), heat);
    for (path, code) in
        [("heatmap", "invalid_parameters"), ("heatmap?by=x", "invalid_parameters"), ("weather", "not_found")]
    {
        assert_eq!(server.get(&format!("/data/v1/live/{path}")).await.1["code"], code, "{path}");
    }
}

/// Nobody watching is a figure; not knowing is none.
#[tokio::test(flavor = "multi_thread")]
async fn seconds_without_viewers_are_zeros_and_seconds_not_followed_are_missing() {
    let before_s = chrono::Utc::now().timestamp();
    let server = Server::start(&[]).await;
    let leave =
        json!({"v": 1, "views": [{"id": "gone", "events": [{"seq": 4, "t_ms": 2400, "type": "viewend"}]}]});
    assert_eq!(server.beacon(&play("gone")).await.0, 202);
    assert_eq!(server.beacon(&leave).await.0, 202);
    for of in ["", "?video_id=film", "?video_id=never"] {
        let path = format!("/data/v1/live/timeseries{of}");
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let (_, answer) = server.get(&path).await;
            let points = answer["data"]["points"].as_object().unwrap();
            let seconds: Vec<i64> = points.keys().map(|second| second.parse().unwrap()).collect();
            assert!(seconds.iter().all(|second| *second >= before_s), "{of} {answer}");
            let newest = seconds.iter().max().copied().unwrap_or_default();
            let is_zero = |second: i64| {
                points
                    .get(&second.to_string())
                    .is_some_and(|point| point["viewers"] == 0 && point["starts"] == 0)
            };
            if (newest - 4..=newest).all(is_zero) {
                break;
            }
            assert!(Instant::now() < deadline, "{of} {answer}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Live counts as the API does: a view of a sample for as many as it stands for, and no robots.
#[tokio::test(flavor = "multi_thread")]
async fn samples_weigh_and_robots_are_left_out() {
    let server = Server::start(&[]).await;
    let own = json!({"seq": 4, "t_ms": 1500, "type": "custom", "name": "buy", "playhead_ms": 1400});
    let mut position = String::new();
    for (view, sample_rate, agent) in [
        ("one-in-four", 0.25, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("all", 1.0, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("robot", 0.25, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ] {
        let mut beacon = play(view);
        beacon["views"][0]["set"]["sample_rate"] = json!(sample_rate);
        beacon["views"][0]["events"].as_array_mut().unwrap().push(own.clone());
        let request = server.http.post(server.at(&format!("/in/{}", Server::INGEST_KEY)));
        let answer = request.header("user-agent", agent).json(&beacon).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        position = answer.json::<Value>().await.unwrap()["position"].as_str().unwrap().to_owned();
    }

    let mut client = Client::signed_in(&server).await;
    let film = json!({"video_id": "film"});
    let about =
        |topic, query: &Value| json!({"type": "subscribe", "id": topic, "topic": topic, "query": query});
    // The log's tail has all three once the last one is there.
    let robot = json!({"view_id": "robot"});
    loop {
        client.send(&about("view", &robot)).await;
        if client.next_of("snapshot").await["state"]["view"]["state"] == "playing" {
            break;
        }
    }
    let mut state = async |topic, query: &Value| {
        client.send(&about(topic, query)).await;
        loop {
            let frame = client.next_of("snapshot").await;
            if frame["id"] == topic {
                return frame["state"].clone();
            }
        }
    };
    let overview = state("overview", &json!({})).await;
    assert_eq!((&overview["concurrent_viewers"], &overview["playing"]), (&json!(5), &json!(5)), "{overview}");
    assert_eq!(state("top", &json!({})).await["rows"]["film"]["viewers"], 5);
    assert_eq!(state("breakdown", &json!({"dimension": "browser"})).await["rows"]["Firefox"]["viewers"], 5);
    let views = state("views", &json!({})).await;
    assert!(views["rows"]["all"].is_object() && views["rows"]["robot"].is_null(), "{views}");
    let heat = state("heatmap", &film).await;
    assert_eq!((&heat["total_views"], &heat["plays"]), (&json!(5), &json!({"0": 5, "1": 5})), "{heat}");
    assert_eq!((&heat["viewers"], &heat["moments"]), (&heat["plays"], &json!({"buy": {"1": 5}})));

    // As history has it.
    let path = format!(
        "/data/v1/engagement/videos/film/heatmap?resolution=second&wait_for={position}&wait_ms=30000"
    );
    let (_, history) = server.get(&path).await;
    let moment = json!({"name": "buy", "playhead_ms": 1000, "count": 5});
    assert_eq!(history["data"]["moments"], json!([moment]), "{history}");
    assert_eq!((&history["data"]["total_views"], &history["data"]["value"]), (&json!(5), &json!([5, 5])));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_shown_the_door_and_everybody_is_told_of_a_restart() {
    let mut server = Server::start(&[]).await;
    let mut stranger = Client::connect(&server).await;
    stranger.send(&json!({"type": "subscribe", "id": "o", "topic": "overview"})).await;
    assert_eq!(stranger.closed().await, Close::Authentication.code());
    let mut forger = Client::connect(&server).await;
    forger.send(&json!({"type": "auth", "token": "reader:guess"})).await;
    assert_eq!(forger.closed().await, Close::Authentication.code());

    let demo: Value = server.http.get(server.at("/demo/config")).send().await.unwrap().json().await.unwrap();
    let mut guest = Client::connect(&server).await;
    guest.send(&json!({"type": "auth", "token": demo["live_token"]})).await;
    guest.send(&json!({"type": "subscribe", "id": "h", "topic": "heatmap", "query": {"video_id": "playhead-demo"}})).await;
    guest.next_of("snapshot").await;
    guest.send(&json!({"type": "subscribe", "id": "v", "topic": "views"})).await;
    assert_eq!(guest.closed().await, Close::Scope.code());

    let mut reader = Client::signed_in(&server).await;
    reader.send(&json!({"type": "subscribe", "id": "b", "topic": "breakdown", "query": {"dimension": "shoe size"}})).await;
    assert!(reader.next_of("error").await["message"].as_str().unwrap().contains("country"));
    // Also what cannot be read at all is told under the id it came with.
    for unreadable in [json!({"topic": "oracle"}), json!({"topic": "overview", "query": {"shoe": 43}})] {
        let mut frame = unreadable;
        frame["type"] = json!("subscribe");
        frame["id"] = json!("u");
        reader.send(&frame).await;
        let error = reader.next_of("error").await;
        assert_eq!((error["id"].as_str(), error["code"].as_str()), (Some("u"), Some("bad_frame")), "{error}");
    }
    let stopped = server.terminate();
    let told = async {
        let frame = reader.next_of("going_away").await;
        assert!(frame["reconnect_ms"].as_u64().unwrap() > 0);
        assert_eq!(reader.closed().await, Close::Restart.code());
    };
    let (status, ()) = tokio::join!(stopped, told);
    assert!(status.success());
}
