//! The cells that are published.

mod healthy;

use healthy::{FALSE_HEALTHY, HEALTHY};

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
        says: "Candidate and incumbent are alike, but nothing else stands still. Errors are looked at at every unit, sticky users and the others when they grew by 1 % (latency and joint policies by 2 %; the joint policy of sticky users by 5 %).",
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
        says: "Units are over both arms and over all runs. The limit of information is ln(1/α)/I; the monotone limit is that of the information left to tests that call no candidate worse whose outcomes are stochastically no worse, as those of latency and KPI must be; the fixed horizon is that of a test of one planned look with 90 % power: of two proportions, of means, and for latency, whichever is sooner, of ranks or of the answers beyond the incumbent's p99.",
        kind: Kind::Delay,
        rows: ROLLBACK,
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
        says: "The candidate is exactly at the margin; decided means passed, at any look.",
        kind: Kind::Rate,
        rows: FALSE_HEALTHY,
    },
];

const SIDE_BY_SIDE: &[Row] = &[
    slow(
        "errors .5 %, share 1 %",
        "--metric errors --base 0.005 --share 1 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors .5 %, share 5 %",
        "--metric errors --base 0.005 --share 5 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors .5 %, share 50 %",
        "--metric errors --base 0.005 --share 50 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 %, share 1 %",
        "--metric errors --base 0.01 --share 1 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 %, share 5 %",
        "--metric errors --base 0.01 --share 5 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 %, share 50 %",
        "--metric errors --base 0.01 --share 50 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "feedback 9 %, share 5 %",
        "--metric feedback --base 0.09 --share 5 --max-units 200000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency, share 1 %",
        "--metric latency --share 1 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency, share 5 %",
        "--metric latency --share 5 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency, share 50 %",
        "--metric latency --share 50 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "KPI, heavy-tailed, share 1 %",
        "--metric kpi --share 1 --max-units 50000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "KPI, heavy-tailed, share 50 %",
        "--metric kpi --share 50 --max-units 50000 --method e-process,z-test,windows,mann-whitney",
    ),
];

const TRAFFIC: &[Row] = &[
    quick("errors .5 %, share 1 %", "--metric errors --base 0.005 --share 1"),
    slow("errors .5 %, share 5 %", "--metric errors --base 0.005 --share 5"),
    slow("errors .5 %, share 50 %", "--metric errors --base 0.005 --share 50"),
    slow(
        "errors, base rate times 8, four gates",
        "--metric errors --traffic ramp --gates 1,5,25,50",
    ),
    slow("errors, seven days, four gates", "--metric errors --traffic diurnal --gates 1,5,25,50"),
    slow(
        "errors, incidents on both arms, four gates",
        "--metric errors --traffic bursty --gates 1,5,25,50",
    ),
    slow("errors, sticky users", "--metric errors --traffic users --max-units 5000"),
    slow(
        "errors, sticky users over ten gates",
        "--metric errors --traffic users --gates 20,21,22,23,24,25,26,27,28,29 --max-units 3000",
    ),
    slow(
        "errors, sticky users over four gates",
        "--metric errors --traffic users --gates 5,10,25,50 --max-units 5000",
    ),
    slow("latency, gamma", "--metric latency --shape gamma --max-units 50000 --growth 0.02"),
    slow("latency, bimodal", "--metric latency --shape bimodal --max-units 50000 --growth 0.02"),
    slow("latency, pauses", "--metric latency --shape pauses --max-units 50000 --growth 0.02"),
    slow(
        "latency, two narrow peaks",
        "--metric latency --shape peaks --max-units 50000 --growth 0.02",
    ),
    slow("latency, cached", "--metric latency --shape cached --max-units 50000 --growth 0.02"),
    slow("latency, three tiers", "--metric latency --shape tiers --max-units 50000 --growth 0.02"),
    slow(
        "latency, seven days, four gates",
        "--metric latency --traffic diurnal --gates 1,5,25,50 --max-units 50000 --growth 0.02",
    ),
    slow(
        "latency, sticky users",
        "--metric latency --traffic users --max-units 5000 --growth 0.02",
    ),
    slow(
        "feedback, base rate times 8, four gates",
        "--metric feedback --traffic ramp --gates 1,5,25,50 --max-units 200000",
    ),
    quick("feedback, sticky users", "--metric feedback --traffic users --max-units 5000"),
    slow("KPI, normal", "--metric kpi --shape normal --max-units 1000000"),
    slow("KPI, exponential", "--metric kpi --shape exponential --max-units 1000000"),
    slow("KPI, zero-inflated", "--metric kpi --shape zero-inflated --max-units 1000000"),
    slow(
        "KPI, mean times 8, four gates",
        "--metric kpi --traffic ramp --gates 1,5,25,50 --max-units 1000000",
    ),
    quick("KPI, sticky users", "--metric kpi --traffic users --max-units 5000"),
    slow("labelled shadow pairs", "--metric pairs --base 0.09 --max-units 100000"),
    slow(
        "shadow pairs at their budget of 25 %",
        "--metric disagreement --base 0.25 --max-units 100000",
    ),
    slow(
        "sample ratio, at its α of .001",
        "--metric srm --share 5 --max-units 1000000 --runs 50000",
    ),
    slow(
        "joint: errors, latency, feedback; four gates",
        "--metric joint --gates 5,10,25,50 --max-units 50000 --growth 0.02",
    ),
    slow(
        "joint, base rates times 8, four gates",
        "--metric joint --traffic ramp --gates 5,10,25,50 --max-units 50000 --growth 0.02",
    ),
    slow(
        "joint, sticky users, four gates",
        "--metric joint --traffic users --gates 5,10,25,50 --max-units 3000 --growth 0.05",
    ),
];

