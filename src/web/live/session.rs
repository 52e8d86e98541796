//! One websocket: authenticate, then subscribe to questions. Bounded in everything it may hold, and in how long it holds it for
//! a client that does not read.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use actix_web::web;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Session};
use futures_util::StreamExt;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{
    LiveState,
    frame::{ClientFrame, Close, PROTOCOL, Query, Topic},
    hub::Hub,
    question::Question,
    room::{ROOM, Room},
    subscription::{Followed, Subscription},
};
use crate::{
    telemetry::{Metric, count_labelled, gauge_add},
    web::{
        api::ApiState,
        auth::{Principal, Proof},
        error::ApiError,
        line::{Hold, UNREAD},
    },
};

/// Largest frame a client may send.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Most questions one connection may follow.
const MAX_SUBSCRIPTIONS: usize = 100;
/// Messages of any kind that a client may send in ten seconds.
const MAX_FRAMES_PER_10_S: u32 = 500;
/// A client has this long to authenticate.
const AUTH_DEADLINE: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// After so many heartbeats it is asked again whether the client may still look.
const BEATS_OF_TRUST: u32 = 2;
/// A client that answers no ping for this long is gone.
const IDLE: Duration = Duration::from_secs(40);
/// How long a client that is told to go may take to do so.
const GOODBYE: Duration = Duration::from_secs(5);
/// Longest name of a subscription, bytes: each of its frames carries it.
const MAX_ID_BYTES: usize = 256;
/// Clients told to go away come back spread over this.
const RECONNECT_MS: std::ops::Range<u64> = 250..3000;

/// What a session speaks by.
pub struct Wire {
    /// What goes out,
    pub socket: Session,
    /// and what comes in.
    pub messages: AggregatedMessageStream,
    /// What waits to go out.
    pub room: Room,
    /// The connection under it.
    pub hold: Hold,
    /// Whom wrong tokens are counted against.
    pub address: IpAddr,
}

/// A running session.
struct LiveSession {
    socket: Session,
    room: Room,
    hub: Arc<Hub>,
    api: web::Data<ApiState>,
    address: IpAddr,
    who: Option<(Proof, Principal)>,
    subscriptions: HashMap<String, Subscription>,
    /// What they send.
    followed: Followed,
    paused: bool,
    frames_in: u32,
}

/// Serves one connection to its end. `proof` is there already when a session's cookie came with the upgrade.
pub async fn serve(wire: Wire, state: LiveState, proof: Option<Proof>) {
    gauge_add(Metric::LiveConnections, 1.0);
    let Wire { socket, messages, room, hold, address } = wire;
    hold.keep_short(ROOM as u32);
    let mut session = LiveSession {
        socket: socket.clone(),
        room: room.clone(),
        hub: state.hub,
        api: state.api,
        address,
        who: None,
        subscriptions: HashMap::new(),
        followed: Followed::new(),
        paused: false,
        frames_in: 0,
    };
    if let Some(proof) = proof {
        // A cookie that has expired is nobody's, and the client may still send a token.
        let _ = Box::pin(session.authenticate(proof)).await;
    }
    let close = session.run(messages, state.stopping).await;
    gauge_add(Metric::LiveConnections, -1.0);
    // Whoever leaves everything where it is does not read a goodbye either.
    if timeout(GOODBYE, room.free()).await.is_ok() {
        let reason =
            close.map(|close| CloseReason { code: CloseCode::Other(close.code()), description: None });
        // The peer may be gone already.
        let _ = socket.close(reason).await;
        sleep(GOODBYE).await;
    }
    hold.cut();
}

