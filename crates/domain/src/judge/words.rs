//! Rules in words, as `explain` prints them.

use crate::plan::{Better, Margin, Rule};

/// What the numbers of a rule are.
pub(super) fn metric(rule: &Rule) -> String {
    match rule {
        Rule::Errors { .. } => "error rate".to_owned(),
        Rule::Latency { quantile, .. } => format!("p{} latency", rounded(quantile * 100.0)),
        Rule::Feedback { metric, .. } => metric.clone(),
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
    }
}

/// A ratio multiplies the rate of the bad outcome; a difference moves the rate that is shown.
fn of_margin(margin: &Margin, sign: &str) -> String {
    let ratio = margin.ratio.map(|ratio| format!("×{ratio:?}"));
    let absolute = margin.absolute.map(|absolute| format!("{sign}{} %", percent(absolute)));
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
    }
}
