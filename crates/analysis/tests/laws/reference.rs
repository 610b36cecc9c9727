//! The numbers of the reference implementation of Howard and others, confseq 0.0.11: all 258 of them, to
//! a billionth. Where that subtracts large numbers from large ones its own digits end before; there the
//! values of its formulas with 60 digits stand beside (`confseq-exact.json`), and these are to be met.

use seatrial_analysis::Alpha;
use seatrial_analysis::boundary::{DoubleStitching, EmpiricalProcess, PolyStitching};
use seatrial_analysis::confidence::rate;
use seatrial_analysis::mixture::{
    BetaBinomial, GammaExponential, GammaPoisson, Normal, TwoSidedNormal,
};
use serde_json::Value;

fn agrees(found: f64, wanted: f64) -> bool {
    (found / wanted - 1.0).abs() < 1e-9
}

fn golden() -> Vec<(String, Vec<Value>, Value)> {
    serde_json::from_str(include_str!("../golden/confseq.json")).unwrap()
}

/// By the place of the reference's value.
fn exact() -> Vec<(usize, f64)> {
    serde_json::from_str(include_str!("../golden/confseq-exact.json")).unwrap()
}

fn numbers<const N: usize>(arguments: &[Value]) -> [f64; N] {
    std::array::from_fn(|index| arguments[index].as_f64().unwrap())
}

fn alpha(value: f64) -> Alpha {
    Alpha::new(value).unwrap()
}

/// The value by the reference's name and arguments; none for those that are an interval, or the end of one.
fn value(name: &str, arguments: &[Value]) -> Option<f64> {
    let one_sided = arguments.last().and_then(Value::as_bool);
    Some(match (name, one_sided) {
        ("normal_log_mixture", Some(one_sided)) => {
            let [s, v, v_opt, tuned] = numbers(arguments);
            if one_sided {
                Normal::new(v_opt, alpha(tuned)).log_e(s, v)
            } else {
                TwoSidedNormal::new(v_opt, alpha(tuned)).log_e(s, v)
            }
        }
        ("gamma_exponential_log_mixture", None) => {
            let [s, v, v_opt, scale, tuned] = numbers(arguments);
            GammaExponential::new(v_opt, scale, alpha(tuned)).log_e(s, v)
        }
        ("gamma_poisson_log_mixture", None) => {
            let [s, v, v_opt, scale, tuned] = numbers(arguments);
            GammaPoisson::new(v_opt, scale, alpha(tuned)).log_e(s, v)
        }
        ("beta_binomial_log_mixture", Some(one_sided)) => {
            let [s, v, v_opt, g, h, tuned] = numbers(arguments);
            if one_sided {
                BetaBinomial::one_sided(v_opt, (g, h), alpha(tuned)).log_e(s, v)
            } else {
                BetaBinomial::two_sided(v_opt, (g, h), alpha(tuned)).log_e(s, v)
            }
        }
        ("poly_stitching_bound", None) => {
            let [v, level, v_min, scale, s, eta] = numbers(arguments);
            PolyStitching::new(v_min, scale, s, eta).unwrap().bound(v, alpha(level))
        }
        ("double_stitching_bound", None) => {
            let [p, units, level, units_min] = numbers(arguments);
            let usual = DoubleStitching::new(units_min, 0.5, 1.4, 2.0).unwrap();
            usual.bound(p, units, alpha(level))
        }
        ("empirical_process_lil_bound", None) => {
            let [units, level, units_min, a] = numbers(arguments);
            EmpiricalProcess::new(units_min, a, alpha(level)).unwrap().bound(units)
        }
        ("normal_mixture_bound" | "bernoulli_confidence_interval", _) => return None,
        _ => panic!("{name} is not known"),
    })
}

#[test]
fn all_values_match_the_reference_or_where_it_is_inexact_its_formula() {
    let exact = exact();
    let mut checked = 0;
    for (index, (name, arguments, reference)) in golden().into_iter().enumerate() {
        let Some(found) = value(&name, &arguments) else { continue };
        let reference = reference.as_f64().unwrap();
        let better = exact.iter().find(|(of, _)| *of == index).map(|(_, exact)| *exact);
        if let Some(exact) = better {
            let apart = (reference / exact - 1.0).abs();
            assert!(apart > 5e-10 && apart < 2e-6, "{name} {arguments:?} needs no better value");
        }
        let wanted = better.unwrap_or(reference);
        assert!(agrees(found, wanted), "{name} {arguments:?}: {found} for {wanted}");
        checked += 1;
    }
    assert_eq!((checked, exact.len()), (250, 31));
}

#[test]
fn rates_have_the_reference_implementations_intervals() {
    let of = golden().into_iter().filter(|(name, ..)| name == "bernoulli_confidence_interval");
    let mut checked = 0;
    for (_, arguments, wanted) in of {
        let count = |index: usize| arguments[index].as_u64().unwrap();
        let alpha = Alpha::new(arguments[2].as_f64().unwrap()).unwrap();
        let found = rate(count(0), count(1), arguments[3].as_f64().unwrap(), alpha);
        let [lower, upper] = [0, 1].map(|end| wanted[end].as_f64().unwrap());
        let meets = |found: f64, wanted: f64| {
            let nought = found.abs().max(wanted.abs()) < 1e-300;
            nought || agrees(found, wanted)
        };
        assert!(meets(found.lower, lower) && meets(found.upper, upper), "{found:?} {wanted}");
        checked += 1;
    }
    assert_eq!(checked, 4);
}

/// The bound on s of the one-sided normal mixture, from its log M.
#[test]
fn the_normal_mixture_is_rejected_from_the_reference_implementations_bound_on() {
    let of = golden().into_iter().filter(|(name, ..)| name == "normal_mixture_bound");
    let mut checked = 0;
    for (_, arguments, wanted) in of {
        let [v, level, v_opt, tuned] = numbers(&arguments);
        let mixture = Normal::new(v_opt, alpha(tuned));
        let wanted = wanted.as_f64().unwrap();
        let log_e = mixture.log_e(wanted, v);
        assert!(agrees(log_e, alpha(level).log_threshold()), "{v}: {log_e}");
        checked += 1;
    }
    assert_eq!(checked, 4);
}
