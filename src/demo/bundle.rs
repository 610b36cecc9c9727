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
    use seatrial_domain::plan::{Check, Kind, Margin, Plan, Rule};
    use seatrial_domain::policy;

    const HEAD: &str = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: demo}\n\
        spec:\n  endpoint: digits\n";

    /// Names the demo's data, as a policy of any other data does, and the output its clients ask
    /// for; adds the reference's example of a label to the default checks. Everything it does not
    /// say is a default.
    const STANDARD: &str = "
  routing: {key: [header:x-writer]}
  validation: {holdout: {dataset: digits-holdout@1, slices: [client]}}
  analysis: {slices: [parameter:client]}
  shadow: {slices: [parameter:client], compare: [{output: label, by: class}]}
  checks:
    - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.005}, weight: 0.4}
    - {name: latencyP99, kind: latency, quantile: 0.99, limit: 250ms, weight: 0.3}
    - {name: correct, kind: feedback, metric: correct, better: higher, margin: {absolute: 0.02}, lateBy: 0s, minCoverage: 0.5, weight: 0.3}
";

    fn plan(text: &str) -> Plan {
        let policy = policy::parse(text).unwrap();
        policy.plan(Kind::Promote, policy.endpoint()).unwrap()
    }

    fn demo() -> Plan {
        plan(include_str!("../../demo/policy.yaml"))
    }

    #[test]
    fn the_policy_climbs_from_5_to_50_percent() {
        let shares: Vec<Share> = demo().gates.iter().map(|gate| gate.share).collect();
        let points = [500, 1000, 2500, 5000].map(|points| Share::new(points).unwrap());
        assert_eq!(shares, points);
    }

    #[test]
    fn the_policy_is_the_default_but_for_durations_and_the_errors_absolute_margin() {
        let standard = plan(&format!("{HEAD}{STANDARD}"));
        let mut demo = demo();
        for (gate, default) in demo.gates.iter_mut().zip(&standard.gates) {
            gate.min_duration = default.min_duration;
            gate.max_duration = default.max_duration;
            errors_as_by_default(&mut gate.checks);
        }
        errors_as_by_default(&mut demo.stability.checks);
        demo.analysis.unit_window = standard.analysis.unit_window;
        demo.shadow.min_duration = standard.shadow.min_duration;
        demo.shadow.max_duration = standard.shadow.max_duration;
        demo.cutover.drain_timeout = standard.cutover.drain_timeout;
        demo.standby.probe_every = standard.standby.probe_every;
        demo.standby.keep = standard.standby.keep;
        demo.stability.duration = standard.stability.duration;
        demo.decommission.drain_timeout = standard.decommission.drain_timeout;
        demo.keep_candidate = standard.keep_candidate;
        assert_eq!(demo, standard);
    }

    #[test]
    fn what_is_called_the_default_is_what_a_policy_without_checks_gets() {
        let (standard, bare) = (plan(&format!("{HEAD}{STANDARD}")), plan(HEAD));
        assert_eq!(standard.gates[0].checks[..2], bare.gates[0].checks);
    }

    fn errors_as_by_default(checks: &mut [Check]) {
        for check in checks {
            if let Rule::Errors { margin: Margin { absolute, .. } } = &mut check.rule {
                assert_eq!(*absolute, Some(0.01), "the demo's own margin");
                *absolute = Some(0.005);
            }
        }
    }
}
