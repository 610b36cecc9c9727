//! A routing table in force, with the records its requests are counted in.
//!
//! Owns which versions may answer now. A latch set here takes the candidate's share away for the
//! rest of the table's life.

use std::sync::{Arc, OnceLock};

use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::Latch;
use seatrial_domain::{Epoch, Share, VersionNumber, VersionRef, endpoint};
use seatrial_runtime::Backend;
use tokio::time::Instant;

use crate::guard::Guard;
use crate::lane::Lane;
use crate::mirror::Mirror;
use crate::recorder::UnitRecord;
use crate::table::RolloutRoute;

#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) epoch: Epoch,
    pub(crate) settings: endpoint::Settings,
    pub(crate) incumbent: Option<Served>,
    pub(crate) candidate: Option<Served>,
    pub(crate) pinned: Vec<Served>,
    pub(crate) rollout: Option<Active>,
    pub(crate) latch: OnceLock<Latch>,
}

/// A version that can answer.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) version: VersionRef,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) lane: Arc<Lane>,
}

impl Served {
    /// Whether a request would be run at once, without making another wait.
    pub(crate) fn is_idle(&self) -> bool {
        let sessions = u64::try_from(self.backend.sessions()).unwrap_or(u64::MAX);
        self.lane.in_flight() < sessions
    }
}

/// The table's rollout, with its records.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) route: RolloutRoute,
    pub(crate) guard: Arc<Guard>,
    pub(crate) units: Arc<UnitRecord>,
    /// From when on requests are evidence.
    pub(crate) counts_from: Instant,
    pub(crate) mirror: Option<Arc<Mirror>>,
}

impl Installed {
    /// The candidate's share in force: zero under a latch.
    pub(crate) fn share(&self) -> Share {
        match &self.rollout {
            Some(active) if self.latch.get().is_none() => active.route.share,
            Some(_) | None => Share::ZERO,
        }
    }

    pub(crate) fn arm(&self, arm: Arm) -> Option<&Served> {
        match arm {
            Arm::Incumbent => self.incumbent.as_ref(),
            Arm::Candidate => self.candidate.as_ref(),
        }
    }

    /// The version whose signature the endpoint declares: the incumbent's while it has a share.
    pub(crate) fn facing(&self) -> Option<&Served> {
        if self.share() == Share::FULL { self.candidate.as_ref() } else { self.incumbent.as_ref() }
    }

    /// The version whose signature requests are held against now: the endpoint's own, or, while it
    /// is not ready, the arm that can answer in its stead. `None`: nobody can.
    pub(crate) fn declaring(&self) -> Option<&Served> {
        let exposed = self.candidate.iter().filter(|_| self.share() > Share::ZERO);
        let arms = self.facing().into_iter().chain(&self.incumbent).chain(exposed);
        arms.into_iter().find(|served| served.backend.ready())
    }

    /// The versions `/versions/{v}` reaches: those with a share, and the pinned ones.
    pub(crate) fn reachable(&self) -> Vec<&Served> {
        let share = self.share();
        let incumbent = self.incumbent.iter().filter(|_| share < Share::FULL);
        let candidate = self.candidate.iter().filter(|_| share > Share::ZERO);
        let mut all: Vec<&Served> = incumbent.chain(candidate).chain(&self.pinned).collect();
        all.sort_by_key(|served| served.version.number);
        all.dedup_by_key(|served| served.version.number);
        all
    }

    /// Whether a request routed by this table may reach the version.
    pub(crate) fn names(&self, version: VersionNumber) -> bool {
        let mut all = self.incumbent.iter().chain(&self.candidate).chain(&self.pinned);
        all.any(|served| served.version.number == version)
    }

    pub(crate) fn pinned(&self, version: VersionNumber) -> Option<&Served> {
        self.reachable().into_iter().find(|served| served.version.number == version)
    }
}
