//! Runs of bad answers that are so rare that only their times are drawn.
//!
//! Owns when the next one ends: such runs are Poisson (see the rails), so the time to the next is exponential
//! in answers, and as it has no memory it is drawn anew wherever their rate changes; of users who become known
//! since, the candidate's part is that which was expected then. As long before as the guardrails and whoever is
//! blamed look back, requests are drawn one by one.

use super::Mode;
use super::arrivals::Arrivals;
use super::rails::{self, Moment, NEGLIGIBLE, Runs};
use super::run::Run;
use seatrial_domain::Share;
use seatrial_domain::guard::{Breach, Ended};
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::BadOf;
use std::time::Duration;

/// When the next run is over, of those that come so often at this share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sudden {
    runs: Runs,
    share: Share,
    /// In which second; none: not before the horizon.
    at: Option<u64>,
}

impl Run<'_> {
    /// Up to where nothing but counts matters, `to` at the latest: so long before the next run of bad
    /// answers as anybody looks back.
    pub(super) fn before_sudden(&mut self, to: u64) -> u64 {
        let Some(runs) = self.runs_to_come() else {
            self.sudden = None;
            return to;
        };
        let share = self.under.share;
        let known = self.sudden.filter(|it| it.runs == runs && it.share == share);
        let sudden = known.filter(|it| it.at.is_none_or(|at| at >= self.now));
        let at = match sudden {
            Some(sudden) => sudden.at,
            None => {
                let answers = self.rng.exponential(1.0 / runs.chance);
                let horizon = self.simulation.horizon;
                let at = self.answers(share).after(self.now, answers).filter(|at| *at < horizon);
                self.sudden = Some(Sudden { runs, share, at });
                at
            }
        };
        let from = at.map_or(u64::MAX, |at| at.saturating_sub(self.simulation.look_back()));
        if from > self.now { to.min(from) } else { to }
    }

    /// Whether the next run is near enough for requests to be drawn one by one.
    pub(super) fn sudden_is_near(&self) -> bool {
        let at = self.sudden.and_then(|it| it.at).filter(|at| *at >= self.now);
        at.is_some_and(|at| at - self.now <= self.simulation.look_back())
    }

    /// The run, where it ends in this second: how many bad answers it has.
    pub(super) fn sudden_in(&self, second: u64) -> Option<u32> {
        let ends = self.sudden.filter(|it| it.at == Some(second));
        ends.map(|it| it.runs.limit)
    }

    /// A run of bad answers, until it trips.
    pub(super) fn fail_in_a_row(&mut self, answers: u32, at: Duration) -> (u32, Option<Breach>) {
        let mut failed = 0;
        while failed < answers {
            failed += 1;
            if let Some(breach) = self.watch(Arm::Candidate, Ended::Failed, at) {
                return (failed, Some(breach));
            }
        }
        (failed, None)
    }

    /// Runs of bad answers whose time is drawn: of those that may come at all.
    fn runs_to_come(&self) -> Option<Runs> {
        if self.simulation.mode == Mode::Requests {
            return None;
        }
        let (moment, answers) = self.moment(self.now);
        self.rare_runs(&moment, answers).filter(|runs| runs.chance * answers > NEGLIGIBLE)
    }

    /// The runs of this moment, where their times can be drawn: of so many answers at most few end one.
    pub(super) fn rare_runs(&self, moment: &Moment, answers: f64) -> Option<Runs> {
        let runs = rails::runs(&self.simulation.plan.guardrails, moment)?;
        (runs.chance * answers <= self.simulation.rare).then_some(runs)
    }

    /// What the candidate answers at this share, on average.
    fn answers(&self, share: Share) -> Arrivals {
        let part = match &self.crowd {
            Some(crowd) => crowd.on_candidate(share),
            None => share.probability(),
        };
        self.simulation.arrivals.part(part)
    }
}

impl super::Simulation {
    /// How far the guardrails look back, and whoever is blamed.
    fn look_back(&self) -> u64 {
        self.memory.max(BadOf::WINDOW.as_secs())
    }
}

#[cfg(test)]
mod tests;
