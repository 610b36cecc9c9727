//! What a policy may already say and no rollout can yet do. The list is short and closed: a policy
//! that uses one of these is valid by schema and refused by `check` and `plan`, never ignored.

use super::checks::{Draft, DraftRule};
use std::fmt;

/// A field whose effect isn't built yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedField {
    pub field: &'static str,
    pub why: &'static str,
}

const PROMETHEUS: PlannedField = PlannedField {
    field: "spec.checks[].kind: prometheus",
    why: "outside providers are not asked yet; errors, latency, feedback, KPIs and drift are measured here",
};
const ROLES: PlannedField = PlannedField {
    field: "spec.approval.roles",
    why: "roles need authentication; until then the actor is the user of the operating system",
};
const TARGETS: PlannedField = PlannedField {
    field: "spec.notifications.to",
    why: "nobody is notified yet; the events are in the journal and the event stream",
};

/// Every planned field.
pub const fn fields() -> [PlannedField; 3] {
    [PROMETHEUS, ROLES, TARGETS]
}

/// A planned field that a policy uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its path in the policy.
    pub field: String,
    pub why: &'static str,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: planned, not available yet: {}", self.field, self.why)
    }
}

pub(super) fn checks(drafts: &[Draft]) -> impl Iterator<Item = Planned> {
    drafts.iter().filter_map(|draft| match draft.rule {
        DraftRule::Prometheus { .. } => {
            Some(Planned { field: format!("{}.kind", draft.spot.path), why: PROMETHEUS.why })
        }
        DraftRule::Built(_) => None,
    })
}

pub(super) fn roles(roles: &[String]) -> Option<Planned> {
    let standard = matches!(roles, [role] if role == "approver");
    (!standard).then(|| Planned { field: ROLES.field.to_owned(), why: ROLES.why })
}

pub(super) fn targets(to: &[String]) -> Option<Planned> {
    (!to.is_empty()).then(|| Planned { field: TARGETS.field.to_owned(), why: TARGETS.why })
}
