//! The classes of robots, where they mean something to the code.
//!
//! Most are the words of the crawler-user-agents list (`search-engine`, `ai-crawler`, `monitoring`, …) for senders that
//! call themselves robots. The [`HINTS`] are no confessions: people are behind them too.

/// The address belongs to a network of rented machines.
pub const DATA_CENTRE: &str = "data-center";
/// A robot of no known purpose.
pub const CRAWLER: &str = "crawler";
/// What a robot may use and a player too: a browser under remote control (somebody's tests), a library for HTTP (an app's
/// own), a machine in a data centre (a VPN, or the site's own proxy in front of Playhead).
pub const HINTS: [&str; 3] = ["browser-automation", "http-library", DATA_CENTRE];
