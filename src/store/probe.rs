//! Twins of the tables that take what their originals take and keep nothing of it: same columns, same constraints, the
//! engine `Null`. For trying rows out ([`crate::pipeline::isolate`]).

use clickhouse::error::Error;

use super::{
    Store,
    native::Block,
    writer::{InsertError, Table},
};

/// The twins of one partition's processor.
pub struct Probe<'a> {
    store: &'a Store,
    partition: u32,
}

impl<'a> Probe<'a> {
    /// Makes the twins as the tables are now.
    ///
    /// # Errors
    /// When ClickHouse cannot be reached or does not let us.
    pub async fn make(store: &'a Store, partition: u32) -> Result<Self, Error> {
        let probe = Self { store, partition };
        probe.drop_twins().await?;
        for table in Table::ALL {
            let create = format!("CREATE TABLE {} AS {} ENGINE = Null", probe.twin(table), table.name());
            store.client.query(&create).execute().await?;
        }
        Ok(probe)
    }

    /// Whether the table would take these rows.
    ///
    /// # Errors
    /// When it cannot be told now.
    pub async fn takes(&self, table: Table, block: &Block) -> Result<bool, String> {
        match self.store.send(&self.twin(table), block, "").await {
            Ok(()) => Ok(true),
            Err(InsertError::BadData(_)) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Removes the twins.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub async fn remove(self) -> Result<(), Error> {
        self.drop_twins().await
    }

    async fn drop_twins(&self) -> Result<(), Error> {
        for table in Table::ALL {
            self.store.client.query(&format!("DROP TABLE IF EXISTS {}", self.twin(table))).execute().await?;
        }
        Ok(())
    }

    fn twin(&self, table: Table) -> String {
        format!("{}_probe_{}", table.name(), self.partition)
    }
}
