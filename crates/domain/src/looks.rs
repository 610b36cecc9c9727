//! When the evidence is looked at, and what was seen last: the plan's `analysis.look`.
//!
//! Owns the rule that the product and the simulator share: a look when enough time has passed and
//! something has grown by enough since the last one, and once more at the moment a pass is taken. A
//! verdict between two looks is the last one's. Refuses clocks: the time is a span since any instant
//! that stays the same.

#[cfg(test)]
mod tests;

use crate::evidence::{Evidence, GateCounts, GateIndex, ShadowCounts};
use crate::judge::{self, Judge, Tells};
use crate::plan::Kind;
use crate::rollout::{Rollout, Stage};
use crate::verdict::{Decision, Verdict};
use crate::{Epoch, RolloutId};
use seatrial_analysis::kpi;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One rollout's looks. Begins anew with each rollout and each routing table.
#[derive(Debug, Default)]
pub struct Looks {
    tells: Tells,
    judge: Option<(RolloutId, Judge)>,
    last: Option<Seen>,
    taken: u32,
}

#[derive(Debug)]
struct Seen {
    epoch: Epoch,
    at: Duration,
    tallies: Tallies,
    verdict: Verdict,
}

/// How much was counted of each thing a verdict rests on.
type Tallies = BTreeMap<Subject, u64>;

/// What there is to judge in a rollout's present stage.
/// Stored with the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The copies, against the limits on disagreement.
    Shadow,
    /// The units up to this gate.
    Gate(GateIndex),
}

/// Whether another look is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The last verdict stands.
    No,
    /// Enough time has passed; the last verdict stands unless the evidence has grown.
    IfGrown,
    /// The last verdict is a pass that is about to be taken. It must hold at that moment, so it is
    /// read again.
    Now,
}

impl Subject {
    /// None where the stage has no verdict.
    pub fn of(rollout: &Rollout) -> Option<Self> {
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
                let mut tallies = Tallies::new();
                for (stratum, counts) in &evidence.gates {
                    *tallies.entry(Self::Gate(stratum.gate)).or_default() += counted(counts);
                }
                tallies
            }
        }
    }

    /// How much of it is counted, in the unit of [`Looks::wanted`].
    pub fn tally(self, evidence: &Evidence) -> u64 {
        match self {
            Self::Shadow => copies(&evidence.shadow),
            Self::Gate(gate) => evidence.of_gate(gate).map(|(_, counts)| counted(counts)).sum(),
        }
    }
}

/// Copies whose fate is known, compared by the rule that compares the most, or failed; and labels, which
/// come later.
fn copies(counts: &ShadowCounts) -> u64 {
    let compared = counts.compare.iter().map(|rule| rule.candidate.pairs).max();
    let fates = compared.unwrap_or(0).saturating_add(counts.candidate_errors);
    fates.saturating_add(counts.labelled.pairs())
}

/// Units and labels under one gate, and the labels that are due: time alone brings these.
fn counted(counts: &GateCounts) -> u64 {
    let labels = counts.feedback.values().map(|cells| cells.candidate() + cells.incumbent());
    let due = counts.matured.values().map(|matured| matured.units.total());
    let units = |arms: &kpi::Counts| arms.candidate.units().saturating_add(arms.incumbent.units());
    let values = counts.values.values().map(units);
    let due_values = counts.matured_values.values().map(|matured| matured.units.total());
    labels
        .chain(due)
        .chain(values)
        .chain(due_values)
        .fold(counts.units.total(), u64::saturating_add)
}

impl Looks {
    /// Looks whose verdicts tell so much.
    pub fn that(tells: Tells) -> Self {
        Self { tells, ..Self::default() }
    }

    /// Whether another look is needed at `now`. `is_taken` says whether the rollout would act on the
    /// last verdict.
    pub fn due(
        &self,
        rollout: &Rollout,
        now: Duration,
        is_taken: impl FnOnce(&Verdict) -> bool,
    ) -> Call {
        let Some(seen) = self.seen(rollout.epoch) else { return Call::IfGrown };
        if seen.verdict.decision == Decision::Pass && is_taken(&seen.verdict) {
            Call::Now
        } else if now.saturating_sub(seen.at) >= rollout.plan.analysis.look.every {
            Call::IfGrown
        } else {
            Call::No
        }
    }

