//! A rollout as a tree: what it went through, where it is, what is still needed. Pure.

mod figures;
mod lines;
mod nodes;
mod ranking;
mod shadow;
#[cfg(test)]
mod tests;
mod visits;

use super::Seen;
use crate::api::wire::PastVerdict;
use crate::cli::output::Paint;
use figures::Rests;
use lines::{Mark, Node};
use seatrial_domain::Share;
use seatrial_domain::rollout::Rollout;
use std::time::Duration;

/// How much is told of each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Detail {
    /// The present gate's checks: value, limit, verdict.
    Values,
    /// Every gate's checks by name, with counts, e-values and what voids a pass.
    Figures,
}

/// The whole tree, without an end of line after the last one.
pub(in crate::cli) fn render(seen: &Seen, detail: Detail, paint: Paint) -> String {
    let rollout = &seen.explained.rollout;
    let digest = rollout.candidate.digest.short();
    let registered = Node::leaf(Mark::Done, "registered", format!("sha256:{digest}…"));
    let mut nodes = vec![registered];
    nodes.extend(nodes::of(seen, detail));
    let told = seen.explained.trip.as_ref().filter(|_| detail == Detail::Figures);
    nodes.extend(told.map(figures::tripped));
    format!("{}\n{}", heading(seen), lines::draw(&nodes, paint))
}

/// One journalled verdict with what it rested on, without an end of line after the last one.
pub(in crate::cli) fn past(past: &PastVerdict, paint: Paint) -> String {
    let heading = format!("row {}  {}  {}  {}", past.seq, past.at, past.step, past.said);
    match &past.verdict {
        Some(verdict) => {
            let nodes =
                figures::of(verdict, Rests { accounts: &past.accounts, trust: Some(&past.trust) });
            format!("{heading}\n{}", lines::draw(&nodes, paint)).trim_end().to_owned()
        }
        None => format!("{heading}\n   the row does not tell the verdict"),
    }
}

/// `digits  v1 -> v2   CANARY 5 %   attempt 1   00:00:14`
fn heading(seen: &Seen) -> String {
    let rollout = &seen.explained.rollout;
    let from = rollout.incumbent.as_ref().map(|incumbent| format!("{} -> ", incumbent.number));
    let until = rollout.ended_at.unwrap_or(seen.explained.now);
    let overlays = overlays(rollout).into_iter().map(|overlay| format!("  {overlay}"));
    format!(
        "{}  {}{}   {}{}   attempt {}   {}",
        rollout.endpoint,
        from.unwrap_or_default(),
        rollout.candidate.number,
        stage(rollout),
        overlays.collect::<String>(),
        rollout.attempt,
        elapsed(until.since(rollout.created_at)),
    )
}

fn stage(rollout: &Rollout) -> String {
    let name = rollout.stage.name().as_str().replace('_', " ").to_uppercase();
    let share = rollout.share();
    let shown = share > Share::ZERO && !rollout.stage.is_terminal();
    if shown { format!("{name} {share}") } else { name }
}

/// The overlays as shown everywhere.
fn overlays(rollout: &Rollout) -> Vec<String> {
    let paused = rollout.paused.map(|cause| format!("paused({cause})"));
    let awaiting = rollout.awaiting.map(|_| "awaiting approval".to_owned());
    let held = rollout.held.map(|cause| format!("held({cause})"));
    paused.into_iter().chain(awaiting).chain(held).collect()
}

/// `hh:mm:ss`
fn elapsed(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
