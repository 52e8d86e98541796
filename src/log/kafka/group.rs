//! What librdkafka calls back when partitions come and go.
//!
//! On an assignment the committed offsets are asked for together with their metadata, because the intent of the last
//! owner is in there; reading starts explicitly at that offset. Everything is put down in order for
//! [`super::consumer`], whose poll caused the callback.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rdkafka::{
    ClientContext, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol},
    error::KafkaError,
    types::RDKafkaRespErr,
};

use super::{
    poll::Interrupts,
    topic::{ASK, watermarks_of},
};
use crate::log::Assignment;

/// Something that happened to the membership.
#[derive(Debug)]
pub(super) enum Change {
    Assigned(Vec<Assignment>),
    Revoked(Vec<u32>),
    /// Partitions came, but where to begin could not be found out: only a new membership brings them again.
    Lost(String),
}

/// The context of a group member.
pub(super) struct Group {
    topic: String,
    changes: Mutex<VecDeque<Change>>,
}

impl Group {
    pub fn new(topic: &str) -> Self {
        Self { topic: topic.to_owned(), changes: Mutex::default() }
    }

    pub fn take_change(&self) -> Option<Change> {
        self.lock().pop_front()
    }

    /// What the last owners of these partitions have committed. Blocks.
    pub fn committed(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &[u32],
    ) -> Result<Vec<Assignment>, KafkaError> {
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for &partition in partitions {
            asked.add_partition(&self.topic, partition as i32);
        }
        let committed = consumer.committed_offsets(asked, ASK)?;
        committed
            .elements()
            .iter()
            .map(|element| {
                element.error()?;
                let (low, high) = watermarks_of(consumer, &self.topic, element.partition())?;
                let partition = element.partition() as u32;
                Ok(match element.offset() {
                    Offset::Offset(offset) if (low..=high).contains(&(offset as u64)) => Assignment {
                        partition,
                        offset: offset as u64,
                        intent: Some(element.metadata().to_owned()).filter(|intent| !intent.is_empty()),
                    },
                    Offset::Offset(offset) => {
                        tracing::error!(
                            partition,
                            offset,
                            low,
                            high,
                            "the committed offset is not in the topic; beginning at its oldest"
                        );
                        Assignment { partition, offset: low, intent: None }
                    }
                    _ => Assignment { partition, offset: low, intent: None },
                })
            })
            .collect()
    }

    fn assign(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &[u32],
    ) -> Result<Vec<Assignment>, KafkaError> {
        let assignments = self.committed(consumer, partitions)?;
        let mut list = TopicPartitionList::with_capacity(assignments.len());
        for assignment in &assignments {
            let start = Offset::Offset(assignment.offset as i64);
            list.add_partition_offset(&self.topic, assignment.partition as i32, start)?;
        }
        // Once and with offsets: a second call would throw away what is being fetched.
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&list)?,
            _ => consumer.assign(&list)?,
        }
        Ok(assignments)
    }

    fn put(&self, change: Change) {
        self.lock().push_back(change);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interrupts for Group {
    fn interrupted(&self) -> bool {
        !self.lock().is_empty()
    }
}

impl ClientContext for Group {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "a Kafka consumer is in trouble");
    }
}

impl ConsumerContext for Group {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions: Vec<u32> = list.elements().iter().map(|element| element.partition() as u32).collect();
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let change = match self.assign(consumer, &partitions) {
                Ok(assignments) => Change::Assigned(assignments),
                Err(error) => Change::Lost(error.to_string()),
            };
            return self.put(change);
        }
        let released = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
            _ => consumer.unassign(),
        };
        if let Err(error) = released {
            tracing::warn!(%error, "partitions could not be handed back");
        }
        self.put(Change::Revoked(partitions));
    }
}
