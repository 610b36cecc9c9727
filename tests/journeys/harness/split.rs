//! The split as clients saw it, against the shares the journal says were committed: answer by
//! answer, since the rollout's salt and the routing key say which arm a request is due.

use super::Server;
use super::traffic::{Answer, Outcome, key};
use seatrial_domain::Share;
use seatrial_domain::split::{Arm, Salt};

/// Within so long after a commit, the split is in force that was committed. A move back to the
/// incumbent is in force before it is committed, at a time taken a moment before.
const LOWERED_WITHIN_US: i64 = 250_000;
/// What is raised waits for the gateway's acknowledgement, on a busy machine.
const RAISED_WITHIN_US: i64 = 2_000_000;

/// A share that was committed at a moment.
struct Committed {
    at: i64,
    share: Share,
}

/// No answer is the candidate's that was not due to it under the largest share committed while it
/// was asked for; and none is the incumbent's that was due to the candidate under the smallest:
/// from a process's first request on, a unit that is on the candidate stays there.
#[track_caller]
pub(crate) fn assert_never_above_the_committed_share(
    server: &Server,
    rollout: u64,
    answers: &[Answer],
) {
    let candidate = server.rollout(rollout)["candidate"].as_u64().expect("a version's number");
    let salt = server.explain(rollout)["rollout"]["salt"].as_u64().expect("a salt");
    let committed = committed(server, rollout);
    let mut checked = 0;
    for answer in answers {
        let Outcome::Served { version } = answer.outcome else { continue };
        let due = |share| Salt(salt).choose(share, key(answer.user).as_bytes());
        let largest = in_force(&committed, answer.asked - LOWERED_WITHIN_US, answer.at).max();
        let smallest = in_force(&committed, answer.asked - RAISED_WITHIN_US, answer.at).min();
        let (largest, smallest) = (largest.expect("a share"), smallest.expect("a share"));
        if version == candidate {
            assert_eq!(due(largest), Arm::Candidate, "share {largest:?}: {answer:?}");
        } else {
            assert_eq!(due(smallest), Arm::Incumbent, "share {smallest:?}: {answer:?}");
        }
        checked += 1;
    }
    assert!(checked > 0, "nothing was answered");
}

fn committed(server: &Server, rollout: u64) -> Vec<Committed> {
    let rows = server.history(rollout);
    let row = |row: &serde_json::Value| {
        let at: jiff::Timestamp = row["at"].as_str()?.parse().ok()?;
        let share = row["entry"]["share"].as_u64()?;
        let share = Share::new(u16::try_from(share).ok()?).ok()?;
        Some(Committed { at: at.as_microsecond(), share })
    };
    rows.iter().filter_map(row).collect()
}

/// The shares in force between two moments.
fn in_force(committed: &[Committed], begin: i64, end: i64) -> impl Iterator<Item = Share> {
    let before = committed.iter().rfind(|entry| entry.at <= begin).map_or(Share::ZERO, |e| e.share);
    let within = committed.iter().filter(move |entry| entry.at > begin && entry.at <= end);
    std::iter::once(before).chain(within.map(|entry| entry.share))
}
