//! Filling a page with rows as they come, never with more of them than one answer should hold.

use crate::storage::Error;
use futures_util::{Stream, TryStreamExt as _};
use sqlx::sqlite::SqliteRow;

/// Bytes of texts that one page holds, its first row's excepted.
pub(super) const PAGE_BYTES: u64 = 16 << 20;

/// Rows of a page, and perhaps one more.
#[derive(Debug)]
pub(super) struct Filled<T> {
    pub(super) items: Vec<T>,
    /// So many of them are of the page.
    pub(super) fits: usize,
}

/// A page that is not full yet.
#[derive(Debug)]
pub(super) struct Filling<T> {
    filled: Filled<T>,
    bytes: u64,
}

/// Whether a page takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Left,
    None,
}

impl<T> Filling<T> {
    pub(super) const fn new() -> Self {
        Self { filled: Filled { items: Vec::new(), fits: 0 }, bytes: 0 }
    }

    /// Adds a row that takes so many bytes.
    pub(super) fn add(&mut self, item: T, bytes: u64) -> Room {
        self.bytes = self.bytes.saturating_add(bytes);
        self.filled.items.push(item);
        if self.filled.fits > 0 && self.bytes > PAGE_BYTES {
            return Room::None;
        }
        self.filled.fits += 1;
        Room::Left
    }

    pub(super) fn end(self) -> Filled<T> {
        self.filled
    }
}

/// Reads rows until there are no more, or the page is full.
pub(super) async fn from<T>(
    rows: impl Stream<Item = Result<SqliteRow, sqlx::Error>>,
    read: fn(&SqliteRow) -> Result<T, Error>,
    bytes: fn(&T) -> u64,
) -> Result<Filled<T>, Error> {
    let mut rows = std::pin::pin!(rows);
    let mut filling = Filling::new();
    while let Some(row) = rows.try_next().await? {
        let item = read(&row)?;
        let takes = bytes(&item);
        if filling.add(item, takes) == Room::None {
            break;
        }
    }
    Ok(filling.end())
}

/// Takes from what was read at once as many as a page takes.
pub(super) fn with<T>(items: Vec<T>, bytes: fn(&T) -> u64) -> Filled<T> {
    let mut filling = Filling::new();
    for item in items {
        let takes = bytes(&item);
        if filling.add(item, takes) == Room::None {
            break;
        }
    }
    filling.end()
}
