//! Numbers joined to units, counted by a reference as the store counts them.
//!
//! Owns how a step's values are drawn at once: units by bucket are multinomial, and given these the
//! sums of their values are normal with each bucket's own means and variances, which for the hundreds
//! of values of a step is their law. Fewer are drawn one by one. A rollout's reference is one of
//! [`REFERENCES`] made beforehand, each of as many values of the incumbent as the store keeps.

use super::Error;
use super::arrivals::float;
use super::load;
use crate::distribution::{Buckets, Law};
use crate::rng::Rng;
use rand_distr::{Distribution, StandardNormal};
use seatrial_analysis::kpi::{self, Reference};
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::evidence::values::{BEFORE_MIN, BURN_IN, SAMPLE_MAX};
use seatrial_domain::split::Arm;

/// References of one simulation: making one takes longer than counting a rollout's values by it.
const REFERENCES: u64 = 8;
/// Values of one step that are drawn one by one.
const FEW: u64 = 64;
/// Values of one unit that are drawn one by one: the mean of more is normal.
const AVERAGED: u64 = 1_000;
/// Points at which each bucket's moments are summed.
const POINTS: u32 = 32;
/// Points of a law at which what is expected of it is summed.
const EXPECTED_POINTS: u32 = 4_096;
/// Halvings of a bucket in which a point of it lies.
const HALVINGS: u32 = 40;

/// One metric's values.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    incumbent: Law,
    candidate: Law,
    references: Vec<Prepared>,
}

#[derive(Debug, Clone)]
struct Prepared {
    reference: Reference,
    edges: Vec<f64>,
    incumbent: Spread,
    candidate: Spread,
}

/// One version's values by the buckets of a reference.
#[derive(Debug, Clone)]
struct Spread {
    buckets: Buckets,
    moments: Vec<Moments>,
}

/// Of a value in one bucket, winsorised and in the reference's steps.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    mean: f64,
    square: f64,
    variance: f64,
    covariance: f64,
    square_variance: f64,
}

/// What a run's values of one metric are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frozen {
    /// Not yet: so many values are left out before.
    After(u64),
    /// By the run's reference.
    Yes,
}

impl Frozen {
    /// As the canary begins, where so many values of the incumbent's came before.
    pub(super) fn at_canary(before: u64) -> Self {
        let before = before.min(u64::from(SAMPLE_MAX));
        if before >= u64::from(BEFORE_MIN) {
            Self::Yes
        } else {
            Self::After(u64::from(BURN_IN).saturating_sub(before))
        }
    }
}

impl Numbers {
    /// Errors: [`Error::Values`] for values that make no reference.
    pub(super) fn new(values: &load::Values, seed: u64) -> Result<Self, Error> {
        let prepared = |index: u64| {
            // Apart from every run's own future.
            let mut rng = Rng::of_run(seed, u64::MAX - index);
            Prepared::new(values, &mut rng)
        };
        let why = |why| Error::Values { metric: values.metric.clone(), why };
        let references = (0..REFERENCES).map(prepared).collect::<Result<_, _>>().map_err(why)?;
        let (incumbent, candidate) = (values.incumbent.clone(), values.candidate.clone());
        Ok(Self { incumbent, candidate, references })
    }

    /// By part of the traffic, whose values these are, counted by references of all of it.
    ///
    /// # Errors
    /// [`Error::Values`] for values that make no reference.
    pub(super) fn by_part(
        values: &load::Values,
        parts: &[load::Worth],
        seed: u64,
    ) -> Result<Vec<Self>, Error> {
        if let [worth] = parts {
            let (incumbent, candidate) = (worth.incumbent.clone(), worth.candidate.clone());
            let metric = values.metric.clone();
            return Ok(vec![Self::new(&load::Values { metric, incumbent, candidate }, seed)?]);
        }
        let mixed = |law: fn(&load::Worth) -> &Law| {
            Law::Mixture(parts.iter().map(|worth| (worth.part, law(worth).clone())).collect())
        };
        let metric = values.metric.clone();
        let (incumbent, candidate) = (mixed(|it| &it.incumbent), mixed(|it| &it.candidate));
        let all = Self::new(&load::Values { metric, incumbent, candidate }, seed)?;
        let part = |worth: &load::Worth| {
            let prepared = |prepared: &Prepared| Prepared {
                incumbent: Spread::new(&worth.incumbent, &prepared.reference, &prepared.edges),
                candidate: Spread::new(&worth.candidate, &prepared.reference, &prepared.edges),
                ..prepared.clone()
            };
            let references = all.references.iter().map(prepared).collect();
            let (incumbent, candidate) = (worth.incumbent.clone(), worth.candidate.clone());
            Self { incumbent, candidate, references }
        };
        Ok(parts.iter().map(part).collect())
    }

