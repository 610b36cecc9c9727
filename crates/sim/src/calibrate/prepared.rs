//! A cell made ready: its tests, its laws and its limits, once for all runs.

use super::cell::{Cell, Error, Method, Metric, Mistake, Question, Traffic};
use super::drift::Drift;
use super::engine::{Ending, play};
use super::joint::Joint;
use super::kpi::Kpi;
use super::latency::Latency;
use super::limit::Limit;
use super::outcomes::Outcomes;
use super::pairs::Pairs;
use super::rival::Rule;
use super::sample_ratio::SampleRatio;
use super::timeline::{Effect, Segment, Timeline};
use super::two_outcome::TwoOutcome;
use super::{events, users};
use crate::rng::Rng;

/// A cell with its tests and laws made once. Its runs may be played in any order, on any thread.
pub struct Prepared {
    play: Box<dyn Fn(u64) -> Ending + Send + Sync>,
    limit: Option<Limit>,
    monotone: Option<Limit>,
    fixed_horizon: Option<f64>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { limit, fixed_horizon, .. } = self;
        f.debug_struct("Prepared")
            .field("limit", limit)
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
                if cell.is_event_by_event() {
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
                let outcomes = SampleRatio::new(cell)?;
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
            Metric::Joint => {
                let outcomes = Joint::new(cell, timeline.levels())?;
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
            Metric::Drift => {
                let outcomes = Drift::new(cell, timeline.levels());
                Self::of_any(Setting { cell: cell.clone(), timeline, outcomes })
            }
        }
    }

    fn of_any<O: Outcomes + 'static>(setting: Setting<O>) -> Result<Self, Error> {
        let windows = setting.rules().iter().any(|(_, rule)| rule.has_windows());
        let reassigns = setting.cell.metric == Metric::SampleRatio && !setting.cell.is_alike();
        match (setting.cell.traffic, setting.cell.mistake) {
            (Traffic::Users, _) if reassigns => {
                // Their arms are facts of their keys, so the effect would be ignored.
                Err(Error::Unanswered("an effect on the assignment is not played on sticky users"))
            }
            (Traffic::Users, _) if windows => {
                Err(Error::Unanswered("rules over windows are not played on sticky users"))
            }
            (Traffic::Users, _) => Ok(Self::of(setting, users::play)),
            (Traffic::Returning, _) => Ok(Self::of(setting, users::play_returning)),
            (
                Traffic::Constant | Traffic::Ramp | Traffic::Diurnal | Traffic::Bursty,
                Mistake::PerRequest | Mistake::Redrawn,
            ) => Err(Error::Unanswered("only sticky users have several requests")),
            (
                Traffic::Constant | Traffic::Ramp | Traffic::Diurnal | Traffic::Bursty,
                Mistake::None | Mistake::Pooled,
            ) => Ok(Self::of(setting, play)),
        }
    }

    fn of<O: Outcomes + 'static>(
        setting: Setting<O>,
        play: fn(&Setting<O>, u64) -> Ending,
    ) -> Self {
        let limit = setting.limit(O::information);
        let monotone = setting.limit(O::monotone_information);
        let fixed_horizon = setting.fixed_horizon();
        Self { limit, monotone, fixed_horizon, play: Box::new(move |run| play(&setting, run)) }
    }

    /// Plays one run, which is a function of the cell and its number.
    pub fn run(&self, run: u64) -> Ending {
        (self.play)(run)
    }

    /// Units that any test valid at every look needs on average; where shares or the base change,
    /// those that bring as much information. None without an effect, and for traffic whose truth no
    /// one level tells: users and bursts.
    pub fn kl_units(&self) -> Option<f64> {
        self.limit.as_ref().map(Limit::units)
    }

    /// The information of so many units as a multiple of ln(1/α), of which any test valid at every
    /// look needs one on average. None where [`Prepared::kl_units`] is.
    pub(super) fn over_kl(&self, units: u64) -> Option<f64> {
        self.limit.as_ref().map(|limit| limit.multiple(units))
    }

    /// The same for tests whose score does not fall with badness, as those of latency and of a KPI
    /// must not, since they call no candidate worse that is stochastically no worse.
    pub(super) fn over_monotone(&self, units: u64) -> Option<f64> {
        self.monotone.as_ref().map(|limit| limit.multiple(units))
    }

    /// Units that a test of one planned look needs for a power of 90 %. None without an effect, for
    /// healthy quantiles, over several gates, and where the base changes.
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

    /// None where there is nothing to be found, and where no one run's truth is that of all.
    fn limit(&self, information: fn(&O, f64, usize) -> f64) -> Option<Limit> {
        match self.cell.traffic {
            Traffic::Constant | Traffic::Ramp | Traffic::Diurnal => {}
            // A unit of either is one of a mixture that the test is not told of, and bursts come at
            // another time in each run.
            Traffic::Users | Traffic::Returning | Traffic::Bursty => return None,
        }
        if self.cell.question == Question::Rollback && self.cell.is_alike() {
            return None;
        }
        let segments = self.timeline.segments(&mut Rng::new(self.cell.seed));
        let last = self.cell.shares.len() - 1;
        let nats = |it: &Segment| match (self.cell.question, it.effect) {
            (Question::Healthy { .. }, _) if it.gate < last => 0.0,
            (_, Effect::ToCome) => 0.0,
            (_, Effect::Begun) => information(&self.outcomes, self.share(it.gate), it.level),
        };
        Limit::new(-self.cell.alpha.ln(), segments.iter().map(|it| (it.end, nats(it))))
    }

    fn fixed_horizon(&self) -> Option<f64> {
        let asked = match self.cell.question {
            Question::Rollback => !self.cell.is_alike(),
            Question::Healthy { .. } => true,
        } && self.cell.traffic == Traffic::Constant
            && self.cell.onset == 0;
        match self.cell.shares.as_slice() {
            [pi] if asked => self.outcomes.fixed_horizon(*pi, self.cell.alpha),
            _ => None,
        }
    }
}
