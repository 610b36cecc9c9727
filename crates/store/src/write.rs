//! One writing transaction. Dropped without `commit`, nothing of it has happened.

use crate::batch::Batch;
use crate::journal::Tip;
use crate::storage::Error;
use crate::{Store, journal, tags};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use tokio::sync::MutexGuard;

/// Take the lock at once, before anything is read. Each says how its commit treats the disk, since
/// the connection is the same one.
const DURABLE: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";
const UNHURRIED: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";

/// The store's one writer, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    store: &'a Store,
    tx: Transaction<'static, Sqlite>,
    /// The journal's last row, if it is known; held until the commit, so that the next writer knows
    /// it too.
    tip: MutexGuard<'a, Option<Tip>>,
    /// The last row that this one added.
    added: Option<Tip>,
}

impl Store {
    /// Waits for the writer and takes the database's write lock at once, so that what is read in
    /// the transaction is still so when it commits.
    pub(crate) async fn write(&self) -> Result<Write<'_>, Error> {
        self.begin(DURABLE).await
    }

    /// As [`Store::write`], for what nobody is told of: its commit does not wait for the disk. It
    /// outlives this process, and a power cut if anything that was committed after it does.
    pub(crate) async fn write_unhurried(&self) -> Result<Write<'_>, Error> {
        self.begin(UNHURRIED).await
    }

    async fn begin(&self, how: &'static str) -> Result<Write<'_>, Error> {
        let (writer, options) = (&self.inner.writer, &self.inner.options);
        let turn = tokio::time::timeout(options.writer_timeout(), self.inner.tip.lock()).await;
        let tip = turn.map_err(|_late| sqlx::Error::PoolTimedOut)?;
        let tx = match writer.begin_with(how).await {
            // A full disk ends a transaction by itself, and its connection goes on believing in it:
            // without another one nothing would be written until the next start.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                writer.acquire().await?.close().await?;
                writer.begin_with(how).await?
            }
            begun => begun?,
        };
        Ok(Write { store: self, tx, tip, added: None })
    }
}

impl Write<'_> {
    /// What one model or version may have of tags.
    pub(crate) fn tag_limits(&self) -> tags::Limits {
        self.store.inner.options.tags
    }

    /// The connection within the transaction.
    pub(crate) fn sql(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }

    /// Adds a row to the journal, in this transaction.
    pub(crate) async fn journal(&mut self, new: journal::New<'_>) -> Result<u64, Error> {
        let mut batch = Batch::default();
        let seq = self.journal_in(&mut batch, new).await?;
        batch.run(&mut self.tx).await?;
        Ok(seq)
    }

    /// As [`Write::journal`], once the batch runs, which it must before the next row is added.
    pub(crate) async fn journal_in(
        &mut self,
        batch: &mut Batch,
        new: journal::New<'_>,
    ) -> Result<u64, Error> {
        let tip = match self.added.take().or_else(|| self.tip.clone()) {
            Some(tip) => tip,
            None => Tip::read(&mut self.tx).await?,
        };
        let added = journal::append(batch, tip, &new)?;
        let seq = added.seq;
        self.added = Some(added);
        Ok(seq)
    }

    /// Makes it all so, and tells the journal's followers.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let Some(added) = self.added else { return Ok(self.tx.commit().await?) };
        // Whether a commit that failed is there, the next writer sees.
        *self.tip = None;
        self.tx.commit().await?;
        let seq = added.seq;
        *self.tip = Some(added);
        // Who commits next may be told of first.
        self.store.inner.head.send_if_modified(|head| {
            let grown = *head < seq;
            *head = seq.max(*head);
            grown
        });
        Ok(())
    }
}
