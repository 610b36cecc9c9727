//! The regularised incomplete gamma function, for the distribution function of gamma laws.

const STEPS_MAX: u32 = 10_000;
const EXACT: f64 = 1e-15;

/// P(shape, x) = γ(shape, x) / Γ(shape): the probability that a gamma variable of this shape and
/// scale 1 is at most x. By its series below shape + 1 and by Lentz's continued fraction above
/// (Abramowitz & Stegun 6.5.29 and 6.5.31).
pub fn lower(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x.is_infinite() {
        return 1.0;
    }
    let front = (shape * x.ln() - x - libm::lgamma(shape)).exp();
    if x < shape + 1.0 { front * series(shape, x) } else { 1.0 - front * fraction(shape, x) }
}

fn series(shape: f64, x: f64) -> f64 {
    let mut term = 1.0 / shape;
    let mut sum = term;
    for step in 1..STEPS_MAX {
        term *= x / (shape + f64::from(step));
        sum += term;
        if term < sum * EXACT {
            break;
        }
    }
    sum
}

fn fraction(shape: f64, x: f64) -> f64 {
    let tiny = f64::MIN_POSITIVE / EXACT;
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut value = d;
    for step in 1..STEPS_MAX {
        let step = f64::from(step);
        let a = -step * (step - shape);
        b += 2.0;
        d = 1.0 / nonzero(a * d + b, tiny);
        c = nonzero(b + a / c, tiny);
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < EXACT {
            break;
        }
    }
    value
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}
