//! What brokers may answer, one by one and on purpose: librdkafka's own brokers inside this process, which can be told to
//! refuse, to be slow and to move. Real ones do the same ([`super::group`]), but when they like.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use playhead::log::{
    AppendError, EventLog, LogError,
    kafka::{KafkaLog, KafkaSettings},
};
use rdkafka::{
    bindings::rd_kafka_resp_err_t as Code, mocking::MockCluster, producer::DefaultProducerContext,
    types::RDKafkaApiKey,
};
use tokio::time::sleep;

use super::{
    support::{PATIENCE, Seen, read, record},
    worker::{Store, Worker, start_writers, stop_writers},
};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const PARTITIONS: i32 = 2;

/// Brokers, a topic on them and the log on it.
async fn log_on(brokers: i32, change: impl FnOnce(&mut KafkaSettings)) -> (Cluster, Arc<dyn EventLog>) {
    let cluster = MockCluster::new(brokers).unwrap();
    cluster.create_topic("topic", PARTITIONS, brokers.min(3)).unwrap();
    let mut settings = KafkaSettings::new(cluster.bootstrap_servers(), "topic");
    settings.open_wait = Duration::from_secs(20);
    settings.answer_within = Duration::from_secs(10);
    settings.session_timeout = Duration::from_secs(6);
    change(&mut settings);
    let log = KafkaLog::open(settings).await.unwrap();
    log.ready().expect("a topic that exists need not be made");
    (cluster, Arc::new(log))
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_commits_repeat_batches_and_double_nothing() {
    let (cluster, log) = log_on(1, |_| {}).await;
    let (store, stop) = (Store::default(), AtomicBool::new(false));
    let mut worker = Worker::new(&store, &stop, 0.0);
    let writing = start_writers(&log, 3);
    let script = async {
        for code in [
            Code::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            Code::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            Code::RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            Code::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
            Code::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        ] {
            sleep(Duration::from_millis(500)).await;
            cluster.request_errors(RDKafkaApiKey::OffsetCommit, &[code]);
        }
        sleep(Duration::from_millis(500)).await;
        let acknowledged = stop_writers(writing).await;
        let began = Instant::now();
        while store.len() < acknowledged.len() && began.elapsed() < PATIENCE {
            sleep(Duration::from_millis(20)).await;
        }
        stop.store(true, Ordering::Release);
        acknowledged
    };
    let (acknowledged, _) = tokio::join!(script, worker.run(&*log, "process"));
    println!(
        "{} rows, {} batches again, {} commits refused",
        acknowledged.len(),
        store.repeated(),
        worker.fenced
    );
    assert!(worker.fenced >= 1, "no commit was refused");
    assert_eq!(store.rows(), acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_gets_the_intent_and_the_old_one_may_not_commit() {
    let (_cluster, log) = log_on(1, |_| {}).await;
    for i in 0..40 {
        log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
    }
    let (mut old, mut seen) = read(&*log, "process", 40).await;
    for partition in 0..PARTITIONS as u32 {
        old.commit(partition, 1, Some("1-2")).await.unwrap();
    }
    let mut new = log.consumer("process").await.unwrap();
    let mut taken = Seen::default();
    let began = Instant::now();
    while taken.assigned.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{:?} {:?}", seen.assigned, taken.assigned);
        for (consumer, seen) in [(&mut old, &mut seen), (&mut new, &mut taken)] {
            match consumer.next(Duration::from_millis(100)).await {
                Ok(event) => seen.take(event),
                Err(LogError::Unavailable(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    for (partition, assigned) in &taken.assigned {
        assert_eq!((assigned.offset, assigned.intent.as_deref()), (1, Some("1-2")), "partition {partition}");
        assert!(matches!(old.commit(*partition, 9, None).await, Err(LogError::Fenced { .. })));
        new.commit(*partition, 3, None).await.unwrap();
        assert_eq!(log.committed("process").await.unwrap()[partition], 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_moves_costs_no_record() {
    let (cluster, log) = log_on(3, |_| {}).await;
    let (mut consumer, mut seen) = read(&*log, "process", 0).await;
    let mut acknowledged = 0;
    for leader in [2, 3, 1] {
        for partition in 0..PARTITIONS {
            cluster.partition_leader("topic", partition, Some(leader)).unwrap();
        }
        for i in 0..10 {
            log.append(vec![record(&format!("{i}"), format!("{leader}-{i}"))]).await.unwrap();
            acknowledged += 1;
        }
    }
    seen.read_until(&mut *consumer, |seen| seen.records.len() >= acknowledged).await;
    assert_eq!(seen.records.len(), acknowledged, "nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_appends_when_too_much_waits() {
    let (cluster, log) = log_on(1, |settings| settings.max_pending_bytes = 100_000).await;
    let append = || log.append(vec![record("a", vec![b'x'; 1000])]);
    append().await.unwrap();
    // No answer makes room while the others come.
    cluster.broker_round_trip_time(-1, Duration::from_secs(2)).unwrap();
    let results = futures_util::future::join_all((0..200).map(|_| append())).await;
    let taken = results.iter().filter(|result| result.is_ok()).count();
    assert!((90..=100).contains(&taken), "{taken}");
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(AppendError::Full(_)))));
    cluster.broker_round_trip_time(-1, Duration::ZERO).unwrap();
    append().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_brokers_are_an_answer_in_time_and_pass() {
    let (cluster, log) = log_on(1, |settings| settings.answer_within = Duration::from_millis(500)).await;
    let began = Instant::now();
    while log.append(vec![record("a", "first")]).await.is_err() {
        assert!(began.elapsed() < PATIENCE);
    }
    cluster.broker_round_trip_time(-1, Duration::from_secs(3)).unwrap();
    let began = Instant::now();
    let answer = log.append(vec![record("a", "slow")]).await;
    assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    cluster.broker_round_trip_time(-1, Duration::ZERO).unwrap();
    let began = Instant::now();
    while log.append(vec![record("a", "again")]).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "it does not come back");
        sleep(Duration::from_millis(20)).await;
    }
}
