//! An unbounded number a unit, of which more is better: on buckets frozen from values before.

use super::cell::{Cell, Error, Question, Shape};
use super::outcomes::{Block, Outcomes, float};
use super::{fixed_horizon, information};
use crate::distribution::{Buckets, Law};
use crate::rng::Rng;
use seatrial_analysis::Stratum;
use seatrial_analysis::kpi::{Better, Check, Counts, Reference, Values};
use seatrial_analysis::two_outcome::Margin;
use seatrial_domain::split::Arm;

const ANY_RATIO: f64 = 0.98;
/// Of the log-normal law whose standard deviation is its mean.
const SIGMA: f64 = 0.832_554_611_157_697_8;
/// Units that are worth nothing, where some are.
const NOTHING: f64 = 0.7;

#[derive(Debug)]
pub(super) struct Kpi {
    cell: Cell,
    /// Multiples of the base.
    levels: Vec<f64>,
    check: Check,
    reference: Reference,
    /// The candidate's and the incumbent's, by level.
    truths: Vec<(Truth, Truth)>,
    drawn: Drawn,
}

#[derive(Debug)]
struct Truth {
    law: Law,
    buckets: Buckets,
}

/// How units are drawn.
#[derive(Debug, Clone, Copy)]
enum Drawn {
    /// Their buckets alone, many at once: all that the rollback needs.
    Buckets,
    /// Value by value, for tests that need sums.
    Values,
}

/// The product's counts, and the plain sums of each arm for tests that trust them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    counts: Counts,
    candidate: Moments,
    incumbent: Moments,
}

#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    units: u64,
    sum: f64,
    squares: f64,
}

impl Kpi {
    pub(super) fn new(cell: &Cell, levels: &[f64]) -> Result<Self, Error> {
        let laws = |level: f64| laws(cell, cell.base * level);
        let (_, incumbent) = laws(1.0)?;
        let mut rng = Rng::of_run(cell.seed, u64::MAX);
        let values: Vec<f64> = (0..cell.reference).map(|_| incumbent.sample(&mut rng)).collect();
        let reference = Reference::freeze(&values)?;
        let ratio = match cell.question {
            Question::Rollback => ANY_RATIO,
            Question::Healthy { margin } => margin,
        };
        let check = Check::new(&reference, Better::Higher, Margin::Ratio(ratio))?;
        let edges = edges(&reference, &values)?;
        let truth = |law: Law| Truth { buckets: Buckets::of(&law, &edges), law };
        let truths = levels
            .iter()
            .map(|level| {
                laws(*level).map(|(candidate, incumbent)| (truth(candidate), truth(incumbent)))
            })
            .collect::<Result<_, _>>()?;
        let only = cell.methods == [super::Method::EProcess] && cell.question == Question::Rollback;
        let drawn = if only { Drawn::Buckets } else { Drawn::Values };
        let check = check.prepared_for(&cell.chances()?.each);
        let (cell, levels) = (cell.clone(), levels.to_vec());
        Ok(Self { cell, levels, check, reference, truths, drawn })
    }

    /// Probabilities on both arms in fine cells, the candidate's first; none where it is no worse, and
    /// where that is not what is asked. They are the level's own: a normal law keeps its width where
    /// its mean rises.
    fn fine(&self, level: usize) -> Vec<(f64, f64)> {
        let (Question::Rollback, Some((candidate, incumbent)), Some(multiple)) =
            (self.cell.question, self.truths.get(level), self.levels.get(level))
        else {
            return Vec::new();
        };
        if candidate.law.mean() >= incumbent.law.mean() {
            return Vec::new();
        }
        let grid = grid(&self.cell, self.cell.base * multiple);
        information::fine(&grid, |x| candidate.law.cdf(x), |x| incumbent.law.cdf(x))
    }

    fn record(&self, rng: &mut Rng, law: &Law, into: (&mut Values, &mut Moments)) {
        let value = law.sample(rng);
        let (values, moments) = into;
        values.record(&self.reference, value).expect("laws draw finite values");
        moments.units += 1;
        moments.sum += value;
        moments.squares += value * value;
    }
}

/// The edges of the reference's buckets: the largest value in each but the last.
fn edges(reference: &Reference, values: &[f64]) -> Result<Vec<f64>, Error> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut edges = Vec::new();
    let mut last = None;
    for value in sorted {
        let bucket = reference.bucket_of(value)?;
        match last {
            Some((before, edge)) if before < bucket => edges.push(edge),
            Some(_) | None => {}
        }
        last = Some((bucket, value));
    }
    Ok(edges)
}

