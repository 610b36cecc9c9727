//! A journalled verdict, derived again from what the journal says it rested on.
//!
//! Owns what counts as the same verdict: decisions, words and counts exactly; other numbers within
//! 1e-9 of each other, relative above one. On the machine that judged they are the same bits. Another
//! machine's logarithms may differ in the last bit, and an e-value adds up millions of them, which
//! makes some 1e-11 of it; a number that was changed to deceive differs by more.
//!
//! Refuses to trust: the judge is made anew from the recorded plan, and its hash must be the recorded
//! one.

mod differ;
#[cfg(test)]
mod tests;

pub use differ::Difference;

use crate::Digest;
use crate::grounds::Look;
use crate::judge::{self, Judge, fingerprint};
use crate::plan::Plan;
use crate::verdict::Verdict;

/// The judge of one plan, made anew.
#[derive(Debug)]
pub struct Replay {
    judge: Judge,
    fingerprint: Digest,
}

impl Replay {
    /// Makes the plan's tests. Errors: [`judge::Error`].
    pub fn new(plan: &Plan) -> Result<Self, judge::Error> {
        Ok(Self { judge: Judge::new(plan)?, fingerprint: fingerprint(plan)? })
    }

    /// The judge, for accounts of what was judged.
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Derives the verdict on what `look` saw, and tells where `recorded` is another one.
    pub fn differences(&self, look: &Look, recorded: &Verdict) -> Vec<Difference> {
        let mut found = Vec::new();
        if look.judge != self.fingerprint {
            let (recorded, derived) = (look.judge.to_string(), self.fingerprint.to_string());
            found.push(Difference::new("judge", recorded.into(), derived.into()));
        }
        let derived = self.judge.look(look.of, &look.evidence);
        found.extend(differ::between(recorded, &derived));
        found
    }
}
