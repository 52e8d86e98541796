//! Who a beacon belongs to is said by its key and by nothing in it; and whatever strangers send, the service says no more
//! about itself than before.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::server::Server;

const OTHER_KEY: &str = "otherkey";
const OTHER_TOKEN: &str = "other:secret-of-the-other";

/// A service with the environment of the tests and another one.
async fn two_tenants() -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bootstrap.json");
    let (id, secret) = OTHER_TOKEN.split_once(':').unwrap();
    let other =
        json!({"name": "other", "ingest_keys": [OTHER_KEY], "tokens": [{"id": id, "secret": secret}]});
    std::fs::write(&file, json!({"environments": [other]}).to_string()).unwrap();
    let server = Server::start(&[("BOOTSTRAP_FILE", file.to_str().unwrap())]).await;
    (server, folder)
}

/// Views of these ids that a token sees, once everything sent has settled.
async fn seen_by(server: &Server, token: &str, views: &[&str]) -> BTreeSet<String> {
    let shown = server.ledger(token, views).await;
    shown
        .iter()
        .filter(|view| view["view_rows"] != 0)
        .map(|view| view["view_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_alone_says_whose_a_beacon_is() {
    let (server, _folder) = two_tenants().await;
    let now_ms = chrono::Utc::now().timestamp_millis();
    // Everything that could be taken for a claim, in the body, the path and the head.
    let claims = json!({"environment": "other", "environment_id": "other", "env": "other", "tenant": "other", "organisation": "other",
        "organization_id": "other", "property_id": "other", "customer_id": "other", "key": OTHER_KEY, "ingest_key": OTHER_KEY,
        "env_key": OTHER_KEY, "ake": OTHER_KEY});
    let with = |mut value: Value| {
        value.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        value
    };
    let event = with(json!({"seq": 1, "t_ms": 0, "type": "play", "set": claims}));
    let view = with(json!({"id": "native", "set": claims, "events": [event]}));
    let native = with(json!({"v": 1, "views": [view]})).to_string();
    let mux = |view: &str, ake: &str| json!({"ake": ake, "xid": view, "xsqno": 1, "e": "play", "uti": now_ms, "environment": "other", "env_key": OTHER_KEY});
    let mux_meta = json!({"transmission_timestamp": now_ms, "env_key": OTHER_KEY, "ake": OTHER_KEY});
    let mux_body =
        json!({"meta": mux_meta, "events": [mux("mux", Server::INGEST_KEY), mux("stolen", OTHER_KEY)]})
            .to_string();
    let cmcd = format!(
        "sid=\"cmcd\",cid=\"c\",e=t,ts={now_ms},v=2,com.example-environment=\"other\",key=\"{OTHER_KEY}\""
    );
    let epas = with(json!({"event": "init", "sessionId": "epas", "timestamp": now_ms, "payload": claims}))
        .to_string();
    let own = format!("/in/{}", Server::INGEST_KEY);
    for (path, kind, body) in [
        (own.clone(), "text/plain", native),
        ("/".to_owned(), "text/plain", mux_body),
        (format!("{own}/cmcd"), "application/cmcd", cmcd),
        (format!("{own}/epas"), "application/json", epas),
    ] {
        let url = server.at(&format!("{path}?environment=other&key={OTHER_KEY}&tenant=other"));
        let request = server.http.post(url).header("content-type", kind).header("x-environment", "other");
        let request = request.header("x-tenant", "other").header("host", format!("{OTHER_KEY}.example.org"));
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }
    // CMCD's view is the session and its content.
    let ids = ["native", "mux", "stolen", "epas", "cmcd", "cmcd c", "cmcd/c", "cmcd:c"];
    assert_eq!(seen_by(&server, OTHER_TOKEN, &ids).await, BTreeSet::new());
    let own = seen_by(&server, Server::TOKEN, &ids).await;
    for id in ["native", "mux", "epas"] {
        assert!(own.contains(id), "{id} is not among {own:?}");
    }
    assert!(!own.contains("stolen"), "an event with another key is nobody's");
    strangers_make_no_series(&server).await;
}

/// The names and labels of all metrics.
async fn series(server: &Server) -> BTreeSet<String> {
    let text = server
        .http
        .get(format!("{}/metrics", server.admin_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
}

/// Words of a client's own in every place that has words, three times over.
async fn nonsense(server: &Server, turn: &str) {
    let http = &server.http;
    for number in 0..30 {
        let word = format!("{turn}{number}");
        let event = json!({"seq": 1, "t_ms": 0, "type": word, "name": word, &*word: word, "set": {&*word: word, "cdn": word,
            "player_name": word}, "c": {&*word: 1}, "error": {"code": word, "severity": word}});
        let own = server.at(&format!("/in/{}", Server::INGEST_KEY));
        let views = json!({"v": 1, "views": [{"id": word, "events": [event, word]}]}).to_string();
        let requests = [
            http.post(&own).header("user-agent", &word).body(views),
            http.post(&own).header("content-type", format!("text/{word}")).body("{}"),
            http.post(&own).header("content-encoding", &word).body("{}"),
            http.post(server.at(&format!("/in/{word}"))).body("{}"),
            http.post(format!("{own}/{word}")).body("{}"),
            http.post(format!("{own}/cmcd")).body(format!("sid=\"{word}\",e={turn},{word}={number},v=2")),
            http.post(format!("{own}/epas")).body(json!({"event": word, "sessionId": word}).to_string()),
            http.get(server.at(&format!("/data/v1/{word}?{word}={word}"))),
            http.request(
                reqwest::Method::from_bytes(word.to_uppercase().as_bytes()).unwrap(),
                server.at("/"),
            ),
            http.get(format!("{}/?user={word}&query={word}", server.sql_url())),
        ];
        for request in requests {
            request.send().await.unwrap();
        }
    }
}

async fn strangers_make_no_series(server: &Server) {
    nonsense(server, "once").await;
    let before = series(server).await;
    nonsense(server, "twice").await;
    let words: Vec<_> = series(server)
        .await
        .into_iter()
        .filter(|series| series.contains("once") || series.contains("twice"))
        .collect();
    assert_eq!(words, Vec::<String>::new());
    let new: Vec<_> = series(server).await.difference(&before).cloned().collect();
    assert!(new.len() < 5, "other words make other series: {new:?}");
    assert!(before.len() < 300, "{} series", before.len());
}
