//! Which arm a request is assigned to, and what its outcome counts for.
//!
//! Choosing marks nothing. A unit is reserved when its request is routed, and given back where that
//! turns out to be the client's fault: such a request leaves no trace.

use http::HeaderMap;
use seatrial_domain::Share;
use seatrial_domain::plan::KeySource;
use seatrial_domain::split::{Arm, Domain};
use seatrial_domain::telemetry::{Counted, Seen};

use crate::codec::Parameters;
use crate::installed::{Active, Installed};
use crate::request_id::Serial;

/// The assignment of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) arm: Arm,
    pub(crate) standing: Standing,
}

/// What a request's outcome counts for, should it prove a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Evidence, if it is its unit's first under 0 < π < 1; and the guardrails.
    Unit(Unit),
    /// The guardrails alone: nothing is counted at this share.
    Watched,
    /// Neither: a dark launch, a latch, or no rollout.
    Apart,
}

/// The unit of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// The request itself: it has no key.
    Request,
    /// Whoever has the key of this hash.
    Keyed(u64),
}

impl Standing {
    /// Whether the request enters the evidence: its unit is reserved from here on, so that it counts
    /// under the share and gate that routed it, and once.
    pub(crate) fn reserve(self, active: &Active) -> Counted {
        match self {
            Self::Unit(Unit::Request) => Counted::Yes,
            Self::Unit(Unit::Keyed(hash)) => match active.units.see(hash) {
                Seen::First => Counted::Yes,
                Seen::Again | Seen::Outside => Counted::No,
            },
            Self::Watched | Self::Apart => Counted::No,
        }
    }

    /// Gives the unit back: its request proved to be the client's fault, so it is still to come.
    pub(crate) fn release(self, active: &Active, counted: Counted) {
        if let (Self::Unit(Unit::Keyed(hash)), Counted::Yes) = (self, counted) {
            active.units.forget(hash);
        }
    }
}

/// Where a key may be found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) parameters: &'a Parameters,
    pub(crate) serial: Serial,
}

impl Asked<'_> {
    /// The value of a routing key or slice, where the request carries one.
    pub(crate) fn value(&self, source: &KeySource) -> Option<String> {
        match source {
            KeySource::Header(name) => self
                .headers
                .get(name)
                .filter(|value| !value.is_empty())
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            KeySource::Parameter(name) => {
                self.parameters.text(name).filter(|text| !text.is_empty())
            }
        }
    }
}

/// Assigns a request under a table.
pub(crate) fn choose(installed: &Installed, asked: Asked<'_>) -> Choice {
    let apart = Choice { arm: Arm::Incumbent, standing: Standing::Apart };
    let Some(active) = &installed.rollout else { return apart };
    if installed.latch.get().is_some() {
        return apart;
    }
    if let Some(arm) = dark_launch(active, asked.headers) {
        return Choice { arm, ..apart };
    }
    let key = active.route.routing.key.iter().find_map(|source| asked.value(source));
    let serial = asked.serial.bytes();
    let hashed = key.as_deref().map_or(serial.as_slice(), str::as_bytes);
    let arm = active.route.salt.choose(active.route.share, hashed);
    Choice { arm, standing: standing(active, key.as_deref()) }
}

/// A rule may choose the candidate only while it has a share: rules come after the last commit.
fn dark_launch(active: &Active, headers: &HeaderMap) -> Option<Arm> {
    let matching = |rule: &&seatrial_domain::plan::MatchRule| {
        headers.get(&rule.header).is_some_and(|value| value.as_bytes() == rule.value.as_bytes())
    };
    let rule = active.route.routing.rules.iter().find(matching)?;
    let exposed = active.route.share > Share::ZERO;
    Some(if exposed { rule.to } else { Arm::Incumbent })
}

fn standing(active: &Active, key: Option<&str>) -> Standing {
    let share = active.route.share;
    if active.gate.is_none() || share == Share::ZERO || share == Share::FULL {
        return Standing::Watched;
    }
    let hash = |key: &str| active.route.salt.hash(Domain::Units, key.as_bytes());
    Standing::Unit(key.map_or(Unit::Request, |key| Unit::Keyed(hash(key))))
}
