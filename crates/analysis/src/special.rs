//! Logarithms of gamma and beta functions, so written that nothing large is subtracted from anything
//! large: mixtures of a million units lose no digits.
//!
//! Owns Stirling's remainder and what follows from it, and the tails of the gamma and the beta
//! distribution (series and continued fractions: Numerical Recipes §6.2 and §6.4, with the leading
//! factors in terms of deviations). Refuses parameters ≤ 0, for which callers answer themselves.

use std::f64::consts::{LN_2, TAU};

const STEPS_MAX: u32 = 100_000;
const TINY: f64 = 1e-300;

/// lnΓ(x) − [(x − ½)·ln x − x + ½·ln 2π], for x > 0.
pub(crate) fn stirling_remainder(x: f64) -> f64 {
    if x < 16.0 {
        return libm::lgamma(x) - ((x - 0.5) * x.ln() - x + 0.5 * TAU.ln());
    }
    let square = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - square
            * (1.0 / 360.0
                - square * (1.0 / 1_260.0 - square * (1.0 / 1_680.0 - square / 1_188.0)));
    series / x
}

/// A beta(a, b) mixture of Bernoulli likelihoods over the likelihood at one p, with what does not depend
/// on the counts worked out once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BetaMixture {
    prior: (f64, f64),
    /// Stirling's remainders of a, b and a + b.
    remainders: [f64; 3],
    /// What a unit with the outcome adds, and one without, because the prior's mean is not p.
    drift: (f64, f64),
}

impl BetaMixture {
    pub(crate) fn new((a, b): (f64, f64), p: f64) -> Self {
        let c = a + b;
        let drift = |x: f64, p: f64| ((x - c * p) / (c * p)).ln_1p();
        Self {
            prior: (a, b),
            remainders: [a, b, c].map(stirling_remainder),
            drift: (drift(a, p), drift(b, 1.0 - p)),
        }
    }

    /// log B(a+k, b+m) − log B(a, b) − k·log p − m·log(1−p), for k units with the outcome and m without.
    pub(crate) fn log_e(&self, (k, m): (f64, f64)) -> f64 {
        let Self { prior: (a, b), remainders: [of_a, of_b, of_c], drift } = *self;
        if a + k <= 0.0 || b + m <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let (c, n) = (a + b, k + m);
        let grown = |x: f64, by: f64| (x + by - 0.5) * (by / x).ln_1p();
        let remainders = |x: f64, by: f64, before: f64| stirling_remainder(x + by) - before;
        grown(a, k) + grown(b, m) - grown(c, n) + remainders(a, k, of_a) + remainders(b, m, of_b)
            - remainders(c, n, of_c)
            + k * drift.0
            + m * drift.1
    }
}

/// log I_x(a, b): the beta(a, b) distribution at x, given with y = 1 − x.
pub(crate) fn log_beta_cdf((a, b): (f64, f64), (x, y): (f64, f64)) -> f64 {
    if x <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if y <= 0.0 {
        return 0.0;
    }
    if x < (a + 1.0) / (a + b + 2.0) {
        log_beta_tail((a, b), (x, y))
    } else {
        log_complement(log_beta_tail((b, a), (y, x)))
    }
}

/// log(1 − exp(tail)).
fn log_complement(tail: f64) -> f64 {
    if tail > -LN_2 { (-tail.exp_m1()).ln() } else { (-tail.exp()).ln_1p() }
}

/// log I_x(a, b) by the continued fraction, for x below the mean.
fn log_beta_tail((a, b): (f64, f64), (x, y): (f64, f64)) -> f64 {
    let deviation = a * ((x * b - y * a) / a).ln_1p() + b * ((y * a - x * b) / b).ln_1p();
    let remainder = stirling_remainder(a) + stirling_remainder(b) - stirling_remainder(a + b);
    let density = deviation + 0.5 * (a * b / (a + b) / TAU).ln() - remainder;
    density - a.ln() + beta_fraction((a, b), x).ln()
}

