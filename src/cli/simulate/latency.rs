//! Shapes of latency and of a KPI's values, as they are written on the command line.

use seatrial_sim::distribution::Law;
use std::fmt;

/// Assumed where nothing is said.
pub(super) const DEFAULT: &str = "lognormal:12ms,0.5";

/// Of a multiple given for the incumbent.
pub(in crate::cli) const NO_MULTIPLE: &str =
    "--latency: a multiple has nothing to be one of; give a shape, as lognormal:12ms,0.5";

/// What is meant, where nothing that was given fits.
const SHAPES: &str = "lognormal:MEDIAN,SIGMA, gamma:MEAN,SHAPE, exponential:MEAN, \
    bimodal:MEDIAN,SIGMA,MEDIAN,SIGMA,PART, fixed:TIME or, of the candidate, xFACTOR is meant; \
    times end in us, ms or s";

/// A shape as it was written: of latencies in microseconds, of values in their unit.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Latency {
    text: String,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Law(Law),
    /// So many times as long as the incumbent's.
    Times(f64),
}

impl Latency {
    /// The law in microseconds; none for a multiple of nothing.
    pub(in crate::cli) fn law(&self, incumbent: Option<&Law>) -> Option<Law> {
        match &self.shape {
            Shape::Law(law) => Some(law.clone()),
            Shape::Times(factor) => incumbent.map(|law| law.scaled(*factor)),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Errors: what is wrong, and what is meant.
pub(in crate::cli) fn parse(text: &str) -> Result<Latency, String> {
    let shape = match text.strip_prefix('x') {
        Some(factor) => Shape::Times(multiple(factor)?),
        None => Shape::Law(law(text)?.checked().map_err(|why| why.to_string())?),
    };
    Ok(Latency { text: text.to_owned(), shape })
}

/// What is meant for values, where nothing that was given fits.
const VALUES: &str = "normal:MEAN,SD, lognormal:MEDIAN,SIGMA, gamma:MEAN,SHAPE, exponential:MEAN, \
    zero:PART,SHAPE or, of the candidate, xFACTOR is meant; in the metric's unit";

/// A shape of a KPI's values, in its unit. Errors: as [`parse`].
pub(in crate::cli) fn parse_values(text: &str) -> Result<Latency, String> {
    let shape = match text.strip_prefix('x') {
        Some(factor) => Shape::Times(multiple(factor)?),
        None => Shape::Law(values(text)?.checked().map_err(|why| why.to_string())?),
    };
    Ok(Latency { text: text.to_owned(), shape })
}

fn values(text: &str) -> Result<Law, String> {
    let (name, given) = text.split_once(':').ok_or(VALUES)?;
    if let ("zero", Some((part, rest))) = (name, given.split_once(',')) {
        let part = number(part)?;
        if !(0.0..1.0).contains(&part) {
            return Err(format!("a PART must be from 0 to below 1, not {part}"));
        }
        return Ok(Law::Mixture(vec![(part, Law::Constant(0.0)), (1.0 - part, values(rest)?)]));
    }
    let given: Vec<&str> = given.split(',').collect();
    match (name, given.as_slice()) {
        ("normal", [mean, sd]) => Ok(Law::Normal { mean: number(mean)?, sd: positive(sd)? }),
        ("lognormal", [median, sigma]) => {
            Ok(Law::LogNormal { median: positive(median)?, sigma: positive(sigma)? })
        }
        ("gamma", [mean, shape]) => {
            Ok(Law::Gamma { mean: positive(mean)?, shape: positive(shape)? })
        }
        ("exponential", [mean]) => Ok(Law::exponential(positive(mean)?)),
        (_, _) => Err(VALUES.to_owned()),
    }
}

fn law(text: &str) -> Result<Law, String> {
    let (name, values) = text.split_once(':').ok_or(SHAPES)?;
    let values: Vec<&str> = values.split(',').collect();
    match (name, values.as_slice()) {
        ("lognormal", [median, sigma]) => lognormal(median, sigma),
        ("gamma", [mean, shape]) => Ok(Law::Gamma { mean: micros(mean)?, shape: positive(shape)? }),
        ("exponential", [mean]) => Ok(Law::exponential(micros(mean)?)),
        ("fixed", [time]) => Ok(Law::Constant(micros(time)?)),
        ("bimodal", [median, sigma, other, other_sigma, part]) => {
            let part = number(part)?;
            if !(0.0..=1.0).contains(&part) {
                return Err(format!("a PART must be from 0 to 1, not {part}"));
            }
            let (first, second) = (lognormal(median, sigma)?, lognormal(other, other_sigma)?);
            Ok(Law::Mixture(vec![(1.0 - part, first), (part, second)]))
        }
        (_, _) => Err(SHAPES.to_owned()),
    }
}

fn lognormal(median: &str, sigma: &str) -> Result<Law, String> {
    Ok(Law::LogNormal { median: micros(median)?, sigma: positive(sigma)? })
}

/// A time in microseconds; decimals are allowed.
fn micros(text: &str) -> Result<f64, String> {
    let units = [("us", 1.0), ("ms", 1_000.0), ("s", 1_000_000.0)];
    let unit = units.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, scale)));
    let (amount, scale) = unit.ok_or_else(|| format!("{text:?} must end in us, ms or s"))?;
    Ok(positive(amount)? * scale)
}