    /// The same references, with another candidate.
    #[must_use]
    pub(super) fn against(&self, candidate: Law) -> Self {
        let prepared = |prepared: &Prepared| Prepared {
            candidate: Spread::new(&candidate, &prepared.reference, &prepared.edges),
            ..prepared.clone()
        };
        // One is enough for whoever searches.
        let references = self.references.iter().take(1).map(prepared).collect();
        Self { incumbent: self.incumbent.clone(), candidate, references }
    }

    /// The reference of a run that drew this number.
    pub(super) fn reference(&self, drawn: u64) -> Option<&Reference> {
        self.prepared(drawn).map(|prepared| &prepared.reference)
    }

    fn prepared(&self, drawn: u64) -> Option<&Prepared> {
        let index = drawn % u64::try_from(self.references.len()).ok().filter(|it| *it > 0)?;
        usize::try_from(index).ok().and_then(|index| self.references.get(index))
    }

    /// The values of so many units.
    pub(super) fn draw(&self, rng: &mut Rng, drawn: u64, units: ArmCount) -> kpi::Counts {
        let Some(prepared) = self.prepared(drawn) else { return kpi::Counts::default() };
        let of = |law, spread| (law, spread, &prepared.reference);
        kpi::Counts {
            candidate: values(rng, units.candidate, of(&self.candidate, &prepared.candidate)),
            incumbent: values(rng, units.incumbent, of(&self.incumbent, &prepared.incumbent)),
        }
    }

    /// Adds the values of so many units of one arm.
    pub(super) fn add(
        &self,
        rng: &mut Rng,
        drawn: u64,
        (arm, units): (Arm, u64),
        into: &mut kpi::Counts,
    ) {
        let mut of = ArmCount::default();
        match arm {
            Arm::Candidate => of.candidate = units,
            Arm::Incumbent => of.incumbent = units,
        }
        into.merge(&self.draw(rng, drawn, of)).expect("both are counted by this reference");
    }

    /// The value of one unit.
    pub(super) fn one(&self, rng: &mut Rng, drawn: u64, (arm, into): (Arm, &mut kpi::Counts)) {
        self.mean(rng, drawn, (arm, 1), into);
    }

    /// The value of one unit that is the mean of so many.
    pub(super) fn mean(
        &self,
        rng: &mut Rng,
        drawn: u64,
        (arm, values): (Arm, u64),
        into: &mut kpi::Counts,
    ) {
        let (law, into) = match arm {
            Arm::Candidate => (&self.candidate, &mut into.candidate),
            Arm::Incumbent => (&self.incumbent, &mut into.incumbent),
        };
        let value = if values <= AVERAGED {
            (0..values).map(|_| law.sample(rng)).sum::<f64>() / float(values)
        } else {
            let normal: f64 = StandardNormal.sample(rng);
            law.mean() + normal * (law.variance() / float(values)).sqrt()
        };
        if let Some(prepared) = self.prepared(drawn) {
            record(into, &prepared.reference, value);
        }
    }
}

impl Prepared {
    fn new(values: &load::Values, rng: &mut Rng) -> Result<Self, kpi::Error> {
        let mut sample: Vec<f64> = (0..SAMPLE_MAX).map(|_| values.incumbent.sample(rng)).collect();
        let reference = Reference::freeze(&sample)?;
        sample.sort_unstable_by(f64::total_cmp);
        let edges = edges(&reference, &sample)?;
        let incumbent = Spread::new(&values.incumbent, &reference, &edges);
        let candidate = Spread::new(&values.candidate, &reference, &edges);
        Ok(Self { reference, edges, incumbent, candidate })
    }
}

/// What is expected of values of this law: what they are counted by, and their mean and standard
/// deviation within its range. Errors: values that make no reference.
pub fn expected(law: &Law, seed: u64) -> Result<(Reference, f64, f64), kpi::Error> {
    let mut rng = Rng::of_run(seed, u64::MAX);
    let sample: Vec<f64> = (0..SAMPLE_MAX).map(|_| law.sample(&mut rng)).collect();
    let reference = Reference::freeze(&sample)?;
    let (low, high) = reference.range();
    let points = f64::from(EXPECTED_POINTS);
    let value = |point: u32| law.quantile((f64::from(point) + 0.5) / points).clamp(low, high);
    let values: Vec<f64> = (0..EXPECTED_POINTS).map(value).collect();
    let mean = values.iter().sum::<f64>() / points;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / points;
    Ok((reference, mean, variance.sqrt()))
}

