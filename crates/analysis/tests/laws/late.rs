//! Faults that begin late: expectation by enumeration over windows, and the published minutes.

use std::time::Duration;

use seatrial_analysis::errors_row::ErrorsRow;
use seatrial_analysis::kpi::{self, Better, Reference, Worse};
use seatrial_analysis::late::{Rows, Since, WINDOWS, log_e, window_at};
use seatrial_analysis::latency::{self, Edges, Limit, QuantileRatio, Slower};
use seatrial_analysis::sample_ratio::Assigned;
use seatrial_analysis::two_outcome::{Check, Margin};
use seatrial_analysis::{Alpha, ArmHistogram, Cells, Pi, Stratum, drift};

use crate::stratum;
use crate::traffic::Rng;

/// E[exp(log_e)] over all errors of three windows of two units each; the candidate errs at rate
/// `p1`, the incumbent at `p0`, and the test is told the share `told`.
fn expectation((pi, told): (f64, f64), (p1, p0): (f64, f64)) -> f64 {
    let row = ErrorsRow::default();
    let cells = [pi * p1, pi * (1.0 - p1), (1.0 - pi) * p0, (1.0 - pi) * (1.0 - p0)];
    (0..4_usize.pow(6))
        .map(|code| {
            let (mut windows, mut probability) = (Vec::new(), 1.0);
            for window in 0..3 {
                let mut counts = [0; 4];
                for unit in 0..2 {
                    let cell = code / 4_usize.pow(2 * window + unit) % 4;
                    counts[cell] += 1;
                    probability *= cells[cell];
                }
                windows.push(vec![stratum(told, counts)]);
            }
            probability * log_e(&row, &windows).unwrap().exp()
        })
        .sum()
}

#[test]
fn the_mixture_expects_one_without_an_effect_and_at_most_one_if_no_worse() {
    for pi in [0.05, 0.5] {
        let same = expectation((pi, pi), (0.2, 0.2));
        assert!((same - 1.0).abs() < 1e-11, "{same}");
        assert!(expectation((pi, pi), (0.1, 0.2)) < 1.0);
        assert!(expectation((pi, pi), (0.3, 0.2)) > 1.0);
    }
    assert!((expectation((0.05, 0.1), (0.2, 0.2)) - 1.0).abs() > 1e-3, "a wrong share is seen");
}

#[test]
fn a_start_to_come_is_worth_one_and_the_first_is_everything() {
    let row = ErrorsRow::default();
    let only = stratum(0.05, [9, 90, 20, 1_900]);
    let plain = row.log_e(std::slice::from_ref(&only));
    let found = log_e(&row, &[vec![only.clone()]]).unwrap();
    let wanted = 0.7 * plain.exp() + 0.3;
    assert!((found - wanted.ln()).abs() < 1e-12, "{found} {}", wanted.ln());
    assert!(log_e(&row, &[]).unwrap().abs() < 1e-12);
    // In the second window it is both, and the other starts, 1/3 + … + 1/28 to its 1/2, are to come.
    let parts: f64 = (1..WINDOWS).map(|window| 1.0 / (window as f64 + 1.0)).sum();
    let second = 0.3 * 0.5 / parts;
    let wanted = (0.7 + second) * plain.exp() + 0.3 - second;
    let found = log_e(&row, &[Vec::new(), vec![only]]).unwrap();
    assert!((found - wanted.ln()).abs() < 1e-12, "{found} {}", wanted.ln());
}

#[test]
fn a_window_divided_among_strata_or_a_dropped_one_is_noticed() {
    let row = ErrorsRow::default();
    let good = stratum(0.05, [0, 500, 60, 9_400]);
    let (half, other) = (stratum(0.25, [6, 90, 2, 280]), stratum(0.25, [8, 92, 4, 260]));
    let whole = stratum(0.25, [14, 182, 6, 540]);
    let of = |windows: &[Vec<Stratum<Cells>>]| log_e(&row, windows).unwrap();
    let split = of(&[vec![good.clone()], vec![half.clone(), other]]);
    assert!((split - of(&[vec![good.clone()], vec![whole.clone()]])).abs() < 1e-9);
    assert!((split - of(&[vec![good.clone()], vec![half]])).abs() > 1.0, "a stratum was dropped");
    assert!((split - of(&[vec![whole], vec![good]])).abs() > 1.0, "the order matters");
}

#[derive(Clone, Copy)]
enum Test {
    Plain,
    Late,
}