/// How often something is multiplied, at most, and at least one part of it.
const MULTIPLE_MAX: f64 = 1e6;

/// The factor of `xFACTOR`.
pub(super) fn multiple(text: &str) -> Result<f64, String> {
    let factor = number(text)?;
    if (MULTIPLE_MAX.recip()..=MULTIPLE_MAX).contains(&factor) {
        Ok(factor)
    } else {
        let (least, most) = (MULTIPLE_MAX.recip(), MULTIPLE_MAX);
        Err(format!("a multiple must be from x{least} to x{most}, not x{text}"))
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value > 0.0 { Ok(value) } else { Err(format!("{text:?} must be above 0")) }
}

/// A number that is one.
pub(in crate::cli) fn number(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    let value = value.filter(|value| value.is_finite());
    value.ok_or_else(|| format!("{text:?} is no number; one with a decimal point is meant, as 0.5"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_in_microseconds() {
        let law = |text: &str| parse(text).unwrap().law(None);
        let lognormal = Law::LogNormal { median: 12_000.0, sigma: 0.5 };
        assert_eq!(law("lognormal:12ms,0.5"), Some(lognormal.clone()));
        assert_eq!(law("gamma:0.5s,3"), Some(Law::Gamma { mean: 500_000.0, shape: 3.0 }));
        assert_eq!(law("exponential:300us"), Some(Law::exponential(300.0)));
        assert_eq!(law("fixed:1s"), Some(Law::Constant(1_000_000.0)));
        let twice = parse("x2").unwrap();
        let scaled = Law::LogNormal { median: 24_000.0, sigma: 0.5 };
        assert_eq!((twice.law(None), twice.law(Some(&lognormal))), (None, Some(scaled)));
        let mixture = law("bimodal:10ms,0.3,80ms,0.2,0.05").unwrap();
        assert!(matches!(&mixture, Law::Mixture(parts) if parts.len() == 2), "{mixture:?}");
    }

    #[test]
    fn values_are_read_in_their_own_unit() {
        let law = |text: &str| parse_values(text).unwrap().law(None);
        assert_eq!(law("normal:-3,2"), Some(Law::Normal { mean: -3.0, sd: 2.0 }));
        assert_eq!(law("lognormal:10,0.8"), Some(Law::LogNormal { median: 10.0, sigma: 0.8 }));
        let worth = Law::exponential(5.0);
        let expected = Law::Mixture(vec![(0.7, Law::Constant(0.0)), (1.0 - 0.7, worth)]);
        assert_eq!(law("zero:0.7,exponential:5"), Some(expected));
        for text in ["10", "normal:1", "zero:1,normal:1,1", "exponential:0", "x-1", "fixed:3"] {
            assert!(parse_values(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_makes_no_shape_is_refused_with_what_is_meant() {
        for (text, why) in [
            ("lognormal", "MEDIAN,SIGMA"),
            ("weibull:1ms", "is meant"),
            ("lognormal:12,0.5", "must end in"),
            ("lognormal:12ms,-1", "above 0"),
            ("gamma:12ms,x", "no number"),
            ("fixed:0ms", "above 0"),
            ("bimodal:1ms,1,2ms,1,7", "from 0 to 1"),
            ("x0", "a multiple must be from x0.000001 to x1000000, not x0"),
            ("x1e308", "not x1e308"),
            ("xinf", "no number"),
        ] {
            let fault = parse(text).unwrap_err();
            assert!(fault.contains(why), "{text}: {fault}");
        }
    }
}
