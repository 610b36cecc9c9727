//! Pages by keyset: a page starts after the last key of the one before, so that rows written
//! meanwhile neither repeat nor vanish.

/// The most rows of one page.
pub const LIMIT: u32 = 1000;

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<K> {
    /// The last key of the page before.
    pub after: Option<K>,
    /// At most [`LIMIT`]; more is cut down to it.
    pub limit: u32,
}

impl<K> Request<K> {
    /// The first page.
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The page after `key`.
    pub const fn after(key: K, limit: u32) -> Self {
        Self { after: Some(key), limit }
    }

    /// The most rows of the page.
    pub(crate) fn limit(&self) -> u32 {
        self.limit.clamp(1, LIMIT)
    }

    /// Rows to read: one more than the page, to know whether there is a next one.
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit()) + 1
    }
}

/// Some rows, and where the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    pub items: Vec<T>,
    /// Nothing: this was the last page.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// Cuts the extra row that [`Request::rows`] asked for.
    pub(crate) fn cut(mut items: Vec<T>, request: &Request<K>, key: fn(&T) -> K) -> Self {
        let full = usize::try_from(request.rows() - 1).unwrap_or(usize::MAX);
        let more = items.len() > full;
        items.truncate(full);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }
}
