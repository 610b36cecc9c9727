//! Policies whose durations are seconds and whose margins a few dozen units decide. What is
//! tested is the way through the stages; the mathematics have tests of their own. Limits are wide
//! enough that chance does not stop what a journey means to pass, on a few dozen units.

use std::collections::BTreeMap;

/// A policy as sections of YAML.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    endpoint: String,
    sections: BTreeMap<&'static str, String>,
}

const QUICK: [(&str, &str); 14] = [
    ("routing", "{key: [header:x-user-id]}"),
    ("analysis", "{minUnits: 30, unitWindow: 0s, look: {growth: 0.01, every: 200ms}}"),
    (
        "checks",
        "[{name: errorRate, kind: errors, margin: {absolute: 0.2}, weight: 0.5}, \
          {name: latencyP90, kind: latency, quantile: 0.9, limit: 250ms, weight: 0.5}]",
    ),
    ("staging", "{warmup: 5, timeout: 60s}"),
    ("validation", "{timeout: 60s}"),
    (
        "shadow",
        "{compare: [{by: class, maxDisagreement: 0.6}], \
          minDuration: 300ms, minRequests: 30, maxDuration: 60s}",
    ),
    ("canary", "{share: 20, minDuration: 300ms, maxDuration: 60s}"),
    ("ramp", "[{share: 50, minDuration: 300ms, maxDuration: 60s}]"),
    ("approval", "{expiresAfter: 60s}"),
    ("cutover", "{drainTimeout: 1s}"),
    ("standby", "{probeEvery: 1s, keep: {duration: 300ms}}"),
    ("stability", "{duration: 300ms}"),
    ("decommission", "{drainTimeout: 1s}"),
    ("abort", "{keepCandidate: 0s}"),
];

impl Policy {
    /// Through every stage in seconds, at a hundred requests a second and more.
    pub(crate) fn quick(endpoint: &str) -> Self {
        let sections = QUICK.map(|(section, yaml)| (section, yaml.to_owned())).into();
        Self { endpoint: endpoint.to_owned(), sections }
    }

    /// With one section replaced.
    pub(crate) fn with(mut self, section: &'static str, yaml: &str) -> Self {
        self.sections.insert(section, yaml.to_owned());
        self
    }

    /// Stays in the canary until somebody acts.
    pub(crate) fn long_canary(self, share: u32) -> Self {
        let canary = format!("{{share: {share}, minDuration: 10m, maxDuration: 20m}}");
        self.with("canary", &canary).with("ramp", "[]")
    }

    /// Stays stabilizing, with a hot standby, until somebody acts.
    pub(crate) fn long_stability(self) -> Self {
        self.with("stability", "{duration: 10m}")
            .with("standby", "{probeEvery: 1s, keep: {duration: 10m}}")
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn yaml(&self) -> String {
        let endpoint = &self.endpoint;
        let mut yaml = format!(
            "apiVersion: seatrial/v1\nkind: RolloutPolicy\n\
             metadata: {{name: {endpoint}-policy}}\nspec:\n  endpoint: {endpoint}\n"
        );
        for (section, text) in &self.sections {
            yaml.push_str(&format!("  {section}: {text}\n"));
        }
        yaml
    }
}
