//! What a journal row rests on beyond its cause: the plan that a rollout runs, and the evidence of
//! each look. With these the journal alone tells how every verdict came about ([`crate::replay`]).
//!
//! Owns their stored form and its bound. Refuses payloads: counters only.

mod deflate;
mod pack;
mod room;
#[cfg(test)]
mod tests;

pub use room::{COUNTERS_MAX, counters};

use crate::evidence::Evidence;
use crate::looks::Subject;
use crate::plan::Plan;
use crate::rollout::Cause;
use crate::verdict::Verdict;
use crate::{Digest, PlanHash};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::time::Duration;

/// A row's `evidence` column, as far as it is about the plan and the verdict.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Grounds {
    /// In the row that starts the rollout: the plan's canonical JSON, whose sha256 is the row's plan
    /// hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// In the row of a look: what was looked at, and by which judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
    /// The look's verdict, where the row's cause is in words: an override, a hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Box<Verdict>>,
}

/// What one look saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// [`crate::judge::fingerprint`] of the plan it was judged by.
    pub judge: Digest,
    pub of: Subject,
    /// How long before the look the present routing table was acknowledged, in milliseconds; none in
    /// rows from before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way_ms: Option<u64>,
    /// The part of the evidence that the verdict was computed on.
    #[serde(serialize_with = "packed", deserialize_with = "unpacked")]
    pub evidence: Evidence,
}

/// Why the plan of a row can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The row tells another hash than the plan beside it has.
    #[error("the plan's hash is {found}")]
    Hash { found: PlanHash },
    /// It has its hash, and is no plan of this version.
    #[error("the plan can't be read: {0}")]
    Unreadable(String),
}

impl Look {
    /// How long before the look the present routing table was acknowledged.
    pub fn under_way(&self) -> Option<Duration> {
        self.under_way_ms.map(Duration::from_millis)
    }
}

impl Grounds {
    /// The most bytes of a row's grounds: larger ones are not kept, and replay says so. Where there are
    /// many, a counter takes about two bytes, and four where none is like another and each has six
    /// digits; one that nothing was counted in takes none. Enough for a plan of [`COUNTERS_MAX`].
    pub const BYTES_MAX: usize = 16 << 20;

    /// Of the row that starts the rollout.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        Self { plan: serde_json::to_string(plan).ok(), ..Self::default() }
    }

    /// Of the row that a look at the evidence made, beside its cause.
    #[must_use]
    pub fn of_look(look: Look, verdict: &Verdict, cause: &Cause) -> Self {
        let told = match cause {
            Cause::Verdict { .. } => None,
            Cause::Said { .. } | Cause::Guardrail { .. } => Some(Box::new(verdict.clone())),
        };
        Self { plan: None, look: Some(look), verdict: told }
    }

    /// The plan, if the row that `hash` was read from tells one. Errors: [`Error`].
    pub fn plan(&self, hash: &PlanHash) -> Result<Option<Plan>, Error> {
        let Some(text) = &self.plan else { return Ok(None) };
        let found = PlanHash::of(text.as_bytes());
        if found != *hash {
            return Err(Error::Hash { found });
        }
        serde_json::from_str(text).map(Some).map_err(|fault| Error::Unreadable(fault.to_string()))
    }

    /// As it is stored; none where that is larger than [`Grounds::BYTES_MAX`].
    pub fn stored(&self) -> Option<serde_json::Value> {
        let value = serde_json::to_value(self).ok()?;
        (value.to_string().len() <= Self::BYTES_MAX).then_some(value)
    }
}

fn packed<S: Serializer>(evidence: &Evidence, serializer: S) -> Result<S::Ok, S::Error> {
    let value = serde_json::to_value(evidence).map_err(ser::Error::custom)?;
    deflate::deflated(pack::pack(value)).serialize(serializer)
}

fn unpacked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Evidence, D::Error> {
    let value = deflate::inflated(serde_json::Value::deserialize(deserializer)?);
    let value = value.and_then(pack::unpack).map_err(de::Error::custom)?;
    serde_json::from_value(value).map_err(de::Error::custom)
}
