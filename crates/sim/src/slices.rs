//! Traffic with slices: one judged rollout's canary, block by block, as the driver looks at it.
//!
//! Owns the draw: each block's units fall into slices by their parts, each onto an arm by the share, each
//! ends badly by its version's rate in that slice. Counts are drawn unit by unit, so that the whole is the
//! sum of its slices.

use crate::rng::Rng;
use seatrial_analysis::Cells;
use seatrial_domain::evidence::{Evidence, GateCounts, GateIndex, Matured};
use seatrial_domain::judge::{self, Judge};
use seatrial_domain::plan::Plan;
use seatrial_domain::split::Arm;
use seatrial_domain::verdict::Decision;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// The label that every unit gets.
const METRIC: &str = "correct";

/// One value's traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub value: String,
    /// Its part of all units; all parts sum to 1.
    pub of_all: f64,
    pub incumbent: Rates,
    pub candidate: Rates,
}

/// How often a version's units end badly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    pub errors: f64,
    /// Labels of `correct` that say no.
    pub wrong: f64,
}

/// The canary of one rollout.
#[derive(Debug, Clone)]
pub struct Canary {
    pub plan: Plan,
    pub column: String,
    pub parts: Vec<Part>,
    /// Units between two looks, and how many looks there are.
    pub block: u32,
    pub looks: u32,
}

/// How one canary ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The check that failed, if one did.
    pub failed: Option<String>,
    /// Units on both arms until then.
    pub units: u64,
}

/// Plays one canary until it fails or its looks are over. Errors: a plan that makes no tests.
pub fn play(canary: &Canary, seed: u64) -> Result<Ended, judge::Error> {
    let judge = Judge::new(&canary.plan)?;
    Ok(judged(&judge, canary, seed))
}

/// The part of `runs` that failed, and the mean number of units until then. Errors: as [`play`].
pub fn play_all(canary: &Canary, runs: u32, seed: u64) -> Result<(f64, f64), judge::Error> {
    let judge = Judge::new(&canary.plan)?;
    let ended = (0..u64::from(runs)).map(|run| judged(&judge, canary, seed.wrapping_add(run)));
    let failed: Vec<_> = ended.filter(|it| it.failed.is_some()).map(|it| it.units).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let (count, units) = (failed.len() as f64, failed.iter().sum::<u64>() as f64);
    Ok((count / f64::from(runs.max(1)), units / count.max(1.0)))
}

fn judged(judge: &Judge, canary: &Canary, seed: u64) -> Ended {
    let mut rng = Rng::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let gate = GateIndex(0);
    let mut evidence = Evidence::default();
    for look in 1..=canary.looks {
        let counts = evidence.gates.entry(gate.unseen()).or_default();
        block(canary, &mut rng, counts);
        let verdict = judge.gate(&evidence, gate);
        if let Decision::Fail { check } = verdict.decision {
            let units = u64::from(look) * u64::from(canary.block);
            return Ended { failed: Some(check), units };
        }
        evidence.maxima.extend(verdict.maxima());
    }
    Ended { failed: None, units: u64::from(canary.looks) * u64::from(canary.block) }
}

fn block(canary: &Canary, rng: &mut Rng, counts: &mut GateCounts) {
    let share = canary.plan.gates.first().map_or(0.0, |gate| gate.share.probability());
    for _ in 0..canary.block {
        let Some(part) = part(&canary.parts, rng.unit()) else { continue };
        let (arm, rates) = match rng.chance(share) {
            true => (Arm::Candidate, part.candidate),
            false => (Arm::Incumbent, part.incumbent),
        };
        let error = one(arm, rng, rates.errors);
        let label = one(arm, rng, rates.wrong);
        let of_slice = counts.slices.of(&canary.column, &part.value);
        of_slice.errors.merge(&error);
        of_slice.feedback.entry(METRIC.to_owned()).or_default().merge(&label);
        add_due(&mut of_slice.matured, arm, &label);
        counts.units.add(arm);
        counts.errors.merge(&error);
        counts.feedback.entry(METRIC.to_owned()).or_default().merge(&label);
        add_due(&mut counts.matured, arm, &label);
    }
}

/// Every label comes with its answer.
fn add_due(matured: &mut BTreeMap<String, Matured>, arm: Arm, label: &Cells) {
    let matured = matured.entry(METRIC.to_owned()).or_default();
    matured.units.add(arm);
    matured.labels.merge(label);
}

/// The part in which a number from [0, 1) falls.
fn part(parts: &[Part], mut number: f64) -> Option<&Part> {
    let found = parts.iter().find(|part| {
        number -= part.of_all;
        number < 0.0
    });
    found.or(parts.last())
}

/// One unit of `arm`, bad with this probability.
fn one(arm: Arm, rng: &mut Rng, bad: f64) -> Cells {
    let mut cells = Cells::default();
    let cell = match (arm, rng.chance(bad)) {
        (Arm::Candidate, true) => &mut cells.candidate_bad,
        (Arm::Candidate, false) => &mut cells.candidate_good,
        (Arm::Incumbent, true) => &mut cells.incumbent_bad,
        (Arm::Incumbent, false) => &mut cells.incumbent_good,
    };
    *cell = 1;
    cells
}
