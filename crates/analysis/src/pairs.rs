//! Shadow pairs: the candidate and the incumbent on the same request.
//!
//! Owns three questions. Do they disagree more often than a budget allows? With labels, is the
//! candidate wrong where the incumbent is right more often than the other way round (McNemar)? Is it
//! slower of the two more often than faster (the sign test)? All are e-processes, since a shadow is
//! looked at as continuously as a canary: a pair's outcome has, given the past, at most the null's
//! probability, and mixtures of likelihood ratios against it expect at most one.
//!
//! Pairs are not randomised: a request is answered by both. That is why they need a budget, or a
//! direction, and why a fault that hits both alike is no evidence here either. Refuses ties and
//! agreement as evidence of a direction.

use crate::counts::float;
use crate::level::Alpha;
use crate::mixture::BetaBinomial;
use crate::paired::Discordance;
use crate::special::{BetaMixture, log_beta_cdf};

/// Where the tests of a budget are tightest, in pairs.
const TUNED_PAIRS: f64 = 1_000.0;

/// The prior of the tests of a direction: Jeffreys', beta(½, ½).
const JEFFREYS: (f64, f64) = (0.5, 0.5);

/// A budget that makes no test.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// Within 0 nothing may differ, and with 1 everything may: neither needs a test.
    #[error("budget {0} is not strictly between 0 and 1")]
    Budget(f64),
}

/// The tests of one budget, in both directions.
#[derive(Debug, Clone, Copy)]
pub struct Disagreement {
    over: BetaBinomial,
    within: BetaBinomial,
}

impl Disagreement {
    /// At most a part `budget` of the pairs may disagree. Errors: [`Error::Budget`].
    pub fn new(budget: f64) -> Result<Self, Error> {
        if !(budget > 0.0 && budget < 1.0) {
            return Err(Error::Budget(budget));
        }
        let rest = 1.0 - budget;
        let one_sided =
            |g, h| BetaBinomial::one_sided(TUNED_PAIRS * budget * rest, (g, h), Alpha::USUAL);
        Ok(Self { over: one_sided(budget, rest), within: one_sided(rest, budget) })
    }

    /// Log e-value against "a part `budget` or less disagree".
    pub fn over_log_e(&self, disagree: u64, agree: u64) -> f64 {
        self.over.log_e_of(float(disagree), float(agree))
    }

    /// Log e-value against "a part `budget` or more disagree".
    pub fn within_log_e(&self, disagree: u64, agree: u64) -> f64 {
        self.within.log_e_of(float(agree), float(disagree))
    }
}

/// Log e-value against "where one of them is wrong, it is either with probability ½": McNemar's test
/// of labelled pairs, in both directions.
pub fn mcnemar_log_e(pairs: &Discordance) -> f64 {
    let counts = (float(pairs.incumbent_only), float(pairs.candidate_only));
    BetaMixture::new(JEFFREYS, 0.5).log_e(counts)
}

/// Log e-value against "the candidate is no more often the wrong one": McNemar's test in the
/// direction that matters.
pub fn less_right_log_e(pairs: &Discordance) -> f64 {
    sign_log_e(pairs.incumbent_only, pairs.candidate_only)
}

/// Log e-value against "the candidate is the worse of a pair with probability ½ or less", from the
/// pairs in which it was worse (slower, wrong) and better; ties don't count. The prior is that of
/// [`mcnemar_log_e`], above ½ alone.
pub fn sign_log_e(worse: u64, better: u64) -> f64 {
    let (worse, better) = (float(worse), float(better));
    let (a, b) = JEFFREYS;
    let above = |a: f64, b: f64| log_beta_cdf((b, a), (0.5, 0.5));
    BetaMixture::new(JEFFREYS, 0.5).log_e((worse, better)) + above(a + worse, b + better)
        - above(a, b)
}
