//! What makes no cell, told by the flag that it hangs on.

use super::{Cell, Error, Method, Metric, Mistake, Question, Shape, Traffic};
use crate::calibrate::timeline::kinds;
use seatrial_domain::Share;

/// As many as a million are sorted in a moment, and tell no more than fewer.
const REFERENCE_MAX: u32 = 1_000_000;
/// From a microsecond to beyond every timeout: where the product has buckets.
const LATENCY_MS_MIN: f64 = 0.001;
const LATENCY_MS_MAX: f64 = 100_000.0;
/// Squares of values are still numbers.
const MEAN_MIN: f64 = 1e-50;

fn part(value: f64) -> bool {
    value > 0.0 && value < 1.0
}

/// Whether a value is where it must be.
fn within(
    name: &'static str,
    value: f64,
    inside: impl FnOnce(f64) -> bool,
    range: &'static str,
) -> Result<(), Error> {
    if inside(value) { Ok(()) } else { Err(Error::Range { name, value, range }) }
}

impl Cell {
    /// Errors: a value out of range.
    pub(in crate::calibrate) fn check(&self) -> Result<(), Error> {
        within("alpha", self.alpha, part, "0..1")?;
        self.check_shape()?;
        within("growth", self.growth, |it| (0.0..=1.0).contains(&it), "0..=1")?;
        within(
            "max-units",
            self.max_units as f64,
            |_| (1..=1 << 40).contains(&self.max_units),
            "1..=2^40",
        )?;
        within(
            "reference",
            self.reference.into(),
            |_| self.reference <= REFERENCE_MAX,
            "..=1,000,000",
        )?;
        for share in &self.shares {
            within("share", 100.0 * share, |_| part(*share), "0..100")?;
        }
        let rising = self.shares.windows(2).all(|pair| pair.first() < pair.last());
        if self.shares.is_empty() || !rising {
            return Err(Error::Unanswered("--gates: the shares do not rise; put them in order"));
        }
        self.check_routed()?;
        self.check_returning()?;
        self.check_returning_rate()?;
        self.check_limit()?;
        self.check_drift()?;
        self.check_late()?;
        self.check_base()?;
        self.check_effect()
    }

    fn check_base(&self) -> Result<(), Error> {
        match self.metric {
            Metric::Errors
            | Metric::Feedback
            | Metric::Pairs
            | Metric::Disagreement
            | Metric::Joint
            | Metric::Drift => within("base", self.base, part, "0..1"),
            Metric::Latency => {
                let inside = |it| (LATENCY_MS_MIN..=LATENCY_MS_MAX).contains(&it);
                within("base", self.base, inside, "0.001..=100,000")
            }
            Metric::Kpi => {
                let inside = |it| (MEAN_MIN..=MEAN_MIN.recip()).contains(&it);
                within("base", self.base, inside, "1e-50..=1e50")
            }
            Metric::SampleRatio => Ok(()),
        }
    }

    /// Nothing is clamped without a word: what the base and the effect make together is a rate too.
    fn check_effect(&self) -> Result<(), Error> {
        within("effect", self.effect, f64::is_finite, "of numbers")?;
        let moved = self.base + self.effect;
        match self.metric {
            Metric::Feedback | Metric::Disagreement => {
                within("base + effect", moved, |it| (0.0..=1.0).contains(&it), "0..=1")
            }
            Metric::Pairs => {
                let alone = 0.5 * self.base + self.effect;
                within("base / 2 + effect", alone, |it| (0.0..=0.5).contains(&it), "0..=0.5")
            }
            Metric::Drift => within("base + effect", moved, part, "0..1"),
            Metric::Errors | Metric::Joint => {
                let rate = self.base * self.effect;
                within("effect", self.effect, |it| it >= 0.0, "0..")?;
                within("base × effect", rate, |it| it <= 1.0, "0..=1")
            }
            Metric::Latency | Metric::Kpi => {
                within("effect", self.effect, |it| it > 0.0, "above 0")
            }
            Metric::SampleRatio => {
                let most = self.effect * self.shares.last().copied().unwrap_or_default();
                within("effect", self.effect, |it| it > 0.0, "above 0")?;
                within("share × effect", most, |it| it <= 1.0, "0..=1")
            }
        }
    }

    fn plays_e_process_alone(&self) -> bool {
        self.methods == [Method::EProcess]
    }

    /// Who comes again is routed as the gateway does, by hundredths of a percent.
    fn check_routed(&self) -> Result<(), Error> {
        let shares = self.routed_shares();
        let open = |share: &Share| *share > Share::ZERO && *share < Share::FULL;
        let rise = shares.iter().zip(shares.iter().skip(1)).all(|(one, next)| one < next);
        if self.traffic.is_sticky() && !(shares.iter().all(open) && rise) {
            return Err(Error::Unanswered(
                "--share, --gates: users are routed by hundredths of a percent; take coarser shares",
            ));
        }
        Ok(())
    }

