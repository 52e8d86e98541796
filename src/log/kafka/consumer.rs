//! A member of a consumer group.
//!
//! The member polls only while somebody waits in `next` or `hold`; librdkafka's own thread sends the heartbeats, and
//! `max.poll.interval.ms` (five minutes) bounds how long a caller may stay away. A caller under back-pressure pauses
//! its partitions and keeps calling `next`; one that is busy for long waits in `hold` beside what it does.
//!
//! A commit that the group refuses means: drop the batch. Most often the partition is revoked right after. With
//! cooperative rebalancing it may stay, though, and nothing would bring the dropped records back; so a partition that is
//! still here shortly after is revoked and assigned by the member itself, from its committed offset.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::time::{Instant, sleep};

use super::{
    Farewells, KafkaSettings,
    group::{Change, Group},
    poll::{Batch, Poller},
    topic::{ASK, run_blocking, unavailable},
};
use crate::log::{ConsumerEvent, LogConsumer, LogError, MAX_INTENT_BYTES};

/// How long a refused partition may take to be revoked before the member assigns it anew.
const SETTLE: Duration = Duration::from_millis(500);
/// How often a member that is held looks whether it still is one.
const HELD_POLL: Duration = Duration::from_millis(500);

/// See the module.
pub(super) struct KafkaConsumer {
    settings: KafkaSettings,
    group_id: String,
    farewells: Farewells,
    poller: Poller<Group>,
    /// What `next` hands out before it polls again.
    ready: VecDeque<Result<ConsumerEvent, LogError>>,
    /// Records of paused partitions that had been fetched already.
    held: VecDeque<ConsumerEvent>,
    assigned: BTreeSet<u32>,
    paused: BTreeSet<u32>,
    /// Those that only `hold` has paused.
    hushed: BTreeSet<u32>,
    /// Partitions with a refused commit, and since when.
    refused: Option<(Instant, BTreeSet<u32>)>,
    /// The membership is beyond repair; the next call begins a new one.
    lost: bool,
}

impl KafkaConsumer {
    pub fn new(settings: KafkaSettings, group_id: String, farewells: Farewells) -> Result<Self, LogError> {
        let poller = join(&settings, &group_id, farewells.clone())?;
        Ok(Self {
            settings,
            group_id,
            farewells,
            poller,
            ready: VecDeque::new(),
            held: VecDeque::new(),
            assigned: BTreeSet::new(),
            paused: BTreeSet::new(),
            hushed: BTreeSet::new(),
            refused: None,
            lost: false,
        })
    }

    fn consumer(&self) -> &Arc<BaseConsumer<Group>> {
        self.poller.consumer()
    }

    /// Sorts what a poll brought: records, then what happened to the membership, then the error.
    fn receive(&mut self, batch: Batch) {
        for (partition, records) in batch.records {
            let event = ConsumerEvent::Records { partition, records };
            match self.paused.contains(&partition) {
                true => self.held.push_back(event),
                false => self.ready.push_back(Ok(event)),
            }
        }
        while let Some(change) = self.consumer().context().take_change() {
            match change {
                Change::Assigned(assignments) => {
                    self.assigned.extend(assignments.iter().map(|assignment| assignment.partition));
                    self.ready.push_back(Ok(ConsumerEvent::Assigned(assignments)));
                }
                Change::Revoked(partitions) => self.revoke(partitions),
                Change::Lost(reason) => self.lose(&reason),
            }
        }
        match batch.error {
            Some(KafkaError::MessageConsumptionFatal(code)) => self.lose(&code.to_string()),
            Some(error) => self.ready.push_back(Err(unavailable(&error))),
            None => {}
        }
    }

    fn revoke(&mut self, partitions: Vec<u32>) {
        for partition in &partitions {
            self.assigned.remove(partition);
            self.paused.remove(partition);
            self.hushed.remove(partition);
            self.forget(*partition);
            if let Some((_, refused)) = &mut self.refused {
                refused.remove(partition);
            }
        }
        if !partitions.is_empty() {
            self.ready.push_back(Ok(ConsumerEvent::Revoked(partitions)));
        }
    }

