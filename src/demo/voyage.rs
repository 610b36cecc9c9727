//! What became of a rollout, read from its journal as the control API gives it. Pure.

use crate::api::wire::JournalRow;
use anyhow::Context as _;
use jiff::Timestamp;
use seatrial_domain::Share;
use seatrial_domain::rollout::{Cause, Entry, StageName};

/// One rollout's transitions, the earliest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Voyage(Vec<Step>);

#[derive(Debug, Clone)]
struct Step {
    at: Timestamp,
    entry: Entry,
}

impl Voyage {
    pub(super) fn read(rows: &[JournalRow]) -> anyhow::Result<Self> {
        let step = |row: &JournalRow| {
            let named = || format!("journal row {}", row.seq);
            let at = row.at.parse().with_context(named)?;
            let entry = serde_json::from_value(row.entry.clone()).with_context(named)?;
            anyhow::Ok(Step { at, entry })
        };
        // A row without a stage it came from is no transition: the rollout was created.
        let transition =
            |row: &&JournalRow| row.entry.get("from").is_some_and(|from| !from.is_null());
        Ok(Self(rows.iter().filter(transition).map(step).collect::<Result<_, _>>()?))
    }

    /// Where it stands.
    pub(super) fn stage(&self) -> Option<StageName> {
        self.0.last().map(|step| step.entry.to)
    }

    /// The stage it was turned away from, and why.
    pub(super) fn turned_away(&self) -> Option<(StageName, String)> {
        self.0
            .iter()
            .map(|step| &step.entry)
            .find(|entry| entry.to >= StageName::RollingBack && entry.to != StageName::Completed)
            .map(|entry| (entry.from, entry.cause.in_words()))
    }

    /// The candidate's units when it was turned away.
    pub(super) fn candidate_units(&self) -> u64 {
        let verdict = self.0.iter().find_map(|step| match &step.entry.cause {
            Cause::Verdict { verdict } if step.entry.to == StageName::RollingBack => Some(verdict),
            Cause::Verdict { .. } | Cause::Said { .. } | Cause::Guardrail { .. } => None,
        });
        verdict.map_or(0, |verdict| verdict.units.candidate)
    }

    /// Every share above zero that was committed, in order and once each.
    pub(super) fn shares(&self) -> Vec<u16> {
        let mut shares: Vec<u16> = self
            .0
            .iter()
            .map(|step| step.entry.share)
            .filter(|share| *share > Share::ZERO)
            .map(Share::basis_points)
            .collect();
        shares.dedup();
        shares
    }

    /// From the decision to go back until every gateway acknowledged a share of zero.
    pub(super) fn decision_to_zero_ms(&self) -> Option<u64> {
        let at = |stage| self.0.iter().find(|step| step.entry.to == stage).map(|step| step.at);
        let decided = at(StageName::RollingBack)?;
        self.ms_since(decided)
    }

    /// From `moment` until it was over.
    pub(super) fn ms_since(&self, moment: Timestamp) -> Option<u64> {
        let last = self.0.last().filter(|step| step.entry.to.is_terminal())?;
        u64::try_from(last.at.duration_since(moment).as_millis()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::Epoch;
    use seatrial_domain::evidence::ArmCount;
    use seatrial_domain::verdict::{Coverage, Decision, SampleRatio, Verdict};

    fn entry(from: StageName, to: StageName, share: u16) -> Entry {
        Entry {
            event: "judged".to_owned(),
            from,
            to,
            overlays: Vec::new(),
            share: Share::new(share).unwrap(),
            epoch: Epoch(1),
            cause: Cause::Said { text: "because".to_owned() },
            effects: Vec::new(),
        }
    }

    fn voyage(entries: &[(&str, Entry)]) -> Voyage {
        let row = |(at, entry): &(&str, Entry)| JournalRow {
            seq: 1,
            at: format!("2026-03-01T12:00:{at}Z"),
            actor: String::new(),
            event: entry.event.clone(),
            subject: None,
            rollout: Some(1),
            endpoint: None,
            what: String::new(),
            entry: serde_json::to_value(entry).unwrap(),
            canonical: String::new(),
            hash: String::new(),
        };
        Voyage::read(&entries.iter().map(row).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_rollback_tells_its_stage_its_units_and_its_time() {
        let mut rolling = entry(StageName::Canary, StageName::RollingBack, 0);
        rolling.cause = Cause::Verdict {
            verdict: Box::new(Verdict {
                decision: Decision::Fail { check: "correct".to_owned() },
                units: ArmCount { candidate: 301, incumbent: 5719 },
                sample_ratio: SampleRatio::Plausible,
                coverage: Coverage::Enough,
                checks: Vec::new(),
                assignment: None,
                labelled: Vec::new(),
                ranking: Vec::new(),
                told_apart: Vec::new(),
            }),
        };
        let voyage = voyage(&[
            ("01.000", entry(StageName::Shadow, StageName::Canary, 500)),
            ("14.250", rolling),
            ("14.262", entry(StageName::RollingBack, StageName::RolledBack, 0)),
        ]);
        assert_eq!(voyage.stage(), Some(StageName::RolledBack));
        assert_eq!(voyage.turned_away().unwrap().0, StageName::Canary);
        assert_eq!(voyage.candidate_units(), 301);
        assert_eq!(voyage.decision_to_zero_ms(), Some(12));
        assert_eq!(voyage.ms_since("2026-03-01T12:00:14Z".parse().unwrap()), Some(262));
    }

    #[test]
    fn a_climb_tells_every_share_once() {
        let climb = voyage(&[
            ("00.000", entry(StageName::Validating, StageName::Shadow, 0)),
            ("01.000", entry(StageName::Shadow, StageName::Canary, 500)),
            ("01.100", entry(StageName::Canary, StageName::Canary, 500)),
            ("02.000", entry(StageName::Canary, StageName::Ramp, 1000)),
            ("03.000", entry(StageName::Ramp, StageName::Ramp, 2500)),
            ("04.000", entry(StageName::Ramp, StageName::Cutover, 10_000)),
            ("05.000", entry(StageName::Cutover, StageName::Stabilizing, 10_000)),
        ]);
        assert_eq!(climb.shares(), [500, 1000, 2500, 10_000]);
        assert_eq!(climb.stage(), Some(StageName::Stabilizing));
        assert_eq!(climb.turned_away(), None);
        assert_eq!(climb.decision_to_zero_ms(), None);
    }

    #[test]
    fn a_rejection_has_no_way_back_to_time() {
        let rejected = voyage(&[("00.000", entry(StageName::Validating, StageName::Rejected, 0))]);
        assert_eq!(rejected.turned_away(), Some((StageName::Validating, "because".to_owned())));
        assert_eq!(rejected.decision_to_zero_ms(), None);
        assert!(rejected.shares().is_empty());
    }
}
