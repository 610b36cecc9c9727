//! When the evidence is looked at, and what was seen last.

#[cfg(test)]
pub(super) mod tests;

use crate::clock;
use seatrial_domain::evidence::{Evidence, GateCounts, GateIndex, ShadowCounts};
use seatrial_domain::judge::{self, Judge};
use seatrial_domain::plan::Kind;
use seatrial_domain::rollout::{Rollout, Stage};
use seatrial_domain::verdict::{Decision, Verdict};
use seatrial_domain::{Epoch, RolloutId};
use std::collections::BTreeMap;
use std::time::Instant;

/// One rollout's looks. Begins anew with each rollout and each route.
#[derive(Debug, Default)]
pub(super) struct Look {
    judge: Option<(RolloutId, Judge)>,
    last: Option<Seen>,
    /// The rollout whose reference is known to be frozen.
    frozen: Option<RolloutId>,
}

#[derive(Debug)]
struct Seen {
    epoch: Epoch,
    at: Instant,
    tallies: Tallies,
    verdict: Verdict,
}

/// How much was counted of each thing a verdict rests on.
type Tallies = BTreeMap<Subject, u64>;

/// What there is to judge in a rollout's present stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Shadow,
    Gate(GateIndex),
}

impl Subject {
    /// None where the stage has no verdict.
    pub(super) fn of(rollout: &Rollout) -> Option<Self> {
        if rollout.stage == Stage::Shadow {
            return Some(Self::Shadow);
        }
        let past_the_gates = matches!(rollout.stage, Stage::Cutover | Stage::Stabilizing);
        if past_the_gates && rollout.plan.kind == Kind::Promote {
            // Without a holdback there is no new evidence, but late labels still join the old.
            return u8::try_from(rollout.plan.gates.len()).ok().map(GateIndex).map(Self::Gate);
        }
        rollout.gate_index().map(Self::Gate)
    }

    fn tallies(self, evidence: &Evidence) -> Tallies {
        match self {
            Self::Shadow => [(self, copies(&evidence.shadow))].into(),
            // A fail rests on every gate, so any gate's news is news. Each is told apart: a new
            // gate's units would be lost in the sum with those of a long one before it.
            Self::Gate(_) => {
                let tally = |(gate, counts): (&GateIndex, _)| (Self::Gate(*gate), counted(counts));
                evidence.gates.iter().map(tally).collect()
            }
        }
    }
}

/// Copies whose fate is known: compared by the rule that compares the most, or failed.
fn copies(counts: &ShadowCounts) -> u64 {
    let compared = counts.compare.iter().map(|rule| rule.candidate.pairs).max();
    compared.unwrap_or(0).saturating_add(counts.candidate_errors)
}

/// Units and labels under one gate, and the labels that are due: time alone brings these.
fn counted(counts: &GateCounts) -> u64 {
    let labels = counts.feedback.values().map(|cells| cells.candidate() + cells.incumbent());
    let due = counts.matured.values().map(|matured| matured.units.total());
    counts.units.total().saturating_add(labels.sum()).saturating_add(due.sum())
}

impl Look {
    /// Whether another look is needed: enough time has passed, or the last one found a pass that is
    /// about to be taken. A pass must hold at the moment of passing, so it is read again.
    pub(super) fn is_due(
        &self,
        rollout: &Rollout,
        is_taken: impl FnOnce(&Verdict) -> bool,
    ) -> bool {
        match &self.last {
            Some(seen) if seen.epoch == rollout.epoch => {
                let every = rollout.plan.analysis.look.every;
                clock::monotonic().duration_since(seen.at) >= every
                    || seen.verdict.decision == Decision::Pass && is_taken(&seen.verdict)
            }
            Some(_) | None => true,
        }
    }

    /// The verdict on `evidence`, judged anew where it has grown enough to matter. A plan that makes
    /// no tests gives no verdict, and says why.
    pub(super) fn at(
        &mut self,
        rollout: &Rollout,
        subject: Subject,
        evidence: &Evidence,
    ) -> Verdict {
        let tallies = subject.tallies(evidence);
        if let Some(seen) = &self.last
            && seen.epoch == rollout.epoch
            && seen.verdict.decision == Decision::Inconclusive
            && !grown(&seen.tallies, &tallies, rollout.plan.analysis.look.growth)
        {
            return seen.verdict.clone();
        }
        let judged = self.judge(rollout, subject, evidence);
        let verdict = judged.unwrap_or_else(|why| Verdict::blind("plan", why.to_string()));
        self.note(rollout, tallies, verdict)
    }

    /// The verdict where the evidence can't be read.
    pub(super) fn blind(&mut self, rollout: &Rollout, why: String) -> Verdict {
        self.note(rollout, Tallies::new(), Verdict::blind("evidence", why))
    }

    fn note(&mut self, rollout: &Rollout, tallies: Tallies, verdict: Verdict) -> Verdict {
        let at = clock::monotonic();
        self.last = Some(Seen { epoch: rollout.epoch, at, tallies, verdict: verdict.clone() });
        verdict
    }

    /// Whether the rollout's reference is not known to be frozen.
    pub(super) fn freezes(&self, id: RolloutId) -> bool {
        self.frozen != Some(id)
    }

    /// The rollout's reference is frozen.
    pub(super) const fn froze(&mut self, id: RolloutId) {
        self.frozen = Some(id);
    }

    /// The verdict of the last look under this routing table.
    pub(super) fn last(&self, epoch: Epoch) -> Option<&Verdict> {
        self.last.as_ref().filter(|seen| seen.epoch == epoch).map(|seen| &seen.verdict)
    }

    fn judge(
        &mut self,
        rollout: &Rollout,
        subject: Subject,
        evidence: &Evidence,
    ) -> Result<Verdict, judge::Error> {
        let prepared = match self.judge.take() {
            Some((id, judge)) if id == rollout.id => judge,
            Some(_) | None => Judge::new(&rollout.plan)?,
        };
        let (_, judge) = self.judge.insert((rollout.id, prepared));
        Ok(judged(judge, subject, evidence))
    }
}

/// A verdict outside the looks: for `explain`.
pub(super) fn verdict_now(
    rollout: &Rollout,
    subject: Subject,
    evidence: &Evidence,
) -> anyhow::Result<Verdict> {
    Ok(judged(&Judge::new(&rollout.plan)?, subject, evidence))
}

fn judged(judge: &Judge, subject: Subject, evidence: &Evidence) -> Verdict {
    match subject {
        Subject::Shadow => judge.shadow(&evidence.shadow),
        Subject::Gate(gate) => judge.gate(evidence, gate),
    }
}

/// Whether any one of them has grown by `growth`.
fn grown(before: &Tallies, now: &Tallies, growth: f64) -> bool {
    now.iter()
        .any(|(subject, now)| has_grown(before.get(subject).copied().unwrap_or(0), *now, growth))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn has_grown(before: u64, now: u64, growth: f64) -> bool {
    now > before && now as f64 >= before as f64 * (1.0 + growth)
}
