//! One writing transaction. Dropped without `commit`, nothing of it has happened.

use crate::batch::Batch;
use crate::journal::Tip;
use crate::storage::Error;
use crate::{Store, journal, tags};
use futures_util::FutureExt as _;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite};
use std::time::Duration;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

/// How a commit treats the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Waits for it.
    Full,
    /// Leaves it to the next one that does.
    Normal,
}

impl Durability {
    const fn pragma(self) -> &'static str {
        match self {
            Self::Full => "PRAGMA synchronous = FULL",
            Self::Normal => "PRAGMA synchronous = NORMAL",
        }
    }
}

/// The one connection that writes: writers queue for it, in order, rather than at the file's lock.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: Mutex<Option<Connection>>,
    /// How long a writer waits for its turn.
    patience: Duration,
}

#[derive(Debug)]
struct Connection {
    sql: SqliteConnection,
    connect: SqliteConnectOptions,
    durability: Durability,
    /// Whether a transaction could not be begun on it.
    is_doubtful: bool,
    /// The journal's last row, once this process has added one: nobody else does.
    tip: Option<Tip>,
}

impl Writer {
    /// Of a connection made by `connect`.
    pub(crate) fn new(
        sql: SqliteConnection,
        connect: SqliteConnectOptions,
        patience: Duration,
    ) -> Self {
        let durability = Durability::Full;
        let connection = Connection { sql, connect, durability, is_doubtful: false, tip: None };
        Self { connection: Mutex::new(Some(connection)), patience }
    }

    /// Waits for whoever writes, and closes the connection.
    pub(crate) async fn close(&self) {
        let Some(connection) = self.connection.lock().await.take() else { return };
        if let Err(error) = connection.sql.close().await {
            tracing::warn!(%error, "the connection for writing did not close well");
        }
    }

    async fn turn(&self) -> Result<MappedMutexGuard<'_, Connection>, Error> {
        let turn = tokio::time::timeout(self.patience, self.connection.lock()).await;
        let turn = turn.map_err(|_elapsed| Error::Late)?;
        MutexGuard::try_map(turn, Option::as_mut).map_err(|_empty| Error::Closed)
    }
}

impl Connection {
    /// Sets how the next commit treats the disk, on a new connection if this one is in doubt.
    async fn ready(&mut self, durability: Durability) -> Result<(), sqlx::Error> {
        if self.is_doubtful {
            let fresh = self.connect.connect().await?;
            let doubtful = std::mem::replace(&mut self.sql, fresh);
            (self.durability, self.is_doubtful) = (Durability::Full, false);
            if let Err(error) = doubtful.close().await {
                tracing::warn!(%error, "the connection for writing did not close well");
            }
        }
        if self.durability != durability {
            // Not as a query: that is prepared once, and this is done while it is prepared.
            sqlx::raw_sql(durability.pragma()).execute(&mut self.sql).await?;
            self.durability = durability;
        }
        Ok(())
    }
}

/// The store's one writer, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    store: &'a Store,
    connection: MappedMutexGuard<'a, Connection>,
    /// The last row that this one added to the journal.
    added: Option<Tip>,
    is_over: bool,
}

impl Store {
    /// Waits for the writer and takes the database's write lock at once, so that what is read in
    /// the transaction is still so when it commits.
    pub(crate) async fn write(&self) -> Result<Write<'_>, Error> {
        self.begin(Durability::Full).await
    }

    /// As [`Store::write`], for what nobody is told of: its commit does not wait for the disk. It
    /// outlives this process, and a power cut if anything that was committed after it does.
    pub(crate) async fn write_unhurried(&self) -> Result<Write<'_>, Error> {
        self.begin(Durability::Normal).await
    }

    /// As [`Store::write`]; the transaction's first statement, of [`beginning!`], goes along. Gives its
    /// row, if it has one.
    pub(crate) async fn write_asking(
        &self,
        first: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<(Write<'_>, Option<SqliteRow>), Error> {
        let mut write = self.in_turn(Durability::Full).await?;
        let row = first.fetch_optional(write.sql()).await;
        write.connection.is_doubtful = row.is_err();
        Ok((write, row?))
    }

    async fn begin(&self, durability: Durability) -> Result<Write<'_>, Error> {
        let mut write = self.in_turn(durability).await?;
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(write.sql()).await;
        write.connection.is_doubtful = begun.is_err();
        begun?;
        Ok(write)
    }

    /// One whose transaction is to be begun.
    async fn in_turn(&self, durability: Durability) -> Result<Write<'_>, Error> {
        let mut connection = self.inner.writer.turn().await?;
        connection.ready(durability).await?;
        Ok(Write { store: self, connection, added: None, is_over: false })
    }
}

/// The text of a statement that begins the transaction it is the first of.
macro_rules! beginning {
    ($statement:literal) => {
        concat!("BEGIN IMMEDIATE; ", $statement)
    };
}
pub(crate) use beginning;

impl Write<'_> {
    /// What one model or version may have of tags.
    pub(crate) fn tag_limits(&self) -> tags::Limits {
        self.store.inner.options.tags
    }

    /// How many aliases one model may have.
    pub(crate) fn aliases_limit(&self) -> u64 {
        self.store.inner.options.aliases_limit
    }

    /// The connection within the transaction.
    pub(crate) fn sql(&mut self) -> &mut SqliteConnection {
        &mut self.connection.sql
    }

    /// Adds a row to the journal, in this transaction.
    pub(crate) async fn journal(&mut self, new: journal::New<'_>) -> Result<u64, Error> {
        let mut batch = Batch::default();
        let seq = self.journal_in(&mut batch, new).await?;
        batch.run(self.sql()).await?;
        Ok(seq)
    }

    /// As [`Write::journal`], once the batch runs, which it must before the next row is added.
    pub(crate) async fn journal_in(
        &mut self,
        batch: &mut Batch,
        new: journal::New<'_>,
    ) -> Result<u64, Error> {
        let tip = match self.added.take().or_else(|| self.connection.tip.clone()) {
            Some(tip) => tip,
            None => Tip::read(self.sql()).await?,
        };
        let added = journal::append(batch, tip, &new)?;
        let seq = added.seq;
        self.added = Some(added);
        Ok(seq)
    }

    /// Makes it all so, and tells the journal's followers.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.commit_with(Batch::default()).await
    }

    /// As [`Write::commit`], after the batch, which goes along. Its error is that of whichever failed.
    pub(crate) async fn commit_with(mut self, mut batch: Batch) -> Result<(), Error> {
        batch.add("COMMIT");
        let added = self.added.take();
        // Whether a commit that failed is there, the next writer sees.
        let tip = self.connection.tip.take();
        batch.run(self.sql()).await?;
        self.is_over = true;
        let Some(added) = added else {
            self.connection.tip = tip;
            return Ok(());
        };
        let seq = added.seq;
        self.connection.tip = Some(added);
        // Who commits next may be told of first.
        self.store.inner.head.send_if_modified(|head| {
            let grown = *head < seq;
            *head = seq.max(*head);
            grown
        });
        Ok(())
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            // Handed to the database's thread, which does it before whatever is asked of it next.
            let _sent = sqlx::query("ROLLBACK").execute(self.sql()).now_or_never();
        }
    }
}
