//! What a gateway is told: one endpoint's routing table, installed whole.

use std::sync::Arc;

use seatrial_domain::evidence::GateIndex;
use seatrial_domain::plan::{Guardrail, Kind, Routing, Shadow};
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
    pub routing: Routing,
    pub guardrails: Vec<Guardrail>,
    /// Mirror to the candidate, so compared.
    pub shadow: Option<Shadow>,
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
