//! The paired bootstrap: both versions on the same redrawn rows (Efron & Tibshirani, "An
//! Introduction to the Bootstrap", 1993, §13.3: the percentile interval).

use super::super::synthetic::SplitMix;
use super::statistic::Statistic;
use super::{Better, float};

/// Fixed, so that one report can be computed again.
const SEED: u64 = 0xb007_57a9;
const RESAMPLES: usize = 1_000;
const RESAMPLES_MIN: usize = 200;
/// Operations spent on all resamples; large holdouts, whose bound varies less, get fewer.
const OPERATIONS: usize = 100_000_000;
const LEVEL: f64 = 0.05;
/// Of the resamples, the part on which the metric must be defined.
const DEFINED_MIN: f64 = 0.9;

/// The 5th percentile of candidate − incumbent, oriented so that higher is better.
pub(super) fn lower_bound(
    candidate: &Statistic,
    incumbent: &Statistic,
    better: Better,
) -> Option<f64> {
    let rows = candidate.rows();
    let row_count = u32::try_from(rows).ok().filter(|rows| *rows > 0)?;
    let resamples = (OPERATIONS / candidate.cost().max(1)).clamp(RESAMPLES_MIN, RESAMPLES);
    let mut noise = SplitMix(SEED);
    let mut differences = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        let draws = draw(row_count, rows, &mut noise);
        if let (Some(candidate), Some(incumbent)) =
            (candidate.value(&draws), incumbent.value(&draws))
        {
            differences.push(match better {
                Better::Higher => candidate - incumbent,
                Better::Lower => incumbent - candidate,
            });
        }
    }
    if float(differences.len()) < DEFINED_MIN * float(resamples) {
        return None;
    }
    differences.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a twentieth of a count; rounding down is the cautious side"
    )]
    let rank = (float(differences.len()) * LEVEL) as usize;
    differences.get(rank.saturating_sub(1)).copied()
}

/// How often each row is drawn in as many draws as there are rows.
fn draw(row_count: u32, rows: usize, noise: &mut SplitMix) -> Vec<u32> {
    let mut draws = vec![0_u32; rows];
    for _ in 0..row_count {
        let row = usize::try_from(noise.below(row_count)).unwrap_or(0);
        if let Some(count) = draws.get_mut(row) {
            *count += 1;
        }
    }
    draws
}
