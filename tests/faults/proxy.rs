//! A wire with a weather of its own: answers get lost, everything is late, or nothing comes through any more while the
//! connections stay open, as when a cable is pulled.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::sleep,
};

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weather {
    Fair,
    /// Cuts the connection in this share of the answers, after the server has given them and before the client hears them.
    Losing(f64),
    /// Everything arrives this much later.
    Late(Duration),
    /// No answer arrives.
    Deaf,
    /// Nothing arrives, either way.
    Dead,
}

/// A proxy on a port of its own. Its connections end with it.
pub struct Proxy {
    pub port: u16,
    /// Answers that never arrived.
    pub cut: Arc<AtomicU64>,
    weather: watch::Sender<Weather>,
    target: Arc<OnceLock<String>>,
    accepting: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// Listens; everything goes to what [`Self::pass_to`] says.
    pub async fn start(weather: Weather, seed: u64) -> Self {
        Self::start_at("127.0.0.1:0", weather, seed).await
    }

    /// The same at this address.
    pub async fn start_at(address: &str, weather: Weather, seed: u64) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (weather, seen) = watch::channel(weather);
        let (cut, target) = (Arc::<AtomicU64>::default(), Arc::<OnceLock<String>>::default());
        let (cuts, to) = (Arc::clone(&cut), Arc::clone(&target));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            let mut number = 0;
            while let Ok((client, _)) = listener.accept().await {
                number += 1;
                let Some(target) = to.get().cloned() else { continue };
                let wire = Wire { weather: seen.clone(), seed: seed ^ number, cut: Arc::clone(&cuts) };
                connections.spawn(connect(client, target, wire));
            }
        });
        Self { port, cut, weather, target, accepting: accepting.abort_handle() }
    }

    /// `host:port`, with or without `http://`.
    pub fn pass_to(&self, target: &str) {
        self.target.set(target.trim_start_matches("http://").to_owned()).expect("said once");
    }

    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

#[derive(Clone)]
struct Wire {
    weather: watch::Receiver<Weather>,
    seed: u64,
    cut: Arc<AtomicU64>,
}

async fn connect(client: TcpStream, target: String, wire: Wire) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever side ends first ends both.
    tokio::select! {
        () = pass(from_client, to_server, wire.clone(), false) => {}
        () = pass(from_server, to_client, wire, true) => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut wire: Wire, are_answers: bool) {
    let (mut buffer, mut chance) = (vec![0; 16 << 10], StdRng::seed_from_u64(wire.seed));
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let stuck = |weather: &Weather| *weather == Weather::Dead || *weather == Weather::Deaf && are_answers;
        let Ok(weather) = wire.weather.wait_for(|weather| !stuck(weather)).await.map(|weather| *weather)
        else {
            return;
        };
        match weather {
            Weather::Losing(share) if are_answers && chance.random_bool(share) => {
                wire.cut.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Weather::Late(by) => sleep(by).await,
            _ => {}
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
