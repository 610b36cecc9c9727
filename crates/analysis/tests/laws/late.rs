//! Faults that begin late: expectation by enumeration over windows, and the published minutes.

use std::time::Duration;

use seatrial_analysis::errors_row::ErrorsRow;
use seatrial_analysis::late::{Rows, WINDOWS, log_e, window_at};
use seatrial_analysis::two_outcome::{Check, Margin};
use seatrial_analysis::{Alpha, Cells, Pi, Stratum};

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
fn one_window_is_half_everything_and_the_rest_still_to_come() {
    let row = ErrorsRow::default();
    let only = stratum(0.05, [9, 90, 20, 1_900]);
    let plain = row.log_e(std::slice::from_ref(&only));
    let found = log_e(&row, &[vec![only]]).unwrap();
    let part = 1.0 / WINDOWS as f64;
    let wanted = 0.5 * plain.exp() + 0.5 * (part * plain.exp() + 1.0 - part);
    assert!((found - wanted.ln()).abs() < 1e-12, "{found} {}", wanted.ln());
    assert!(log_e(&row, &[]).unwrap().abs() < 1e-12);
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
fn a_late_fault_is_found_in_half_the_time_and_an_early_one_hardly_later() {
    let [early, early_mixed] = [Test::Plain, Test::Late].map(|test| mean_minutes(0, test));
    let [after, after_mixed] = [Test::Plain, Test::Late].map(|test| mean_minutes(360, test));
    eprintln!(
        "from the start {early} and {early_mixed}, after six hours {after} and {after_mixed}"
    );
    assert!(early_mixed < 1.2 * early, "{early} {early_mixed}");
    assert!(after_mixed < 0.7 * after, "{after} {after_mixed}");
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

/// What the product keeps: sums so far, and sums as they were when windows began.
#[test]
fn sums_at_the_starts_say_the_same_as_windows() {
    let check = Check::errors(Margin::Ratio(2.0)).unwrap();
    let prepared = check.clone().prepared_for(&[0.05, 0.25].map(|pi| Pi::new(pi).unwrap()));
    let row = ErrorsRow::default();
    let cells = [[1, 90, 20, 1_900], [9, 95, 18, 1_910], [14, 70, 22, 1_880]];
    let windows: Vec<_> = cells.map(|counts| vec![stratum(0.05, counts)]).to_vec();
    let sum = |many: &[[u64; 4]]| {
        let sum = many.iter().fold(Cells::default(), |sum, counts| sum + crate::cells(*counts));
        Stratum::new(0.05, sum).unwrap()
    };
    let starts: Vec<_> = (0..3).map(|window| vec![sum(&cells[..window])]).collect();
    let wanted = log_e(&row, &windows).unwrap();
    let so_far = [sum(&cells)];
    for check in [&check, &prepared] {
        let found = check.rollback_log_e_since(&so_far, &starts);
        assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
        let plain = check.rollback_log_e_since(&so_far, &[]);
        assert!((plain - check.rollback_log_e(&so_far)).abs() < 1e-12);
    }
    let feedback = Check::feedback(Margin::Absolute(0.02)).unwrap();
    let apart = feedback.rollback_log_e_since(&so_far, &starts) - feedback.rollback_log_e(&so_far);
    assert!(apart.abs() < (2.0 * WINDOWS as f64).ln(), "{apart}");
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
