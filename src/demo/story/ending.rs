//! How it ended, in a table.

use super::{grouped, millis};
use crate::api::wire::Chain;
use crate::demo::report::{Act, Report};
use crate::demo::traffic::Counts;
use std::time::Duration;

/// What the summary is made of.
#[derive(Debug)]
pub(in crate::demo) struct Summary<'a> {
    pub(in crate::demo) report: &'a Report,
    pub(in crate::demo) counts: &'a Counts,
    pub(in crate::demo) chain: &'a Chain,
    /// How long there was traffic.
    pub(in crate::demo) traffic: Duration,
    /// How long all of it took.
    pub(in crate::demo) total: Duration,
}

/// The table.
pub(in crate::demo) fn summary(summary: &Summary<'_>) -> String {
    let mut rows: Vec<(&str, String)> = summary.report.acts.iter().map(act).collect();
    rows.push(("requests", requests(summary.counts, summary.traffic)));
    rows.push(("labels", labels(summary.counts)));
    rows.push(("journal", journal(summary.chain)));
    rows.push(("took", format!("{} s", summary.total.as_secs())));
    let line = |(name, text): &(&str, String)| format!("  {name:<8}  {text}");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn act(act: &Act) -> (&'static str, String) {
    match act {
        Act::Canary { outcome, stage, candidate_units, decision_to_zero_ms, .. } => {
            let stage = stage.map_or("-", seatrial_domain::rollout::StageName::as_str);
            let outcome = outcome.as_str().replace('_', " ");
            let text = format!(
                "{outcome} in {stage}: {} units exposed, decision to 0 % in {}",
                grouped(*candidate_units),
                millis(*decision_to_zero_ms)
            );
            ("v2", text)
        }
        Act::Validation { outcome, stage, live_requests_to_candidate, .. } => {
            let stage = stage.map_or("-", seatrial_domain::rollout::StageName::as_str);
            ("v3", format!("{outcome} in {stage}: {live_requests_to_candidate} live requests"))
        }
        Act::Climb { shares, outcome, .. } => {
            let shares = shares.iter().map(|share| (f64::from(*share) / 100.0).to_string());
            let shares = std::iter::once("0".to_owned()).chain(shares).collect::<Vec<_>>();
            ("v4", format!("{} %, {outcome}", shares.join(" → ")))
        }
        Act::Return { to_version, decision_to_zero_ms, .. } => {
            let to = to_version.map_or_else(|| "-".to_owned(), |number| format!("v{number}"));
            (
                "v4",
                format!(
                    "back to {to} in one word: decision to 0 % in {}",
                    millis(*decision_to_zero_ms)
                ),
            )
        }
    }
}

fn requests(counts: &Counts, traffic: Duration) -> String {
    let seconds = traffic.as_secs().max(1);
    format!(
        "{} answered, {} failed, {} a second",
        grouped(counts.served),
        grouped(counts.failed),
        counts.served / seconds,
    )
}

fn labels(counts: &Counts) -> String {
    let lost = match counts.labels_lost {
        0 => String::new(),
        lost => format!(", {} lost", grouped(lost)),
    };
    let (joined, unwanted) = (grouped(counts.labels), grouped(counts.labels_unwanted));
    format!("{joined} joined, {unwanted} while no rollout waited for any{lost}")
}

fn journal(chain: &Chain) -> String {
    let head = chain.head.as_deref().unwrap_or("-");
    match &chain.fault {
        None => format!(
            "verified, {} rows, head {}…",
            chain.rows,
            head.chars().take(19).collect::<String>()
        ),
        Some(fault) => format!("broken: {fault}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::rollout::StageName;

    #[test]
    fn the_summary_tells_exposure_failures_times_and_the_journal() {
        let acts = vec![
            Act::Canary {
                act: 1,
                candidate: 2,
                outcome: StageName::RolledBack,
                stage: Some(StageName::Canary),
                candidate_units: 1301,
                decision_to_zero_ms: Some(12),
            },
            Act::Validation {
                act: 2,
                candidate: 3,
                outcome: StageName::Rejected,
                stage: Some(StageName::Validating),
                live_requests_to_candidate: 0,
            },
            Act::Climb {
                act: 3,
                candidate: 4,
                outcome: StageName::Stabilizing,
                shares: vec![500, 1000, 2500, 5000, 10_000],
            },
            Act::Return {
                act: 4,
                outcome: StageName::RolledBack,
                to_version: Some(1),
                decision_to_zero_ms: Some(9),
            },
        ];
        let report = Report { acts, ..Report::default() };
        let counts = Counts {
            served: 60_000,
            labels: 49_990,
            labels_unwanted: 10_000,
            labels_lost: 10,
            ..Counts::default()
        };
        let head = Some(format!("sha256:{}", "ab".repeat(32)));
        let chain = Chain { verified: true, rows: 87, head, fault: None };
        let text = summary(&Summary {
            report: &report,
            counts: &counts,
            chain: &chain,
            traffic: Duration::from_secs(120),
            total: Duration::from_secs(131),
        });
        assert_eq!(
            text,
            "  v2        rolled back in canary: 1,301 units exposed, decision to 0 % in 12 ms\n  \
             v3        rejected in validating: 0 live requests\n  \
             v4        0 → 5 → 10 → 25 → 50 → 100 %, stabilizing\n  \
             v4        back to v1 in one word: decision to 0 % in 9 ms\n  \
             requests  60,000 answered, 0 failed, 500 a second\n  \
             labels    49,990 joined, 10,000 while no rollout waited for any, 10 lost\n  \
             journal   verified, 87 rows, head sha256:abababababab…\n  \
             took      131 s"
        );
    }
}