    /// What all together have too much is had by those who were there before.
    fn check_returning_rate(&self) -> Result<(), Error> {
        let more = match self.metric {
            Metric::Errors => self.base * (self.effect - 1.0),
            Metric::Feedback => self.effect,
            Metric::Latency
            | Metric::Kpi
            | Metric::Pairs
            | Metric::Disagreement
            | Metric::SampleRatio
            | Metric::Joint
            | Metric::Drift => return Ok(()),
        };
        let [_, (part, level)] = kinds(self.traffic);
        let value = self.base * level + more / part;
        if self.traffic == Traffic::Returning && !(0.0..=1.0).contains(&value) {
            let name = "base and effect, rate of returning users";
            return Err(Error::Range { name, value, range: "0..=1" });
        }
        Ok(())
    }

    /// Who comes again is told of what is counted by kind.
    fn check_returning(&self) -> Result<(), Error> {
        let why = match (self.traffic, self.metric) {
            (Traffic::Returning, Metric::Errors | Metric::Feedback | Metric::Latency) => {
                match self.mistake {
                    Mistake::None | Mistake::Pooled if self.plays_e_process_alone() => None,
                    Mistake::None | Mistake::Pooled => {
                        Some("--traffic returning: other rules are not played; leave --method out")
                    }
                    Mistake::PerRequest | Mistake::Redrawn => {
                        Some("--mistake: only --traffic users has several requests")
                    }
                }
            }
            (
                Traffic::Returning,
                Metric::Kpi
                | Metric::Pairs
                | Metric::Disagreement
                | Metric::SampleRatio
                | Metric::Joint
                | Metric::Drift,
            ) => Some(
                "--traffic returning: played of errors, feedback and latency; take --traffic users",
            ),
            (
                Traffic::Constant
                | Traffic::Ramp
                | Traffic::Diurnal
                | Traffic::Bursty
                | Traffic::Users,
                _,
            ) => None,
        };
        why.map_or(Ok(()), |why| Err(Error::Unanswered(why)))
    }

    fn check_limit(&self) -> Result<(), Error> {
        let Some(limit) = self.limit else { return Ok(()) };
        if self.metric != Metric::Latency {
            return Err(Error::Unanswered("--limit: only latencies have one; leave it out"));
        }
        if !self.plays_e_process_alone() {
            return Err(Error::Unanswered(
                "--limit: other rules are not played against it; leave --method out",
            ));
        }
        within("limit", limit, |it| it > 0.0 && it.is_finite(), "above 0")
    }

    fn check_drift(&self) -> Result<(), Error> {
        let why = match (self.metric, self.question) {
            (Metric::Drift, Question::Healthy { .. }) => {
                "--healthy: drift has no pass; leave it out"
            }
            (Metric::Drift, Question::Rollback) if !self.plays_e_process_alone() => {
                "--metric drift: other rules are not played on classes; leave --method out"
            }
            (
                Metric::Errors
                | Metric::Latency
                | Metric::Feedback
                | Metric::Kpi
                | Metric::Pairs
                | Metric::Disagreement
                | Metric::SampleRatio
                | Metric::Joint
                | Metric::Drift,
                _,
            ) => return Ok(()),
        };
        Err(Error::Unanswered(why))
    }

    /// Windows begin between any two units, and so may a fault: only errors are played unit by unit.
    fn check_late(&self) -> Result<(), Error> {
        if (self.late, self.onset) == (None, 0) {
            return Ok(());
        }
        if !self.is_event_by_event() {
            let why = "--late and --onset: played of rollbacks for errors, by the e-process alone, without \
                       users; leave them out";
            return Err(Error::Unanswered(why));
        }
        let hour = self.late.unwrap_or(1);
        within("late", hour as f64, |_| (1..=1 << 40).contains(&hour), "1..=2^40")?;
        if self.onset >= self.max_units {
            let value = self.onset as f64;
            return Err(Error::Range { name: "onset", value, range: "below --max-units" });
        }
        Ok(())
    }

    /// Only the product's test of errors is monotone in them, and known to be.
    pub(in crate::calibrate) fn is_event_by_event(&self) -> bool {
        self.metric == Metric::Errors
            && self.question == Question::Rollback
            && self.plays_e_process_alone()
            && self.mistake == Mistake::None
            && !self.traffic.is_sticky()
    }

    /// Each shape is of latencies or of values, or of both.
    fn check_shape(&self) -> Result<(), Error> {
        match (self.metric, self.shape) {
            (Metric::Latency, Shape::Normal | Shape::Exponential | Shape::ZeroInflated) => {
                Err(Error::Unanswered("--shape: this is none of latencies; see --help"))
            }
            (
                Metric::Kpi,
                Shape::Gamma
                | Shape::Bimodal
                | Shape::Peaks
                | Shape::Pauses
                | Shape::Cached
                | Shape::Tiers
                | Shape::Tail,
            ) => Err(Error::Unanswered("--shape: this is none of values; see --help")),
            (
                Metric::Errors
                | Metric::Latency
                | Metric::Feedback
                | Metric::Kpi
                | Metric::Pairs
                | Metric::Disagreement
                | Metric::SampleRatio
                | Metric::Joint
                | Metric::Drift,
                _,
            ) => Ok(()),
        }
    }
}
