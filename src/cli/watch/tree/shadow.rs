//! What the shadow has shown, in one line: disagreement, and the slices that stand out.

use seatrial_domain::evidence::{CompareCount, ShadowCounts};
use seatrial_domain::plan::{CompareBy, KeySource, Shadow};

/// Values of one slice column that are told, the worst first.
const VALUES_SHOWN: usize = 2;

/// The line, and whether any of it is above its limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Findings {
    pub(super) text: String,
    pub(super) diverges: bool,
}

pub(super) fn findings(plan: &Shadow, counts: &ShadowCounts) -> Findings {
    let mut found = Findings::default();
    let mut parts = Vec::new();
    for (rule, count) in plan.compare.iter().zip(&counts.compare) {
        let (word, limit) = limit(rule.by);
        if let Some(rate) = count.candidate.rate() {
            found.diverges |= above_noise(*count) > limit;
            parts.push(format!("{word} {} (limit {})", percent(rate), percent(limit)));
        }
    }
    for slice in &plan.slices {
        let column = match &slice.key {
            KeySource::Header(name) | KeySource::Parameter(name) => name,
        };
        let limit = plan.compare.first().map(|rule| limit(rule.by).1);
        let mut values = worst_first(counts, column);
        if values.len() < 2 {
            continue;
        }
        values.truncate(VALUES_SHOWN);
        let limit = slice.max_disagreement.or(limit).unwrap_or(1.0);
        found.diverges |= values.iter().any(|(_, rate)| *rate > limit);
        let told = values.iter().map(|(value, rate)| format!("{value} {}", percent(*rate)));
        parts.push(format!("{column}={}", told.collect::<Vec<_>>().join(" / ")));
    }
    if parts.is_empty() {
        let pairs = counts.compare.first().map_or(0, |count| count.candidate.pairs);
        parts.push(format!("{pairs} pairs"));
    }
    found.text = parts.join("   ");
    found
}

const fn limit(by: CompareBy) -> (&'static str, f64) {
    match by {
        CompareBy::Class { max_disagreement } => ("disagree", max_disagreement),
        CompareBy::Numeric { max_exceed, .. } => ("exceed", max_exceed),
    }
}

fn above_noise(count: CompareCount) -> f64 {
    count.candidate.rate().unwrap_or(0.0) - count.noise.rate().unwrap_or(0.0)
}

/// A column's values with the first rule's disagreement.
fn worst_first<'a>(counts: &'a ShadowCounts, column: &str) -> Vec<(&'a str, f64)> {
    let values = counts.slices.get(column).into_iter().flatten();
    let mut rates = values
        .filter_map(|(value, rules)| Some((value.as_str(), rules.first()?.candidate.rate()?)))
        .collect::<Vec<_>>();
    rates.sort_by(|a, b| b.1.total_cmp(&a.1));
    rates
}

fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}
