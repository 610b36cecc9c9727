//! A limit of latency: the candidate exactly at it, a copy beyond it, and one that is well within.

use super::*;

fn limited(limit: f64, effect: f64) -> Cell {
    let limit = Some(limit);
    Cell { limit, effect, max_units: 50_000, ..alike(Metric::Latency, 20.0) }
}

fn healthy(limit: f64, effect: f64) -> Cell {
    Cell { question: Question::Healthy { margin: limit }, ..limited(limit, effect) }
}

/// At its limit a candidate is far slower than the incumbent, and a copy that is beyond is no slower: either
/// of the two tests must hold the other back.
#[test]
fn neither_what_is_allowed_nor_a_copy_is_rolled_back() {
    let copy = limited(0.87, 1.0);
    for cell in [
        limited(1.2, 1.2),
        copy.clone(),
        Cell { traffic: Traffic::Users, max_units: 3_000, ..copy },
    ] {
        let found = summary(&cell, 500);
        assert!(found.rate <= 0.05 && found.kl_units.is_none(), "{cell:?} {found:?}");
    }
}

#[test]
fn twice_the_allowed_answers_beyond_a_limit_are_found() {
    let cell = Cell { max_units: 1_000_000, ..limited(1.2, 1.375) };
    let found = summary(&cell, 200);
    let over = found.over_kl.unwrap();
    assert!(found.rate > 0.98 && over > 1.0 && over < 2.5, "{found:?}");
    // Of 2 % where 1 % may be.
    let nats = 0.02 * 2.0_f64.ln() + 0.98 * (0.98_f64 / 0.99).ln();
    let wanted = 20.0_f64.ln() / (0.05 * nats);
    assert!((found.kl_units.unwrap() / wanted - 1.0).abs() < 0.01, "{found:?} {wanted}");
}

#[test]
fn nothing_beyond_a_limit_passes_after_358_units() {
    let found = summary(&Cell { growth: 0.0, ..healthy(10.0, 1.0) }, 100);
    assert!((found.mean_candidate_units - 358.0).abs() < 1.0, "{found:?}");
    let half = summary(&Cell { max_units: 500_000, ..healthy(1.133, 1.0) }, 100);
    assert!(half.rate > 0.98 && half.over_kl.unwrap() < 2.5, "{half:?}");
    assert!(half.mean_candidate_units > 2.0 * found.mean_candidate_units, "{half:?}");
}

#[test]
fn a_candidate_at_its_limit_rarely_passes() {
    let found = summary(&healthy(1.2, 1.2), 1_000);
    assert!(found.rate > 0.0 && found.rate <= 0.05 && found.kl_units.is_none(), "{found:?}");
}

#[test]
fn a_limit_is_refused_where_it_says_nothing() {
    let z = vec![Method::EProcess, Method::ZTest];
    for cell in [
        Cell { limit: Some(1.2), ..alike(Metric::Errors, 0.01) },
        Cell { methods: z, ..limited(1.2, 1.0) },
        limited(0.0, 1.0),
        limited(f64::NAN, 1.0),
        limited(1e-9, 1.0),
    ] {
        let why = Prepared::new(&cell).unwrap_err().to_string();
        assert!(why.contains("limit"), "{why}");
    }
}
