//! Which slice leads, on plain counts.

use super::*;
use proptest::prelude::*;

fn label(value: &str) -> SliceLabel {
    SliceLabel { column: "client".to_owned(), value: value.to_owned() }
}

/// (candidate bad, total, incumbent bad, total)
fn counts((candidate_bad, candidate_total, incumbent_bad, incumbent_total): Four) -> Counts {
    Counts { candidate_bad, candidate_total, incumbent_bad, incumbent_total }
}

type Four = (u64, u64, u64, u64);

fn sum(all: &[(&str, Four)]) -> Counts {
    all.iter().fold(Counts::default(), |sum, (_, it)| Counts {
        candidate_bad: sum.candidate_bad + it.0,
        candidate_total: sum.candidate_total + it.1,
        incumbent_bad: sum.incumbent_bad + it.2,
        incumbent_total: sum.incumbent_total + it.3,
    })
}

fn arms(slices: &[(&str, Four)]) -> Vec<RankedSlice> {
    let sample = |(value, here): &(&str, Four)| Sample {
        slice: label(value),
        check: "correct".to_owned(),
        metric: "correct".to_owned(),
        of: Of::Arms { here: vec![counts(*here)], all: vec![sum(slices)] },
    };
    rank(&slices.iter().map(sample).collect::<Vec<_>>())
}

fn pairs(slices: &[(&str, (u64, u64))]) -> Vec<RankedSlice> {
    let pair = |(disagree, pairs)| PairCount { pairs, disagree };
    let mut all = PairCount::default();
    slices.iter().for_each(|(_, it)| all.merge(pair(*it)));
    let sample = |(value, here): &(&str, (u64, u64))| Sample {
        slice: label(value),
        check: "disagreement".to_owned(),
        metric: "disagreement".to_owned(),
        of: Of::Pairs { here: pair(*here), all },
    };
    rank(&slices.iter().map(sample).collect::<Vec<_>>())
}

fn order(ranked: &[RankedSlice]) -> Vec<&str> {
    ranked.iter().map(|one| one.slice.value.as_str()).collect()
}

#[test]
fn the_slice_in_which_labels_are_worse_leads() {
    let ranked = arms(&[("web", (60, 750, 1_280, 14_250)), ("mobile", (100, 250, 430, 4_750))]);
    assert_eq!(order(&ranked), ["mobile", "web"]);
    let [mobile, web] = ranked.as_slice() else { panic!("{ranked:?}") };
    assert!(mobile.stands_out() && !web.stands_out());
    assert!((mobile.lift - (0.4 - 430.0 / 4_750.0)).abs() < 1e-12);
    assert!(mobile.at_least > 0.2 && mobile.at_least < mobile.lift);
    let rest = 60.0 / 750.0 - 1_280.0 / 14_250.0;
    assert!((mobile.beyond_rest.unwrap() - (mobile.lift - rest)).abs() < 1e-12);
    assert_eq!(
        mobile.in_words(),
        "client=mobile: bad 40.0 % vs 9.1 %, worse by at least 24.9 points"
    );
}

#[test]
fn a_slice_of_a_few_unlucky_units_does_not_lead_and_one_of_fewer_is_not_told() {
    let ranked = arms(&[
        ("large", (60, 1_000, 200, 10_000)),
        ("small", (3, 25, 3, 100)),
        ("tiny", (10, 19, 0, 400)),
    ]);
    assert_eq!(order(&ranked), ["large", "small"]);
    assert!(ranked[1].lift > ranked[0].lift && !ranked[1].stands_out());
}

#[test]
fn pairs_are_ranked_by_how_many_times_as_often_they_disagree_as_elsewhere() {
    let ranked = pairs(&[("web", (153, 1_500)), ("mobile", (206, 500)), ("tv", (15, 25))]);
    assert_eq!(order(&ranked)[..2], ["mobile", "tv"]);
    let mobile = &ranked[0];
    assert!((mobile.against - 168.0 / 1_525.0).abs() < 1e-12);
    assert!((3.7..3.8).contains(&mobile.lift) && (3.1..3.2).contains(&mobile.at_least));
    let words = mobile.in_words();
    assert_eq!(words, "client=mobile: 41.2 % vs 11.0 % elsewhere, at least ×3.1");
    assert!(!ranked[2].stands_out());
}

