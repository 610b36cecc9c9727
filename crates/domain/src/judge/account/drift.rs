//! How answers are distributed: counts by gate, and those whose parts are furthest apart. It knows no bad
//! unit, so nothing is told of the next.
//!
//! Owns how the error of the intervals is shared among answers. How many there will be is not known: gateways
//! each tell some apart, and later ones come. With k of them met each interval has α/(k(k+1)), so that the j-th
//! answer met never has more than α/(j(j+1)), and these together are α. So each answer's interval holds at every
//! look, with more than 1 − α. All of them together do, whichever are told, where it does not depend on the arms
//! when an answer is first met: where both answer alike every bet is fair given the answers, in whatever order
//! they came. It is not proven where the arms differ, nor of units with a key over several gates, of whom an
//! earlier gate's arm decides who counts in a later one.

use super::super::drift::{Apart, Compared, Drift, Outcomes, most_apart};
use super::super::look::Look;
use super::super::prepared::Given;
use super::super::reading::{Shown, float};
use super::Told;
use crate::evidence::GateIndex;
use crate::mix::{self, By};
use crate::verdict::{Answer, Answers, CheckVerdict, Counts, Outlook, Range};
use seatrial_analysis::confidence::Difference;
use seatrial_analysis::two_outcome::Centres;
use seatrial_analysis::{Alpha, Cells, Stratum};

/// How many are told.
const TOLD: usize = 5;

impl Drift {
    pub(in crate::judge) fn told(&self) -> Told {
        Told {
            bad: "with the answer that differs most there".to_owned(),
            confidence: None,
            outlook: Outlook::default(),
            notes: vec![
                "a difference of answers is all it finds: it never holds a gate up".to_owned(),
            ],
        }
    }

    pub(in crate::judge) fn counted_in(&self, look: &Look<'_>, gate: GateIndex) -> Shown {
        most_apart(&self.under(look, gate)).map(|most| most.shown).unwrap_or_default()
    }

    /// None until both arms have answers in one stratum.
    pub(in crate::judge) fn parts(
        &self,
        look: &Look<'_>,
        Given { rules, bars, .. }: Given<'_>,
        verdict: CheckVerdict,
    ) -> Option<Answers> {
        let strata = self.told_by(look, rules, verdict);
        let compared = Compared::new(&strata);
        let mut answers = compared.parts();
        answers.sort_by(|one, other| other.order(one));
        let test = Difference::new(&Centres::Feedback).ok()?;
        let parts = mix::parts(&compared.with("").collect::<Vec<_>>(), By::Candidate)?;
        let of_stratum = look.share_of_each((bars.pass(), By::told(verdict)), rules);
        let alpha = each(of_stratum, answers.len())?;
        let answer = |Apart { outcome, candidate, incumbent }: &Apart<'_>| {
            let cells = cells(&strata, &compared, outcome);
            let interval = test.interval(cells.iter().zip(parts.iter().copied()), alpha);
            let difference = Range::new(interval.lower, interval.upper);
            let (candidate, incumbent) = (*candidate, *incumbent);
            Answer { answer: (*outcome).to_owned(), candidate, incumbent, difference }
        };
        Some(Answers {
            level: 1.0 - bars.pass().get(),
            most_apart: answers.iter().take(TOLD).map(answer).collect(),
            others: answers.len().saturating_sub(TOLD),
        })
    }
}

/// The part of one of so many answers; none of none.
fn each(alpha: Alpha, answers: usize) -> Option<Alpha> {
    let met = float(u64::try_from(answers).ok()?);
    Alpha::new(alpha.get() / (met * (met + 1.0))).ok()
}

/// Those with the outcome, and those with another, of strata in which both arms have answers.
fn cells(
    strata: &[Stratum<Outcomes<'_>>],
    compared: &Compared<'_, '_>,
    outcome: &str,
) -> Vec<Stratum<Cells>> {
    let of = |(stratum, counts): (&Stratum<_>, Counts)| Stratum {
        pi: stratum.pi,
        counts: Cells {
            candidate_bad: counts.candidate_bad,
            candidate_good: counts.candidate_total - counts.candidate_bad,
            incumbent_bad: counts.incumbent_bad,
            incumbent_good: counts.incumbent_total - counts.incumbent_bad,
        },
    };
    strata.iter().zip(compared.with(outcome)).map(of).collect()
}
