//! Filling a page with rows as they come, never with more of them than one answer should hold.

use crate::page::{Page, Request};
use crate::storage::Error;
use futures_util::{Stream, TryStreamExt as _};
use sqlx::sqlite::SqliteRow;

/// Bytes of texts that one page holds, its first row's excepted.
pub(crate) const PAGE_BYTES: u64 = 16 << 20;

/// Rows of a page, and perhaps one more.
#[derive(Debug)]
pub(crate) struct Filled<T> {
    pub(crate) items: Vec<T>,
    /// So many of them are of the page.
    pub(crate) fits: usize,
}

impl<T> Filled<T> {
    /// At most `limit` of the page's rows, and whether more follow.
    pub(crate) fn cut(self, limit: u32) -> (Vec<T>, bool) {
        let Self { mut items, fits } = self;
        let full = fits.min(usize::try_from(limit).unwrap_or(usize::MAX));
        let more = items.len() > full;
        items.truncate(full);
        (items, more)
    }

    /// As a page of a listing.
    pub(crate) fn page<K>(self, request: &Request<K>, key: fn(&T) -> K) -> Page<T, K> {
        let (items, more) = self.cut(request.limit());
        let next = items.last().filter(|_| more).map(key);
        Page { items, next }
    }
}

/// A page that is not full yet.
#[derive(Debug)]
pub(crate) struct Filling<T> {
    filled: Filled<T>,
    bytes: u64,
}

/// Whether a page takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Left,
    None,
}

impl<T> Filling<T> {
    pub(crate) const fn new() -> Self {
        Self { filled: Filled { items: Vec::new(), fits: 0 }, bytes: 0 }
    }

    /// Adds a row that takes so many bytes.
    pub(crate) fn add(&mut self, item: T, bytes: u64) -> Room {
        self.bytes = self.bytes.saturating_add(bytes);
        self.filled.items.push(item);
        if self.filled.fits > 0 && self.bytes > PAGE_BYTES {
            return Room::None;
        }
        self.filled.fits += 1;
        Room::Left
    }

    pub(crate) fn end(self) -> Filled<T> {
        self.filled
    }
}

/// Reads rows until there are no more, or the page is full.
pub(crate) async fn from<T>(
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
