//! A second process that writes: to be killed in the middle, or to run into a limit of the file system.
//!
//! The child is this test binary again, told by an environment variable what to do. It prints a line for each
//! acknowledged append; only what it printed was promised.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use playhead::log::{AppendError, EventLog, segment::SegmentLog};

use super::{append, read_around, segments, small};

const DIR: &str = "PLAYHEAD_TEST_CHILD_DIR";
const LIMIT: &str = "PLAYHEAD_TEST_CHILD_FILE_LIMIT";

fn spawn(entry: &str, dir: &Path, limit: Option<u64>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("log::segment::child::{entry}"), "--nocapture", "--test-threads=1"]);
    command.env(DIR, dir).stdout(Stdio::piped());
    if let Some(limit) = limit {
        command.env(LIMIT, limit.to_string());
    }
    command.spawn().unwrap()
}

/// In the child: sixteen writers that never stop. In the test run itself: nothing to do.
#[test]
fn writes_until_killed() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut settings = small(Path::new(&dir));
        settings.segment_bytes = 256 << 10;
        let log = Arc::new(SegmentLog::open(settings).unwrap());
        let writers = (0..16).map(|writer| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for i in 0_u64.. {
                    let text = format!(
                        "{writer}.{i}.{}.{}",
                        std::process::id(),
                        "x".repeat(rand::random_range(0..4000))
                    );
                    let offset = append(&*log, text.clone()).await.unwrap();
                    let line = format!("ack {offset} {:08x}\n", crc32c::crc32c(text.as_bytes()));
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            })
        });
        futures_util::future::join_all(writers).await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    const ROUNDS: usize = 10;
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: BTreeMap<u64, String> = BTreeMap::new();
    let mut opened = Vec::new();
    for round in 0..ROUNDS {
        let mut child = spawn("writes_until_killed", dir.path(), None);
        let output = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || output.lines().map_while(Result::ok).collect::<Vec<_>>());
        sleep(Duration::from_millis(rand::random_range(100..400)));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            // The last line may be cut off: then it was not said.
            let mut words = line.split(' ').skip_while(|word| *word != "ack").skip(1);
            let (Some(offset), Some(checksum)) = (words.next(), words.next()) else {
                continue;
            };
            if let (Ok(offset), 8) = (offset.parse(), checksum.len()) {
                assert!(
                    acknowledged.insert(offset, checksum.to_owned()).is_none(),
                    "{offset} was given twice"
                );
            }
        }
        let began = Instant::now();
        let log = SegmentLog::open(small(dir.path())).unwrap();
        opened.push(began.elapsed());
        let end = log.end().await.unwrap()[&0];
        let mut consumer = log.consumer(&format!("round-{round}")).await.unwrap();
        let (seen, corrupt) = read_around(&mut *consumer, end).await;
        assert!(corrupt.is_empty(), "{corrupt:?}");
        for (offset, checksum) in &acknowledged {
            let position = playhead::log::Position { partition: 0, offset: *offset };
            let text = seen
                .records
                .get(&position)
                .unwrap_or_else(|| panic!("{offset} was acknowledged and is gone"));
            assert_eq!(*checksum, format!("{:08x}", crc32c::crc32c(text.as_bytes())), "record {offset}");
        }
        log.close().await;
    }
    assert!(acknowledged.len() > 100, "only {} appends in {ROUNDS} rounds", acknowledged.len());
    println!(
        "{ROUNDS} kills, {} acknowledged appends, none lost; opening took at most {:?}",
        acknowledged.len(),
        opened.iter().max().unwrap()
    );
}

/// In the child: appends into a file-size limit, is refused, lifts the limit, and goes on.
#[test]
fn runs_into_a_file_size_limit() {
    let (Ok(dir), Ok(limit)) = (std::env::var(DIR), std::env::var(LIMIT)) else {
        return;
    };
    set_file_limit(limit.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut settings = small(Path::new(&dir));
        settings.segment_bytes = 1 << 20;
        let log = SegmentLog::open(settings).unwrap();
        let mut count = 0;
        let error = loop {
            match append(&log, format!("{count:0>1000}")).await {
                Ok(_) => count += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, AppendError::Unavailable(_)), "{error}");
        assert!(log.ready().is_err());
        // It tries again by itself, and needs nobody for it.
        set_file_limit(u64::MAX);
        let began = Instant::now();
        while log.ready().is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", log.ready());
            sleep(Duration::from_millis(20));
        }
        for i in count..count + 20 {
            assert_eq!(append(&log, format!("{i:0>1000}")).await.unwrap(), i);
        }
        log.close().await;
        println!("count {}", count + 20);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_is_refused_and_then_healed() {
    let dir = tempfile::tempdir().unwrap();
    let child = spawn("runs_into_a_file_size_limit", dir.path(), Some(50_000));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let count: u64 =
        output.split("count ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!(segments(dir.path()).len(), 2, "writing goes on in a new segment");
    let log = SegmentLog::open(small(dir.path())).unwrap();
    assert_eq!(log.end().await.unwrap()[&0], count);
    let mut consumer = log.consumer("process").await.unwrap();
    let (seen, corrupt) = read_around(&mut *consumer, count).await;
    assert!(corrupt.is_empty());
    assert!(seen.records.iter().all(|(position, text)| *text == format!("{:0>1000}", position.offset)));
}

fn set_file_limit(limit: u64) {
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: both calls only take values, and the child has no other use for this signal and limit.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}