    /// Drops the fetched records of a partition.
    fn forget(&mut self, partition: u32) {
        let other = |event: &ConsumerEvent| !matches!(event, ConsumerEvent::Records { partition: of, .. } if *of == partition);
        self.ready.retain(|event| event.as_ref().map_or(true, other));
        self.held.retain(other);
    }

    fn lose(&mut self, reason: &str) {
        tracing::warn!(group = self.group_id, reason, "a consumer leaves its group and joins again");
        self.revoke(self.assigned.iter().copied().collect());
        self.lost = true;
    }

    /// Assigns anew what was refused and is still here.
    async fn reassign(&mut self) -> Result<(), LogError> {
        let due: Vec<u32> = match &self.refused {
            Some((since, partitions)) if since.elapsed() >= SETTLE => partitions.iter().copied().collect(),
            _ => return Ok(()),
        };
        // Should this fail or be dropped half-way, it is tried again after another while.
        self.refused = (!due.is_empty()).then(|| (Instant::now(), due.iter().copied().collect()));
        if due.is_empty() {
            return Ok(());
        }
        let consumer = Arc::clone(self.consumer());
        let asked = due.clone();
        let committed = run_blocking(move || {
            consumer.context().committed(&consumer, &asked).map_err(|error| unavailable(&error))
        });
        let mut again = Vec::new();
        for assignment in committed.await? {
            match self.seek(assignment.partition, assignment.offset).await {
                Ok(()) => again.push(assignment),
                // It has been revoked just now.
                Err(LogError::Fenced { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.refused = None;
        let partitions: Vec<u32> = again.iter().map(|assignment| assignment.partition).collect();
        if !partitions.is_empty() {
            self.resume(&partitions)?;
            self.ready.push_back(Ok(ConsumerEvent::Revoked(partitions)));
            self.ready.push_back(Ok(ConsumerEvent::Assigned(again)));
        }
        Ok(())
    }

    fn list(&self, partitions: &[u32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for &partition in partitions {
            list.add_partition(&self.settings.topic, partition as i32);
        }
        list
    }

    /// Lets nothing be fetched that nobody asks for.
    fn hush(&mut self) -> Result<(), LogError> {
        let is_heard = |partition: &u32| !self.paused.contains(partition) && !self.hushed.contains(partition);
        let loud: Vec<u32> = self.assigned.iter().copied().filter(is_heard).collect();
        if loud.is_empty() {
            return Ok(());
        }
        self.consumer().pause(&self.list(&loud)).map_err(|error| unavailable(&error))?;
        self.hushed.extend(loud);
        Ok(())
    }

    /// Takes [`Self::hush`] back.
    fn unhush(&mut self) -> Result<(), LogError> {
        let hushed: Vec<u32> = self.hushed.difference(&self.paused).copied().collect();
        if !hushed.is_empty() {
            self.consumer().resume(&self.list(&hushed)).map_err(|error| unavailable(&error))?;
        }
        self.hushed.clear();
        Ok(())
    }

    fn check_assigned(&self, partition: u32) -> Result<(), LogError> {
        match self.assigned.contains(&partition) && !self.lost && !self.consumer().assignment_lost() {
            true => Ok(()),
            false => {
                Err(LogError::Fenced { partition, reason: "it is not assigned to this consumer".into() })
            }
        }
    }
}

#[async_trait]
impl LogConsumer for KafkaConsumer {
    async fn next(&mut self, max_wait: Duration) -> Result<ConsumerEvent, LogError> {
        let deadline = Instant::now() + max_wait;
        self.unhush()?;
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            if self.lost {
                self.poller = join(&self.settings, &self.group_id, self.farewells.clone())?;
                self.lost = false;
            }
            self.reassign().await?;
            if !self.ready.is_empty() {
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = if self.refused.is_some() { left.min(SETTLE) } else { left };
            let batch = self.poller.poll(wait).await;
            self.receive(batch);
            if self.ready.is_empty() && Instant::now() >= deadline {
                return Ok(ConsumerEvent::Idle);
            }
        }
    }

    async fn commit(&mut self, partition: u32, offset: u64, intent: Option<&str>) -> Result<(), LogError> {
        self.check_assigned(partition)?;
        let intent = intent.unwrap_or_default();
        if intent.len() > MAX_INTENT_BYTES {
            return Err(LogError::Fatal(format!("an intent is longer than {MAX_INTENT_BYTES} bytes")));
        }
        let mut list = TopicPartitionList::with_capacity(1);
        {
            let mut element = list.add_partition(&self.settings.topic, partition as i32);
            element
                .set_offset(Offset::Offset(offset as i64))
                .map_err(|error| LogError::Fatal(error.to_string()))?;
            element.set_metadata(intent);
        }
        let consumer = Arc::clone(self.consumer());
        let outcome = run_blocking(move || Ok(consumer.commit(&list, CommitMode::Sync))).await?;
        match outcome {
            Ok(()) => Ok(()),
            Err(error) if is_fence(&error) => {
                let (_, partitions) = self.refused.get_or_insert_with(|| (Instant::now(), BTreeSet::new()));
                partitions.insert(partition);
                Err(LogError::Fenced { partition, reason: error.to_string() })
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn seek(&mut self, partition: u32, offset: u64) -> Result<(), LogError> {
        self.check_assigned(partition)?;
        self.unhush()?;
        let fetched = self.poller.settle().await;
        self.receive(fetched);
        self.check_assigned(partition)?;
        self.forget(partition);
        let deadline = Instant::now() + ASK;
        loop {
            let consumer = Arc::clone(self.consumer());
            let topic = self.settings.topic.clone();
            let sought = run_blocking(move || {
                let to = Offset::Offset(offset as i64);
                Ok(consumer.seek(&topic, partition as i32, to, ASK))
            });
            match sought.await? {
                Ok(()) => return Ok(()),
                // The fetcher of a fresh assignment takes a moment to begin; until then it cannot be moved.
                Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(20)).await,
                Err(error) => return Err(unavailable(&error)),
            }
        }
    }

    fn pause(&mut self, partitions: &[u32]) -> Result<(), LogError> {
        self.consumer().pause(&self.list(partitions)).map_err(|error| unavailable(&error))?;
        self.paused.extend(partitions);
        for event in std::mem::take(&mut self.ready) {
            match event {
                Ok(ConsumerEvent::Records { partition, records }) if self.paused.contains(&partition) => {
                    self.held.push_back(ConsumerEvent::Records { partition, records });
                }
                other => self.ready.push_back(other),
            }
        }
        Ok(())
    }

    fn resume(&mut self, partitions: &[u32]) -> Result<(), LogError> {
        self.consumer().resume(&self.list(partitions)).map_err(|error| unavailable(&error))?;
        self.paused.retain(|partition| !partitions.contains(partition));
        for event in std::mem::take(&mut self.held) {
            match event {
                ConsumerEvent::Records { partition, records } if !self.paused.contains(&partition) => {
                    self.ready.push_back(Ok(ConsumerEvent::Records { partition, records }));
                }
                other => self.held.push_back(other),
            }
        }
        Ok(())
    }

    async fn hold(&mut self, partition: u32) -> LogError {
        loop {
            if let Err(error) = self.check_assigned(partition).and_then(|()| self.hush()) {
                return error;
            }
            let batch = self.poller.poll(HELD_POLL).await;
            self.receive(batch);
        }
    }
}

fn join(settings: &KafkaSettings, group_id: &str, farewells: Farewells) -> Result<Poller<Group>, LogError> {
    let fatal = |error: KafkaError| LogError::Fatal(error.to_string());
    let consumer: BaseConsumer<Group> =
        settings.consumer(group_id).create_with_context(Group::new(&settings.topic)).map_err(fatal)?;
    consumer.subscribe(&[&settings.topic]).map_err(fatal)?;
    Ok(Poller::new(consumer, farewells))
}

/// Whether the group refused the commit because it has moved on, or is about to.
fn is_fence(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        AssignmentLost, FencedInstanceId, IllegalGeneration, RebalanceInProgress, StaleMemberEpoch,
        UnknownMemberId,
    };
    matches!(
        error.rdkafka_error_code(),
        Some(
            IllegalGeneration
                | UnknownMemberId
                | RebalanceInProgress
                | FencedInstanceId
                | AssignmentLost
                | StaleMemberEpoch
        )
    )
}
