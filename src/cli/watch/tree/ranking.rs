//! The slices in which a candidate is worse, below its checks: those that stand out, the worst first.

use super::lines::{Mark, Node};
use seatrial_domain::ranking::RankedSlice;
use seatrial_domain::verdict::Verdict;

/// Slices told of one verdict.
const TOLD: usize = 3;

pub(super) fn of(verdict: &Verdict) -> Vec<Node> {
    let mut worse: Vec<&RankedSlice> =
        verdict.ranking.iter().filter(|one| one.stands_out()).collect();
    // Stable: each check's own order stays among equals.
    worse.sort_by(|one, other| other.at_least.total_cmp(&one.at_least));
    worse.into_iter().take(TOLD).map(node).collect()
}

/// `⚠ client=mobile   bad 40.0 % vs 9.1 %   correct: worse by at least 24.9 points`
fn node(one: &RankedSlice) -> Node {
    let least = format!("{}: {}", one.check, one.least());
    Node {
        mark: Mark::Warning,
        title: one.slice.to_string(),
        cells: vec![one.compared(), least],
        children: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::ranking::Lift;
    use seatrial_domain::verdict::SliceLabel;

    fn ranked(check: &str, value: &str, at_least: f64) -> RankedSlice {
        RankedSlice {
            slice: SliceLabel { column: "client".to_owned(), value: value.to_owned() },
            check: check.to_owned(),
            metric: check.to_owned(),
            kind: Lift::Difference,
            candidate: 0.4,
            against: 0.0911,
            lift: 0.3089,
            at_least,
            beyond_rest: Some(0.3),
            units: 250,
        }
    }

    #[test]
    fn the_slices_that_stand_out_are_told_the_worst_first() {
        let mut verdict = Verdict::blind("", String::new());
        verdict.ranking = vec![
            ranked("errorRate", "tv", 0.01),
            ranked("errorRate", "web", -0.02),
            ranked("correct", "mobile", 0.249),
        ];
        let told = of(&verdict);
        let titles: Vec<_> = told.iter().map(|node| node.title.as_str()).collect();
        assert_eq!(titles, ["client=mobile", "client=tv"]);
        let expected = ["bad 40.0 % vs 9.1 %", "correct: worse by at least 24.9 points"];
        assert_eq!(told[0].cells, expected);
    }
}
