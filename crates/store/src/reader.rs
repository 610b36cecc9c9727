//! Connections for reading, lent to one question at a time.
//!
//! They are our own rather than a pool of the driver's: that asks each one again when it is given back
//! and lends the one that has rested longest, so that a short question costs two, on a cold thread. Here
//! one is asked now and then whether it is there, and opened anew if its thread has ended.

#[cfg(test)]
mod tests;

use crate::Store;
use crate::storage::Error;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How long one that answered is taken to be there.
const ASK_AFTER: Duration = Duration::from_secs(1);

/// All of them. Each has a place, and is opened once it is needed.
#[derive(Debug)]
pub(crate) struct Readers {
    places: Vec<Mutex<Option<Connection>>>,
    /// One for each place.
    turns: Semaphore,
    connect: SqliteConnectOptions,
    /// How long a question waits for one.
    patience: Duration,
}

#[derive(Debug)]
struct Connection {
    sql: SqliteConnection,
    asked: Instant,
}

impl Connection {
    /// Whether its thread answers: without one, no question would ever again.
    async fn is_there(&mut self) -> bool {
        if self.asked.elapsed() < ASK_AFTER {
            return true;
        }
        self.asked = Instant::now();
        let answered = self.sql.ping().await;
        if let Err(error) = &answered {
            tracing::warn!(%error, "a connection for reading has ended, and is opened anew");
        }
        answered.is_ok()
    }
}

/// One of them. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    connection: MappedMutexGuard<'a, Connection>,
    /// Dropped after the connection, so that whoever has a turn finds a place.
    _turn: SemaphorePermit<'a>,
}

impl Readers {
    /// So many, and one at least.
    pub(crate) fn new(count: u32, connect: SqliteConnectOptions, patience: Duration) -> Self {
        let count = count.max(1) as usize;
        let places = (0..count).map(|_| Mutex::default()).collect();
        Self { places, turns: Semaphore::new(count), connect, patience }
    }

    /// Waits for one. The first free one is taken, since its thread was awake last.
    pub(crate) async fn lend(&self) -> Result<Reader<'_>, Error> {
        let turn = tokio::time::timeout(self.patience, self.turns.acquire()).await;
        let turn = turn.map_err(|_elapsed| Error::Late)?.map_err(|_closed| Error::Closed)?;
        let free = self.places.iter().find_map(|place| place.try_lock().ok());
        let mut place = free.ok_or(Error::Closed)?;
        let is_there = match place.as_mut() {
            Some(connection) => connection.is_there().await,
            None => false,
        };
        if !is_there {
            let sql = self.connect.connect().await?;
            *place = Some(Connection { sql, asked: Instant::now() });
        }
        let connection =
            MutexGuard::try_map(place, Option::as_mut).map_err(|_empty| Error::Closed)?;
        Ok(Reader { connection, _turn: turn })
    }

    /// Lends no more, waits for those that are lent, and closes all.
    pub(crate) async fn close(&self) {
        self.turns.close();
        for place in &self.places {
            let Some(connection) = place.lock().await.take() else { continue };
            if let Err(error) = connection.sql.close().await {
                tracing::warn!(%error, "a connection for reading did not close well");
            }
        }
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection.sql
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection.sql
    }
}

impl Store {
    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<Reader<'_>, Error> {
        self.inner.readers.lend().await
    }
}
