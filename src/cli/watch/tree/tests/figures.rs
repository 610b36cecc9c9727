//! What `explain` shows beyond the tree that is watched.

use super::*;
use seatrial_domain::verdict::{AssignmentReport, CoverageReport};

/// The three checks with all that they rest on.
fn with_figures(decision: Decision) -> Verdict {
    let mut checks = three_checks();
    for report in &mut checks {
        report.counts = Counts {
            candidate_bad: 2,
            candidate_total: 610,
            incumbent_bad: 31,
            incumbent_total: 11_590,
        };
        (report.pass_log_e, report.pass_at) = (Some(23.0), Some(20.0_f64.ln()));
        (report.fail_log_e, report.fail_at) = (Some(-0.3), Some(50.0_f64.ln()));
        report.fail_log_e_max = report.fail_log_e;
    }
    checks[2].pass_log_e = Some(0.7);
    checks[2].fail_log_e_max = Some(2.6);
    let units = ArmCount { candidate: 610, incumbent: 11_600 };
    Verdict {
        assignment: Some(AssignmentReport { units, log_e: -0.69, limit: 1_000.0_f64.ln() }),
        labelled: vec![CoverageReport {
            check: "correct".to_owned(),
            candidate: Some(0.42),
            incumbent: Some(0.61),
            least: 0.5,
            log_e: 3.2,
            limit: 1_000.0_f64.ln(),
        }],
        coverage: Coverage::Short { check: "correct".to_owned(), why: String::new() },
        ..verdict(decision, checks)
    }
}

#[test]
fn an_explanation_tells_counts_and_evidence_of_every_gate() {
    let mut story = Story::begin();
    story.reach_canary();
    let passed = Verdict { coverage: Coverage::Enough, ..with_figures(Decision::Pass) };
    story.judged(6, passed);
    story.acknowledged();
    story.now = story.now.plus(Duration::from_millis(700));
    story.verdict = Some(with_figures(Decision::Inconclusive));
    insta::assert_snapshot!(story.drawn_in(Detail::Figures));
}
