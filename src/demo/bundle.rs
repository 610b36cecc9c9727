//! What the demo brings along: four models, their holdout, the live pictures and the policy. They
//! are made by `demo/train.py` and part of the binary; unpacked, they are files like a user's own.

use anyhow::Context as _;
use std::fs;
use std::path::Path;

/// A row for each picture that clients send: its pixels, its true label, and who sends it.
pub(super) const LIVE: &str = include_str!("../../demo/data/live.csv");

pub(super) const HOLDOUT: &str = "holdout.csv";
/// The name the holdout is pushed under, as the policy has it.
pub(super) const DATASET: &str = "digits-holdout";
pub(super) const POLICY: &str = "policy.yaml";

/// The file of a version.
pub(super) fn model(version: u64) -> String {
    format!("v{version}.onnx")
}

const FILES: [(&str, &[u8]); 6] = [
    ("v1.onnx", include_bytes!("../../demo/models/v1.onnx")),
    ("v2.onnx", include_bytes!("../../demo/models/v2.onnx")),
    ("v3.onnx", include_bytes!("../../demo/models/v3.onnx")),
    ("v4.onnx", include_bytes!("../../demo/models/v4.onnx")),
    (HOLDOUT, include_bytes!("../../demo/data/holdout.csv")),
    (POLICY, include_bytes!("../../demo/policy.yaml")),
];

/// Writes every file that is pushed or applied into `directory`.
pub(super) fn unpack(directory: &Path) -> anyhow::Result<()> {
    for (name, bytes) in FILES {
        let path = directory.join(name);
        fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use seatrial_domain::Share;
    use seatrial_domain::plan::{Kind, Margin, Plan, Rule};
    use seatrial_domain::policy::{self, Policy};

    fn demo() -> Policy {
        policy::parse(include_str!("../../demo/policy.yaml")).unwrap()
    }

    /// The shortest policy: everything it does not say is a default.
    fn standard() -> Policy {
        let text = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: standard}\n\
                    spec: {endpoint: digits}\n";
        policy::parse(text).unwrap()
    }

    fn plan(policy: &Policy) -> Plan {
        policy.plan(Kind::Promote, policy.endpoint()).unwrap()
    }

    #[test]
    fn the_policy_climbs_from_5_to_50_percent() {
        let shares: Vec<Share> = plan(&demo()).gates.iter().map(|gate| gate.share).collect();
        let points = [500, 1000, 2500, 5000].map(|points| Share::new(points).unwrap());
        assert_eq!(shares, points);
    }

    #[test]
    fn the_policy_keeps_the_default_budgets_units_and_guardrails() {
        let (demo, standard) = (plan(&demo()), plan(&standard()));
        assert_eq!(demo.analysis, standard.analysis);
        assert_eq!(demo.guardrails, standard.guardrails);
        assert_eq!(demo.holdout.metrics, standard.holdout.metrics);
        assert_eq!(demo.shadow.min_requests, standard.shadow.min_requests);
        assert_eq!(demo.stability.holdback, standard.stability.holdback);
        assert_eq!(demo.routing.fallback, standard.routing.fallback);
    }

    #[test]
    fn the_policy_judges_errors_latency_and_labels_by_the_documented_weights() {
        let plan = plan(&demo());
        for gate in &plan.gates {
            let weights: Vec<f64> = gate.checks.iter().map(|check| check.weight).collect();
            assert_eq!(weights, [0.4, 0.3, 0.3]);
            assert!(matches!(
                gate.checks[0].rule,
                Rule::Errors { margin: Margin { ratio: Some(2.0), absolute: Some(0.01) } }
            ));
        }
    }
}