    /// The verdict on `evidence`, judged anew where that is due and, unless a pass is about to be
    /// taken, the evidence has grown enough to matter. A plan that makes no tests gives no verdict,
    /// and says why.
    pub fn at(
        &mut self,
        rollout: &Rollout,
        subject: Subject,
        evidence: &Evidence,
        (due, now): (Call, Duration),
    ) -> Verdict {
        let tallies = subject.tallies(evidence);
        if let Some(seen) = self.seen(rollout.epoch)
            && stands(seen, due, || grown(&seen.tallies, &tallies, growth(rollout)))
        {
            return seen.verdict.clone();
        }
        let judged = self.judge(rollout, subject, evidence);
        let verdict = judged.unwrap_or_else(|why| Verdict::blind("plan", why.to_string()));
        self.note(rollout, tallies, verdict, now)
    }

    /// The verdict where the evidence can't be read, for the reason given.
    pub fn blind(&mut self, rollout: &Rollout, why: String, now: Duration) -> Verdict {
        self.note(rollout, Tallies::new(), Verdict::blind("evidence", why), now)
    }

    /// The verdict of the last look under this routing table.
    pub fn last(&self, epoch: Epoch) -> Option<&Verdict> {
        self.seen(epoch).map(|seen| &seen.verdict)
    }

    /// When the last verdict under this routing table was computed.
    pub fn judged_at(&self, epoch: Epoch) -> Option<Duration> {
        self.seen(epoch).map(|seen| seen.at)
    }

    /// How much of `subject` must be counted before the next look makes a difference, and when it is
    /// due at the earliest. None before the first look under this routing table.
    pub fn wanted(&self, rollout: &Rollout, subject: Subject) -> Option<(u64, Duration)> {
        let seen = self.seen(rollout.epoch)?;
        let before = seen.tallies.get(&subject).copied().unwrap_or(0);
        let due = seen.at.saturating_add(rollout.plan.analysis.look.every);
        Some((next_tally(before, growth(rollout)), due))
    }

    /// How often the evidence was judged.
    pub const fn taken(&self) -> u32 {
        self.taken
    }

    fn seen(&self, epoch: Epoch) -> Option<&Seen> {
        self.last.as_ref().filter(|seen| seen.epoch == epoch)
    }

    fn note(
        &mut self,
        rollout: &Rollout,
        tallies: Tallies,
        verdict: Verdict,
        at: Duration,
    ) -> Verdict {
        self.taken = self.taken.saturating_add(1);
        self.last = Some(Seen { epoch: rollout.epoch, at, tallies, verdict: verdict.clone() });
        verdict
    }

    fn judge(
        &mut self,
        rollout: &Rollout,
        subject: Subject,
        evidence: &Evidence,
    ) -> Result<Verdict, judge::Error> {
        let prepared = match self.judge.take() {
            Some((id, judge)) if id == rollout.id => judge,
            Some(_) | None => Judge::that(self.tells, &rollout.plan)?,
        };
        let (_, judge) = self.judge.insert((rollout.id, prepared));
        Ok(judge.look(subject, evidence))
    }
}

fn growth(rollout: &Rollout) -> f64 {
    rollout.plan.analysis.look.growth
}

/// Whether the last verdict is still this one's. What could not be computed may be computable now,
/// and a fail is told until somebody acts on it.
fn stands(seen: &Seen, due: Call, grown: impl FnOnce() -> bool) -> bool {
    match (&seen.verdict.decision, due) {
        (_, Call::No) => true,
        (Decision::Pass | Decision::Inconclusive, Call::IfGrown) => !grown(),
        (Decision::Fail { .. } | Decision::Error { .. }, Call::IfGrown) | (_, Call::Now) => false,
    }
}

/// Whether any one of them has grown by `growth`.
fn grown(before: &Tallies, now: &Tallies, growth: f64) -> bool {
    let wanted = |subject| next_tally(before.get(subject).copied().unwrap_or(0), growth);
    now.iter().any(|(subject, now)| *now >= wanted(subject))
}

/// The least tally that is more than `before`, by at least `growth`.
fn next_tally(before: u64, growth: f64) -> u64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let grown = (before as f64 * (1.0 + growth)).ceil();
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any count")]
    #[expect(clippy::cast_sign_loss, reason = "counts are positive")]
    let grown = grown as u64;
    grown.max(before.saturating_add(1))
}
