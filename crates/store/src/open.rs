//! Opening a data directory: the lock, the database, its schema, the blobs.

use crate::blobs::{self, Blobs};
use crate::lock::{self, DirLock};
use crate::reader::Readers;
use crate::write::Writer;
use crate::{gc, migrations, policies, storage, tags, telemetry, tracking};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;

/// The limits of one store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections for reading, one at least; writing has one of its own.
    pub readers: u32,
    /// How long a statement waits for a lock.
    pub busy_timeout: Duration,
    /// Bytes the database file may grow to; the disk decides if absent.
    pub database_limit: Option<u64>,
    /// Rows of assignments kept for feedback; more are dropped and counted.
    pub assignments_limit: u64,
    pub tracking: tracking::Limits,
    pub tags: tags::Limits,
    /// Aliases of one model; rollouts move theirs beyond it too.
    pub aliases_limit: u64,
    pub blobs: blobs::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            database_limit: None,
            assignments_limit: 5_000_000,
            tracking: tracking::Limits::default(),
            tags: tags::Limits::default(),
            aliases_limit: 1_000,
            blobs: blobs::Options::default(),
        }
    }
}

impl Options {
    /// How long whoever writes or reads waits for a connection.
    pub(crate) const fn writer_timeout(&self) -> Duration {
        self.busy_timeout.saturating_mul(4)
    }
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process, or another store of this one, has it open.
    #[error("{} is in use by another server: stop it, or give this one its own directory", .0.display())]
    InUse(PathBuf),
    /// Written by a later release.
    #[error("the store has schema {found}, this program knows up to {known}: use a newer release")]
    Newer { found: i64, known: i64 },
    /// The directory cannot be made, read or written.
    #[error("{} can't be used as the data directory", .dir.display())]
    Directory {
        dir: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// One open data directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    pub(crate) blobs: Blobs,
    pub(crate) policies: policies::Kept,
    /// Windows' starts as they were read.
    pub(crate) starts: telemetry::Starts,
    pub(crate) garbage: gc::Meter,
    /// Whose turn it is to remove garbage. Nobody else waits for it.
    pub(crate) sweeping: tokio::sync::Mutex<()>,
    /// The journal's last committed row.
    pub(crate) head: watch::Sender<u64>,
    /// Rows in `assignment`, so that the cap costs no count.
    pub(crate) assignments: AtomicU64,
    /// Of those, rows that are no evidence. A request id used again may leave it a little off until
    /// the next start.
    pub(crate) uncounted: AtomicU64,
    pub(crate) options: Options,
    /// Dropped last.
    _lock: DirLock,
}

impl Store {
    /// Opens `dir`, made if it is absent; brings its schema up to date; removes what a crash left.
    pub async fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        let unusable = |source| Error::Directory { dir: dir.to_owned(), source };
        tokio::fs::create_dir_all(dir).await.map_err(unusable)?;
        let lock = DirLock::take(dir).map_err(|error| match error {
            lock::Error::Held => Error::InUse(dir.to_owned()),
            lock::Error::Io(source) => unusable(source),
        })?;
        let connect = connect_options(&dir.join("seatrial.db"), &options);
        let mut connection = connect.connect().await?;
        migrations::apply(&mut connection).await?;
        let patience = options.writer_timeout();
        let writer = Writer::new(connection, connect.clone(), patience);
        // A row may be some megabytes large: of those, few are read ahead.
        let reading = connect.pragma("query_only", "ON").row_buffer_size(16);
        let readers = Readers::new(options.readers, reading, patience);
        let blobs = Blobs::open(&dir.join("blobs"), &options.blobs).await?;
        let head: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM journal")
            .fetch_one(&mut *readers.lend().await?)
            .await?;
        let (rows, uncounted): (i64, i64) = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE counted = 'no' AND unit IS NULL)
             FROM assignment",
        )
        .fetch_one(&mut *readers.lend().await?)
        .await?;
        let inner = Inner {
            writer,
            readers,
            blobs,
            policies: policies::Kept::default(),
            starts: telemetry::Starts::default(),
            garbage: gc::Meter::default(),
            sweeping: tokio::sync::Mutex::default(),
            head: watch::Sender::new(u64::try_from(head).unwrap_or(0)),
            assignments: AtomicU64::new(u64::try_from(rows).unwrap_or(0)),
            uncounted: AtomicU64::new(u64::try_from(uncounted).unwrap_or(0)),
            options,
            _lock: lock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The artifacts.
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// The number of the journal's last committed row, as it rises.
    pub fn journal_head(&self) -> watch::Receiver<u64> {
        self.inner.head.subscribe()
    }

    /// Closes the database. The directory is free once every clone is dropped.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }
}

fn connect_options(file: &Path, options: &Options) -> SqliteConnectOptions {
    const PAGE_BYTES: u64 = 4096;
    let connect = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout);
    match options.database_limit {
        Some(bytes) => connect.pragma("max_page_count", (bytes / PAGE_BYTES).max(1).to_string()),
        None => connect,
    }
}
