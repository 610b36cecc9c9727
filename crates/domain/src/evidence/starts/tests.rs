//! What is frozen when windows begin.

use super::*;
use crate::evidence::GateIndex;
use crate::judge::tests::fixture::{errors, plan};
use crate::plan::{KeySource, LiveSlice};
use seatrial_analysis::ArmHistogram;
use std::time::Duration;

fn at(minutes: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(60 * minutes))
}

/// A slice that enforces `mobile`, and one that warns.
fn analysis() -> Analysis {
    let slice = |name: &str, values: &[&str], weight| LiveSlice {
        key: KeySource::Parameter(name.to_owned()),
        values: values.iter().map(|&value| value.to_owned()).collect(),
        weight,
    };
    let mut analysis = plan(&[errors(0.005)]).analysis;
    analysis.slices =
        vec![slice("client", &["mobile"], Some(0.5)), slice("country", &["de"], None)];
    analysis
}

#[test]
fn windows_begin_in_their_time_and_keep_the_sums_they_began_with() {
    let mut evidence = Evidence::default();
    let began = |evidence: &mut Evidence, minutes| {
        evidence.begin_window(at(minutes), &analysis()).map(|(window, _)| window)
    };
    assert_eq!(began(&mut evidence, 100), Some(0));
    evidence.gates.entry(GateIndex(0).unseen()).or_default().errors.candidate_bad = 3;
    assert_eq!([100, 159].map(|minutes| began(&mut evidence, minutes)), [None, None]);
    // Two hours nobody looked: the window between them never begins.
    assert_eq!(began(&mut evidence, 225), Some(2));
    assert_eq!([170, 50, 225].map(|minutes| began(&mut evidence, minutes)), [None; 3]);
    let sums: Vec<u64> = evidence
        .starts
        .iter()
        .map(|start| start.gates.values().map(|it| it.errors.candidate_bad).sum())
        .collect();
    assert_eq!(sums, [0, 3]);
    let stored = serde_json::to_string(&evidence.starts).unwrap();
    assert_eq!(serde_json::from_str::<Starts>(&stored).unwrap(), evidence.starts);
}

/// Two gates of which the first is over.
fn two_gates() -> Evidence {
    let mut evidence = Evidence::default();
    for gate in 0..2 {
        let counts = evidence.gates.entry(GateIndex(gate).unseen()).or_default();
        counts.latency = ArmHistogram::empty(921);
        counts.latency.candidate[200] = 40;
        counts.slices.of("client", "mobile").errors.candidate_good = 7;
        counts.slices.of("client", "mobile").unanswered.candidate = 1;
        counts.slices.of("client", "web").errors.candidate_good = 9;
        counts.slices.of("country", "de").errors.candidate_good = 9;
    }
    evidence
}

#[test]
fn a_start_tells_what_changed_since_the_one_before_and_no_empty_bucket() {
    let mut evidence = two_gates();
    let (_, first) = evidence.begin_window(at(0), &analysis()).unwrap();
    evidence.gates.get_mut(&GateIndex(1).unseen()).unwrap().latency.candidate[300] += 2;
    let (_, second) = evidence.begin_window(at(60), &analysis()).unwrap();
    assert_eq!((first.gates.len(), second.gates.len()), (2, 1));
    let [was, is] = [0, 1].map(|start| {
        let sums = evidence.starts.iter().nth(start).unwrap();
        assert_eq!(sums.gates.len(), 2, "strata that did not change are there all the same");
        let frozen = sums.gates[&GateIndex(1).unseen()].frozen.clone();
        frozen.unwrap().latency.candidate
    });
    let met = |units: &[(usize, u64)]| units.iter().copied().collect();
    assert_eq!((was, is), (met(&[(200, 40)]), met(&[(200, 40), (300, 2)])));

    let stored = serde_json::to_string(&evidence.starts).unwrap();
    assert_eq!(stored.matches("\"200\":40").count(), 3, "{stored}");
    assert_eq!(serde_json::from_str::<Starts>(&stored).unwrap(), evidence.starts);
    // As the store keeps them: one by one.
    let mut read = Starts::default();
    for (window, start) in [(0, &first), (1, &second)] {
        let row = serde_json::to_string(start).unwrap();
        read.insert(window, serde_json::from_str(&row).unwrap());
    }
    assert_eq!(read, evidence.starts);
}

#[test]
fn of_slices_a_start_keeps_what_may_roll_back() {
    let mut evidence = two_gates();
    evidence.begin_window(at(0), &analysis());
    let kept = |column, value| {
        let starts = evidence.starts.of_slice(column, value);
        let sums = starts.iter().next().unwrap();
        sums.gates[&GateIndex(0).unseen()].errors.candidate_good
    };
    assert_eq!(
        [("client", "mobile"), ("client", "web"), ("country", "de")].map(|(c, v)| kept(c, v)),
        [7, 0, 0]
    );
    let stored = serde_json::to_string(&evidence.starts).unwrap();
    assert!(!stored.contains("web") && !stored.contains("country"), "{stored}");
}

#[test]
fn starts_of_earlier_versions_are_read_and_have_no_slices() {
    let stored = r#"{"0":{"at":0,"gates":{}},"2":{"at":7200000000,"gates":{"0":{"errors":
        {"candidate_bad":3,"candidate_good":5,"incumbent_bad":1,"incumbent_good":9},
        "feedback":{"correct":
        {"candidate_bad":1,"candidate_good":0,"incumbent_bad":0,"incumbent_good":2}}}}}}"#;
    let starts: Starts = serde_json::from_str(stored).unwrap();
    let last = starts.iter().last().unwrap();
    let outcomes = &last.gates[&GateIndex(0).unseen()];
    assert_eq!((outcomes.errors.candidate_bad, &outcomes.frozen), (3, &None));
    assert_eq!(outcomes.feedback["correct"].incumbent_good, 2);
    assert_eq!(
        starts.of_slice("client", "mobile").iter().count(),
        1,
        "nothing was counted at first"
    );
    let mut evidence = Evidence { starts, ..Evidence::default() };
    let counts = evidence.gates.entry(GateIndex(0).unseen()).or_default();
    counts.errors.candidate_bad = 3;
    let (_, start) = evidence.begin_window(at(600), &analysis()).unwrap();
    assert!(start.gates[&GateIndex(0).unseen()].frozen.is_some());
}
