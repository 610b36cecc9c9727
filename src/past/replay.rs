//! One journalled verdict against what its row says it rested on.

use super::{Past, Planned};
use seatrial_domain::replay::Difference;
use serde_json::Value;

/// The most differences told of one verdict.
pub const DIFFERENCES_MAX: usize = 100;

/// What became of a verdict that was derived again.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Agrees,
    /// At least one field is not what the evidence makes it.
    Differs(Vec<Difference>),
    /// The journal does not tell what it rested on: nothing is shown either way.
    NotRecorded(&'static str),
    /// The journal tells it in a way that this version can't read: nothing is shown either way.
    Unreadable(String),
}

/// A journalled verdict and what replaying it has shown.
#[derive(Debug, Clone)]
pub struct Replayed {
    pub past: Past,
    pub outcome: Outcome,
}

impl Past {
    /// Derives the verdict again, by the judge that the recorded plan makes.
    pub fn replay(self, planned: &Planned) -> Replayed {
        let outcome = self.outcome(planned);
        Replayed { past: self, outcome }
    }

    fn outcome(&self, planned: &Planned) -> Outcome {
        let (replay, hash) = match planned {
            Planned::Recorded { replay, hash } => (replay, hash),
            Planned::Missing => return Outcome::NotRecorded("its plan is not in the journal"),
            Planned::Forged { recorded, why } => {
                return differs("plan", recorded.to_string(), why.clone());
            }
            Planned::Unreadable { why } => return Outcome::Unreadable(why.clone()),
        };
        if self.row.plan_hash.as_ref() != Some(hash) {
            let recorded = self.row.plan_hash.as_ref().map(ToString::to_string);
            return differs("plan_hash", recorded.unwrap_or_default(), hash.to_string());
        }
        let look = match &self.look {
            Ok(Some(look)) => look,
            Ok(None) => return Outcome::NotRecorded("what it rested on is not in its row"),
            Err(fault) => return Outcome::Unreadable(format!("its evidence: {fault}")),
        };
        let Some(verdict) = &self.verdict else {
            return Outcome::NotRecorded("the verdict itself is not in its row");
        };
        match replay.differences(look, verdict) {
            none if none.is_empty() => Outcome::Agrees,
            mut some => {
                some.truncate(DIFFERENCES_MAX);
                Outcome::Differs(some)
            }
        }
    }
}

fn differs(field: &str, recorded: String, derived: String) -> Outcome {
    let (recorded, derived) = (Value::String(recorded), Value::String(derived));
    Outcome::Differs(vec![Difference::new(field, recorded, derived)])
}
