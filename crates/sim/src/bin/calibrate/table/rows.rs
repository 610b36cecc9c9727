//! The cells that are published.

mod alike;
mod healthy;
mod worse;

use alike::{MISTAKES, SIDE_BY_SIDE, TRAFFIC};
use healthy::{FALSE_HEALTHY, HEALTHY};
use worse::{DETECTION, OTHER_EFFECTS, ROLLBACK};

/// How a section's results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The rates of all rules.
    SideBySide,
    /// How often, how soon and how often falsely, of all rules.
    Detection,
    /// The rate alone.
    Rate,
    /// How soon.
    Delay,
}

/// Whether a test plays it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    Quick,
    Slow,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) says: &'static str,
    pub(super) flags: &'static str,
    pub(super) cost: Cost,
}

#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) says: &'static str,
    pub(super) kind: Kind,
    pub(super) rows: &'static [Row],
}

const fn slow(says: &'static str, flags: &'static str) -> Row {
    Row { says, flags, cost: Cost::Slow }
}

const fn quick(says: &'static str, flags: &'static str) -> Row {
    Row { says, flags, cost: Cost::Quick }
}

/// In the order of the page.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "False rollback, side by side",
        says: "Candidate and incumbent are alike; the four rules see the same traffic of each run, and look at it when it grew by 1 % (latency: 2 %). Published is the part of runs that any look rolls back.",
        kind: Kind::SideBySide,
        rows: SIDE_BY_SIDE,
    },
    Section {
        title: "False rollback, traffic of every kind",
        says: "Candidate and incumbent are alike, but nothing else stands still; one is slower, as far as its limit allows. Errors are looked at at every unit, sticky users and the others when they grew by 1 % or, where the flags say so, by 2 %.",
        kind: Kind::Rate,
        rows: TRAFFIC,
    },
    Section {
        title: "What mistakes in the analysis would cost",
        says: "The same tests on the same traffic, analysed as the product refuses to.",
        kind: Kind::Rate,
        rows: MISTAKES,
    },
    Section {
        title: "Time to rollback",
        says: "Units are over both arms and over all runs. The limit of information is ln(1/α)/I; the monotone limit is that of the information left to tests that call no candidate worse whose outcomes are stochastically no worse, as those of latency and KPI must be; the fixed horizon is that of a test of one planned look with 90 % power: of two proportions, of means, for latency, whichever is sooner, of ranks or of the answers beyond the incumbent's p99, and against a limit, whichever is later, of the answers beyond it or of two proportions of them. An effect that begins late has its units from the start of the run in means and medians, and no information before it begins.",
        kind: Kind::Delay,
        rows: ROLLBACK,
    },
    Section {
        title: "Time to rollback, other effects",
        says: "The same at effects that the design does not name, share 5 %.",
        kind: Kind::Delay,
        rows: OTHER_EFFECTS,
    },
    Section {
        title: "Detection, side by side",
        says: "The candidate is worse; the four rules see the same traffic of each run, in sixty windows. Told of each: the part of runs in which it found the candidate worse; its mean units, over all runs, those that found nothing with all of theirs; and the part in which it did where candidate and incumbent are alike, by the same flags without the effect. A rule that finds soon and falsely has found nothing: it would have told the same of a copy.",
        kind: Kind::Detection,
        rows: DETECTION,
    },
    Section {
        title: "Time to healthy",
        says: "Candidate and incumbent are alike; decided means passed. The fixed horizon is that of a test of one planned look at the margin.",
        kind: Kind::Delay,
        rows: HEALTHY,
    },
    Section {
        title: "False healthy",
        says: "The candidate is exactly at the margin; decided means passed, at any look, over gates at any of the last one. Returning users are half of those who come, were there in every gate before, and fare four times as badly as new ones: only all together are they at the margin.",
        kind: Kind::Rate,
        rows: FALSE_HEALTHY,
    },
];
