//! An absolute limit: where it lies, and the limit of information of what is beyond it.
//!
//! The limit is a multiple of the incumbent's p99, and the product rounds it down to an edge of its
//! buckets. So that a candidate can be exactly at it, both laws are moved by the width of a bucket at most,
//! until the multiple *is* that edge.

use super::QUANTILE;
use super::truth::{Truth, of_everybody};
use crate::calibrate::cell::{Cell, Error, Question};
use crate::calibrate::outcomes::float;
use crate::calibrate::{fixed_horizon, information};
use seatrial_analysis::latency::{Edges, Limit};

/// The part of answers that may be beyond.
const ALLOWED: f64 = 1.0 - QUANTILE;

/// By level, what part of each arm's answers is beyond the limit, twice and four times it; the candidate's
/// first.
#[derive(Debug)]
pub(super) struct Beyond(Vec<[(f64, f64); 3]>);

/// The limit, and the cell whose incumbent's p99 is at it over `factor`. Errors: a limit below all edges.
pub(super) fn placed(cell: &Cell, edges: &Edges, factor: f64) -> Result<(Cell, Limit), Error> {
    let wanted = factor * of_everybody(cell)?;
    #[expect(clippy::cast_possible_truncation, reason = "rounded down to an edge anyway")]
    #[expect(clippy::cast_sign_loss, reason = "a factor above 0 of a latency")]
    let limit = Limit::new(edges, wanted as u64, QUANTILE)?;
    let edge = edges.micros(limit.edge()).map_or(wanted, float);
    Ok((Cell { base: cell.base * edge / wanted, ..cell.clone() }, limit))
}

impl Beyond {
    pub(super) fn new(
        (edges, limit): (&Edges, &Limit),
        levels: &[f64],
        (candidate, incumbent): (&Truth, &Truth),
    ) -> Self {
        let micros = limit.edges().map(|edge| edges.micros(edge).map_or(f64::INFINITY, float));
        let of = |level: &f64| {
            micros.map(|x| (1.0 - candidate.cdf(x / level), 1.0 - incumbent.cdf(x / level)))
        };
        Self(levels.iter().map(of).collect())
    }

    fn at(&self, level: usize) -> [(f64, f64); 3] {
        self.0.get(level).copied().unwrap_or_default()
    }

    /// What tells that the candidate is slower beyond the limit, or that it is beyond it too often: a
    /// rollback has to refute "no" to both, so it is the lesser. `of` is the information of cells.
    pub(super) fn harm(&self, of: fn(f64, Cells) -> f64, pi: f64, level: usize) -> f64 {
        let [limit, double, fourfold] = self.at(level);
        let is_slower = [limit, double, fourfold].iter().any(|(candidate, it)| candidate > it);
        if limit.0 <= ALLOWED || !is_slower {
            return 0.0;
        }
        let less = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0, a.1 - b.1);
        let cells =
            [less((1.0, 1.0), limit), less(limit, double), less(double, fourfold), fourfold];
        of(pi, cells).min(pi * information::coins(limit.0, ALLOWED))
    }

    /// What tells that the candidate is beyond it less often than it may.
    pub(super) fn pass(&self, pi: f64, level: usize) -> f64 {
        let [(candidate, _), ..] = self.at(level);
        if candidate < ALLOWED { pi * information::coins(candidate, ALLOWED) } else { 0.0 }
    }

    /// Units of a planned test of the part beyond the limit: against what is allowed, and for harm also
    /// against the incumbent's, whichever is later.
    pub(super) fn fixed_horizon(&self, question: Question, pi: f64, alpha: f64) -> Option<f64> {
        let [limit, ..] = self.at(0);
        let allowed = fixed_horizon::proportion(limit.0, ALLOWED, alpha).map(|units| units / pi);
        match question {
            Question::Rollback if limit.0 > ALLOWED => {
                let slower = fixed_horizon::rates(pi, limit, alpha)?;
                allowed.map(|allowed| allowed.max(slower))
            }
            Question::Healthy { .. } if limit.0 < ALLOWED => allowed,
            Question::Rollback | Question::Healthy { .. } => None,
        }
    }
}

/// Probabilities on both arms.
type Cells = [(f64, f64); 4];

#[cfg(test)]
mod tests {
    use super::super::truth::truths;
    use super::*;
    use crate::calibrate::cell::{Metric, Traffic};
    use crate::calibrate::timeline::kinds;

    /// Of everybody, and of what the buckets tell: not of the limit before it was rounded.
    #[test]
    fn a_candidate_at_its_limit_has_exactly_what_is_allowed_beyond_it() {
        let edges = Edges::default();
        for traffic in [Traffic::Constant, Traffic::Returning, Traffic::Users] {
            for (base, factor) in [(20.0, 1.2), (3.1, 1.7), (0.05, 2.0)] {
                let metric = Metric::Latency;
                let cell = Cell { metric, base, effect: factor, traffic, ..Cell::default() };
                let (cell, limit) = placed(&cell, &edges, factor).unwrap();
                assert!((cell.base / base - 1.0).abs() < 0.04, "{}", cell.base);
                let (candidate, incumbent) = truths(&cell).unwrap();
                let kinds = kinds(traffic);
                let levels = kinds.map(|(_, level)| level);
                let beyond = Beyond::new((&edges, &limit), &levels, (&candidate, &incumbent));
                let parts = kinds.iter().enumerate();
                let sum: f64 = parts.map(|(at, (part, _))| part * beyond.at(at)[0].0).sum();
                assert!((sum - ALLOWED).abs() < 1e-9, "{traffic:?} {base}: {sum}");
            }
        }
    }

    /// A rollback refutes that the candidate is no slower beyond the limit, and that it is beyond it no more
    /// often than it may: the planned test of both is the later one's.
    #[test]
    fn the_planned_test_of_harm_is_as_late_as_its_later_half() {
        let horizon = |limit: (f64, f64)| {
            let beyond = Beyond(vec![[limit, (0.0, 0.0), (0.0, 0.0)]]);
            beyond.fixed_horizon(Question::Rollback, 0.5, 0.05).unwrap()
        };
        let allowed = |part| fixed_horizon::proportion(part, ALLOWED, 0.05).unwrap() / 0.5;
        let slower = |limit| fixed_horizon::rates(0.5, limit, 0.05).unwrap();
        for (limit, wanted) in
            [((0.02, 0.019), slower((0.02, 0.019))), ((0.011, 0.001), allowed(0.011))]
        {
            assert!((horizon(limit) / wanted - 1.0).abs() < 1e-12, "{limit:?}");
        }
    }
}
