//! Rules in words, as `explain` prints them.

use crate::plan::{Better, DriftBy, Margin, PerUnit, Rule};

/// What the numbers of a rule are.
pub(super) fn metric(rule: &Rule) -> String {
    match rule {
        Rule::Errors { .. } => "error rate".to_owned(),
        Rule::Latency { quantile, .. } => format!("p{} latency", rounded(quantile * 100.0)),
        Rule::Feedback { metric, per_unit, .. } | Rule::Kpi { metric, per_unit, .. } => {
            match per_unit {
                PerUnit::First => metric.clone(),
                PerUnit::Any => format!("{metric}, any of a unit's"),
                PerUnit::Mean => format!("{metric}, mean of a unit's"),
            }
        }
        Rule::Drift { output, by } => {
            let what = match by {
                DriftBy::Class => "classes",
                DriftBy::Score { .. } => "scores",
            };
            if output == "*" { what.to_owned() } else { format!("{what} of {output}") }
        }
    }
}

/// How much worse is unhealthy.
pub(super) fn limit(rule: &Rule) -> String {
    match rule {
        Rule::Errors { margin } => of_margin(margin, "+"),
        Rule::Latency { limit_ms, ratio, .. } => {
            let limit = limit_ms.map(|limit| format!("limit {limit} ms"));
            let margin = ratio.map(|ratio| format!("margin ×{ratio:?}"));
            limit.into_iter().chain(margin).collect::<Vec<_>>().join(" and ")
        }
        Rule::Feedback { margin, better: Better::Lower, .. } => of_margin(margin, "+"),
        Rule::Feedback { margin, better: Better::Higher, .. } => of_margin(margin, "-"),
        Rule::Kpi { margin, better: Better::Lower, .. } => of_amount(margin, "+"),
        Rule::Kpi { margin, better: Better::Higher, .. } => of_amount(margin, "-"),
        Rule::Drift { .. } => "alike on both arms".to_owned(),
    }
}

/// A ratio multiplies the rate of the bad outcome; a difference moves the rate that is shown.
fn of_margin(margin: &Margin, sign: &str) -> String {
    joined(margin.ratio, margin.absolute.map(|absolute| format!("{sign}{} %", percent(absolute))))
}

/// A ratio multiplies the mean; a difference is in the metric's own unit.
fn of_amount(margin: &Margin, sign: &str) -> String {
    joined(margin.ratio, margin.absolute.map(|absolute| format!("{sign}{absolute}")))
}

fn joined(ratio: Option<f64>, absolute: Option<String>) -> String {
    let ratio = ratio.map(|ratio| format!("×{ratio:?}"));
    let parts: Vec<String> = ratio.into_iter().chain(absolute).collect();
    format!("margin {}", parts.join(" and "))
}

/// A part as a percentage, without trailing noughts.
pub(super) fn percent(part: f64) -> f64 {
    rounded(part * 100.0)
}

/// Without what binary fractions add to decimal ones.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_read_as_they_were_written() {
        let margin = Margin { ratio: Some(2.0), absolute: Some(0.005) };
        assert_eq!(limit(&Rule::Errors { margin }), "margin ×2.0 and +0.5 %");
        let latency = |limit_ms, ratio| Rule::Latency { quantile: 0.999, limit_ms, ratio };
        assert_eq!(metric(&latency(None, Some(1.2))), "p99.9 latency");
        assert_eq!(limit(&latency(Some(250), None)), "limit 250 ms");
        assert_eq!(limit(&latency(None, Some(1.2))), "margin ×1.2");
        assert_eq!(limit(&latency(Some(250), Some(1.5))), "limit 250 ms and margin ×1.5");
        let kpi = Rule::Kpi {
            metric: "revenue".to_owned(),
            better: Better::Higher,
            margin: Margin { ratio: Some(0.98), absolute: Some(0.5) },
            late_by: std::time::Duration::ZERO,
            min_coverage: 0.5,
            per_unit: PerUnit::First,
        };
        assert_eq!((metric(&kpi), limit(&kpi)), ("revenue".into(), "margin ×0.98 and -0.5".into()));
        let of_units = Rule::Kpi {
            metric: "revenue".to_owned(),
            better: Better::Higher,
            margin: Margin { ratio: Some(0.98), absolute: None },
            late_by: std::time::Duration::ZERO,
            min_coverage: 0.5,
            per_unit: PerUnit::Mean,
        };
        assert_eq!(metric(&of_units), "revenue, mean of a unit's");
        let drift = |output: &str, by| Rule::Drift { output: output.to_owned(), by };
        assert_eq!(metric(&drift("*", DriftBy::Class)), "classes");
        let scores = DriftBy::Score { edges: vec![0.5] };
        assert_eq!(metric(&drift("p", scores)), "scores of p");
    }
}
