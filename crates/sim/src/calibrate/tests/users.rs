//! Units that come again: their passes over gates, their last look, and pairs of theirs.

use super::*;

fn at_margin(metric: Metric, traffic: Traffic) -> Cell {
    let (base, effect, margin, limit) = match metric {
        Metric::Latency => (20.0, 1.2, 1.2, Some(1.2)),
        Metric::Feedback => (0.1, 0.1, 0.1, None),
        Metric::Errors
        | Metric::Kpi
        | Metric::Pairs
        | Metric::Disagreement
        | Metric::SampleRatio
        | Metric::Joint
        | Metric::Drift => (0.02, 2.0, 2.0, None),
    };
    let question = Question::Healthy { margin };
    let shares = vec![0.25, 0.5];
    let cell = Cell { traffic, limit, effect, question, shares, ..alike(metric, base) };
    Cell { max_units: 10_000, first_look: 6_000, ..cell }
}

#[test]
fn a_candidate_at_the_margin_for_everybody_rarely_passes_the_last_gate() {
    for metric in [Metric::Errors, Metric::Latency, Metric::Feedback] {
        let found = summary(&at_margin(metric, Traffic::Returning), 300);
        assert!(found.rate <= 0.05, "{metric:?} {found:?}");
        assert_eq!((found.kl_units, found.over_kl), (None, None));
    }
    let users = Cell { base: 0.003, max_units: 3_000, ..at_margin(Metric::Errors, Traffic::Users) };
    assert!(summary(&users, 300).rate <= 0.05);
}

/// Added up, new units stand for those who were there before.
#[test]
fn histories_added_up_pass_what_is_too_slow_for_everybody() {
    let cell = at_margin(Metric::Latency, Traffic::Returning);
    let rate = summary(&Cell { mistake: Mistake::Pooled, max_units: 30_000, ..cell }, 100).rate;
    assert!(rate > 0.2, "{rate}");
}

#[test]
fn a_candidate_that_is_alike_passes_the_last_gate_and_no_other() {
    for (metric, most) in
        [(Metric::Errors, 60_000), (Metric::Latency, 60_000), (Metric::Feedback, 20_000)]
    {
        let none = metric.no_effect();
        let cell = at_margin(metric, Traffic::Returning);
        let found = summary(&Cell { effect: none, max_units: most, first_look: 1, ..cell }, 40);
        assert!(found.rate > 0.9, "{metric:?} {found:?}");
        assert!(found.median_units > most as f64 * 0.45, "{metric:?} {found:?}");
    }
}

#[test]
fn who_comes_again_is_refused_where_it_is_not_played() {
    let of = |cell: Cell| Prepared::new(&cell).unwrap_err().to_string();
    let returning = |metric, base| Cell { traffic: Traffic::Returning, ..alike(metric, base) };
    for (metric, base) in [(Metric::Kpi, 1.0), (Metric::Drift, 0.1), (Metric::Pairs, 0.1)] {
        assert!(of(returning(metric, base)).contains("--traffic users"), "{metric:?}");
    }
    let errors = returning(Metric::Errors, 0.01);
    assert!(of(Cell { mistake: Mistake::Redrawn, ..errors.clone() }).contains("--mistake"));
    assert!(of(Cell { methods: vec![Method::ZTest], ..errors.clone() }).contains("--method"));
    assert!(of(Cell { effect: 60.0, ..errors }).contains("returning users"));
}

#[test]
fn a_run_of_users_ends_with_a_look() {
    let errors = Cell { effect: 20.0, max_units: 2_000, ..alike(Metric::Errors, 0.02) };
    let never = Cell { first_look: 1 << 30, shares: vec![0.5], ..errors };
    for traffic in [Traffic::Constant, Traffic::Users, Traffic::Returning] {
        let methods = vec![Method::EProcess];
        let found = summary(&Cell { traffic, methods, ..never.clone() }, 20);
        assert!(found.rate > 0.9, "{traffic:?} {found:?}");
    }
}

#[test]
fn a_pair_of_a_user_is_of_both_versions() {
    let pairs = Cell { traffic: Traffic::Users, max_units: 300, ..alike(Metric::Pairs, 0.09) };
    let found = summary(&pairs, 5);
    assert!((found.mean_candidate_units - found.mean_units).abs() < 1e-9, "{found:?}");
}
