//! Durations, sizes, percents and numbers as policies write them. Owns both directions, so that
//! an allowed range reads like the value it asks for.

use std::ops::{Bound, RangeBounds};
use std::time::Duration;

const DURATIONS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// `30s`, `15m`, `24h`, `400d`, `500ms`.
pub fn duration(text: &str) -> Option<Duration> {
    scaled(text, &DURATIONS).map(Duration::from_millis)
}

/// `64MiB`, `1024B`: bytes.
pub fn size(text: &str) -> Option<u64> {
    scaled(text, &SIZES)
}

/// `5`, `0.1`, `12.25` percent as basis points, exactly; no more than two decimals.
pub(super) fn percent(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let hundredths = match decimals.len() {
        1 => digits(decimals)?.checked_mul(10)?,
        2 => digits(decimals)?,
        _ => return None,
    };
    digits(whole)?.checked_mul(100)?.checked_add(hundredths)
}

/// A finite decimal number.
pub(super) fn number(text: &str) -> Option<f64> {
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|value: &f64| decimal && value.is_finite())
}

/// A whole number without sign.
pub(super) fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let start = text.find(|c: char| !c.is_ascii_digit())?;
    let (amount, unit) = text.split_at_checked(start)?;
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    digits(amount)?.checked_mul(*scale)
}

/// A duration in its largest whole unit.
pub(super) fn show_duration(span: Duration) -> String {
    show(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), &DURATIONS, "0s")
}

/// Bytes in their largest whole unit.
pub(super) fn show_size(bytes: u64) -> String {
    show(bytes, &SIZES, "0B")
}

/// Basis points as percent.
pub(super) fn show_percent(basis_points: u64) -> String {
    match (basis_points / 100, basis_points % 100) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part:02}"),
    }
}

fn show(amount: u64, units: &[(&str, u64)], zero: &str) -> String {
    let fits = units.iter().find(|(_, scale)| amount > 0 && amount.is_multiple_of(*scale));
    fits.map_or_else(|| zero.to_owned(), |(unit, scale)| format!("{}{unit}", amount / scale))
}

/// A range of numbers with ends that may be excluded.
pub(super) type Range = (Bound<f64>, Bound<f64>);

/// Strictly between 0 and 1.
pub(super) const OPEN_UNIT: Range = (Bound::Excluded(0.0), Bound::Excluded(1.0));
/// From 0 to 1.
pub(super) const UNIT: Range = (Bound::Included(0.0), Bound::Included(1.0));
/// Above 0, up to 1.
pub(super) const PART: Range = (Bound::Excluded(0.0), Bound::Included(1.0));
/// A tolerance.
pub(super) const TOLERANCE: Range = (Bound::Included(0.0), Bound::Included(1e9));
/// A multiple that is worse.
pub(super) const RATIO: Range = (Bound::Excluded(1.0), Bound::Included(1000.0));
/// An amount in a metric's own unit.
pub(super) const AMOUNT: Range = (Bound::Excluded(0.0), Bound::Included(1e15));
/// Any number that a metric or a score may be.
pub(super) const NUMBER: Range = (Bound::Included(-1e15), Bound::Included(1e15));

/// The range in words.
pub(super) fn show_range(range: Range) -> String {
    let low = match range.start_bound() {
        Bound::Included(low) => format!("from {low}"),
        Bound::Excluded(low) => format!("above {low}"),
        Bound::Unbounded => String::from("any number"),
    };
    match range.end_bound() {
        Bound::Included(high) => format!("{low} to {high}"),
        Bound::Excluded(high) => format!("{low} and below {high}"),
        Bound::Unbounded => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_sizes_and_percents_are_exact() {
        let spans =
            ["30s", "15m", "24h", "400d", "500ms", "0s"].map(|text| duration(text).unwrap());
        let millis = spans.map(|span| span.as_millis());
        assert_eq!(millis, [30_000, 900_000, 86_400_000, 34_560_000_000, 500, 0]);
        assert_eq!(spans.map(show_duration), ["30s", "15m", "1d", "400d", "500ms", "0s"]);
        assert_eq!(size("64MiB").map(show_size).as_deref(), Some("64MiB"));
        assert_eq!(["5", "0.1", "12.25"].map(percent), [Some(500), Some(10), Some(1225)]);
    }

    #[test]
    fn what_has_no_unit_sign_or_end_is_refused() {
        for text in ["", "30", "s", "1.5s", "-1s", "1w", "99999999999999999999d", "1 s"] {
            assert_eq!(duration(text), None, "{text:?}");
        }
        for text in ["", ".", "1.", ".5", "0.125", "-1", "1e1", "+5", "1.+5"] {
            assert_eq!(percent(text), None, "{text:?}");
        }
        for text in ["nan", "inf", "0x10", "1e999", ""] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }
}
