//! Which arm a request is assigned to, and what its outcome counts for.
//!
//! Choosing marks nothing. A unit is reserved when its request is routed, and given back where that
//! turns out to be the client's fault: such a request leaves no trace.

use http::HeaderMap;
use seatrial_domain::Share;
use seatrial_domain::evidence::Slices;
use seatrial_domain::ledger::Unit;
use seatrial_domain::plan::KeySource;
use seatrial_domain::split::{Arm, Domain};

use tokio::time::Instant;

use crate::codec::Parameters;
use crate::installed::{Active, Installed};
use crate::recorder::{Reserved, Routed};
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
    /// Evidence, if its unit's arm was open in this gate and its window is; and the guardrails.
    Unit(Unit),
    /// The guardrails alone: nothing is counted at this share, or not yet.
    Watched,
    /// Neither: a dark launch, a latch, or no rollout.
    Apart,
}

impl Standing {
    /// The request's place in the evidence, if it has one: its unit is noted from here on, so that it
    /// counts under the share and gate that routed it, and once there.
    pub(crate) fn reserve(self, active: &Active, arm: Arm, asked: Asked<'_>) -> Option<Reserved> {
        let (Self::Unit(unit), Some(gate)) = (self, active.route.gate) else { return None };
        let (share, window) = (active.route.share, active.route.counting.window);
        let columns = active.route.slices.iter();
        let values = columns.map(|column| (column, asked.slice(&column.key))).collect();
        active.units.route(Routed { gate, share, arm, unit, window }, values)
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

impl Asked<'_> {
    /// The value by which a request is told apart from others: its beginning, or what stands for none.
    pub(crate) fn slice(&self, source: &KeySource) -> String {
        match self.value(source) {
            Some(value) => value.chars().take(Slices::VALUE_CHARS).collect(),
            None => Slices::NO_VALUE.to_owned(),
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
    let uncounted = active.route.gate.is_none() || Instant::now() < active.counts_from;
    if uncounted || share == Share::ZERO || share == Share::FULL {
        return Standing::Watched;
    }
    let hash = |key: &str| active.route.salt.hash(Domain::Units, key.as_bytes());
    Standing::Unit(key.map_or(Unit::Request, |key| Unit::Keyed(hash(key))))
}
