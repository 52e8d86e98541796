//! What one subscription sends: the state, and then every change of it; a subscriber that is too slow gets the state anew.
//!
//! A frame is made when its connection has room for it. So a client that reads nothing costs no more than one that does, and one
//! task serves a connection, however much it asks.

use std::sync::{Arc, Weak};

use futures_util::{
    Stream, StreamExt,
    stream::{self, AbortHandle, Abortable, LocalBoxStream, SelectAll},
};
use serde_json::json;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::hub::{Change, Channel};

/// What several subscriptions send, in turn.
pub type Followed = SelectAll<Abortable<LocalBoxStream<'static, String>>>;

/// One question of one client; it is over when this is dropped.
pub struct Subscription {
    channel: Arc<Channel>,
    /// Ends what it sends.
    end: Option<AbortHandle>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = &self.end {
            end.abort();
        }
    }
}

impl Subscription {
    /// Nothing is sent yet.
    pub fn to(channel: Arc<Channel>) -> Self {
        Self { channel, end: None }
    }

    /// Adds its frames to what is `followed`; `since` is the state the client has already.
    pub fn follow(&mut self, id: &str, since: Option<u64>, followed: &mut Followed) {
        let channel = Arc::downgrade(&self.channel);
        let following = Following { id: json!(id).to_string(), channel, since, changes: None };
        let (frames, end) = stream::abortable(following.frames().boxed_local());
        followed.push(frames);
        self.end = Some(end);
    }
}

/// Where one subscription is.
struct Following {
    /// As it stands in a frame.
    id: String,
    /// Not kept by this: it may wait long for its connection's room after the subscription is over, and the question is
    /// evaluated for as long as somebody keeps it.
    channel: Weak<Channel>,
    since: Option<u64>,
    /// What comes after the state, once that was told.
    changes: Option<Receiver<Change>>,
}

impl Following {
    fn frames(self) -> impl Stream<Item = String> {
        stream::unfold(self, async |mut following| following.next().await.map(|frame| (frame, following)))
    }

    async fn next(&mut self) -> Option<String> {
        let Self { id, channel, since, changes } = self;
        loop {
            let Some(joined) = changes else {
                let (seq, state, joined) = channel.upgrade()?.join();
                *changes = Some(joined);
                if since.take() == Some(seq) {
                    continue;
                }
                let state = serde_json::Value::Object(state);
                return Some(format!(
                    "{{\"type\":\"snapshot\",\"id\":{id},\"seq\":{seq},\"state\":{state}}}"
                ));
            };
            match joined.recv().await {
                Ok(Change { seq, changes }) => {
                    return Some(format!(
                        "{{\"type\":\"delta\",\"id\":{id},\"seq\":{seq},\"changes\":{changes}}}"
                    ));
                }
                Err(RecvError::Lagged(dropped)) => {
                    *changes = None;
                    return Some(json!({"type": "lagging", "dropped": dropped}).to_string());
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        pipeline::live::Live,
        web::live::{
            frame::{Query, Topic},
            hub::Hub,
            question::Question,
        },
    };

    #[tokio::test]
    async fn what_is_no_longer_asked_is_forgotten_though_its_connection_has_no_room() {
        let hub = Hub::new(Arc::new(Live::default()), Clock::system());
        let question = Question { environment: "e".into(), topic: Topic::Overview, query: Query::default() };
        let channel = hub.channel(&question);
        let known = Arc::downgrade(&channel);
        let mut followed = Followed::new();
        let mut subscription = Subscription::to(channel);
        subscription.follow("page", None, &mut followed);
        assert!(
            followed.next().await.is_some_and(|frame| frame.starts_with(r#"{"type":"snapshot","id":"page""#))
        );
        drop(subscription);
        assert!(known.upgrade().is_none());
        assert_eq!(followed.next().await, None);
    }
}