/// Errors at 30 requests a second with the canary at 5 %, doubled on the candidate from `onset`
/// minutes on: minutes from there until the rollback fires, looked at each minute.
fn minutes_to_find(seed: u64, onset: u64, test: Test) -> u64 {
    let row = ErrorsRow::default();
    let mut rng = Rng::new(seed);
    let mut windows: Vec<Cells> = vec![Cells::default()];
    let mut all = Cells::default();
    let errors = 30.0 * 60.0 * 0.005;
    for minute in 0.. {
        let factor = if minute >= onset { 2.0 } else { 1.0 };
        let counts = Cells {
            candidate_bad: rng.poisson(0.05 * errors * factor),
            incumbent_bad: rng.poisson(0.95 * errors),
            ..Cells::default()
        };
        windows.resize(window_at(Duration::from_secs(60 * minute)) + 1, Cells::default());
        windows.last_mut().unwrap().merge(&counts);
        all.merge(&counts);
        let strata = |cells: &Cells| vec![Stratum::new(0.05, *cells).unwrap()];
        let found = match test {
            Test::Plain => row.log_e(&strata(&all)),
            Test::Late => log_e(&row, &windows.iter().map(strata).collect::<Vec<_>>()).unwrap(),
        };
        if Alpha::USUAL.rejects(found) {
            return (minute + 1).saturating_sub(onset);
        }
    }
    unreachable!("doubled errors are found")
}

fn mean_minutes(onset: u64, test: Test) -> f64 {
    let runs = 200;
    (0..runs).map(|seed| minutes_to_find(seed, onset, test)).sum::<u64>() as f64 / runs as f64
}

/// Published: from the start 26 minutes, 28 with the mixture; after six hours 98 and 44.
#[test]
fn a_late_fault_is_found_in_less_than_half_the_time_and_an_early_one_hardly_later() {
    let [early, early_mixed] = [Test::Plain, Test::Late].map(|test| mean_minutes(0, test));
    let [after, after_mixed] = [Test::Plain, Test::Late].map(|test| mean_minutes(360, test));
    eprintln!(
        "from the start {early} and {early_mixed}, after six hours {after} and {after_mixed}"
    );
    assert!(early_mixed < 1.12 * early, "{early} {early_mixed}");
    assert!(after_mixed < 0.5 * after, "{after} {after_mixed}");
}

#[test]
fn a_copy_is_rarely_rolled_back_by_the_mixture() {
    let row = ErrorsRow::default();
    let fired = (0..400).filter(|seed| {
        let mut rng = Rng::new(50_000 + seed);
        let mut windows: Vec<Cells> = Vec::new();
        (0..600_u64).any(|minute| {
            windows.resize(window_at(Duration::from_secs(60 * minute)) + 1, Cells::default());
            windows.last_mut().unwrap().merge(&Cells {
                candidate_bad: rng.poisson(0.5),
                incumbent_bad: rng.poisson(9.5),
                ..Cells::default()
            });
            let strata: Vec<_> =
                windows.iter().map(|cells| vec![Stratum::new(0.05, *cells).unwrap()]).collect();
            Alpha::USUAL.rejects(log_e(&row, &strata).unwrap())
        })
    });
    let fired = fired.count();
    assert!(fired <= 20, "{fired} of 400");
}

#[test]
fn more_windows_than_there_are_starts_count_as_the_last() {
    let row = ErrorsRow::default();
    let window = || vec![stratum(0.05, [1, 10, 3, 200])];
    let many: Vec<_> = (0..WINDOWS + 5).map(|_| window()).collect();
    let mut folded: Vec<_> = (0..WINDOWS).map(|_| window()).collect();
    (0..5).for_each(|_| folded.last_mut().unwrap().extend(window()));
    let apart = log_e(&row, &many).unwrap() - log_e(&row, &folded).unwrap();
    assert!(apart.abs() < 1e-9, "{apart}");
    assert_eq!(row.rows(), 40);
}

/// What the product keeps: sums so far, and what each row was worth when windows began.
fn since_the_starts<R: Rows>(rows: &R, windows: &[Vec<Stratum<R::Counts>>]) -> f64
where
    R::Counts: Clone,
{
    let before = |window: usize| windows[..window].concat();
    let starts: Vec<_> = (0..windows.len()).map(before).collect();
    Since::new(rows, &starts).unwrap().log_e(rows, &windows.concat()).unwrap()
}

