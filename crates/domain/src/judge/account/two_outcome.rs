//! Errors and labels: what more of them would do.

use super::super::look::Look;
use super::super::prepared::Given;
use super::super::reading::Shown;
use super::super::two_outcome::{Counted, TwoOutcome, by_stratum};
use super::{Told, beside, outlook, part, weighed};
use crate::evidence::GateIndex;
use crate::mix::{self, By};
use crate::plan::Better;
use crate::verdict::{CheckVerdict, Confidence, Range};
use seatrial_analysis::confidence::Difference;
use seatrial_analysis::two_outcome::Centres;
use seatrial_analysis::units_needed::{self, Expected};
use seatrial_analysis::{Alpha, Cells, Pi, Stratum};

/// The units of this gate that come next: the incumbent's go on as they did.
struct Coming {
    pi: Pi,
    incumbent_bad: f64,
}

impl TwoOutcome {
    pub(super) fn told(
        &self,
        look: &Look<'_>,
        Given { rules, bars, since }: Given<'_>,
        verdict: CheckVerdict,
    ) -> Told {
        let samples = look.samples(rules, |seen| self.counted.cells(seen));
        let settled = look.together(rules, |seen| self.counted.settled(seen));
        let check = self.check(rules.latest(look.gate));
        let shown = if verdict == CheckVerdict::Fail { &samples.all } else { samples.here() };
        let by = By::told(verdict);
        let each = look.share_of_each((bars.pass(), by), rules);
        let confidence = self.counted.confidence((shown, by), (bars.pass(), each));
        let bad = self.counted.bad();
        let notes = weighed(&by_stratum(shown), by).into_iter().collect();
        let told = |outlook| Told { bad, confidence, outlook, notes };
        let Some(coming) = Coming::as_in(samples.here()) else { return told(Default::default()) };
        let fails = |bad, of| {
            let more = with(&samples.all, coming.cells(bad, of));
            bars.fires(self.fail_log_e(&more, since))
        };
        let passes = |bad, of| {
            bars.pass().rejects(check.healthy_log_e(&with(&settled, coming.cells(bad, of))))
        };
        let healthy_after = || {
            let Coming { pi, incumbent_bad } = coming;
            let expected = Expected { pi, candidate_bad: 0.0, incumbent_bad };
            units_needed::two_outcome(check, &settled, &expected, bars.pass())
        };
        told(outlook(verdict, fails, passes, healthy_after))
    }

    pub(super) fn counted_in(&self, look: &Look<'_>, gate: GateIndex) -> Shown {
        let strata = look.strata(|counted| counted == gate, |seen| self.counted.cells(seen));
        self.counted.shown(&strata, By::Incumbent)
    }
}

fn with(strata: &[Stratum<Cells>], more: Stratum<Cells>) -> Vec<Stratum<Cells>> {
    strata.iter().cloned().chain([more]).collect()
}

impl Coming {
    /// None before the incumbent has answered under this gate.
    fn as_in(here: &[Stratum<Cells>]) -> Option<Self> {
        let (_, incumbent) = mix::rates(&by_stratum(here), By::Candidate);
        Some(Self { pi: here.first()?.pi, incumbent_bad: incumbent? })
    }

    fn cells(&self, bad: u64, of: u64) -> Stratum<Cells> {
        let incumbent = beside(of, self.pi.get());
        let incumbent_bad = part(incumbent, self.incumbent_bad);
        let counts = Cells {
            candidate_bad: bad,
            candidate_good: of.saturating_sub(bad),
            incumbent_bad,
            incumbent_good: incumbent.saturating_sub(incumbent_bad),
        };
        Stratum { pi: self.pi, counts }
    }
}

impl Counted {
    /// Of the difference as it is shown, at level α, with so much of it for each stratum; none before both
    /// arms have units in one.
    fn confidence(
        &self,
        (strata, by): (&[Stratum<Cells>], By),
        (alpha, each): (Alpha, Alpha),
    ) -> Option<Confidence> {
        let parts = mix::parts(&by_stratum(strata), by)?;
        let centres = match self {
            Self::Errors => Centres::Errors,
            Self::Labels { .. } => Centres::Feedback,
        };
        let of_bad = Difference::new(&centres).ok()?.interval(strata.iter().zip(parts), each);
        let difference = match self {
            Self::Errors | Self::Labels { better: Better::Lower, .. } => {
                Range::new(of_bad.lower, of_bad.upper)
            }
            Self::Labels { better: Better::Higher, .. } => Range::new(-of_bad.upper, -of_bad.lower),
        };
        let (difference, level) = (Some(difference), 1.0 - alpha.get());
        Some(Confidence { level, difference, candidate: None, incumbent: None })
    }

    /// What a bad unit is.
    fn bad(&self) -> String {
        match self {
            Self::Errors => "in error".to_owned(),
            Self::Labels { metric, better: Better::Higher } => format!("not {metric}"),
            Self::Labels { metric, better: Better::Lower } => metric.clone(),
        }
    }
}
