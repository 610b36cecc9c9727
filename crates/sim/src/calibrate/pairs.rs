//! Shadow pairs: both versions on the same request. There is no assignment; a unit is a pair.

use super::cell::{Cell, Error, Metric, Question};
use super::outcomes::{Block, Outcomes, float};
use super::{fixed_horizon, information};
use crate::distribution::multinomial;
use crate::rng::Rng;
use seatrial_analysis::Stratum;
use seatrial_analysis::paired::Discordance;
use seatrial_analysis::pairs::{self, Disagreement};
use seatrial_domain::split::Arm;

/// The part of the incumbent's wrong answers that the candidate gives right.
const NOT_SHARED: f64 = 0.5;

#[derive(Debug)]
pub(super) struct Pairs {
    asked: Asked,
    /// By level: pairs in which the candidate is the worse, and the better one.
    rates: Vec<(f64, f64)>,
}

#[derive(Debug)]
enum Asked {
    /// With labels: is the candidate more often the wrong one of two?
    Wrong,
    /// Without: do they disagree more often than this?
    Disagree { budget: f64, test: Disagreement },
}

impl Pairs {
    /// Labelled pairs: the base is the incumbent's rate of wrong answers. Disagreement: it is the
    /// budget, and what they really disagree where there is no effect.
    pub(super) fn new(cell: &Cell, levels: &[f64]) -> Result<Self, Error> {
        if cell.question != Question::Rollback {
            return Err(Error::Unanswered("pairs are asked for harm alone"));
        }
        let asked = match cell.metric {
            Metric::Disagreement => {
                Asked::Disagree { budget: cell.base, test: Disagreement::new(cell.base)? }
            }
            Metric::Errors
            | Metric::Latency
            | Metric::Feedback
            | Metric::Kpi
            | Metric::Pairs
            | Metric::SampleRatio
            | Metric::Joint
            | Metric::Drift => Asked::Wrong,
        };
        let rates = levels.iter().map(|level| rates(&asked, cell, *level)).collect();
        Ok(Self { asked, rates })
    }

    fn rates(&self, level: usize) -> (f64, f64) {
        self.rates.get(level).copied().unwrap_or_default()
    }
}

fn rates(asked: &Asked, cell: &Cell, level: f64) -> (f64, f64) {
    let part = |rate: f64| rate.clamp(0.0, 0.5);
    match asked {
        Asked::Wrong => {
            let alone = NOT_SHARED * cell.base * level;
            (part(alone + cell.effect), part(alone))
        }
        // A budget is for all traffic: where the level is above one, it is kept or broken there too.
        Asked::Disagree { .. } => ((cell.base + cell.effect).clamp(0.0, 1.0), 0.0),
    }
}

impl Outcomes for Pairs {
    type Counts = Discordance;

    fn none(&self) -> Discordance {
        Discordance { pairs: 0, candidate_only: 0, incumbent_only: 0 }
    }

    /// Right answers of one alone; a pair that disagrees counts as the incumbent's.
    fn draw(&self, rng: &mut Rng, _arm: Arm, block: Block, into: &mut Discordance) {
        let (worse, better) = self.rates(block.level);
        let mut drawn = [0, 0];
        multinomial(rng, block.units, &[worse, better], &mut drawn);
        let [worse, better] = drawn;
        into.pairs += block.units;
        into.incumbent_only += worse;
        into.candidate_only += better;
    }

    fn draw_both(&self, rng: &mut Rng, _pi: f64, block: Block, into: &mut Discordance) -> u64 {
        self.draw(rng, Arm::Candidate, block, into);
        block.units
    }

    /// A pair is of both.
    fn candidate_units(&self, _arm: Arm) -> u64 {
        1
    }

    fn merge(&self, from: &Discordance, into: &mut Discordance) {
        into.pairs += from.pairs;
        into.candidate_only += from.candidate_only;
        into.incumbent_only += from.incumbent_only;
    }

    fn log_e(&self, strata: &[Stratum<Discordance>]) -> f64 {
        let sum = self.sum(strata);
        match &self.asked {
            Asked::Wrong => pairs::less_right_log_e(&sum),
            Asked::Disagree { test, .. } => {
                test.over_log_e(sum.incumbent_only, sum.pairs - sum.incumbent_only)
            }
        }
    }

    fn z(&self, strata: &[Stratum<Discordance>]) -> f64 {
        let sum = self.sum(strata);
        let (worse, better) = (float(sum.incumbent_only), float(sum.candidate_only));
        match &self.asked {
            Asked::Wrong => (worse - better) / (worse + better).sqrt(),
            Asked::Disagree { budget, .. } => {
                let pairs = float(sum.pairs);
                (worse - budget * pairs) / (budget * (1.0 - budget) * pairs).sqrt()
            }
        }
    }

    fn values(&self, window: &Discordance) -> Option<(f64, f64)> {
        let incumbent = match &self.asked {
            Asked::Wrong => float(window.candidate_only),
            Asked::Disagree { budget, .. } => budget * float(window.pairs),
        };
        (window.pairs > 0).then(|| (float(window.incumbent_only), incumbent))
    }

    fn threshold(&self) -> f64 {
        1.5
    }

    fn information(&self, _pi: f64, level: usize) -> f64 {
        let (worse, better) = self.rates(level);
        match &self.asked {
            Asked::Wrong if worse > better => {
                let discordant = worse + better;
                discordant * information::coins(worse / discordant, 0.5)
            }
            Asked::Disagree { budget, .. } if worse > *budget => information::coins(worse, *budget),
            Asked::Wrong | Asked::Disagree { .. } => 0.0,
        }
    }

    fn fixed_horizon(&self, _pi: f64, alpha: f64) -> Option<f64> {
        let (level, power) = fixed_horizon::quantiles(alpha);
        let (worse, better) = self.rates(0);
        let (gap, under_null, under_truth) = match &self.asked {
            Asked::Wrong => {
                let (gap, discordant) = (worse - better, worse + better);
                (gap, discordant, discordant - gap * gap)
            }
            Asked::Disagree { budget, .. } => {
                (worse - budget, budget * (1.0 - budget), worse * (1.0 - worse))
            }
        };
        (gap > 0.0)
            .then(|| ((level * under_null.sqrt() + power * under_truth.sqrt()) / gap).powi(2))
    }
}

impl Pairs {
    fn sum(&self, strata: &[Stratum<Discordance>]) -> Discordance {
        let mut sum = self.none();
        strata.iter().for_each(|stratum| self.merge(&stratum.counts, &mut sum));
        sum
    }
}
