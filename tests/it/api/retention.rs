//! Retention per environment: what is over goes, the day that is not over stays, and so does everybody else's.

use std::time::{Duration, Instant};

use playhead::{
    clock::Clock,
    control::Control,
    log::{self, LogSettings, segment::SegmentSettings},
    pipeline,
    privacy::Keeper,
};

use super::{
    data::{an_hour_ago, random_views, write},
    server::{Server, store, unlimited},
};

const DAY_MS: i64 = 24 * 3600 * 1000;

#[tokio::test]
async fn each_environment_keeps_its_own_days() {
    let server = Server::start(unlimited());
    let (short, long) = (server.tenant().await, server.tenant().await);
    server.control.change_environment(&short.id, None, Some(5)).await.unwrap();
    for tenant in [&short, &long] {
        write(&store(), &tenant.id, &random_views(3, 20, an_hour_ago())).await;
        write(&store(), &tenant.id, &old(4, 10)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let settings = SegmentSettings::new(folder.path().join("log"), &[pipeline::GROUP]);
    let keeper = Keeper {
        control: Control::clone(&server.control),
        store: store(),
        log: log::open(&LogSettings::Embedded(settings)).await.unwrap(),
        clock: Clock::system(),
    };
    let keeping = tokio::spawn(keeper.run());
    let hours = async |environment: &str| store().hours(environment).await.unwrap();
    let limit = chrono::Utc::now().timestamp_millis() - 6 * DAY_MS;
    let begun = Instant::now();
    while hours(&short.id).await.iter().any(|hour| *hour < limit) {
        assert!(begun.elapsed() < Duration::from_secs(60), "what is over is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    keeping.abort();
    assert!(!hours(&short.id).await.is_empty(), "what is not over is gone");
    assert!(hours(&long.id).await.iter().any(|hour| *hour < limit), "another's is gone");
}

/// Views that began so many days ago.
fn old(seed: u64, days: i64) -> Vec<super::data::TestView> {
    random_views(seed, 10, an_hour_ago() - days * DAY_MS)
}
