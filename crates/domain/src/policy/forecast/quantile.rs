//! The units that a ratio of quantiles needs, where it is known how latencies are spread.
//!
//! Owns a search: expected answers of both arms go through the test itself, of more and more units. As
//! they are whole numbers, what is found is about right, not to the unit.

use super::need::{At, why};
use crate::mix::float;
use seatrial_analysis::latency::{Check, Edges, Limit, QuantileRatio};
use seatrial_analysis::level::Alpha;
use seatrial_analysis::{ArmHistogram, Stratum};

/// The candidate's units that are tried first, and the most.
const FIRST: u64 = 64;
const MOST: u64 = 1 << 40;
/// The search ends where the range is this part of what is found.
const PRECISION: u64 = 200;

/// The candidate's units by which two arms alike pass; none: never. Of good answers, `parts` are in each of the
/// standard buckets; those that fail are in the slowest. Errors: why the check makes no test.
pub(super) fn needed(
    (quantile, ratio): (f64, f64),
    limit: Option<Limit>,
    parts: &[f64],
    at: &At<'_>,
) -> Result<Option<u64>, String> {
    let test = QuantileRatio::new(&Edges::default(), quantile, ratio).map_err(why)?;
    let both = limit.map(|limit| Check::LimitedRatio(limit, test.clone()));
    let (pi, alpha) = (at.pi()?, Alpha::new(at.alpha).map_err(why)?);
    let odds = (1.0 - pi.get()) / pi.get();
    fewest(|units| {
        let arm = |units| expected(parts, at.outlook.error_rate, units);
        let (candidate, incumbent) = (arm(float(units)), arm(float(units) * odds));
        let mut strata = at.nothing(&ArmHistogram::empty(parts.len()));
        strata.push(Stratum { pi, counts: ArmHistogram { candidate, incumbent } });
        let log_e = match &both {
            Some(check) => check.healthy_log_e(&strata),
            None => test.log_e(&strata),
        };
        Ok(alpha.rejects(log_e.map_err(why)?))
    })
}

/// The fewest units at which it holds, by doubling and halving.
fn fewest(holds: impl Fn(u64) -> Result<bool, String>) -> Result<Option<u64>, String> {
    let (mut low, mut high) = (0, FIRST);
    while !holds(high)? {
        (low, high) = (high, high * 2);
        if high > MOST {
            return Ok(None);
        }
    }
    while high - low > 1 + high / PRECISION {
        let middle = low + (high - low) / 2;
        if holds(middle)? { high = middle } else { low = middle }
    }
    Ok(Some(high))
}

/// So many answers, each edge's rounded: all buckets together are the units.
#[expect(clippy::cast_possible_truncation, reason = "parts of a count")]
#[expect(clippy::cast_sign_loss, reason = "parts of a count")]
fn expected(parts: &[f64], error_rate: f64, units: f64) -> Vec<u64> {
    let (good, mut sum, mut before) = (units * (1.0 - error_rate), 0.0, 0);
    let bucket = |part: &f64| {
        sum += part;
        let until = ((good * sum).round() as u64).max(before);
        let count = until - before;
        before = until;
        count
    };
    let mut buckets: Vec<u64> = parts.iter().map(bucket).collect();
    let failed = (units.round() as u64).saturating_sub(before);
    buckets.iter_mut().last().into_iter().for_each(|slowest| *slowest += failed);
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_rounded_to_so_many_and_what_fails_is_slowest() {
        assert_eq!(expected(&[0.5, 0.3, 0.2], 0.1, 100.0), [45, 27, 28]);
        assert_eq!(expected(&[1.0 / 3.0; 3], 0.0, 4.0), [1, 2, 1]);
    }

    #[test]
    fn the_fewest_is_found_and_never_is_none() {
        let from = |least: u64| fewest(|units| Ok(units >= least)).unwrap();
        assert_eq!(from(1), Some(1));
        let found = from(100_000).unwrap();
        assert!((100_000..=100_600).contains(&found), "{found}");
        assert_eq!(from(u64::MAX), None);
    }
}