/// The candidate's and the incumbent's, whose mean is `mean`.
fn laws(cell: &Cell, mean: f64) -> Result<(Law, Law), Error> {
    let exponential = |mean: f64| Law::exponential(mean);
    let law = |mean: f64| match cell.shape {
        Shape::Normal => Law::Normal { mean, sd: cell.base },
        Shape::Exponential => exponential(mean),
        Shape::ZeroInflated => {
            let worth = exponential(mean / (1.0 - NOTHING));
            Law::Mixture(vec![(NOTHING, Law::Constant(0.0)), (1.0 - NOTHING, worth)])
        }
        Shape::LogNormal
        | Shape::Gamma
        | Shape::Bimodal
        | Shape::Peaks
        | Shape::Pauses
        | Shape::Cached
        | Shape::Tiers
        | Shape::Tail => {
            Law::LogNormal { median: mean * (-SIGMA * SIGMA / 2.0).exp(), sigma: SIGMA }
        }
    };
    Ok((law(mean * cell.effect).checked()?, law(mean).checked()?))
}

/// Where information is summed, around the incumbent's mean.
fn grid(cell: &Cell, mean: f64) -> Vec<f64> {
    match cell.shape {
        Shape::Normal => information::linear(mean, 10.0 * cell.base),
        Shape::LogNormal
        | Shape::Gamma
        | Shape::Bimodal
        | Shape::Peaks
        | Shape::Pauses
        | Shape::Cached
        | Shape::Tiers
        | Shape::Tail
        | Shape::Exponential
        | Shape::ZeroInflated => information::logarithmic(mean),
    }
}

impl Moments {
    fn merge(&mut self, other: Self) {
        self.units += other.units;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    fn mean(self) -> f64 {
        self.sum / float(self.units)
    }

    fn squared_error(self) -> f64 {
        let n = float(self.units);
        (self.squares / n - self.mean().powi(2)) / n
    }
}

impl Outcomes for Kpi {
    type Counts = Sums;

    fn none(&self) -> Sums {
        Sums::default()
    }

    fn draw(&self, rng: &mut Rng, arm: Arm, block: Block, into: &mut Sums) {
        let Some((candidate, incumbent)) = self.truths.get(block.level) else { return };
        let (truth, values, moments) = match arm {
            Arm::Candidate => (candidate, &mut into.counts.candidate, &mut into.candidate),
            Arm::Incumbent => (incumbent, &mut into.counts.incumbent, &mut into.incumbent),
        };
        match self.drawn {
            Drawn::Buckets => {
                values.buckets.resize(self.reference.buckets(), 0);
                truth.buckets.add(rng, block.units, &mut values.buckets);
            }
            Drawn::Values => {
                (0..block.units).for_each(|_| self.record(rng, &truth.law, (values, moments)));
            }
        }
    }

    fn merge(&self, from: &Sums, into: &mut Sums) {
        into.counts.merge(&from.counts).expect("both are counted on the same reference");
        into.candidate.merge(from.candidate);
        into.incumbent.merge(from.incumbent);
    }

    fn log_e(&self, strata: &[Stratum<Sums>]) -> f64 {
        let counts: Vec<_> =
            strata.iter().map(|it| Stratum { pi: it.pi, counts: &it.counts.counts }).collect();
        let found = match self.cell.question {
            Question::Rollback => self.check.rollback_log_e(&counts),
            Question::Healthy { .. } => self.check.healthy_log_e(&counts),
        };
        found.expect("all are counted on the same reference")
    }

    /// Welch's statistic on plain means.
    fn z(&self, strata: &[Stratum<Sums>]) -> f64 {
        let (mut candidate, mut incumbent) = (Moments::default(), Moments::default());
        for stratum in strata {
            candidate.merge(stratum.counts.candidate);
            incumbent.merge(stratum.counts.incumbent);
        }
        let error = (candidate.squared_error() + incumbent.squared_error()).sqrt();
        (incumbent.mean() - candidate.mean()) / error
    }

    /// As losses, so that a larger value is a worse one.
    fn values(&self, window: &Sums) -> Option<(f64, f64)> {
        let both = window.candidate.units > 0 && window.incumbent.units > 0;
        both.then(|| (1.0 / window.candidate.mean(), 1.0 / window.incumbent.mean()))
    }

    fn threshold(&self) -> f64 {
        1.05
    }

    fn information(&self, pi: f64, level: usize) -> f64 {
        information::mutual(pi, self.fine(level))
    }

    /// More is better here, so badness is in the other order.
    fn monotone_information(&self, pi: f64, level: usize) -> f64 {
        information::monotone(pi, self.fine(level).into_iter().rev())
    }

    fn fixed_horizon(&self, pi: f64, alpha: f64) -> Option<f64> {
        let (candidate, incumbent) = self.truths.first()?;
        let (gap, part) = match self.cell.question {
            Question::Rollback => (incumbent.law.mean() - candidate.law.mean(), 1.0),
            Question::Healthy { margin } => {
                (candidate.law.mean() - margin * incumbent.law.mean(), margin)
            }
        };
        let variances = (candidate.law.variance(), part * part * incumbent.law.variance());
        fixed_horizon::means(pi, gap, variances, alpha)
    }
}
