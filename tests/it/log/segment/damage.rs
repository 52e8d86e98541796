//! Files that were cut, overwritten or rotted while nobody looked.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
};

use playhead::log::{EventLog, LogError, TailFrom, segment::SegmentLog};
use tempfile::TempDir;

use super::{append, read_around, segments, small};
use crate::log::support::{read, tail_of};

const PAYLOAD: usize = 100;
/// A record's header and payload.
const RECORD: u64 = 16 + PAYLOAD as u64;
const FILE_HEADER: u64 = 64;

/// A closed log of `count` records, all in one segment; record `i` says so.
async fn closed_log(count: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(small(dir.path())).unwrap();
    for i in 0..count {
        append(&log, payload(i)).await.unwrap();
    }
    log.close().await;
    dir
}

fn payload(i: u64) -> String {
    format!("{i:0>PAYLOAD$}")
}

fn last_segment(dir: &Path) -> File {
    File::options().read(true).write(true).open(segments(dir).last().unwrap()).unwrap()
}

/// Opens the damaged log; records `0..kept` must be there, and it must take new ones at once.
async fn expect_kept(dir: &TempDir, kept: u64, what: &str) {
    let log = SegmentLog::open(small(dir.path())).unwrap();
    let end = log.end().await.unwrap()[&0];
    assert_eq!(end, kept, "{what}");
    let bytes: u64 =
        segments(dir.path()).iter().map(|path| fs::metadata(path).unwrap().len() - FILE_HEADER).sum();
    assert_eq!(bytes, kept * RECORD, "{what}: nothing but sound records is left");
    assert_eq!(append(&log, payload(kept)).await.unwrap(), kept, "{what}");
    let (_consumer, seen) = read(&log, "process", kept as usize + 1).await;
    for (position, text) in seen.records {
        assert_eq!(text, payload(position.offset), "{what}");
    }
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_end_costs_only_the_torn_record() {
    const COUNT: u64 = 10;
    let end = FILE_HEADER + COUNT * RECORD;
    // Cut anywhere within the last record: in its header, at its payload's first and last byte.
    for missing in [1, 50, 99, 100, 101, 108, 115] {
        let dir = closed_log(COUNT).await;
        last_segment(dir.path()).set_len(end - missing).unwrap();
        expect_kept(&dir, COUNT - 1, &format!("cut by {missing}")).await;
    }
    for at in [1, 16, 60, 103, 105, 109, 116] {
        let dir = closed_log(COUNT).await;
        let file = last_segment(dir.path());
        let mut byte = [0];
        file.read_exact_at(&mut byte, end - at).unwrap();
        file.write_all_at(&[byte[0] ^ 0x10], end - at).unwrap();
        expect_kept(&dir, COUNT - 1, &format!("flipped {at} before the end")).await;
    }
    for from in [10, RECORD, RECORD + 30] {
        let dir = closed_log(COUNT).await;
        last_segment(dir.path()).write_all_at(&vec![0; from as usize], end - from).unwrap();
        expect_kept(&dir, COUNT - from.div_ceil(RECORD), &format!("zeroed the last {from}")).await;
    }
    for length in [1, 15, 16, 17, 5000] {
        let dir = closed_log(COUNT).await;
        let garbage: Vec<u8> = (0..length).map(|_| rand::random()).collect();
        last_segment(dir.path()).write_all_at(&garbage, end).unwrap();
        expect_kept(&dir, COUNT, &format!("{length} bytes of garbage behind the end")).await;
    }
    // A crash while the file grew can leave zeros.
    let dir = closed_log(COUNT).await;
    last_segment(dir.path()).set_len(end + 4096).unwrap();
    expect_kept(&dir, COUNT, "zeros behind the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_was_just_begun_may_be_torn_too() {
    for length in [0, 10, 63] {
        let dir = closed_log(3).await;
        let next = dir.path().join(format!("{:020}.seg", 3));
        fs::write(&next, vec![0; length]).unwrap();
        expect_kept(&dir, 3, &format!("a next segment of {length} bytes")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_the_middle_is_named_and_stepped_over() {
    // (where, bytes, which records are lost); the rest of the segment was acknowledged and must stay.
    let record = |i: u64| FILE_HEADER + i * RECORD;
    let cases: [(u64, Vec<u8>, &[u64]); 5] = [
        (record(4) + 50, vec![0xff], &[4]),
        // The length leads nowhere: the next record has to be searched for.
        (record(4), vec![0xff; 4], &[4]),
        (record(4), vec![7, 0, 0, 0], &[4]),
        (record(3) + 10, vec![0; 250], &[3, 4, 5]),
        (record(0), vec![0x55; RECORD as usize], &[0]),
    ];
    for (at, bytes, lost) in cases {
        let dir = closed_log(10).await;
        last_segment(dir.path()).write_all_at(&bytes, at).unwrap();
        let log = SegmentLog::open(small(dir.path())).unwrap();
        assert_eq!(append(&log, payload(10)).await.unwrap(), 10);
        let mut consumer = log.consumer("process").await.unwrap();
        let (seen, corrupt) = read_around(&mut *consumer, 11).await;
        assert_eq!(corrupt.into_iter().collect::<Vec<_>>(), lost, "{} bytes at {at}", bytes.len());
        assert!(seen.records.iter().all(|(position, text)| *text == payload(position.offset)));

        // A tail says it once and goes on.
        let mut tail = log.tail(TailFrom([(0, lost[0])].into())).await.unwrap();
        for offset in lost {
            match tail.next(std::time::Duration::from_secs(5)).await {
                Err(LogError::Corrupt { position, .. }) => assert_eq!(position.offset, *offset),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(
            tail_of(&mut *tail, 10 - lost[lost.len() - 1] as usize).await.len(),
            10 - lost[lost.len() - 1] as usize
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn older_segments_may_be_cut_lost_or_without_a_header() {
    for damage in ["cut", "removed", "header"] {
        let dir = tempfile::tempdir().unwrap();
        let log = SegmentLog::open(small(dir.path())).unwrap();
        for i in 0..300 {
            append(&log, payload(i)).await.unwrap();
        }
        log.close().await;
        drop(log);
        let second = &segments(dir.path())[1];
        let base: u64 = second.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let after: u64 = segments(dir.path())[2].file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let lost: Vec<u64> = match damage {
            "cut" => {
                File::options()
                    .write(true)
                    .open(second)
                    .unwrap()
                    .set_len(FILE_HEADER + 3 * RECORD + 9)
                    .unwrap();
                (base + 3..after).collect()
            }
            "removed" => {
                fs::remove_file(second).unwrap();
                (base..after).collect()
            }
            _ => {
                File::options().write(true).open(second).unwrap().write_all_at(&[0; 64], 0).unwrap();
                (base..after).collect()
            }
        };
        let log = SegmentLog::open(small(dir.path())).unwrap();
        let mut consumer = log.consumer("process").await.unwrap();
        let (seen, corrupt) = read_around(&mut *consumer, 300).await;
        assert_eq!(corrupt.into_iter().collect::<Vec<_>>(), lost, "{damage}");
        assert!(seen.records.iter().all(|(position, text)| *text == payload(position.offset)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_that_was_read_is_never_given_again() {
    let dir = closed_log(10).await;
    let log = SegmentLog::open(small(dir.path())).unwrap();
    let (mut consumer, _) = read(&log, "process", 10).await;
    // The intent names all ten; then the disk loses the last two.
    consumer.commit(0, 5, Some("5-9")).await.unwrap();
    drop(consumer);
    log.close().await;
    drop(log);
    last_segment(dir.path()).set_len(FILE_HEADER + 8 * RECORD).unwrap();

    let log = SegmentLog::open(small(dir.path())).unwrap();
    assert_eq!(append(&log, payload(10)).await.unwrap(), 10);
    let mut consumer = log.consumer("live").await.unwrap();
    let (seen, corrupt) = read_around(&mut *consumer, 11).await;
    assert_eq!(corrupt.into_iter().collect::<Vec<_>>(), [8, 9]);
    assert_eq!(seen.records.len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_it_does_not_understand_is_left_alone() {
    let dir = closed_log(3).await;
    last_segment(dir.path()).write_all_at(&[b'?'; 64], 0).unwrap();
    let before = fs::read(&segments(dir.path())[0]).unwrap();
    let error = SegmentLog::open(small(dir.path())).err().unwrap();
    assert!(error.to_string().contains("left as it is"), "{error}");
    assert_eq!(fs::read(&segments(dir.path())[0]).unwrap(), before);
}