fn beta_fraction((a, b): (f64, f64), x: f64) -> f64 {
    let floored = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / floored(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / floored(1.0 + term * d);
            c = floored(1.0 + term / c);
            change = d * c;
            fraction *= change;
        }
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

/// log P(a, x): the gamma(a) distribution at x.
pub(crate) fn log_gamma_cdf(a: f64, x: f64) -> f64 {
    if x < a + 1.0 { log_lower(a, x) } else { log_complement(log_upper(a, x)) }
}

/// log Q(a, x): the gamma(a) distribution above x.
pub(crate) fn log_gamma_tail(a: f64, x: f64) -> f64 {
    if x < a + 1.0 { log_complement(log_lower(a, x)) } else { log_upper(a, x) }
}

/// a·(log(x/a) − (x − a)/a), which is ≤ 0.
pub(crate) fn gamma_deviation(a: f64, x: f64) -> f64 {
    let apart = (x - a) / a;
    a * (apart.ln_1p() - apart)
}

/// log of x^a·e^(−x)/Γ(a + 1).
fn log_gamma_density(a: f64, x: f64) -> f64 {
    gamma_deviation(a, x) - 0.5 * (TAU * a).ln() - stirling_remainder(a)
}

fn log_lower(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for step in 1..STEPS_MAX {
        term *= x / (a + f64::from(step));
        sum += term;
        if term < sum * 0.1 * f64::EPSILON {
            break;
        }
    }
    log_gamma_density(a, x) + sum.ln()
}

fn log_upper(a: f64, x: f64) -> f64 {
    let floored = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / floored(b);
    let mut fraction = d;
    for step in 1..STEPS_MAX {
        let i = f64::from(step);
        let term = -i * (i - a);
        b += 2.0;
        d = 1.0 / floored(term * d + b);
        c = floored(b + term / c);
        let change = d * c;
        fraction *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    log_gamma_density(a, x) + a.ln() + fraction.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remainder_is_the_same_on_both_sides_of_the_switch() {
        let below = stirling_remainder(16.0 - 1e-12);
        assert!((below - stirling_remainder(16.0)).abs() < 1e-14);
        // lnΓ(10) = ln 9!
        let wanted = 362_880.0_f64.ln() - (9.5 * 10.0_f64.ln() - 10.0 + 0.5 * TAU.ln());
        assert!((stirling_remainder(10.0) - wanted).abs() < 1e-14);
    }

    #[test]
    fn tails_agree_with_closed_forms() {
        // I_x(a, 1) = x^a, P(1, x) = 1 − e^(−x), Q(2, x) = (1 + x)·e^(−x).
        assert!((log_beta_cdf((3.0, 1.0), (0.3, 0.7)) - 3.0 * 0.3_f64.ln()).abs() < 1e-13);
        assert!((log_beta_cdf((3.0, 1.0), (0.9, 0.1)) - 3.0 * 0.9_f64.ln()).abs() < 1e-13);
        assert!((log_beta_cdf((0.5, 0.5), (0.5, 0.5)) + LN_2).abs() < 1e-13);
        for x in [0.2_f64, 1.5, 9.0] {
            assert!((log_gamma_cdf(1.0, x) - (-(-x).exp_m1()).ln()).abs() < 1e-13);
            assert!((log_gamma_tail(2.0, x) - (x.ln_1p() - x)).abs() < 1e-12);
        }
    }

    #[test]
    fn nothing_is_lost_in_deep_tails() {
        assert!((log_gamma_tail(1.0, 5_000.0) + 5_000.0).abs() < 1e-8);
        let deep = log_beta_cdf((2_000.0, 1.0), (0.1, 0.9));
        assert!((deep / (2_000.0 * 0.1_f64.ln()) - 1.0).abs() < 1e-12);
    }
}
