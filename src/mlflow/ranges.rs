//! Which bytes a download is about: one range, or all. Several ranges are answered with all, which
//! HTTP allows.

use super::error::{Error, Result};
use axum::http::HeaderValue;

/// Bytes of a file, from `first` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u64,
    pub(super) length: u64,
}

impl Range {
    pub(super) const fn is_whole(self, size: u64) -> bool {
        self.first == 0 && self.length == size
    }
}

/// What `Range` asks of a file. What is not understood asks for everything.
pub(super) fn asked(header: Option<&HeaderValue>, size: u64) -> Result<Range> {
    let whole = Range { first: 0, length: size };
    let text = header.and_then(|value| value.to_str().ok());
    let Some(spec) = text.and_then(|text| text.strip_prefix("bytes=")) else { return Ok(whole) };
    let Some((first, last)) = spec.split_once('-') else { return Ok(whole) };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => {
            let end = last.saturating_add(1).min(size);
            Range { first, length: end.saturating_sub(first) }
        }
        (Ok(first), Err(_)) if last.trim().is_empty() => {
            Range { first, length: size.saturating_sub(first) }
        }
        // The last so many bytes.
        (Err(_), Ok(last)) if first.trim().is_empty() => {
            let length = last.min(size);
            Range { first: size - length, length }
        }
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Ok(whole),
    };
    if range.length == 0 {
        return Err(Error::range(format!("bytes={spec} is not within the file's {size} bytes")));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(u64, u64)> {
        let header = HeaderValue::from_str(text).unwrap();
        asked(Some(&header), 100).ok().map(|range| (range.first, range.length))
    }

    #[test]
    fn a_range_is_cut_to_the_file_and_one_beyond_it_is_refused() {
        assert_eq!(of("bytes=0-9"), Some((0, 10)));
        assert_eq!(of("bytes=90-200"), Some((90, 10)));
        assert_eq!(of("bytes=40-"), Some((40, 60)));
        assert_eq!(of("bytes=-30"), Some((70, 30)));
        assert_eq!(of("bytes=-300"), Some((0, 100)));
        for beyond in ["bytes=100-", "bytes=200-300", "bytes=-0"] {
            assert_eq!(of(beyond), None, "{beyond}");
        }
    }

    #[test]
    fn what_is_not_understood_asks_for_everything() {
        for odd in ["lines=1-2", "bytes=9-1", "bytes=0-1,3-4", "bytes=a-b", "bytes=5"] {
            assert_eq!(of(odd), Some((0, 100)), "{odd}");
        }
        assert_eq!(asked(None, 0).unwrap(), Range { first: 0, length: 0 });
    }

    #[test]
    fn no_range_is_within_an_empty_file() {
        for text in ["bytes=0-", "bytes=5-", "bytes=0-9", "bytes=-1"] {
            let refused = asked(Some(&HeaderValue::from_static(text)), 0);
            assert!(refused.is_err(), "{text}");
        }
    }
}
