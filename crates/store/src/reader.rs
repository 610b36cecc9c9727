//! Connections for reading, lent to one question at a time.
//!
//! They are our own rather than a pool of the driver's: that asks each one again when it is given back
//! and lends the one that has rested longest, so that a short question costs two, on a cold thread.

use crate::Store;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Error};
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Semaphore, SemaphorePermit};

/// All of them. Each has a place, and is opened once it is needed.
#[derive(Debug)]
pub(crate) struct Readers {
    places: Vec<Mutex<Option<SqliteConnection>>>,
    /// One for each place.
    turns: Semaphore,
    connect: SqliteConnectOptions,
    /// How long a question waits for one.
    patience: Duration,
}

/// One of them. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    connection: MappedMutexGuard<'a, SqliteConnection>,
    /// Dropped after the connection, so that whoever has a turn finds a place.
    _turn: SemaphorePermit<'a>,
}

impl Readers {
    pub(crate) fn new(count: u32, connect: SqliteConnectOptions, patience: Duration) -> Self {
        let count = count.clamp(1, 1024) as usize;
        let places = (0..count).map(|_| Mutex::default()).collect();
        Self { places, turns: Semaphore::new(count), connect, patience }
    }

    /// Waits for one. The first free one is taken, since its thread was awake last.
    pub(crate) async fn lend(&self) -> Result<Reader<'_>, Error> {
        let turn = tokio::time::timeout(self.patience, self.turns.acquire()).await;
        let turn =
            turn.map_err(|_late| Error::PoolTimedOut)?.map_err(|_closed| Error::PoolClosed)?;
        let free = self.places.iter().find_map(|place| place.try_lock().ok());
        let mut place = free.ok_or(Error::PoolClosed)?;
        if place.is_none() {
            *place = Some(self.connect.connect().await?);
        }
        let connection =
            MutexGuard::try_map(place, Option::as_mut).map_err(|_empty| Error::PoolClosed)?;
        Ok(Reader { connection, _turn: turn })
    }

    /// Lends no more, waits for those that are lent, and closes all.
    pub(crate) async fn close(&self) {
        self.turns.close();
        for place in &self.places {
            let Some(connection) = place.lock().await.take() else { continue };
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a connection for reading did not close well");
            }
        }
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Store {
    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<Reader<'_>, Error> {
        self.inner.readers.lend().await
    }
}