#[test]
fn a_slice_that_is_all_there_is_has_nothing_to_be_compared_with() {
    assert_eq!(pairs(&[("mobile", (206, 500))]), []);
    let ranked = arms(&[("mobile", (100, 250, 430, 4_750))]);
    assert_eq!((order(&ranked), ranked[0].beyond_rest), (vec!["mobile"], None));
}

#[test]
fn worse_in_each_slice_and_better_in_the_sum_is_worse_everywhere() {
    // The candidate has most of the easy units: Simpson's paradox.
    let slices = [("easy", (100, 2_000, 2, 200)), ("hard", (60, 100, 800, 2_000))];
    let all = sum(&slices);
    assert!(
        all.candidate_bad * all.incumbent_total < all.incumbent_bad * all.candidate_total,
        "better in the sum"
    );
    let ranked = arms(&slices);
    assert!(ranked.iter().all(RankedSlice::stands_out), "{ranked:?}");
}

#[test]
fn better_in_each_slice_and_worse_in_the_sum_is_worse_nowhere() {
    let slices = [("easy", (2, 200, 100, 2_000)), ("hard", (800, 2_000, 60, 100))];
    let all = sum(&slices);
    assert!(all.candidate_bad * all.incumbent_total > all.incumbent_bad * all.candidate_total);
    let ranked = arms(&slices);
    assert!(ranked.iter().all(|one| one.lift < 0.0 && !one.stands_out()), "{ranked:?}");
}

/// A gate at 50 % after one at 25 %: units that came before are worse, and mostly the incumbent's.
const OF_TWO_HISTORIES: [Four; 2] =
    [(6_000, 30_000, 6_000, 30_000), (1_000, 20_000, 2_000, 40_000)];

#[test]
fn a_slice_without_an_effect_in_any_stratum_does_not_stand_out() {
    let here: Vec<_> = OF_TWO_HISTORIES.map(counts).into();
    let all: Vec<_> =
        here.iter().map(|it| sum(&[("here", four(it)), ("rest", four(it))])).collect();
    let (slice, check) = (label("mobile"), "correct".to_owned());
    let metric = check.clone();
    let ranked = rank(&[Sample { slice, check, metric, of: Of::Arms { here, all } }]);
    let [mobile] = ranked.as_slice() else { panic!("{ranked:?}") };
    assert!(!mobile.stands_out(), "{mobile:?}");
    assert!(mobile.lift.abs() < 1e-12 && mobile.beyond_rest.unwrap().abs() < 1e-12, "{mobile:?}");
    assert_eq!(mobile.units, 50_000);
    let pooled = arms(&[("mobile", four(&sum(&OF_TWO_HISTORIES.map(|it| ("", it)))))]);
    assert!(pooled[0].stands_out(), "added up it would: {pooled:?}");
}

fn four(counts: &Counts) -> Four {
    let Counts { candidate_bad, candidate_total, incumbent_bad, incumbent_total } = *counts;
    (candidate_bad, candidate_total, incumbent_bad, incumbent_total)
}

#[test]
fn no_more_are_told_than_can_be_read_and_each_checks_apart() {
    let names: Vec<String> = (0..9).map(|it| it.to_string()).collect();
    let slices: Vec<_> =
        (0..9).zip(&names).map(|(bad, it)| (it.as_str(), (bad * 10, 100, 0, 100))).collect();
    assert_eq!(order(&arms(&slices)), ["8", "7", "6", "5", "4"]);
    let sample = |check: &str, value: &str, bad| Sample {
        slice: label(value),
        check: check.to_owned(),
        metric: check.to_owned(),
        of: Of::Arms {
            here: vec![counts((bad, 100, 0, 100))],
            all: vec![counts((bad, 200, 0, 200))],
        },
    };
    let both = [sample("b", "x", 10), sample("a", "x", 90), sample("b", "y", 20)];
    let told: Vec<_> = rank(&both).into_iter().map(|it| (it.check, it.slice.value)).collect();
    let expected = [("b", "y"), ("b", "x"), ("a", "x")];
    assert_eq!(told, expected.map(|(check, value)| (check.to_owned(), value.to_owned())));
}

