//! Parts of the traffic that fare otherwise: those of the slices, and the rest.
//!
//! Owns the slices that each part's units are counted in. Refuses slices that the plan does not tell
//! apart: a value that is none of the plan's would be counted under another name.

use super::load::{Answers, Load, Slice};
use super::outcomes::{Outcomes, Scale};
use super::{Error, Needs};
use crate::distribution::multinomial;
use crate::rng::Rng;
use seatrial_domain::evidence::{Labels, Slices};
use seatrial_domain::plan::{LiveSlice, Plan};
use seatrial_domain::split::Arm;

/// One part of the traffic, prepared for drawing.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Its place among the parts.
    pub(super) index: usize,
    /// Of the requests.
    pub(super) part: f64,
    /// The slices its units are in.
    pub(super) labels: Labels,
    pub(super) incumbent: Outcomes,
    pub(super) candidate: Outcomes,
    /// Probability of a wanted label, by arm.
    wanted: [f64; 2],
    /// Part of units with a label.
    pub(super) labelled: f64,
}

/// All parts, those of slices first; the rest last, where there is any.
///
/// # Errors
/// [`Error::NotPlayed`] for a slice that enforces and has no part; [`Error::Unknown`].
pub(super) fn groups(plan: &Plan, load: &Load, scale: &Scale) -> Result<Vec<Group>, Error> {
    let columns: Vec<String> =
        plan.analysis.slices.iter().map(|slice| plan.analysis.column(&slice.key)).collect();
    for (column, slice) in columns.iter().zip(&plan.analysis.slices) {
        check(column, slice, &load.slices)?;
    }
    let labels = |of: Option<&Slice>| -> Labels {
        let value = |column: &String| match of.filter(|slice| slice.column == *column) {
            Some(slice) => slice.value.clone(),
            None => Slices::NO_VALUE.to_owned(),
        };
        columns.iter().map(|column| (column.clone(), value(column))).collect()
    };
    let group =
        |index, (part, of): (f64, Option<&Slice>), (old, new): (&Answers, &Answers)| Group {
            index,
            part,
            labels: labels(of),
            incumbent: Outcomes::new(scale, &old.latency, old.error_rate),
            candidate: Outcomes::new(scale, &new.latency, new.error_rate),
            wanted: [old.wanted, new.wanted],
            labelled: load.labelled,
        };
    let mut groups: Vec<Group> = Vec::new();
    for slice in &load.slices {
        if !columns.contains(&slice.column) {
            let what = format!("slice {} in analysis.slices", slice.column);
            return Err(Error::Unknown(what));
        }
        let answers = (&slice.incumbent, &slice.candidate);
        groups.push(group(groups.len(), (slice.part, Some(slice)), answers));
    }
    if load.rest() > 0.0 || groups.is_empty() {
        let answers = (&load.incumbent, &load.candidate);
        groups.push(group(groups.len(), (load.rest(), None), answers));
    }
    Ok(groups)
}

fn check(column: &str, slice: &LiveSlice, given: &[Slice]) -> Result<(), Error> {
    let of: Vec<&Slice> = given.iter().filter(|given| given.column == column).collect();
    let named = |given: &&&Slice| slice.values.is_empty() || slice.values.contains(&given.value);
    if let Some(other) = of.iter().find(|given| !named(given)) {
        let what = format!("value {} among those of slice {column}", other.value);
        return Err(Error::Unknown(what));
    }
    if slice.weight.is_some() && of.is_empty() {
        let what = format!("the enforcing slice {column}");
        return Err(Error::NotPlayed { what, needs: Needs::Slice });
    }
    Ok(())
}

impl Group {
    /// Probability of a wanted label.
    pub(super) const fn wanted(&self, arm: Arm) -> f64 {
        let [incumbent, candidate] = self.wanted;
        match arm {
            Arm::Incumbent => incumbent,
            Arm::Candidate => candidate,
        }
    }

    pub(super) const fn answers(&self, arm: Arm) -> &Outcomes {
        match arm {
            Arm::Incumbent => &self.incumbent,
            Arm::Candidate => &self.candidate,
        }
    }

    /// Of `harming` candidate answers, those that the incumbent would have answered well: each with the
    /// part of the candidate's probability that is in excess of the incumbent's.
    pub(super) fn harmed(&self, rng: &mut Rng, harming: u64, incident: Option<f64>) -> u64 {
        let (new, old) = (self.candidate.harm(incident), self.incumbent.harm(incident));
        if new > old { crate::distribution::binomial(rng, harming, 1.0 - old / new) } else { 0 }
    }
}

/// So many requests by part of the traffic.
pub(super) fn shared_out(rng: &mut Rng, requests: u64, groups: &[Group]) -> Vec<u64> {
    if let [_] = groups {
        return vec![requests];
    }
    let parts: Vec<f64> = groups.iter().map(|group| group.part).collect();
    let mut shared = vec![0; groups.len()];
    multinomial(rng, requests, &parts, &mut shared);
    // What rounding leaves of the parts' sum is the last one's.
    let left = requests - shared.iter().sum::<u64>();
    shared.last_mut().into_iter().for_each(|last| *last += left);
    shared
}

/// The part of the traffic that one request is in.
pub(super) fn one(rng: &mut Rng, groups: &[Group]) -> usize {
    if let [_] = groups {
        return 0;
    }
    let mut at = rng.unit();
    let hit = |group: &Group| {
        at -= group.part;
        at < 0.0
    };
    groups.iter().position(hit).unwrap_or(groups.len().saturating_sub(1))
}
