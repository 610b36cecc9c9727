//! Under which gate units were counted, and what was known of their arm before.

use super::GateIndex;
use crate::Share;
use crate::exposure::Exposure;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Units of one gate with one history: one assignment probability. Ordered by gate.
///
/// Serialised as text, because it is the key of a map (stored): the gate's number, and behind a colon
/// the share in basis points up to which the units' arm was known, where it was: `2`, `2:500`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GateStratum {
    pub gate: GateIndex,
    pub seen: Exposure,
}

impl GateIndex {
    /// The stratum of its units that were counted nowhere before.
    pub const fn unseen(self) -> GateStratum {
        GateStratum { gate: self, seen: Exposure::NONE }
    }

    /// The stratum of its units with this history.
    pub const fn after(self, seen: Exposure) -> GateStratum {
        GateStratum { gate: self, seen }
    }
}

/// Text that names no stratum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no stratum: GATE or GATE:BASIS_POINTS")]
pub struct Error(String);

impl FromStr for GateStratum {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (gate, seen) = text.split_once(':').unwrap_or((text, "0"));
        let parsed = || {
            let seen = Share::new(seen.parse().ok()?).ok()?;
            Some(GateIndex(gate.parse().ok()?).after(Exposure::up_to(seen)))
        };
        parsed().ok_or_else(|| Error(text.to_owned()))
    }
}

impl fmt::Display for GateStratum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seen == Exposure::NONE {
            write!(f, "{}", self.gate.0)
        } else {
            write!(f, "{}:{}", self.gate.0, self.seen.share().basis_points())
        }
    }
}

impl TryFrom<String> for GateStratum {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<GateStratum> for String {
    fn from(stratum: GateStratum) -> Self {
        stratum.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn strata_are_keys_of_stored_maps_and_those_of_earlier_versions_are_unseen() {
        let seen = Exposure::up_to(Share::new(500).unwrap());
        let strata: BTreeMap<GateStratum, u8> =
            [(GateIndex(2).unseen(), 1), (GateIndex(2).after(seen), 2)].into();
        let stored = serde_json::to_string(&strata).unwrap();
        assert_eq!(stored, r#"{"2":1,"2:500":2}"#);
        assert_eq!(serde_json::from_str::<BTreeMap<GateStratum, u8>>(&stored).unwrap(), strata);
        let earlier: BTreeMap<GateIndex, u8> = [(GateIndex(7), 3)].into();
        let read: BTreeMap<GateStratum, u8> =
            serde_json::from_str(&serde_json::to_string(&earlier).unwrap()).unwrap();
        assert_eq!(read, [(GateIndex(7).unseen(), 3)].into());
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "x", "1:", "1:10001", "300", "1:2:3", "-1"] {
            assert!(text.parse::<GateStratum>().is_err(), "{text}");
        }
    }
}