proptest! {
    /// Copies are pairs of the same requests, so no mix can turn the sum around.
    #[test]
    fn disagreement_of_all_lies_between_that_of_the_slices(
        one in (0..500_u64, 500..900_u64), other in (0..500_u64, 500..900_u64),
    ) {
        let rate = |(bad, all): (u64, u64)| bad as f64 / all as f64;
        let all = rate((one.0 + other.0, one.1 + other.1));
        let (low, high) = (rate(one).min(rate(other)), rate(one).max(rate(other)));
        prop_assert!((low - 1e-12..=high + 1e-12).contains(&all));
        let ranked = pairs(&[("one", one), ("other", other)]);
        prop_assert!(!(ranked[0].stands_out() && ranked[1].stands_out()));
        let lifts = ranked.iter().map(|it| it.lift >= it.at_least);
        prop_assert!(lifts.into_iter().all(|holds| holds));
    }

    #[test]
    fn bounds_are_finite_whatever_was_counted(
        here in (0..50_u64, 20..90_u64, 0..50_u64, 0..90_u64), more in 0..100_u64,
    ) {
        let here = (here.0.min(here.1), here.1, here.2.min(here.3), here.3);
        let rest = ("rest", (more, more + 20, 0, more));
        for one in arms(&[("here", here), rest]) {
            prop_assert!(one.at_least.is_finite() && one.lift.is_finite());
            prop_assert!((-1.0..=1.0).contains(&one.at_least));
        }
    }
}

fn single(of: Of) -> Option<RankedSlice> {
    let (check, metric) = ("check".to_owned(), "metric".to_owned());
    rank(&[Sample { slice: label("mobile"), check, metric, of }]).pop()
}

#[test]
fn means_are_ranked_by_the_part_that_is_missing_at_least() {
    let means =
        Means { candidate: 16.0, incumbent: 20.0, error: 0.5, better: Better::Higher, units: 300 };
    let found = single(Of::Means(means)).unwrap();
    assert!((found.lift - 0.2).abs() < 1e-12 && found.stands_out());
    assert_eq!(found.in_words(), "client=mobile: 16.00 vs 20.00, worse by at least 15.1 %");
    let better = single(Of::Means(Means { better: Better::Lower, ..means })).unwrap();
    assert!((better.lift + 0.2).abs() < 1e-12 && !better.stands_out());
    assert_eq!(single(Of::Means(Means { units: UNITS_MIN - 1, ..means })), None);
    assert_eq!(single(Of::Means(Means { incumbent: 0.0, ..means })), None);
    // A mean below nothing has parts of the same size.
    let below = single(Of::Means(Means { candidate: -24.0, incumbent: -20.0, ..means })).unwrap();
    assert!((below.lift - 0.2).abs() < 1e-12);
}

#[test]
fn answers_are_ranked_by_how_far_they_are_apart_whichever_is_rarer() {
    let more = single(Of::Answers(vec![counts((70, 100, 500, 1_000))])).unwrap();
    let less = single(Of::Answers(vec![counts((30, 100, 500, 1_000))])).unwrap();
    for found in [&more, &less] {
        assert!((found.lift - 0.2).abs() < 1e-12 && found.stands_out(), "{found:?}");
    }
    assert!((more.at_least - less.at_least).abs() < 1e-12);
    let words = "client=mobile: an answer 30.0 % vs 50.0 %, apart by at least 10.2 points";
    assert_eq!(less.in_words(), words);
}

#[test]
fn answers_that_are_alike_in_each_stratum_are_not_apart_however_the_strata_are_mixed() {
    // Added up: 46 % against 12 %.
    let alike = vec![counts((10, 100, 100, 1_000)), counts((450, 900, 50, 100))];
    let found = single(Of::Answers(alike)).unwrap();
    assert!(found.lift.abs() < 1e-12 && !found.stands_out(), "{found:?}");
    let apart = vec![counts((40, 100, 100, 1_000)), counts((720, 900, 50, 100))];
    let found = single(Of::Answers(apart)).unwrap();
    assert!((found.lift - 0.3).abs() < 1e-12 && found.stands_out(), "{found:?}");
    assert_eq!(found.units, 1_000);
}
