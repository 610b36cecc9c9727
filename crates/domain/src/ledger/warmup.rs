//! The warm-up that is discarded: from when on requests under a gate's table count.

use crate::evidence::GateIndex;
use crate::{RolloutId, Share};
use std::ops::Add;
use std::time::Duration;

/// What of a routing table tells its warm-up from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gated {
    pub rollout: RolloutId,
    pub gate: Option<GateIndex>,
    pub share: Share,
}

/// From when on requests under `table` count, which comes into force `now`: after `discard`, or as
/// `before`, under a table of the same gate and share. So a warm-up begins with a gate's table, and not
/// anew with another one of it.
#[must_use]
pub fn counts_from<I: Add<Duration, Output = I>>(
    table: Gated,
    (now, discard): (I, Duration),
    before: Option<(Gated, I)>,
) -> I {
    match before {
        Some((known, from)) if known == table => from,
        Some(_) | None => now + discard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_begins_with_a_gates_table_and_not_anew_with_another_of_it() {
        let at = |share| Gated {
            rollout: RolloutId(1),
            gate: Some(GateIndex(0)),
            share: Share::new(share).unwrap(),
        };
        let seconds = Duration::from_secs;
        let first = counts_from(at(500), (seconds(100), seconds(30)), None);
        assert_eq!(first, seconds(130));
        let again = (seconds(120), seconds(30));
        assert_eq!(counts_from(at(500), again, Some((at(500), first))), first);
        assert_eq!(counts_from(at(1_000), again, Some((at(500), first))), seconds(150));
        let next = Gated { gate: Some(GateIndex(1)), ..at(500) };
        assert_eq!(counts_from(next, again, Some((at(500), first))), seconds(150));
    }
}
