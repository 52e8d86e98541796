//! Where beacons come from and who sends them, from the request to the API's answer.

use reqwest::header;
use serde_json::{Value, json};

use crate::support::server::Server;

const PERSON: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const HEADLESS: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36";

/// Plays from an address with a user agent and returns where that was written.
async fn play(server: &Server, view: &str, agent: &str, address: &str) -> String {
    let beacon = json!({"v": 1, "views": [{"id": view,
        "set": {"video_id": "film", "experiment_name": "new-player", "custom": {"seats": 2, "member": true, "plan": "gold"}},
        "events": [{"seq": 1, "t_ms": 0, "type": "play"}, {"seq": 2, "t_ms": 300, "type": "playing"}]}]});
    let answer = server
        .http
        .post(server.at(&format!("/in/{}", Server::INGEST_KEY)))
        .header(header::USER_AGENT, agent)
        .header("x-forwarded-for", address)
        .json(&beacon)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    answer.json::<Value>().await.unwrap()["position"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_are_placed_and_robots_are_told_apart_and_never_dropped() {
    let server = Server::start(&[]).await;
    play(&server, "person", PERSON, "193.0.6.139").await;
    play(&server, "crawler", CRAWLER, "66.249.66.1").await;
    play(&server, "headless", HEADLESS, "192.0.2.7").await;
    let position = play(&server, "rented", PERSON, "3.5.140.2").await;
    let ask = async |path: &str| {
        let mark = if path.contains('?') { '&' } else { '?' };
        let (status, answer) =
            server.get(&format!("/data/v1/{path}{mark}wait_for={position}&wait_ms=30000")).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"].clone()
    };

    let person = ask("video-views/person").await;
    assert_eq!((&person["country"], &person["asn"]), (&json!("NL"), &json!(3333)));
    assert!(person["asn_organization"].as_str().unwrap().contains("RIPE"), "{person}");
    assert_eq!(person["bot_class"], json!(null));
    assert_eq!(ask("video-views/crawler").await["bot_class"], "search-engine");

    let counted = async |bots: &str| ask(&format!("metrics/views/overall?{bots}")).await["value"].clone();
    assert_eq!(counted("").await, 3.0, "who calls itself a robot is left out");
    assert_eq!(counted("bots=strict").await, 1.0);
    assert_eq!(counted("bots=include").await, 4.0);
    let rows = ask("metrics/views/breakdown?group_by=bot_class&bots=include&order_by=field").await;
    let classes: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["field"].clone()).collect();
    let expected = [json!(null), json!("browser-automation"), json!("data-center"), json!("search-engine")];
    assert_eq!(classes, expected);
    let (status, problem) = server.get("/data/v1/metrics/views/overall?bots=none").await;
    assert_eq!((status, &problem["choices"]), (400, &json!(["exclude", "strict", "include"])));

    let amazon = ask("metrics/views/overall?filters[]=asn:16509").await;
    assert_eq!(amazon["value"], 1.0);
    let tested = ask("metrics/views/breakdown?group_by=experiment_name").await;
    assert_eq!((&tested[0]["field"], &tested[0]["views"]), (&json!("new-player"), &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_files_places_and_networks_are_unknown() {
    let server =
        Server::start(&[("COUNTRY_DATABASE", "/nowhere.mmdb"), ("ASN_DATABASE", "/nowhere.mmdb")]).await;
    let position = play(&server, "person", PERSON, "193.0.6.139").await;
    let (_, answer) =
        server.get(&format!("/data/v1/video-views/person?wait_for={position}&wait_ms=30000")).await;
    for name in ["country", "region", "asn", "asn_organization"] {
        assert_eq!(answer["data"][name], json!(null), "{name}");
    }
    assert_eq!(answer["data"]["browser"], "Chrome");
}
