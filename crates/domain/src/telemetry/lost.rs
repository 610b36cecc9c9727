//! Requests that were under way in a process when it was killed, as the next one tells them.
//!
//! Owns that a unit is lost once, that it is bad whatever its arm, and that its arm is known from then
//! on (docs/adr/0019).

use super::Telemetry;
use crate::evidence::{GateCounts, GateStratum};
use crate::ledger::Unit;
use crate::split::Arm;
use crate::{RolloutId, Share};
use seatrial_analysis::ArmHistogram;
use seatrial_analysis::latency::Edges;
use std::collections::{BTreeMap, BTreeSet};

/// A request that is evidence and has no answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnderWay {
    pub rollout: RolloutId,
    pub stratum: GateStratum,
    /// The gate's.
    pub share: Share,
    pub arm: Arm,
    pub unit: Unit,
}

impl Telemetry {
    /// The one flush that tells what was lost with the process of this boot. It has a boot of its own,
    /// always the same for the same process: told again it changes nothing.
    #[must_use]
    pub fn of_lost(boot: u64, under_way: &[UnderWay]) -> Self {
        let edges = Edges::default();
        let mut gates: BTreeMap<(RolloutId, GateStratum), GateCounts> = BTreeMap::new();
        let mut units: BTreeMap<RolloutId, Vec<_>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for lost in under_way {
            let UnderWay { rollout, stratum, share, arm, unit } = *lost;
            if let Unit::Keyed(hash) = unit {
                if !known.insert(*lost) {
                    continue;
                }
                units.entry(rollout).or_default().push((hash, stratum.seen.after(share, arm)));
            }
            let none = || GateCounts {
                latency: ArmHistogram::empty(edges.buckets()),
                ..GateCounts::default()
            };
            gates.entry((rollout, stratum)).or_insert_with(none).lose(arm, &edges);
        }
        let gates = gates.into_iter().map(|((rollout, of), counts)| (rollout, of, counts));
        let units = units.into_iter().map(|(rollout, units)| (rollout, units, 0));
        Self {
            boot: !boot,
            seq: 1,
            gates: gates.collect(),
            units: units.collect(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{ArmCount, GateIndex};
    use crate::exposure::Exposure;

    fn share(basis_points: u16) -> Share {
        Share::new(basis_points).unwrap()
    }

    fn lost(arm: Arm, unit: Unit) -> UnderWay {
        let stratum = GateIndex(1).after(Exposure::up_to(share(500)));
        UnderWay { rollout: RolloutId(7), stratum, share: share(2_500), arm, unit }
    }

    #[test]
    fn a_lost_unit_is_bad_once_on_its_own_arm_and_was_no_assignment_that_is_told() {
        let (candidate, incumbent) = (Arm::Candidate, Arm::Incumbent);
        let told = Telemetry::of_lost(
            9,
            &[
                lost(candidate, Unit::Keyed(1)),
                lost(candidate, Unit::Keyed(1)),
                lost(incumbent, Unit::Keyed(2)),
                lost(incumbent, Unit::Request),
                lost(incumbent, Unit::Request),
            ],
        );
        let [(RolloutId(7), of, counts)] = &told.gates[..] else { panic!("{:?}", told.gates) };
        assert_eq!(*of, lost(candidate, Unit::Request).stratum);
        let expected = ArmCount { candidate: 1, incumbent: 3 };
        assert_eq!((counts.units, counts.lost), (expected, expected));
        assert_eq!((counts.errors.candidate_bad, counts.errors.incumbent_bad), (1, 3));
        assert_eq!(counts.latency.candidate.last(), Some(&1));
        assert_eq!(counts.latency.incumbent.last(), Some(&3));
        assert_eq!(counts.assigned(), ArmCount::default());
    }

    /// Else the same draw of its arm would be bet on twice.
    #[test]
    fn a_lost_unit_is_not_new_to_the_next_process() {
        let told = Telemetry::of_lost(
            9,
            &[lost(Arm::Candidate, Unit::Keyed(1)), lost(Arm::Incumbent, Unit::Keyed(2))],
        );
        let known = vec![(1, Exposure::KNOWN), (2, Exposure::up_to(share(2_500)))];
        assert_eq!(told.units, [(RolloutId(7), known, 0)]);
    }

    #[test]
    fn it_is_told_under_one_boot_that_is_not_the_processs_own() {
        let told = |boot| Telemetry::of_lost(boot, &[lost(Arm::Candidate, Unit::Request)]);
        assert_eq!(told(9), told(9));
        assert_ne!(told(9).boot, 9);
        assert_ne!(told(9).boot, told(8).boot);
    }
}
