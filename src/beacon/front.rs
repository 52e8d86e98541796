//! What stands before the application: beacons of our SDK and of mux-embed, which are nearly all that comes.
//!
//! The application routes a request, wraps it and keeps it whole until its answer is on the way. Hundreds of beacons wait for
//! one sync, and the head of each, with everything around it, would be out of the processor's cache by then. So these are
//! known by their path and taken here, and all else goes on to the application.

use std::sync::Arc;

use actix_http::{Request, Response};
use actix_web::{http::Method, web};
use futures_util::future::LocalBoxFuture;

use super::{Collector, handler};
use crate::web::line::{Held, Turn};

/// See the module.
#[derive(Clone)]
pub struct Front {
    collector: web::Data<Collector>,
    prefix: Arc<str>,
}

impl Front {
    /// `prefix` is what our own beacons' paths begin with.
    pub fn new(collector: web::Data<Collector>, prefix: &str) -> Self {
        Self { collector, prefix: prefix.into() }
    }

    /// Takes a beacon to its answer; a request that is something else comes back.
    pub fn take(&self, request: Request) -> Result<LocalBoxFuture<'static, Response<Held>>, Request> {
        let Some(beacon) = Beacon::at(request.method(), request.path(), &self.prefix) else {
            return Err(request);
        };
        let collector = self.collector.clone();
        Ok(Box::pin(async move {
            let turn = Turn::of(&request);
            let answer = match beacon {
                Beacon::Native { key_from } => handler::native::take(request, key_from, &collector).await,
                Beacon::Mux => handler::mux::take(request, &collector).await,
            };
            Response::from(answer).map_body(|_, body| Held::new(body, turn))
        }))
    }
}

/// What somebody posts.
#[derive(Debug, PartialEq, Eq)]
enum Beacon {
    /// Our own; its key is the rest of the path from here.
    Native { key_from: usize },
    /// mux-embed's.
    Mux,
}

impl Beacon {
    fn at(method: &Method, path: &str, prefix: &str) -> Option<Self> {
        if method != Method::POST {
            return None;
        }
        if matches!(path, "/" | "/a.gif") {
            return Some(Self::Mux);
        }
        let key = path.strip_prefix(prefix)?.strip_prefix('/')?;
        let is_key = !key.is_empty() && !key.contains('/');
        is_key.then_some(Self::Native { key_from: path.len() - key.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beacons_are_known_by_method_and_path() {
        let post = |path| Beacon::at(&Method::POST, path, "/in");
        assert_eq!(post("/"), Some(Beacon::Mux));
        assert_eq!(post("/a.gif"), Some(Beacon::Mux));
        assert_eq!(post("/in/key"), Some(Beacon::Native { key_from: 4 }));
        for other in ["/in", "/in/", "/in/key/cmcd", "/in/key/", "/inside/key", "/data/v1/usage", "*"] {
            assert_eq!(post(other), None, "{other}");
        }
        assert_eq!(Beacon::at(&Method::OPTIONS, "/in/key", "/in"), None);
    }
}
