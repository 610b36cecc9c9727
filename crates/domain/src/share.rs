//! The part of units assigned to the candidate. Refuses anything above the whole.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A share in basis points: 0 is nothing, 10000 is every unit.
///
/// Serialised as its basis points (stored in journals and routing tables).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

/// More than the whole was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} basis points is more than the whole (10000)")]
pub struct Error(pub u16);

impl Share {
    /// No unit goes to the candidate.
    pub const ZERO: Self = Self(0);
    /// Every unit goes to the candidate.
    pub const FULL: Self = Self(10_000);

    /// A share of `basis_points` ten-thousandths.
    pub const fn new(basis_points: u16) -> Result<Self, Error> {
        if basis_points > 10_000 { Err(Error(basis_points)) } else { Ok(Self(basis_points)) }
    }

    /// The share in basis points, 0 to 10000.
    pub const fn basis_points(self) -> u16 {
        self.0
    }

    /// The share as a probability in [0, 1].
    pub fn probability(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// What is left for the incumbent.
    pub const fn complement(self) -> Self {
        Self(10_000 - self.0)
    }

    /// How many of `sessions` this share needs ready, rounded up.
    pub const fn of_sessions(self, sessions: u32) -> u32 {
        sessions.saturating_mul(self.0 as u32).div_ceil(10_000)
    }
}

impl TryFrom<u16> for Share {
    type Error = Error;
    fn try_from(basis_points: u16) -> Result<Self, Error> {
        Self::new(basis_points)
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        if part == 0 { write!(f, "{whole} %") } else { write!(f, "{whole}.{part:02} %") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_rounded_up() {
        assert_eq!(Share::new(500).unwrap().of_sessions(4), 1);
        assert_eq!(Share::new(2500).unwrap().of_sessions(4), 1);
        assert_eq!(Share::new(2501).unwrap().of_sessions(4), 2);
        assert_eq!(Share::ZERO.of_sessions(4), 0);
        assert_eq!(Share::FULL.of_sessions(4), 4);
    }

    #[test]
    fn more_than_the_whole_is_refused() {
        assert_eq!(Share::new(10_001), Err(Error(10_001)));
    }

    #[test]
    fn shares_read_as_percent() {
        assert_eq!(Share::new(500).unwrap().to_string(), "5 %");
        assert_eq!(Share::new(10).unwrap().to_string(), "0.10 %");
    }
}