impl LiveSession {
    async fn run(
        mut self,
        mut messages: AggregatedMessageStream,
        mut stopping: watch::Receiver<bool>,
    ) -> Option<Close> {
        let hello = json!({"type": "hello", "server_ms": self.hub.now_ms(), "protocol": PROTOCOL});
        self.send("hello", hello.to_string()).await.ok()?;
        let opened = Instant::now();
        let mut last_heard = Instant::now();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let mut beats = 0_u32;
        let room = self.room.clone();
        // Made when there is room for it, so a client that reads nothing costs no more than those who do.
        let next = async |followed: &mut Followed| {
            room.free().await;
            followed.next().await
        };
        loop {
            tokio::select! {
                message = messages.next() => {
                    last_heard = Instant::now();
                    self.frames_in += 1;
                    if self.frames_in > MAX_FRAMES_PER_10_S {
                        return Some(Close::Rate);
                    }
                    match message? {
                        Ok(AggregatedMessage::Text(text)) => {
                            if let Err(close) = self.hear(&text).await {
                                return Some(close);
                            }
                        }
                        Ok(AggregatedMessage::Ping(bytes)) => self.pong(&bytes).await.ok()?,
                        Ok(AggregatedMessage::Binary(_)) => {
                            self.complain(None, "bad_frame", "frames are JSON in text messages").await;
                        }
                        Ok(AggregatedMessage::Close(_)) => return None,
                        Ok(_) => {}
                        Err(actix_ws::ProtocolError::Overflow) => return Some(Close::FrameTooBig),
                        Err(_) => return None,
                    }
                }
                Some(frame) = next(&mut self.followed), if !self.followed.is_empty() => {
                    self.send("change", frame).await.ok()?;
                }
                _ = heartbeat.tick() => {
                    beats += 1;
                    if beats.is_multiple_of(2) {
                        self.frames_in = 0;
                    }
                    if self.who.is_none() && opened.elapsed() > AUTH_DEADLINE {
                        return Some(Close::Authentication);
                    }
                    if beats.is_multiple_of(BEATS_OF_TRUST) && let Err(close) = Box::pin(self.look_again()).await {
                        return Some(close);
                    }
                    if last_heard.elapsed() > IDLE || self.leaves_everything() {
                        return Some(Close::Idle);
                    }
                    self.beat().await.ok()?;
                }
                _ = stopping.wait_for(|stopping| *stopping) => {
                    let reconnect_ms = rand::random_range(RECONNECT_MS);
                    let frame = json!({"type": "going_away", "reconnect_ms": reconnect_ms});
                    // Whoever has no room for it within this time sees the end itself.
                    let _ = timeout(GOODBYE, self.send("going_away", frame.to_string())).await;
                    return Some(Close::Restart);
                }
            }
        }
    }

    /// Sends a frame; waits for room only as long as a client may leave everything where it is.
    async fn send(&mut self, kind: &'static str, frame: String) -> Result<(), actix_ws::Closed> {
        timeout(UNREAD, self.room.free()).await.map_err(|_| actix_ws::Closed)?;
        count_labelled(Metric::LiveFrames, "type", kind, 1);
        self.room.take(frame.len());
        self.socket.text(frame).await
    }

    /// A sign of life, for those who have nothing else to read.
    async fn beat(&mut self) -> Result<(), actix_ws::Closed> {
        if self.room.full_since().is_some() {
            return Ok(());
        }
        self.room.take(0);
        self.socket.ping(b"").await?;
        let (server_ms, data_age_ms) = (self.hub.now_ms(), self.hub.data_age_ms());
        let beat = json!({"type": "heartbeat", "server_ms": server_ms, "data_age_ms": data_age_ms});
        self.send("heartbeat", beat.to_string()).await
    }

    /// Whoever pings and reads nothing is owed no answer.
    async fn pong(&mut self, bytes: &[u8]) -> Result<(), actix_ws::Closed> {
        if self.room.full_since().is_some() {
            return Ok(());
        }
        self.room.take(bytes.len());
        self.socket.pong(bytes).await
    }

    fn leaves_everything(&self) -> bool {
        self.room.full_since().is_some_and(|since| since.elapsed() > UNREAD)
    }