fn assert_same<R: Rows>(rows: &R, windows: &[Vec<Stratum<R::Counts>>])
where
    R::Counts: Clone,
{
    let (found, wanted) = (since_the_starts(rows, windows), log_e(rows, windows).unwrap());
    assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
    let all = windows.concat();
    let [first, later] = [0..1, 1..windows.len()].map(|these| {
        let before: Vec<_> = these.map(|window| windows[..window].concat()).collect();
        Since::new(rows, &before).unwrap()
    });
    let found = first.and(&later).log_e(rows, &all).unwrap();
    assert!((found - wanted).abs() < 1e-9, "one after the other: {found} {wanted}");
    let plain = Since::new(rows, &[]).unwrap().log_e(rows, &all).unwrap();
    let mut totals = vec![0.0; rows.rows()];
    all.iter().for_each(|stratum| rows.add(&mut totals, stratum.pi, &stratum.counts));
    assert!((plain - rows.mixed(&totals)).abs() < 1e-12, "without windows it is the plain test");
}

fn latencies(candidate: [u64; 5], incumbent: [u64; 5]) -> ArmHistogram {
    ArmHistogram { candidate: candidate.to_vec(), incumbent: incumbent.to_vec() }
}

#[test]
fn sums_at_the_starts_say_the_same_as_windows_of_every_metric() {
    let cells = [[1, 90, 20, 1_900], [9, 95, 18, 1_910], [14, 70, 22, 1_880]];
    assert_same(&ErrorsRow::default(), &cells.map(|counts| vec![stratum(0.05, counts)]));

    let edges = Edges::try_from(vec![10, 20, 40, 80]).unwrap();
    let slower = Slower::new(&edges, &[50, 300, 90, 20, 5]).unwrap();
    let windows = [
        latencies([3, 20, 6, 1, 0], [60, 400, 100, 20, 6]),
        latencies([2, 18, 9, 4, 1], [55, 410, 95, 22, 4]),
        latencies([0, 9, 12, 9, 5], [61, 380, 99, 19, 7]),
    ];
    assert_same(&slower, &windows.map(|counts| vec![Stratum::new(0.05, counts).unwrap()]));

    let values: Vec<f64> = (0..500).map(|i| f64::from(i % 100)).collect();
    let reference = Reference::freeze(&values).unwrap();
    let worse = Worse::new(&reference, Better::Higher);
    let units = |many: [u32; 2]| {
        let mut counts = kpi::Counts::default();
        let arms = [(&mut counts.candidate, many[0], 30.0), (&mut counts.incumbent, many[1], 55.0)];
        for (arm, many, value) in arms {
            (0..many).for_each(|i| arm.record(&reference, value + f64::from(i % 40)).unwrap());
        }
        vec![Stratum::new(0.05, counts).unwrap()]
    };
    assert_same(&worse, &[[5, 90], [7, 110], [9, 130]].map(units));
}

#[test]
fn checks_forget_before_a_start_what_their_rows_do() {
    let row = ErrorsRow::default();
    let before = vec![stratum(0.05, [1, 90, 20, 1_900])];
    let now = [stratum(0.05, [24, 255, 60, 5_690])];
    let check = Check::errors(Margin::Ratio(2.0)).unwrap();
    let prepared = check.clone().prepared_for(&[0.05, 0.25].map(|pi| Pi::new(pi).unwrap()));
    let wanted = Since::new(&row, &[vec![], before.clone()]).unwrap().log_e(&row, &now).unwrap();
    for check in [&check, &prepared] {
        let found = check.rollback_log_e_since(&now, &check.since(&[vec![], before.clone()]));
        assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
        let plain = check.rollback_log_e_since(&now, &check.since(&[]));
        assert!((plain - check.rollback_log_e(&now)).abs() < 1e-12);
    }
    let feedback = Check::feedback(Margin::Absolute(0.02)).unwrap();
    let since = feedback.since(&[vec![], before]);
    let apart = feedback.rollback_log_e_since(&now, &since) - feedback.rollback_log_e(&now);
    assert!(apart.abs() < (2.0 * WINDOWS as f64).ln(), "{apart}");
}

/// E[exp(log_e)] over two windows of two units each, of which `odds` are the cells' probabilities.
fn expected(odds: [f64; 4], log_e: impl Fn([usize; 4]) -> f64) -> f64 {
    (0..256_usize)
        .map(|code| {
            let units = [0, 1, 2, 3].map(|unit| code / 4_usize.pow(unit) % 4);
            let probability: f64 = units.iter().map(|cell| odds[*cell]).product();
            if probability > 0.0 { probability * log_e(units).exp() } else { 0.0 }
        })
        .sum()
}

