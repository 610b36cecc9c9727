//! What a gateway is told: one endpoint's routing table, installed whole.

use std::sync::Arc;
use std::time::Duration;

use seatrial_domain::evidence::GateIndex;
use seatrial_domain::plan::{
    Analysis, Guardrail, KeySource, Kind, LiveSlice, Plan, Routing, Shadow, Watch,
};
use seatrial_domain::split::Salt;
use seatrial_domain::{EndpointName, Epoch, RolloutId, Share, VersionRef, endpoint};
use seatrial_runtime::Backend;

/// Something that answers for one version.
#[derive(Debug, Clone)]
pub struct Target {
    pub version: VersionRef,
    pub backend: Arc<dyn Backend>,
}

/// One endpoint's routing table. Only a larger epoch replaces it.
#[derive(Debug, Clone)]
pub struct RouteTable {
    pub endpoint: EndpointName,
    pub epoch: Epoch,
    pub settings: endpoint::Settings,
    /// `None` before the first version's cutover: the endpoint answers 503.
    pub incumbent: Option<Target>,
    /// Present where the share is above zero or requests are mirrored.
    pub candidate: Option<Target>,
    /// Versions reachable by `/versions/{v}` besides the arms with a share above zero.
    pub pinned: Vec<Target>,
    pub rollout: Option<RolloutRoute>,
}

/// A rollout's part of a routing table.
#[derive(Debug, Clone)]
pub struct RolloutRoute {
    pub id: RolloutId,
    pub kind: Kind,
    /// Under which gate units are counted; `None`: they are not.
    pub gate: Option<GateIndex>,
    pub share: Share,
    pub salt: Salt,
    pub counting: Counting,
    pub routing: Routing,
    pub guardrails: Vec<Guardrail>,
    /// How units are told apart, beside being counted all together.
    pub slices: Vec<Column>,
    /// What of the answers is counted.
    pub watches: Vec<Watch>,
    /// Mirror to the candidate, so compared.
    pub shadow: Option<Shadow>,
}

/// How units are counted: fixed in the plan, the same on both arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counting {
    /// How long a keyed unit's requests are its outcome.
    pub window: Duration,
    /// How long after a gate's table is in force nothing is counted.
    pub discard: Duration,
    pub labels: Labelled,
    /// Latencies of the shadow's pairs up to here are alike.
    pub alike_below: Duration,
}

/// Which of a unit's requests have labels that are evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Labelled {
    /// Its first.
    #[default]
    First,
    /// Each that began in its window.
    Window,
}

impl Counting {
    /// As a plan says it.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            window: plan.analysis.unit_window,
            discard: plan.analysis.discard,
            labels: if plan.joins_later_labels() { Labelled::Window } else { Labelled::First },
            alike_below: plan.alike_below(),
        }
    }
}

/// One slice of a rollout's live traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub key: KeySource,
    /// The values told apart; empty: the first that come.
    pub values: Vec<String>,
}

impl Column {
    /// Those of a plan.
    pub fn of(analysis: &Analysis) -> Vec<Self> {
        let column = |slice: &LiveSlice| Self {
            name: analysis.column(&slice.key),
            key: slice.key.clone(),
            values: slice.values.clone(),
        };
        analysis.slices.iter().map(column).collect()
    }
}

impl RolloutRoute {
    /// Whether a passed guardrail takes the share away; in plans without a control it only pauses.
    pub(crate) const fn zeroes(&self) -> bool {
        match self.kind {
            Kind::Promote => true,
            Kind::First | Kind::Restore => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::policy;

    #[test]
    fn columns_are_those_of_the_plan_by_their_own_names() {
        let yaml = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\n\
            spec: {endpoint: digits, analysis: {slices: [header:client, \
            {key: parameter:client, values: [a]}, header:x]}}\n";
        let policy = policy::parse(yaml).unwrap();
        let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
        let columns = Column::of(&plan.analysis);
        let found: Vec<_> =
            columns.iter().map(|it| (it.name.as_str(), it.values.as_slice())).collect();
        let none: &[String] = &[];
        let expected =
            [("header:client", none), ("parameter:client", &["a".to_owned()][..]), ("x", none)];
        assert_eq!(found, expected);
    }
}
