//! What a gateway tells the store and the driver: counters, seen units, assignments, trips.
//!
//! Owns the shapes of what crosses from the gateway into the store. Refuses judgement: who is to
//! blame for a trip is the driver's to say, from the counts given here.

mod latch;
mod lost;
pub mod sample;
mod units;

pub use latch::{BadOf, Latch, LatchCause, Trip, TripKind};
pub use lost::UnderWay;
pub use units::{Seen, SeenUnits};

use crate::evidence::{GateCounts, GateIndex, GateStratum, Labels, ShadowCounts};
use crate::exposure::Exposure;
use crate::split::Arm;
use crate::{EndpointName, RolloutId, Timestamp};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// One flush of a gateway's recorder: the counters that changed since the one before, and lists of what
/// is new. Counters are cumulative since the gateway's boot, so a flush that is applied twice changes
/// nothing; one that does not arrive is kept, and sent with the next.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Telemetry {
    /// Random, one for each start of a gateway.
    pub boot: u64,
    /// Rises by one with each flush of a boot, from 1.
    pub seq: u64,
    /// Cumulative since boot; strata that are not here are as they were told last.
    pub gates: Vec<(RolloutId, GateStratum, GateCounts)>,
    /// Cumulative since boot.
    pub shadow: Vec<(RolloutId, ShadowCounts)>,
    /// Units' hashes with what is newly known of their arm, and the sampling level in force when they
    /// were flushed.
    pub units: Vec<(RolloutId, Vec<Noted>, u32)>,
    /// Served requests since the last flush.
    pub assignments: Vec<Assignment>,
    /// Assignments lost since boot because the buffer was full.
    pub dropped_assignments: u64,
    /// Classes of the shadow's pairs since the last flush, where labels are to tell who was right.
    #[serde(default)]
    pub pairs: Vec<ClassPair>,
}

impl Telemetry {
    /// Whether it says nothing that was not said before: nothing was counted, and nothing was served.
    pub const fn is_empty(&self) -> bool {
        self.gates.is_empty()
            && self.shadow.is_empty()
            && self.units.is_empty()
            && self.assignments.is_empty()
            && self.pairs.is_empty()
    }
}

/// What both answered to one request, as classes: no payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassPair {
    /// As [`Assignment::request`].
    pub request: u64,
    pub rollout: RolloutId,
    pub incumbent: String,
    pub candidate: String,
    /// The shadow's slices it is counted in.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub slices: Labels,
}

/// A unit's hash (of `split::Domain::Units`), and what is known of its arm.
pub type Noted = (u64, Exposure);

/// Which arm a request was assigned to; kept until its label may no longer come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// [`request_hash`] of the endpoint and the answered `x-request-id`.
    pub request: u64,
    pub endpoint: EndpointName,
    pub rollout: Option<RolloutId>,
    pub gate: Option<GateIndex>,
    /// What was known of its unit's arm before: with the gate, the stratum it is counted in.
    #[serde(default)]
    pub seen: Exposure,
    /// As assigned: a fallback stays with the candidate.
    pub arm: Arm,
    pub counted: Counted,
    /// The hash of the unit in whose window the request began, where the labels of all of these are its
    /// evidence ([`crate::plan::PerUnit`]); of the first one and of later ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<u64>,
    /// The live slices its unit is counted in.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub slices: Labels,
    pub at: Timestamp,
}

impl Assignment {
    /// Whether a label of it can be evidence.
    #[must_use]
    pub const fn is_evidence(&self) -> bool {
        match self.counted {
            Counted::Yes => true,
            Counted::No => self.unit.is_some(),
        }
    }
}

/// Whether a request entered the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// It is its unit's first in a gate that leaves its arm open.
    Yes,
    No,
}

/// The hash under which a request's assignment is kept and its feedback is looked up: SipHash-2-4
/// under a fixed key, so that it survives restarts. An id belongs to its endpoint alone; names hold
/// no zero byte, so no two pairs are written alike.
#[must_use]
pub fn request_hash(endpoint: &EndpointName, request_id: &str) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(0x7265_7175_6573_7400, 0x7365_6174_7269_616c);
    hasher.write(endpoint.as_str().as_bytes());
    hasher.write(&[0]);
    hasher.write(request_id.as_bytes());
    hasher.finish()
}
