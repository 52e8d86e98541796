//! A dashboard that takes its frames off too slowly: it is told so, and then sees what everybody sees.

use playhead::web::live::patch;
use serde_json::{Map, Value, json};
use tokio::net::TcpSocket;
use tokio_tungstenite::{MaybeTlsStream, client_async};

use super::{Client, object, play};
use crate::support::server::Server;

/// Of the same list: each change is sent so many times, which is more than the network and the service keep.
const TILES: usize = 100;
/// More than the changes of one question that are kept for whoever is behind.
const CHANGES: usize = 90;

/// Signed in through so narrow a window that little is on its way.
async fn behind_a_narrow_window(server: &Server) -> Client {
    let address = server.url().trim_start_matches("http://").to_owned();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let socket = MaybeTlsStream::Plain(socket.connect(address.parse().unwrap()).await.unwrap());
    let mut client = Client(client_async(format!("ws://{address}/live"), socket).await.unwrap().0);
    client.send(&json!({"type": "auth", "token": Server::TOKEN})).await;
    client
}

fn views(id: usize) -> Value {
    json!({"type": "subscribe", "id": id.to_string(), "topic": "views", "query": {"limit": 200}})
}

fn rows(state: &Map<String, Value>) -> usize {
    state["rows"].as_object().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_too_slowly_is_told_and_gets_the_state_anew() {
    let server = Server::start(&[]).await;
    let (mut quick, mut slow) = (Client::signed_in(&server).await, behind_a_narrow_window(&server).await);
    quick.send(&views(0)).await;
    let mut state = object(&quick.next_of("snapshot").await["state"]);
    for tile in 0..TILES {
        slow.send(&views(tile)).await;
    }
    // Each of these is a change of its own for who reads; who does not read holds nobody up.
    for change in 1..=CHANGES {
        let views: Vec<Value> =
            (0..2).map(|of| play(&format!("view-{change}-{of}"))["views"][0].clone()).collect();
        assert_eq!(server.beacon(&json!({"v": 1, "views": views})).await.0, 202);
        while rows(&state) < 2 * change {
            patch::apply(&mut state, object(&quick.next_of("delta").await["changes"]));
        }
    }
    let told = slow.next_of("lagging").await;
    assert!(told["dropped"].as_u64() >= Some(1), "{told}");
    // What follows leads to what everybody sees, tile by tile; another change may still come.
    let mut tiles = vec![None; TILES];
    while tiles
        .iter()
        .any(|tile: &Option<Map<String, Value>>| tile.as_ref().is_none_or(|tile| rows(tile) < 2 * CHANGES))
    {
        let frame = slow.next().await.unwrap();
        let Some(tile) = frame["id"].as_str().map(|id| &mut tiles[id.parse::<usize>().unwrap()]) else {
            continue;
        };
        match (frame["type"].as_str(), tile) {
            (Some("snapshot"), tile) => *tile = Some(object(&frame["state"])),
            (Some("delta"), Some(tile)) => patch::apply(tile, object(&frame["changes"])),
            // It was sent before somebody listened here.
            _ => {}
        }
    }
}