    async fn hear(&mut self, text: &str) -> Result<(), Close> {
        let frame = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(error) => {
                let id = id_of(text);
                self.complain(id.as_deref(), "bad_frame", &error.to_string()).await;
                return Ok(());
            }
        };
        match (frame, &self.who) {
            (ClientFrame::Auth { token }, _) => {
                // Once in a connection, and most of what its task would take all the time.
                Box::pin(self.authenticate(Proof::Token(token))).await?;
            }
            (_, None) => return Err(Close::Authentication),
            (ClientFrame::Subscribe { id, topic, query, since }, Some((_, principal))) => {
                let environment = allowed(principal, topic, &query).ok_or(Close::Scope)?;
                self.subscribe(id, Question { environment, topic, query }, since).await?;
            }
            (ClientFrame::Unsubscribe { id }, _) => drop(self.subscriptions.remove(&id)),
            (ClientFrame::Pause, _) => {
                self.paused = true;
                self.followed.clear();
            }
            (ClientFrame::Resume, _) => {
                if std::mem::take(&mut self.paused) {
                    for (id, subscription) in &mut self.subscriptions {
                        subscription.follow(id, None, &mut self.followed);
                    }
                }
            }
        }
        Ok(())
    }

    async fn authenticate(&mut self, proof: Proof) -> Result<(), Close> {
        let principal = self.api.principal(&proof, self.address).await;
        let principal = principal.map_err(|error| refused(&error))?;
        self.who = Some((proof, principal));
        Ok(())
    }

    /// Ends what a revoked token, a closed session or a lost role still has open. Not for an outage of the database.
    async fn look_again(&self) -> Result<(), Close> {
        let Some((proof, principal)) = &self.who else { return Ok(()) };
        match self.api.authenticator.principal(proof).await {
            Ok(now) if now == *principal => Ok(()),
            // The session looks at another environment now, and so will the next socket.
            Ok(_) => Err(Close::Restart),
            Err(ApiError::Unavailable(_)) => Ok(()),
            Err(error) => Err(refused(&error)),
        }
    }

    async fn subscribe(&mut self, id: String, question: Question, since: Option<u64>) -> Result<(), Close> {
        if let Err((code, message)) = question.check() {
            self.complain(Some(&id), code, &message).await;
            return Ok(());
        }
        if id.len() > MAX_ID_BYTES {
            let message = format!("`id` has at most {MAX_ID_BYTES} bytes");
            self.complain(None, "bad_frame", &message).await;
            return Ok(());
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS && !self.subscriptions.contains_key(&id) {
            return Err(Close::TooManySubscriptions);
        }
        let mut subscription = Subscription::to(self.hub.channel(&question));
        if !self.paused {
            subscription.follow(&id, since, &mut self.followed);
        }
        self.subscriptions.insert(id, subscription);
        Ok(())
    }

    async fn complain(&mut self, id: Option<&str>, code: &str, message: &str) {
        let mut frame = json!({"type": "error", "code": code, "message": message});
        if let Some(id) = id {
            frame["id"] = json!(id);
        }
        // A closed socket ends the session's loop by itself.
        let _ = self.send("error", frame.to_string()).await;
    }
}

/// The id in a frame that is wrong in another part: whoever asks several things has to know which of them failed.
fn id_of(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: String,
    }
    let named: Named = serde_json::from_str(text).ok()?;
    (named.id.len() <= MAX_ID_BYTES).then_some(named.id)
}

fn refused(error: &ApiError) -> Close {
    if let Some(cause) = error.cause() {
        tracing::warn!(cause, "could not find out who this is");
    }
    match error {
        ApiError::Forbidden(_) => Close::Scope,
        ApiError::RateLimited { .. } => Close::Rate,
        _ => Close::Authentication,
    }
}

/// The environment a principal may ask this of; a demo token sees its own video only.
fn allowed(principal: &Principal, topic: Topic, query: &Query) -> Option<String> {
    match principal {
        Principal::Reader { environment } => Some(environment.to_string()),
        Principal::Demo { environment, video_id } => {
            let own = match topic {
                Topic::Heatmap | Topic::Timeseries | Topic::Overview => {
                    query.video_id.as_deref() == Some(video_id)
                }
                // The view's id is a secret that only the page which made it knows.
                Topic::View => true,
                _ => false,
            };
            own.then(|| environment.to_string())
        }
    }
}
