//! Who is labelled in a slice: what too few labels keep, and what they do not.

use super::fixture::*;
use super::slices::{Units, client, enforcing, gate_of, judged, sliced};
use super::{fails, report};
use crate::evidence::{ArmCount, Evidence, Matured};
use crate::plan::Better;
use crate::verdict::{CheckVerdict, Coverage, Decision, Enforced};

/// Every unit of the web is labelled, and of mobile's `due` these many.
fn labelled_on_mobile(due: ArmCount, labelled: Units) -> Evidence {
    let mut counts = gate_of(&[("mobile", labelled), ("web", Units::of(9_000))]);
    for matured in [&mut counts.slices.of("x-client", "mobile").matured, &mut counts.matured] {
        let Matured { units, .. } = matured.get_mut("correct").unwrap();
        units.candidate += due.candidate - labelled.units.candidate;
        units.incumbent += due.incumbent - labelled.units.incumbent;
    }
    only(counts)
}

fn healthy() -> Units {
    Units { wrong: (10, 90), ..Units::of(900) }
}

#[test]
fn an_enforced_slice_passes_on_no_fewer_labels_than_all() {
    let plan = enforcing(&[labels("correct", Better::Higher)]);
    let few = judged(&plan, &labelled_on_mobile(canary_units(2_000), healthy()));
    assert_eq!(few.coverage, Coverage::Enough, "of all");
    assert_eq!(report(&few, "correct").verdict, CheckVerdict::Pass);
    assert_eq!(few.decision, Decision::Inconclusive);
    let mobile = report(&few, "correct[x-client=mobile]");
    assert_eq!((mobile.verdict, mobile.enforced), (CheckVerdict::Inconclusive, Enforced::Yes));
    let words = "45.0 % of the candidate's units and 45.0 % of the incumbent's have a label, the \
                 least is 50 %";
    assert!(mobile.limit.ends_with(words), "{}", mobile.limit);
    assert_eq!(report(&few, "correct[x-client=web]").verdict, CheckVerdict::Pass);

    let enough = judged(&plan, &labelled_on_mobile(canary_units(1_800), healthy()));
    assert_eq!(enough.decision, Decision::Pass, "{}", enough.in_words());
}

#[test]
fn too_few_labels_on_either_arm_of_a_slice_keep_its_pass() {
    let plan = enforcing(&[labels("correct", Better::Higher)]);
    for due in [arms(2_000, 19 * 900), arms(900, 19 * 2_000)] {
        let verdict = judged(&plan, &labelled_on_mobile(due, healthy()));
        assert_eq!(report(&verdict, "correct").verdict, CheckVerdict::Pass);
        let mobile = report(&verdict, "correct[x-client=mobile]");
        assert_eq!(mobile.verdict, CheckVerdict::Inconclusive, "{due:?}");
    }
}

#[test]
fn a_slice_with_too_few_labels_fails_all_the_same_and_keeps_nothing_where_it_only_warns() {
    let worse = Units { wrong: (180, 90), ..Units::of(900) };
    let checks = [labels("correct", Better::Higher)];
    let failing = judged(&enforcing(&checks), &labelled_on_mobile(canary_units(9_000), worse));
    assert_eq!(failing.decision, fails("correct[x-client=mobile]"));
    let warning = sliced(&checks, client(&["mobile", "web"], None));
    let verdict = judged(&warning, &labelled_on_mobile(canary_units(2_000), healthy()));
    assert_eq!(verdict.decision, Decision::Pass, "{}", verdict.in_words());
}
