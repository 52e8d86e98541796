//! Which host the log runs on.

use std::sync::Arc;

use super::{
    EventLog, LogError,
    kafka::{KafkaLog, KafkaSettings},
    segment::{SegmentLog, SegmentSettings},
};

/// The chosen host and its settings.
#[derive(Debug, Clone)]
pub enum LogSettings {
    Embedded(SegmentSettings),
    Kafka(KafkaSettings),
}

/// Opens the log. Fails only for reasons that an operator has to remove.
pub async fn open(settings: &LogSettings) -> Result<Arc<dyn EventLog>, LogError> {
    match settings {
        LogSettings::Embedded(settings) => {
            let (settings, dir) = (settings.clone(), settings.dir.display().to_string());
            let opened = tokio::task::spawn_blocking(move || SegmentLog::open(settings)).await;
            match opened {
                Ok(Ok(log)) => Ok(Arc::new(log)),
                Ok(Err(error)) => Err(LogError::Fatal(format!("{dir}: {error}"))),
                Err(error) => Err(LogError::Fatal(error.to_string())),
            }
        }
        LogSettings::Kafka(settings) => Ok(Arc::new(KafkaLog::open(settings.clone()).await?)),
    }
}