const MISTAKES: &[Row] = &[
    slow(
        "gates pooled while the base rate rises",
        "--metric errors --traffic ramp --gates 1,5,25,50 --mistake pooled",
    ),
    slow(
        "each request of sticky users a unit",
        "--metric errors --traffic users --share 50 --max-units 5000 --mistake per-request",
    ),
    slow(
        "sticky users drawn anew at each of ten gates",
        "--metric errors --traffic users --gates 20,21,22,23,24,25,26,27,28,29 --max-units 3000 --mistake redrawn",
    ),
];

const ROLLBACK: &[Row] = &[
    slow(
        "errors .5 → 1 %, share 1 %",
        "--metric errors --base 0.005 --effect 2 --share 1 --max-units 10000000",
    ),
    slow(
        "errors .5 → 1 %, share 5 %",
        "--metric errors --base 0.005 --effect 2 --share 5 --max-units 10000000",
    ),
    slow(
        "errors .5 → 1 %, share 50 %",
        "--metric errors --base 0.005 --effect 2 --share 50 --max-units 10000000",
    ),
    quick(
        "errors 1 → 3 %, share 1 %",
        "--metric errors --base 0.01 --effect 3 --share 1 --max-units 10000000",
    ),
    quick(
        "errors 1 → 3 %, share 5 %",
        "--metric errors --base 0.01 --effect 3 --share 5 --max-units 10000000",
    ),
    quick(
        "errors 1 → 3 %, share 50 %",
        "--metric errors --base 0.01 --effect 3 --share 50 --max-units 10000000",
    ),
    quick(
        "feedback 9 → 15.7 %, share 5 %",
        "--metric feedback --base 0.09 --effect 0.067 --share 5",
    ),
    slow(
        "latency × 1.2, log-normal, share 1 %",
        "--metric latency --effect 1.2 --share 1 --growth 0.02",
    ),
    slow(
        "latency × 1.2, log-normal, share 5 %",
        "--metric latency --effect 1.2 --share 5 --growth 0.02",
    ),
    quick(
        "latency × 1.2, log-normal, share 50 %",
        "--metric latency --effect 1.2 --share 50 --growth 0.02",
    ),
    slow(
        "latency × 1.2, gamma, share 5 %",
        "--metric latency --shape gamma --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, bimodal, share 5 %",
        "--metric latency --shape bimodal --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, two narrow peaks, share 5 %",
        "--metric latency --shape peaks --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, pauses, share 5 %",
        "--metric latency --shape pauses --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, cached, share 5 %",
        "--metric latency --shape cached --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, three tiers, share 5 %",
        "--metric latency --shape tiers --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 1 %",
        "--metric latency --shape tail --effect 1.2 --share 1 --growth 0.02 --max-units 10000000",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 5 %",
        "--metric latency --shape tail --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 50 %",
        "--metric latency --shape tail --effect 1.2 --share 50 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, normal, share 5 %",
        "--metric kpi --shape normal --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, exponential, share 5 %",
        "--metric kpi --shape exponential --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, share 1 %",
        "--metric kpi --effect 0.98 --share 1 --max-units 20000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, share 5 %",
        "--metric kpi --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, share 50 %",
        "--metric kpi --effect 0.98 --share 50 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, zero-inflated, share 5 %",
        "--metric kpi --shape zero-inflated --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, scores from 200 values",
        "--metric kpi --effect 0.98 --share 5 --max-units 10000000 --growth 0.02 --reference 200",
    ),
    slow(
        "KPI − 2 %, exponential, scores from 200 values",
        "--metric kpi --shape exponential --effect 0.98 --share 5 --max-units 10000000 --growth 0.02 --reference 200",
    ),
    quick("labelled pairs, wrong 9 → 12 %", "--metric pairs --base 0.09 --effect 0.03"),
    slow(
        "disagreement 30 % of a budget of 25 %",
        "--metric disagreement --base 0.25 --effect 0.05",
    ),
    quick("a tenth of the candidate's units lost", "--metric srm --effect 0.9 --share 5"),
];

const DETECTION: &[Row] = &[
    slow(
        "errors .5 → 1 %, share 1 %",
        "--metric errors --base 0.005 --effect 2 --share 1 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors .5 → 1 %, share 5 %",
        "--metric errors --base 0.005 --effect 2 --share 5 --max-units 200000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 → 3 %, share 5 %",
        "--metric errors --base 0.01 --effect 3 --share 5 --max-units 50000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "feedback 9 → 15.7 %, share 5 %",
        "--metric feedback --base 0.09 --effect 0.067 --share 5 --max-units 50000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency × 1.2, log-normal, share 5 %",
        "--metric latency --effect 1.2 --share 5 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 5 %",
        "--metric latency --shape tail --effect 1.2 --share 5 --max-units 200000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "KPI − 5 %, log-normal, share 50 %",
        "--metric kpi --effect 0.95 --share 50 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
];
