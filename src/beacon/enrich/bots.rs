//! Which user agents are robots, by the list that the crawler-user-agents project keeps.
//!
//! The class is the list's own word for what a robot is for (`search-engine`, `ai-crawler`, `monitoring`, …). Nothing is
//! dropped for it: it is a dimension, and the API leaves those who call themselves robots out unless asked
//! ([`crate::store::query::Bots`]).

use std::path::PathBuf;

use regex::bytes::{RegexSet, RegexSetBuilder};
use serde::Deserialize;

use crate::{
    event::bot::{CRAWLER, HINTS},
    installed,
};

const FILE: &str = "crawler-user-agents.json";
const PACKAGE: &str = "deploy/geo/node_modules/crawler-user-agents/crawler-user-agents.json";

/// 1,500 patterns together; the default bound is for one.
const MAX_PROGRAM_BYTES: usize = 64 << 20;

/// The list, ready to be asked.
pub struct Bots {
    patterns: RegexSet,
    /// By pattern.
    classes: Vec<String>,
}

/// A line of the list.
#[derive(Deserialize)]
struct Entry {
    pattern: String,
    #[serde(default)]
    tags: Vec<String>,
}

impl Bots {
    /// Reads the list that came with the installation; without it only the parser of user agents knows robots.
    pub fn open() -> Self {
        let entries = match installed::find(FILE, PACKAGE) {
            Some(path) => read(&path).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), error, "the list of robots cannot be read");
                Vec::new()
            }),
            None => {
                tracing::warn!("few robots are known: no {FILE}; run `make setup`");
                Vec::new()
            }
        };
        let patterns = RegexSetBuilder::new(entries.iter().map(|entry| &entry.pattern))
            .unicode(false)
            .size_limit(MAX_PROGRAM_BYTES)
            .build();
        let patterns = patterns.unwrap_or_else(|error| {
            tracing::warn!(%error, "the list of robots cannot be used");
            RegexSet::empty()
        });
        let class = |entry: Entry| entry.tags.into_iter().next().unwrap_or_else(|| CRAWLER.to_owned());
        Self { patterns, classes: entries.into_iter().map(class).collect() }
    }

    /// The class of a robot's user agent. A robot that also names its tools is what it says it is.
    pub fn class(&self, agent: &str) -> Option<&str> {
        let matches = self.patterns.matches(agent.as_bytes());
        let mut classes = matches.iter().filter_map(|index| self.classes.get(index)).map(String::as_str);
        let first = classes.next()?;
        if !HINTS.contains(&first) {
            return Some(first);
        }
        classes.find(|class| !HINTS.contains(class)).or(Some(first))
    }
}

fn read(path: &PathBuf) -> Result<Vec<Entry>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn robots_are_told_from_players() {
        let bots = Bots::open();
        for (agent, class) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                Some("search-engine"),
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
                Some("ai-crawler"),
            ),
            (
                "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
                Some("social-preview"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
                Some("browser-automation"),
            ),
            ("okhttp/4.12.0", Some("http-library")),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                None,
            ),
            (
                "Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/7.0 Chrome/120.0.0.0 TV Safari/537.36",
                None,
            ),
            ("AppleCoreMedia/1.0.0.21G80 (iPhone; U; CPU OS 17_6 like Mac OS X; de_de)", None),
            ("Roku/DVP-14.0 (14.0.4.3400-88)", None),
            ("", None),
        ] {
            assert_eq!(bots.class(agent), class, "{agent}");
        }
    }
}
