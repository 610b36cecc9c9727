//! What the shadow has shown, in one line: disagreement, and the slices that stand out. What is
//! above its limit is the judge's word.

#[cfg(test)]
mod tests;

use seatrial_domain::evidence::ShadowCounts;
use seatrial_domain::judge::{Compared, Of, compared};
use seatrial_domain::plan::{CompareBy, Plan};
use seatrial_domain::verdict::CheckVerdict;
use std::collections::BTreeMap;

/// Values of one slice column that are told, the worst first.
const VALUES_SHOWN: usize = 2;

/// The line, and whether anything is above its limit or has failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Findings {
    pub(super) text: String,
    pub(super) diverges: bool,
}

pub(super) fn findings(plan: &Plan, counts: &ShadowCounts) -> Findings {
    let compared = compared(plan, counts);
    let mut parts: Vec<String> = compared.iter().filter_map(|one| whole(plan, one)).collect();
    let columns = plan.shadow.slices.iter().map(|slice| plan.shadow.column(&slice.key));
    parts.extend(columns.filter_map(|column| values(&column, &compared)));
    let failed = counts.candidate_errors;
    if failed > 0 {
        parts.push(format!("{failed} copies failed"));
    }
    if parts.is_empty() {
        parts.push("0 pairs".to_owned());
    }
    let diverges = failed > 0 || compared.iter().any(fails);
    Findings { text: parts.join("   "), diverges }
}

fn fails(compared: &Compared) -> bool {
    compared.report.verdict == CheckVerdict::Fail
}

/// `disagree 30.0 % less noise 10.0 % (limit 25.0 %)`
fn whole(plan: &Plan, compared: &Compared) -> Option<String> {
    let rule = match &compared.of {
        Of::All { rule } => plan.shadow.compare.get(*rule)?,
        Of::Value { .. } | Of::Unseen { .. } => return None,
    };
    let (word, limit) = match rule.by {
        CompareBy::Class { max_disagreement } => ("disagree", max_disagreement),
        CompareBy::Numeric { max_exceed, .. } => ("exceed", max_exceed),
    };
    let rate = percent(compared.report.candidate?);
    let noise = compared.report.incumbent.filter(|noise| *noise > 0.0);
    let noise = noise.map(|noise| format!(" less noise {}", percent(noise))).unwrap_or_default();
    Some(format!("{word} {rate}{noise} (limit {})", percent(limit)))
}

/// `client=mobile 41.2 % / web 9.6 %`: the values with pairs enough to be judged, by the rule each
/// differs in most. One alone stands out from nothing, unless it is above its limit.
fn values(column: &str, all: &[Compared]) -> Option<String> {
    let mut worst: BTreeMap<&str, (bool, f64)> = BTreeMap::new();
    for compared in all {
        if let Some((value, rate)) = judged(column, compared) {
            let (failing, most) = worst.entry(value).or_insert((false, 0.0));
            *failing |= fails(compared);
            *most = most.max(rate);
        }
    }
    if worst.len() < 2 && !worst.values().any(|(failing, _)| *failing) {
        return None;
    }
    let mut values: Vec<_> = worst.into_iter().collect();
    values.sort_by(|(_, (a, more)), (_, (b, less))| b.cmp(a).then(less.total_cmp(more)));
    let told = values.iter().take(VALUES_SHOWN);
    let told = told.map(|(value, (_, rate))| format!("{value} {}", percent(*rate)));
    Some(format!("{column}={}", told.collect::<Vec<_>>().join(" / ")))
}

/// A value of this column and its disagreement, where there is enough of it.
fn judged<'a>(column: &str, compared: &'a Compared) -> Option<(&'a str, f64)> {
    let value = match &compared.of {
        Of::Value { column: of, value, .. } if of == column => value,
        Of::Value { .. } | Of::All { .. } | Of::Unseen { .. } => return None,
    };
    let decided = compared.report.verdict != CheckVerdict::Inconclusive;
    compared.report.candidate.filter(|_| decided).map(|rate| (value.as_str(), rate))
}

fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}
