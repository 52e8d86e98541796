//! The world viewers live in: what there is to watch, where they are, what they watch on, who delivers it.

use std::{fmt::Write, net::Ipv4Addr};

use super::chance::Chance;

/// Titles on offer, by popularity.
const TITLES: usize = 240;
/// Each title is watched in proportion to 1 / rank^ZIPF.
const ZIPF: f64 = 0.9;
/// Every how many-th rank is a live channel.
const LIVE_EVERY: usize = 12;

/// Something to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    pub id: String,
    pub name: String,
    pub series: &'static str,
    /// `None` for a live channel.
    pub duration_ms: Option<u64>,
}

/// Where a viewer is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// An address block that belongs to the country, and how many addresses of it are used.
    block: (Ipv4Addr, u32),
    /// How much longer everything takes here than in the best place.
    pub distance: f64,
}

/// What a viewer watches on.
#[derive(Debug, Clone, Copy)]
pub struct Device {
    pub user_agent: &'static str,
    pub player: (u32, u32),
    /// Share of views in which frames are dropped at all.
    pub weakness: f64,
}

/// A step of the bitrate ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rendition {
    pub width: u32,
    pub height: u32,
    pub bitrate: u64,
}

/// The ladder, lowest first.
pub const RENDITIONS: [Rendition; 5] = [
    Rendition { width: 416, height: 234, bitrate: 400_000 },
    Rendition { width: 640, height: 360, bitrate: 900_000 },
    Rendition { width: 1280, height: 720, bitrate: 2_800_000 },
    Rendition { width: 1920, height: 1080, bitrate: 5_400_000 },
    Rendition { width: 3840, height: 2160, bitrate: 14_000_000 },
];

/// Delivery networks by share, with how much more often they stall than the best.
pub const CDNS: [(f64, (&str, f64)); 3] =
    [(0.6, ("edge-north", 1.0)), (0.3, ("edge-south", 1.4)), (0.1, ("edge-budget", 2.5))];

const PLACES: [(f64, Place); 9] = [
    (0.24, place([73, 0, 0, 0], 1.0)),   // United States
    (0.16, place([84, 136, 0, 0], 1.0)), // Germany
    (0.12, place([86, 128, 0, 0], 1.0)), // United Kingdom
    (0.10, place([90, 0, 0, 0], 1.1)),   // France
    (0.10, place([187, 64, 0, 0], 1.8)), // Brazil
    (0.10, place([49, 32, 0, 0], 2.2)),  // India
    (0.08, place([126, 0, 0, 0], 1.1)),  // Japan
    (0.06, place([78, 64, 0, 0], 1.0)),  // Sweden
    (0.04, place([1, 120, 0, 0], 1.5)),  // Australia
];

const DEVICES: [(f64, Device); 8] = [
    (
        0.22,
        device(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36",
            (1280, 720),
            0.2,
        ),
    ),
    (
        0.10,
        device(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
            (1440, 810),
            0.1,
        ),
    ),
    (
        0.08,
        device("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", (1280, 720), 0.2),
    ),
    (
        0.08,
        device(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36 Edg/155.0.0.0",
            (1920, 1080),
            0.2,
        ),
    ),
    (
        0.22,
        device(
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Mobile Safari/537.36",
            (412, 232),
            0.3,
        ),
    ),
    (
        0.16,
        device(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
            (390, 219),
            0.1,
        ),
    ),
    (
        0.08,
        device(
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/7.0 Chrome/120.0.0.0 TV Safari/537.36",
            (3840, 2160),
            0.5,
        ),
    ),
    (
        0.06,
        device(
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 WebAppManager",
            (1920, 1080),
            0.5,
        ),
    ),
];

const fn place(block: [u8; 4], distance: f64) -> Place {
    Place { block: (Ipv4Addr::new(block[0], block[1], block[2], block[3]), 1 << 18), distance }
}

const fn device(user_agent: &'static str, player: (u32, u32), weakness: f64) -> Device {
    Device { user_agent, player, weakness }
}

/// What there is to watch, the same for every viewer of a seed.
#[derive(Debug)]
pub struct Catalogue {
    titles: Vec<(f64, Title)>,
}

impl Catalogue {
    /// Makes the titles.
    pub fn new(chance: &mut Chance) -> Self {
        let series = ["Harbour", "Northern Line", "The Orchard", "Open Water", "Night Shift", "Field Notes"];
        let titles = (1..=TITLES).map(|rank| {
            let live = rank % LIVE_EVERY == 0;
            let of = *chance.one_of(&series);
            let duration_ms = chance.lasting_ms(14.0 * 60_000.0, 0.8).clamp(90_000, 3 * 3_600_000);
            let title = Title {
                id: format!("{}-{rank:03}", if live { "live" } else { "title" }),
                name: if live {
                    format!("Channel {}", rank / LIVE_EVERY)
                } else {
                    format!("{of}, part {rank}")
                },
                series: of,
                duration_ms: (!live).then_some(duration_ms),
            };
            ((rank as f64).powf(-ZIPF), title)
        });
        Self { titles: titles.collect() }
    }

    /// What somebody chooses.
    pub fn choose(&self, chance: &mut Chance) -> &Title {
        chance.weighted(&self.titles)
    }
}

/// Someone who watches: stays the same from view to view.
#[derive(Debug, Clone)]
pub struct Person {
    pub viewer_id: String,
    pub session_id: String,
    pub address: Ipv4Addr,
    pub place: Place,
    pub device: Device,
    /// How far the device's wall clock is off, ms.
    pub skew_ms: i64,
}

impl Person {
    /// Makes up viewer `number` of a run.
    pub fn new(number: u64, chance: &mut Chance) -> Self {
        let place = *chance.weighted(&PLACES);
        let mut session_id = String::with_capacity(16);
        let _ = write!(session_id, "{:016x}", chance.between(0, u64::MAX));
        let address = u32::from(place.block.0) + chance.between(1, u64::from(place.block.1)) as u32;
        // Most clocks are a little off, a few are set by hand.
        let spread_ms = if chance.happens(0.05) { 3_600_000 } else { 2_000 };
        Self {
            viewer_id: format!("viewer-{number:06}"),
            session_id,
            address: address.into(),
            place,
            device: *chance.weighted(&DEVICES),
            skew_ms: chance.between(0, 2 * spread_ms) as i64 - spread_ms as i64,
        }
    }
}
