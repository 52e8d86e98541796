//! A wire that can be cut: between player and collector, after the collector has answered and before the player hears it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A proxy on a port of its own.
pub struct Proxy {
    pub url: String,
    /// Answers that never arrived.
    pub cut: Arc<AtomicU64>,
}

impl Proxy {
    /// Passes everything on to `target` (`http://host:port`), but for this share of the answers.
    pub async fn start(target: &str, lost: f64, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (address, cut) = (target.trim_start_matches("http://").to_owned(), Arc::new(AtomicU64::new(0)));
        let count = Arc::clone(&cut);
        tokio::spawn(async move {
            let mut connections = 0;
            while let Ok((player, _)) = listener.accept().await {
                connections += 1;
                let chance = StdRng::seed_from_u64(seed ^ connections);
                tokio::spawn(pass(player, address.clone(), lost, chance, Arc::clone(&count)));
            }
        });
        Self { url, cut }
    }
}

async fn pass(player: TcpStream, address: String, lost: f64, mut chance: StdRng, cut: Arc<AtomicU64>) {
    let Ok(collector) = TcpStream::connect(address).await else { return };
    let (mut from_player, mut to_player) = player.into_split();
    let (mut from_collector, mut to_collector) = collector.into_split();
    let there = tokio::spawn(async move { tokio::io::copy(&mut from_player, &mut to_collector).await });
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from_collector.read(&mut buffer).await {
        if chance.random_bool(lost) {
            cut.fetch_add(1, Ordering::Relaxed);
            break;
        }
        if to_player.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    there.abort();
}
