//! What a candidate would look like that is slower, in whatever shape the incumbent has.
//!
//! Owns the scores "every answer above a point takes c times as long beyond it". If that is so, the
//! best bet on an answer is its likelihood ratio; of the scores that never fall with latency the best is
//! that ratio with neighbours pooled where it falls: the slopes of the greatest convex minorant of the
//! slowed distribution over the reference's own. No density is estimated for it. A poor reference costs
//! power, never validity.

use super::edges::Edges;
use crate::counts::float;

/// Added to both counts of each class, so that what a small reference lacks is neither impossible nor
/// proof. A half loses the least where there are a few hundred answers.
const UNSEEN: f64 = 0.5;
/// The farthest that a log score may be from none: tails are never known so well.
const LOG_SCORE_MAX: f64 = 3.0;

/// Every answer takes `factor` > 1 times as long, in what it takes beyond `above` microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slowdown {
    pub(super) above: f64,
    pub(super) factor: f64,
}

impl Slowdown {
    /// What an answer took before it took this long.
    fn before(self, micros: f64) -> f64 {
        let beyond = micros - self.above;
        if beyond > 0.0 { self.above + beyond / self.factor } else { micros }
    }
}

/// Non-decreasing log scores by class for a candidate that is so much slower, from the incumbent's
/// answers by bucket and each bucket's class.
pub(super) fn log_scores(
    edges: &Edges,
    (reference, class_of): (&[u64], &[usize]),
    slower: Slowdown,
) -> Vec<f64> {
    let classes = class_of.last().map_or(0, |last| last + 1);
    let mut cells = vec![(UNSEEN, UNSEEN); classes];
    let slowed = slowed(edges, reference, slower);
    for ((class, count), slowed) in class_of.iter().zip(reference).zip(slowed) {
        if let Some(cell) = cells.get_mut(*class) {
            *cell = (cell.0 + slowed, cell.1 + float(*count));
        }
    }
    let log = |ratio: f64| ratio.ln().clamp(-LOG_SCORE_MAX, LOG_SCORE_MAX);
    non_decreasing(&cells).into_iter().map(log).collect()
}

/// The reference's answers by bucket after the slowdown; within a bucket they lie evenly.
fn slowed(edges: &Edges, reference: &[u64], slower: Slowdown) -> Vec<f64> {
    let thresholds = edges.thresholds();
    let total = float(reference.iter().sum());
    let sums = reference.iter().scan(0, |sum, count| {
        *sum += count;
        Some(float(*sum))
    });
    let below: Vec<f64> = std::iter::once(0.0).chain(sums).collect();
    let up_to = |micros: f64| {
        let bucket = thresholds.partition_point(|edge| float(*edge) < micros);
        let low = bucket.checked_sub(1).and_then(|edge| thresholds.get(edge)).copied();
        let (low, high) = (float(low.unwrap_or(0)), thresholds.get(bucket).copied().map(float));
        match (high, below.get(bucket), below.get(bucket + 1)) {
            (Some(high), Some(before), Some(after)) => {
                before + (micros - low) / (high - low) * (after - before)
            }
            (..) => total,
        }
    };
    let ends = thresholds.iter().map(|edge| up_to(slower.before(float(*edge)))).chain([total]);
    let within = ends.scan(0.0, |before, end| Some(end - std::mem::replace(before, end)));
    within.collect()
}

/// The ratio of the first to the second of each cell, with neighbours pooled where it falls.
fn non_decreasing(cells: &[(f64, f64)]) -> Vec<f64> {
    let mut pools: Vec<((f64, f64), usize)> = Vec::new();
    for cell in cells {
        let mut pool = (*cell, 1);
        while let Some((before, long)) =
            pools.pop_if(|(before, _)| before.0 * pool.0.1 > pool.0.0 * before.1)
        {
            pool = ((before.0 + pool.0.0, before.1 + pool.0.1), long + pool.1);
        }
        pools.push(pool);
    }
    pools.iter().flat_map(|(pool, long)| std::iter::repeat_n(pool.0 / pool.1, *long)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: f64 = 0.0;

    #[test]
    fn answers_are_moved_and_none_is_lost() {
        let edges = Edges::try_from(vec![10, 20, 40, 80]).unwrap();
        let reference = [8, 20, 40, 4, 2];
        let slower = |above, factor| slowed(&edges, &reference, Slowdown { above, factor });
        // Twice as slow, what took up to 10 is the half of it that took up to 5, and so on.
        assert_eq!(slower(ALL, 2.0), [4.0, 4.0, 20.0, 40.0, 6.0]);
        assert_eq!(slower(20.0, 2.0), [8.0, 20.0, 20.0, 21.0, 5.0]);
        assert!((slower(ALL, 1.37).iter().sum::<f64>() - 74.0).abs() < 1e-12);
    }

    #[test]
    fn scores_are_the_likelihood_ratio_where_it_rises() {
        let edges = Edges::try_from(vec![10, 20, 40, 80]).unwrap();
        let reference = [8_000_000, 20_000_000, 30_000_000, 8_000_000, 4_000_000];
        let slower = Slowdown { above: ALL, factor: 2.0 };
        let scores = log_scores(&edges, (&reference, &[0, 1, 2, 3, 4]), slower);
        // Slowed: 4, 4, 20, 30 and 12 million. 4/8 and 4/20 are pooled, and 30/8 and 12/4.
        let pooled = [8.0 / 28.0, 8.0 / 28.0, 20.0 / 30.0, 42.0 / 12.0, 42.0 / 12.0_f64];
        for (found, wanted) in scores.iter().zip(pooled) {
            assert!((found - wanted.ln()).abs() < 1e-6, "{scores:?}");
        }
    }

    #[test]
    fn what_the_reference_has_never_seen_is_no_proof() {
        let edges = Edges::try_from(vec![10, 20, 40, 80]).unwrap();
        let slower = Slowdown { above: ALL, factor: 5.0 };
        let scores = log_scores(&edges, (&[0, 900_000, 0, 0, 0], &[0, 1, 2, 2, 2]), slower);
        assert!(scores.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(scores.iter().all(|score| score.abs() <= LOG_SCORE_MAX), "{scores:?}");
    }
}
