//! Absolute objectives: what is within them is nobody's loss.

use super::{INCUMBENT, POLICY, run, traffic};
use crate::{Behaviour, Traffic};
use seatrial_domain::plan::Kind;
use seatrial_domain::policy;
use seatrial_domain::rollout::StageName;

#[test]
fn a_model_of_180_micros_for_one_of_12_is_promoted_under_25_ms() {
    let policy = policy::parse(&POLICY.replace("limit: 250ms", "limit: 25ms")).unwrap();
    let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
    let fast = Behaviour { floor_micros: 12.0, tail_micros: 1.0, ..INCUMBENT };
    let slower = Behaviour { floor_micros: 180.0, tail_micros: 20.0, correct: 0.971, ..INCUMBENT };
    for seed in 0..20 {
        let traffic = Traffic { incumbent: fast, ..traffic(slower) };
        let report = run(plan.clone(), traffic, seed);
        assert_eq!(report.stage, StageName::Completed, "seed {seed}: {report:?}");
    }
    // The same loss over the objective is one.
    let over = Behaviour { floor_micros: 30_000.0, ..slower };
    let report = run(plan, Traffic { incumbent: fast, ..traffic(over) }, 1);
    assert_eq!(report.stage, StageName::RolledBack, "{report:?}");
    assert!(report.reason.as_ref().unwrap().starts_with("latencyP99"), "{report:?}");
}
