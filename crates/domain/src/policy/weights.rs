//! Each distinct check's part of alpha. Weighted Bonferroni is valid when the parts of all checks
//! of the rollout sum to at most 1, so distinct names are counted over all stages together.

use super::checks::{Draft, DraftRule};
use super::fault::Report;
use crate::plan::Check;

/// Distinct checks of one rollout.
const CHECKS_MAX: usize = 64;
/// 0.1 + 0.2 + 0.7 is 1 as people count.
const ROUNDING: f64 = 1e-9;

/// The distinct checks and their weights.
#[derive(Debug)]
pub(super) struct Weights<'d>(Vec<(&'d Draft, f64)>);

impl<'d> Weights<'d> {
    /// Checks without a weight share what the others leave equally.
    pub(super) fn of(stages: &[&'d [Draft]], report: &Report) -> Self {
        let distinct = distinct(stages, report);
        let given: f64 = distinct.iter().filter_map(|(_, weight)| *weight).sum();
        let without = distinct.iter().filter(|(_, weight)| weight.is_none()).count();
        if let Some((draft, _)) = distinct.last().filter(|_| given > 1.0 + ROUNDING) {
            let what = format!("the weights of all distinct checks sum to {given:.3}");
            report.refuse(&draft.spot, what, Some("a sum of at most 1".to_owned()));
        }
        if let Some((draft, _)) = distinct.get(CHECKS_MAX) {
            let what = format!("{} distinct checks are too many", distinct.len());
            report.refuse(&draft.spot, what, Some(format!("at most {CHECKS_MAX}")));
        }
        let left = (1.0 - given).max(0.0);
        let share = left / f64::from(u32::try_from(without.max(1)).unwrap_or(u32::MAX));
        let nothing_left = without > 0 && left <= ROUNDING;
        for (draft, _) in
            distinct.iter().filter(|(d, w)| nothing_left && w.is_none() && d.is_built())
        {
            let what = "the other checks leave no weight for it";
            report.refuse(&draft.spot, what, Some("weights that leave a part of 1".to_owned()));
        }
        Self(distinct.into_iter().map(|(d, weight)| (d, weight.unwrap_or(share))).collect())
    }

    /// The stage's checks with their weights; planned ones are left out, and refused elsewhere.
    pub(super) fn apply(&self, stage: &[Draft]) -> Vec<Check> {
        let check = |draft: &Draft| {
            let (_, weight) = self.0.iter().find(|(other, _)| other.name == draft.name)?;
            match &draft.rule {
                DraftRule::Built(rule) => {
                    Some(Check { name: draft.name.clone(), weight: *weight, rule: rule.clone() })
                }
                DraftRule::Prometheus { .. } => None,
            }
        };
        stage.iter().filter_map(check).collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(draft, _)| draft.name == name)
    }

    pub(super) fn names(&self) -> String {
        self.0.iter().map(|(draft, _)| draft.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl Draft {
    pub(super) const fn is_built(&self) -> bool {
        matches!(self.rule, DraftRule::Built(_))
    }
}

fn distinct<'d>(stages: &[&'d [Draft]], report: &Report) -> Vec<(&'d Draft, Option<f64>)> {
    let mut distinct: Vec<(&Draft, Option<f64>)> = Vec::new();
    for draft in stages.iter().flat_map(|stage| stage.iter()) {
        match distinct.iter_mut().find(|(first, _)| first.name == draft.name) {
            None => distinct.push((draft, draft.weight)),
            Some((first, weight)) => {
                if !first.same_test(draft) {
                    let what = format!("another check is already called `{}`", draft.name);
                    let allowed = "the same kind, quantile, limit, latency ratio, metric, output and buckets, \
                         or another name";
                    report.refuse(&draft.spot, what, Some(allowed.to_owned()));
                }
                if let (Some(one), Some(other)) = (*weight, draft.weight)
                    && (one - other).abs() > ROUNDING
                {
                    let what = format!("`{}` has weight {one} in another stage", draft.name);
                    report.refuse(&draft.spot, what, Some("one weight for each check".to_owned()));
                }
                *weight = weight.or(draft.weight);
            }
        }
    }
    distinct
}
