//! What only Kafka has: groups that rebalance, members that are shut out, brokers that die.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use playhead::log::{
    AppendError, EventLog, LogConsumer, LogError,
    kafka::{Assignor, KafkaLog},
};
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{
    support::{PATIENCE, Seen, read, record},
    worker::{Store, Worker, start_writers, stop_writers},
};
use crate::support::kafka::{Broker, ephemeral, ephemeral_on};

/// Three workers come and go while records come in.
async fn shares_partitions_without_loss(assignor: Assignor) {
    let mut settings = spawn_blocking(ephemeral).await.unwrap();
    settings.assignor = assignor;
    settings.partitions = 4;
    let log: Arc<dyn EventLog> = Arc::new(KafkaLog::open(settings).await.unwrap());
    let (store, go_on) = (Store::default(), AtomicBool::new(false));
    let (stop_first, stop_second) = (AtomicBool::new(false), AtomicBool::new(false));
    let writing = start_writers(&log, 4);

    let mut first = Worker::new(&store, &stop_first, 0.0);
    let mut second = Worker::new(&store, &stop_second, 0.0);
    let mut third = Worker::new(&store, &go_on, 0.0);
    let script = async {
        sleep(Duration::from_secs(2)).await;
        // The first leaves while the others go on; later the second does, too.
        stop_first.store(true, Ordering::Release);
        sleep(Duration::from_secs(2)).await;
        stop_second.store(true, Ordering::Release);
        let acknowledged = stop_writers(writing).await;
        let began = Instant::now();
        while store.len() < acknowledged.len() && began.elapsed() < PATIENCE {
            sleep(Duration::from_millis(20)).await;
        }
        go_on.store(true, Ordering::Release);
        acknowledged
    };
    let (acknowledged, ..) = tokio::join!(
        script,
        first.run(&*log, "process"),
        async {
            sleep(Duration::from_millis(700)).await;
            second.run(&*log, "process").await
        },
        async {
            sleep(Duration::from_millis(1400)).await;
            third.run(&*log, "process").await
        },
    );
    println!(
        "{assignor}: {} rows, {} batches sent again, {} commits refused",
        acknowledged.len(),
        store.repeated(),
        first.fenced + second.fenced + third.fenced
    );
    assert_eq!(store.rows(), acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn rebalances_eagerly_without_loss() {
    shares_partitions_without_loss(Assignor::Range).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rebalances_cooperatively_without_loss() {
    shares_partitions_without_loss(Assignor::CooperativeSticky).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shuts_a_zombie_out() {
    let mut settings = spawn_blocking(ephemeral).await.unwrap();
    // As soon as it has not called for this long, a member is taken for dead.
    settings.properties.insert("max.poll.interval.ms".into(), "6000".into());
    let log = KafkaLog::open(settings).await.unwrap();
    for i in 0..30 {
        log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
    }
    let (mut zombie, seen) = read(&log, "process", 30).await;
    let partition = seen.records.keys().next().unwrap().partition;
    zombie.commit(partition, 2, Some("2-3")).await.unwrap();

    let mut heir = log.consumer("process").await.unwrap();
    let mut taken = Seen::default();
    taken.read_until(&mut *heir, |seen| seen.assigned.len() == 3).await;
    assert_eq!(taken.assigned[&partition].intent.as_deref(), Some("2-3"));
    heir.commit(partition, 4, None).await.unwrap();

    // The zombie wakes up and believes that it still owns the batch.
    assert!(matches!(zombie.commit(partition, 9, Some("9-12")).await, Err(LogError::Fenced { .. })));
    assert_eq!(log.committed("process").await.unwrap()[&partition], 4);
    // It learns that it has lost everything, joins again, and both share the partitions.
    let mut back = seen;
    share([(&mut zombie, &mut back), (&mut heir, &mut taken)]).await;
}

/// Reads on until both members have some of the three partitions.
async fn share(mut members: [(&mut Box<dyn LogConsumer>, &mut Seen); 2]) {
    let began = Instant::now();
    loop {
        let shares = [&members[0].1.assigned, &members[1].1.assigned];
        if shares.iter().all(|share| !share.is_empty()) && shares[0].len() + shares[1].len() == 3 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{shares:?}");
        for (consumer, seen) in &mut members {
            match consumer.next(Duration::from_millis(100)).await {
                Ok(event) => seen.take(event),
                Err(LogError::Unavailable(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_busy_stays_a_member_and_gives_way() {
    let mut settings = spawn_blocking(ephemeral).await.unwrap();
    settings.properties.insert("max.poll.interval.ms".into(), "6000".into());
    let log = KafkaLog::open(settings).await.unwrap();
    let write = async |numbers: std::ops::Range<u32>| {
        for i in numbers {
            log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
        }
    };
    write(0..30).await;
    let (mut busy, mut seen) = read(&log, "process", 30).await;
    let partition = seen.records.keys().next().unwrap().partition;
    // Longer than somebody may stay away who does not say that he is busy. What comes in meanwhile is not lost on him.
    let (held, ()) = tokio::join!(timeout(Duration::from_secs(10), busy.hold(partition)), write(30..60));
    assert!(held.is_err(), "{held:?}");
    busy.commit(partition, 2, Some("2-3")).await.unwrap();
    seen.read_until(&mut *busy, |seen| seen.records.len() == 60).await;
    assert_eq!(seen.assigned.len(), 3);

    // Another one joins: the partitions are given away while he is busy, and he hears of it.
    let mut heir = log.consumer("process").await.unwrap();
    let mut taken = Seen::default();
    let (lost, ()) = tokio::join!(
        timeout(PATIENCE, busy.hold(partition)),
        taken.read_until(&mut *heir, |seen| !seen.assigned.is_empty())
    );
    assert!(matches!(lost, Ok(LogError::Fenced { .. })), "{lost:?}");
    share([(&mut busy, &mut seen), (&mut heir, &mut taken)]).await;
    let intents = seen.assigned.values().chain(taken.assigned.values()).filter_map(|of| of.intent.clone());
    assert_eq!(intents.collect::<Vec<_>>(), ["2-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_is_wrong_with_its_settings() {
    let mut settings = spawn_blocking(ephemeral).await.unwrap();
    settings.properties.insert("no.such.property".into(), "1".into());
    assert!(
        matches!(KafkaLog::open(settings.clone()).await, Err(LogError::Fatal(why)) if why.contains("no.such.property"))
    );
    settings.properties.clear();
    settings.replication_factor = 3;
    assert!(
        matches!(KafkaLog::open(settings).await, Err(LogError::Fatal(why)) if why.to_lowercase().contains("replication"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_loses_nothing_that_was_acknowledged() {
    let broker = Arc::new(spawn_blocking(|| Broker::start("killed")).await.unwrap());
    let settings = ephemeral_on(&broker.bootstrap);
    let log: Arc<dyn EventLog> = Arc::new(KafkaLog::open(settings.clone()).await.unwrap());
    let (mut consumer, mut seen) = read(&*log, "process", 0).await;
    let writing = start_writers(&log, 16);
    sleep(Duration::from_secs(1)).await;
    let (kill, restart) = (Arc::clone(&broker), Arc::clone(&broker));
    spawn_blocking(move || kill.kill()).await.unwrap();
    let began = Instant::now();
    while log.ready().is_ok() {
        assert!(began.elapsed() < PATIENCE, "an outage has to show");
        sleep(Duration::from_millis(50)).await;
    }
    println!("the outage shows after {:?}", began.elapsed());
    spawn_blocking(move || restart.restart()).await.unwrap();
    let began = Instant::now();
    while log.ready().is_err() {
        assert!(began.elapsed() < PATIENCE, "{:?}", log.ready());
        sleep(Duration::from_millis(50)).await;
    }
    println!("ready {:?} after the broker is back", began.elapsed());
    sleep(Duration::from_secs(1)).await;
    let acknowledged = stop_writers(writing).await;

    // The consumer that was there all along sees everything.
    let began = Instant::now();
    while !acknowledged.keys().all(|position| seen.records.contains_key(position)) {
        assert!(began.elapsed() < PATIENCE, "{} of {}", seen.records.len(), acknowledged.len());
        match consumer.next(Duration::from_millis(200)).await {
            Ok(event) => seen.take(event),
            Err(error) => assert!(matches!(error, LogError::Unavailable(_)), "{error}"),
        }
    }
    let mut times: HashMap<&String, usize> = HashMap::new();
    for text in seen.records.values() {
        *times.entry(text).or_default() += 1;
    }
    assert!(acknowledged.iter().all(|(position, text)| seen.records[position] == *text && times[text] == 1));
    let doubled: HashSet<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    println!("{} acknowledged, all there once", acknowledged.len());

    starts_before_its_brokers(broker).await;
}

/// Playhead may be up first: it says that it is not ready, and gets ready by itself.
async fn starts_before_its_brokers(broker: Arc<Broker>) {
    let (kill, restart) = (Arc::clone(&broker), Arc::clone(&broker));
    spawn_blocking(move || kill.kill()).await.unwrap();
    let mut settings = ephemeral_on(&broker.bootstrap);
    settings.open_wait = Duration::from_millis(500);
    let log = KafkaLog::open(settings).await.unwrap();
    assert!(log.ready().is_err());
    assert!(matches!(log.append(vec![record("a", "a")]).await, Err(AppendError::Unavailable(_))));
    assert!(matches!(log.consumer("process").await, Err(LogError::Unavailable(_))));
    spawn_blocking(move || restart.restart()).await.unwrap();
    let began = Instant::now();
    while log.ready().is_err() {
        assert!(began.elapsed() < PATIENCE, "{:?}", log.ready());
        sleep(Duration::from_millis(50)).await;
    }
    log.append(vec![record("a", "a")]).await.unwrap();
}