/// A limit's null is a union: no slower than the incumbent, or within the limit.
#[test]
fn a_limit_expects_at_most_one_under_either_of_its_nulls() {
    let edges = Edges::try_from(vec![10, 20, 40]).unwrap();
    let check = latency::Check::Limited(Limit::new(&edges, 10, 0.9).unwrap());
    let counted = |units: &[usize]| {
        let mut counts = ArmHistogram::empty(4);
        for cell in units {
            let arm = if cell % 2 == 0 { &mut counts.candidate } else { &mut counts.incumbent };
            arm[if *cell < 2 { 3 } else { 0 }] += 1;
        }
        vec![Stratum::new(0.3, counts).unwrap()]
    };
    let found = |units: [usize; 4]| {
        let since = check.since(&[vec![], counted(&units[..2])]).unwrap();
        check.rollback_log_e_since(&counted(&units), &since).unwrap()
    };
    // Over the limit on the candidate, on the incumbent; within it on either.
    let odds = |candidate: f64, incumbent: f64| {
        [0.3 * candidate, 0.7 * incumbent, 0.3 * (1.0 - candidate), 0.7 * (1.0 - incumbent)]
    };
    for null in [odds(0.4, 0.4), odds(0.9, 0.9), odds(0.1, 0.0), odds(0.05, 0.0)] {
        let mean = expected(null, found);
        assert!(mean <= 1.0 + 1e-12, "{null:?}: {mean}");
    }
    assert!(expected(odds(0.9, 0.1), found) > 1.0);
}

#[test]
fn drift_expects_one_without_an_effect_however_often_it_begins_anew() {
    let counted = |units: &[usize]| {
        let mut counts = drift::Counts::default();
        for cell in units {
            let class: &mut Assigned = counts.entry(cell / 2).or_default();
            let arm = if cell % 2 == 0 { &mut class.candidate } else { &mut class.incumbent };
            *arm += 1;
        }
        vec![Stratum::new(0.3, counts).unwrap()]
    };
    let found = |units: [usize; 4]| {
        let [all, later] = [&units[..], &units[2..]].map(|units| drift::log_e(&counted(units)));
        drift::log_e_since(all, &[all, later])
    };
    let same = expected([0.3 * 0.2, 0.7 * 0.2, 0.3 * 0.8, 0.7 * 0.8], found);
    assert!((same - 1.0).abs() < 1e-9, "{same}");
    let other = expected([0.3 * 0.9, 0.7 * 0.1, 0.3 * 0.1, 0.7 * 0.9], found);
    assert!(other > 1.0, "{other}");
}

/// Six quiet hours, then a third of the candidate's answers wait: everything together still says that
/// it is no slower.
#[test]
fn a_late_pause_is_found_by_what_came_since() {
    let edges = Edges::default();
    let mut quiet = ArmHistogram::empty(edges.buckets());
    quiet.candidate[200] = 10_000;
    quiet.incumbent[200] = 181_000;
    quiet.incumbent[300] = 9_000;
    let mut now = quiet.clone();
    now.candidate[200] += 200;
    now.candidate[300] += 100;
    now.incumbent[200] += 5_400;
    now.incumbent[300] += 300;
    let of = |counts: &ArmHistogram| vec![Stratum::new(0.05, counts.clone()).unwrap()];
    let ratio = QuantileRatio::new(&edges, 0.99, 1.2).unwrap();
    let slower = Slower::new(&edges, &quiet.incumbent).unwrap();
    let limit = Limit::new(&edges, edges.thresholds()[250], 0.99).unwrap();
    for check in [latency::Check::Ratio(slower, ratio), latency::Check::Limited(limit)] {
        let since = check.since(&[vec![], of(&quiet)]).unwrap();
        let plain = check.rollback_log_e(&of(&now)).unwrap();
        let late = check.rollback_log_e_since(&of(&now), &since).unwrap();
        assert!(plain < 3.0 && late > 20.0, "{plain} {late}");
    }
}

#[test]
fn swapped_arms_change_the_evidence() {
    let row = ErrorsRow::default();
    let windows = |[a, b, c, d]: [u64; 4]| {
        vec![vec![stratum(0.5, [10, 990, 10, 990])], vec![stratum(0.5, [a, b, c, d])]]
    };
    let worse = log_e(&row, &windows([40, 460, 5, 495])).unwrap();
    let better = log_e(&row, &windows([5, 495, 40, 460])).unwrap();
    assert!(worse > 5.0 && better < 0.0, "{worse} {better}");
}
