//! The split as clients saw it, against the shares the journal says were committed.

use super::Server;
use super::traffic::{Answer, Outcome};
use std::collections::BTreeMap;

const WINDOW_US: i64 = 1_000_000;
/// A request is routed before its answer is seen: a share counts for so long after it was lowered.
const GRACE_US: i64 = 2_000_000;
/// Standard deviations: one window in three million is beyond five by chance.
const SIGMAS: f64 = 5.0;

/// A share that is in force from a moment on.
struct Committed {
    from: i64,
    share: f64,
}

/// In every second, the candidate's part of the answers is at most the largest share committed
/// around it, but for chance.
#[track_caller]
pub(crate) fn assert_never_above_the_committed_share(
    server: &Server,
    rollout: u64,
    answers: &[Answer],
) {
    let candidate = server.rollout(rollout)["candidate"].as_u64().expect("a version's number");
    let committed = committed(server, rollout);
    let windows = windows(answers, candidate);
    assert!(!windows.is_empty(), "nothing was answered");
    for (window, (of_candidate, total)) in windows {
        let end = (window + 1) * WINDOW_US;
        let share = largest(&committed, window * WINDOW_US - GRACE_US, end);
        let bound = share + SIGMAS * (share * (1.0 - share) / f64::from(total)).sqrt();
        let found = f64::from(of_candidate) / f64::from(total);
        assert!(
            found <= bound + 1e-9,
            "{of_candidate} of {total} answers were the candidate's at share {share}"
        );
    }
}

fn windows(answers: &[Answer], candidate: u64) -> BTreeMap<i64, (u32, u32)> {
    let mut windows = BTreeMap::new();
    for answer in answers {
        if let Outcome::Served { version } = answer.outcome {
            let (of_candidate, total) =
                windows.entry(answer.at / WINDOW_US).or_insert((0_u32, 0_u32));
            *of_candidate += u32::from(version == candidate);
            *total += 1;
        }
    }
    windows
}

fn committed(server: &Server, rollout: u64) -> Vec<Committed> {
    let rows = server.history(rollout);
    let row = |row: &serde_json::Value| {
        let at: jiff::Timestamp = row["at"].as_str()?.parse().ok()?;
        let share = row["entry"]["share"].as_u64()?;
        let share = f64::from(u32::try_from(share).ok()?) / 10_000.0;
        Some(Committed { from: at.as_microsecond(), share })
    };
    rows.iter().filter_map(row).collect()
}

/// The largest share in force between two moments.
fn largest(committed: &[Committed], begin: i64, end: i64) -> f64 {
    let before = committed.iter().rfind(|entry| entry.from <= begin).map_or(0.0, |e| e.share);
    let within = committed.iter().filter(|entry| entry.from > begin && entry.from <= end);
    within.map(|entry| entry.share).fold(before, f64::max)
}