/// The largest value in each bucket but the last: they are values of the rising sample.
fn edges(reference: &Reference, sample: &[f64]) -> Result<Vec<f64>, kpi::Error> {
    let buckets: Vec<usize> =
        sample.iter().map(|value| reference.bucket_of(*value)).collect::<Result<_, _>>()?;
    let pairs = sample.iter().zip(buckets.iter().zip(buckets.iter().skip(1)));
    Ok(pairs.filter(|(_, (here, next))| here < next).map(|(value, _)| *value).collect())
}

impl Spread {
    fn new(law: &Law, reference: &Reference, edges: &[f64]) -> Self {
        let lower = [f64::NEG_INFINITY].into_iter().chain(edges.iter().copied());
        let upper = edges.iter().copied().chain([f64::INFINITY]);
        let moments = lower.zip(upper).map(|bucket| Moments::new(law, reference, bucket));
        Self { buckets: Buckets::of(law, edges), moments: moments.collect() }
    }
}

impl Moments {
    /// Summed over equally probable points of the bucket.
    fn new(law: &Law, reference: &Reference, (low, high): (f64, f64)) -> Self {
        let below = if low.is_infinite() { 0.0 } else { law.cdf(low) };
        let up_to = if high.is_infinite() { 1.0 } else { law.cdf(high) };
        if up_to <= below {
            return Self::default();
        }
        let mut sums = [0.0; 4];
        for point in 0..POINTS {
            let p = below + (up_to - below) * (f64::from(point) + 0.5) / f64::from(POINTS);
            let value = within(law, p, (low, high));
            let mut counted = kpi::Values::default();
            record(&mut counted, reference, value);
            let step = float(counted.sum);
            for (power, sum) in (1..).zip(&mut sums) {
                *sum += step.powi(power) / f64::from(POINTS);
            }
        }
        let [mean, square, cube, fourth] = sums;
        Self {
            mean,
            square,
            variance: (square - mean * mean).max(0.0),
            covariance: cube - mean * square,
            square_variance: (fourth - square * square).max(0.0),
        }
    }
}

/// The outcome that a part `p` is at most, known to lie between two.
fn within(law: &Law, p: f64, (low, high): (f64, f64)) -> f64 {
    if low.is_infinite() || high.is_infinite() {
        return law.quantile(p);
    }
    let (mut low, mut high) = (low, high);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if law.cdf(middle) < p { low = middle } else { high = middle }
    }
    high
}

fn record(into: &mut kpi::Values, reference: &Reference, value: f64) {
    into.record(reference, value)
        .expect("laws draw finite values, counted by this reference alone");
}

fn values(
    rng: &mut Rng,
    units: u64,
    (law, spread, reference): (&Law, &Spread, &Reference),
) -> kpi::Values {
    let mut counted = kpi::Values::default();
    if units <= FEW {
        (0..units).for_each(|_| record(&mut counted, reference, law.sample(rng)));
        return counted;
    }
    counted.buckets.resize(reference.buckets(), 0);
    spread.buckets.add(rng, units, &mut counted.buckets);
    let mut sum = Moments::default();
    for (moments, units) in spread.moments.iter().zip(&counted.buckets) {
        let units = float(*units);
        sum.mean += units * moments.mean;
        sum.square += units * moments.square;
        sum.variance += units * moments.variance;
        sum.covariance += units * moments.covariance;
        sum.square_variance += units * moments.square_variance;
    }
    let (one, other): (f64, f64) = (StandardNormal.sample(rng), StandardNormal.sample(rng));
    let deviation = sum.variance.sqrt();
    let shared = if deviation > 0.0 { sum.covariance / deviation } else { 0.0 };
    let own = (sum.square_variance - shared * shared).max(0.0).sqrt();
    counted.sum = whole(sum.mean + deviation * one);
    counted.squares = whole(sum.square + shared * one + own * other);
    counted
}

#[expect(clippy::cast_possible_truncation, reason = "sums of steps are far below 2^64")]
#[expect(clippy::cast_sign_loss, reason = "below zero saturates at zero")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod evidence;
#[cfg(test)]
mod tests;
