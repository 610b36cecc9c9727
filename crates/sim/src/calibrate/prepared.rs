//! A cell made ready: its tests, its laws and its limits, once for all runs.

use super::cell::{Cell, Error, Method, Metric, Mistake, Question, Traffic};
use super::engine::{Ending, play};
use super::joint::Joint;
use super::kpi::Kpi;
use super::latency::Latency;
use super::outcomes::{Outcomes, float};
use super::pairs::Pairs;
use super::rival::Rule;
use super::sample_ratio::SampleRatio;
use super::timeline::Timeline;
use super::two_outcome::TwoOutcome;
use super::{events, users};
use crate::rng::Rng;
use seatrial_domain::Share;

/// A cell with its tests and laws made once. Its runs may be played in any order, on any thread.
pub struct Prepared {
    play: Box<dyn Fn(u64) -> Ending + Send + Sync>,
    kl_units: Option<f64>,
    monotone_units: Option<f64>,
    fixed_horizon: Option<f64>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kl_units, fixed_horizon, .. } = self;
        f.debug_struct("Prepared")
            .field("kl_units", kl_units)
            .field("fixed_horizon", fixed_horizon)
            .finish_non_exhaustive()
    }
}

/// A cell with the tests of its metric.
pub(super) struct Setting<O> {
    pub(super) cell: Cell,
    pub(super) timeline: Timeline,
    pub(super) outcomes: O,
}

impl Prepared {
    /// Makes the tests of `cell`. Errors: [`Error`], for values out of range and for questions that
    /// the metric has no answer to.
    pub fn new(cell: &Cell) -> Result<Self, Error> {
        cell.check()?;
        let timeline = Timeline::new(cell);
        match cell.metric {
            Metric::Errors => {
                let outcomes = TwoOutcome::new(cell, cell.metric, timeline.levels())?;
                let setting = Setting { cell: cell.clone(), timeline, outcomes };
                if events::can_play(cell) {
                    return Ok(Self::of(setting, events::play));
                }
                Self::of_any(setting)
            }
            Metric::Feedback => {
                let outcomes = TwoOutcome::new(cell, cell.metric, timeline.levels())?;
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
            Metric::Latency => {
                let outcomes = Latency::new(cell, timeline.levels())?;
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
            Metric::Kpi => {
                let outcomes = Kpi::new(cell, timeline.levels())?;
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
            Metric::Pairs | Metric::Disagreement => {
                let outcomes = Pairs::new(cell, timeline.levels())?;
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
            Metric::SampleRatio => {
                let outcomes = SampleRatio::new(cell);
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
            Metric::Joint => {
                let outcomes = Joint::new(cell, timeline.levels())?;
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
        }
    }

    fn of_any<O: Outcomes + 'static>(setting: Setting<O>) -> Result<Self, Error> {
        let windows = setting.rules().iter().any(|(_, rule)| rule.has_windows());
        match (setting.cell.traffic, setting.cell.mistake) {
            (Traffic::Users, _) if windows => {
                Err(Error::Unanswered("rules over windows are not played on sticky users"))
            }
            (Traffic::Users, _) => Ok(Self::of(setting, users::play)),
            (_, Mistake::PerRequest | Mistake::Redrawn) => {
                Err(Error::Unanswered("only sticky users have several requests"))
            }
            (_, Mistake::None | Mistake::Pooled) => Ok(Self::of(setting, play)),
        }
    }

    fn of<O: Outcomes + 'static>(
        setting: Setting<O>,
        play: fn(&Setting<O>, u64) -> Ending,
    ) -> Self {
        let kl_units = setting.units_for(O::information);
        let monotone_units = setting.units_for(O::monotone_information);
        let fixed_horizon = setting.fixed_horizon();
        Self {
            kl_units,
            monotone_units,
            fixed_horizon,
            play: Box::new(move |run| play(&setting, run)),
        }
    }

    /// Plays one run, which is a function of the cell and its number.
    pub fn run(&self, run: u64) -> Ending {
        (self.play)(run)
    }

    /// Units that any test valid at every look needs on average. None without an effect.
    pub const fn kl_units(&self) -> Option<f64> {
        self.kl_units
    }

    /// The same for tests whose score does not fall with badness, as those of latency and of a KPI
    /// must not, since they call no candidate worse that is stochastically no worse.
    pub const fn monotone_units(&self) -> Option<f64> {
        self.monotone_units
    }

    /// Units that a test of one planned look needs for a power of 90 %. None without an effect, for
    /// healthy, and over several gates.
    pub const fn fixed_horizon(&self) -> Option<f64> {
        self.fixed_horizon
    }
}

impl<O: Outcomes> Setting<O> {
    pub(super) fn rules(&self) -> Vec<(Method, Rule)> {
        let Cell { methods, alpha, .. } = &self.cell;
        methods.iter().map(|method| (*method, Rule::new(*method, *alpha))).collect()
    }

    pub(super) fn share(&self, gate: usize) -> f64 {
        self.cell.shares.get(gate).copied().unwrap_or_default()
    }

    /// As routing tables have them. Shares are checked to be within their range.
    pub(super) fn shares(&self) -> Vec<Share> {
        #[expect(clippy::cast_possible_truncation, reason = "at most 10,000")]
        #[expect(clippy::cast_sign_loss, reason = "shares are above 0")]
        let basis_points = |share: &f64| (10_000.0 * share).round() as u16;
        let known = |share: &f64| Share::new(basis_points(share)).unwrap_or(Share::ZERO);
        self.cell.shares.iter().map(known).collect()
    }

    /// Information adds up over the segments of a run until there is enough; the last segment goes
    /// on where a run has too little.
    fn units_for(&self, information: fn(&O, f64, usize) -> f64) -> Option<f64> {
        let alike = self.cell.question == Question::Rollback && self.cell.is_alike();
        if alike {
            return None;
        }
        let mut missing = -self.cell.alpha.ln();
        let (mut begin, mut rate) = (0, 0.0);
        for segment in self.timeline.segments(&mut Rng::new(self.cell.seed)) {
            rate = information(&self.outcomes, self.share(segment.gate), segment.level);
            let units = float(segment.end - begin);
            if rate > 0.0 && missing <= rate * units {
                return Some(float(begin) + missing / rate);
            }
            missing -= rate * units;
            begin = segment.end;
        }
        (rate > 0.0).then(|| float(begin) + missing / rate)
    }

    fn fixed_horizon(&self) -> Option<f64> {
        match self.cell.shares.as_slice() {
            [pi] if !self.cell.is_alike() => self.outcomes.fixed_horizon(*pi, self.cell.alpha),
            _ => None,
        }
    }
}
