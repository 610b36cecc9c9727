//! The verdicts that are explained: what leads to each, and what only its kind tells.

use super::*;

/// What is asked of one verdict.
pub(super) struct Case {
    pub(super) what: &'static str,
    /// The policy's sections beside its endpoint.
    pub(super) spec: &'static str,
    pub(super) evidence: Evidence,
    /// What the verdict leads to.
    pub(super) then: fn(&mut Story, &Verdict),
    /// The decision's kind, and the check that is looked at.
    pub(super) decision: &'static str,
    pub(super) check: &'static str,
    /// What the words hold beside what those of every kind do.
    pub(super) told: &'static [&'static str],
}

pub(super) const ERRORS: &str =
    "checks: [{name: errorRate, kind: errors, margin: {absolute: 0.02}}]";
pub(super) const LABELS: &str = "checks: [{name: correct, kind: feedback, metric: correct, \
                      margin: {absolute: 0.02}, lateBy: 30s}]";
pub(super) const GATES: &str = "canary: {share: 5, minDuration: 30s, maxDuration: 1h}, ramp: []";
pub(super) const SHADOW: &str = "shadow: {minDuration: 1s, minRequests: 100, \
                      compare: [{output: label, by: class, maxDisagreement: 0.25}]}";

pub(super) fn nothing(_: &mut Story, _: &Verdict) {}

pub(super) fn acted_on(story: &mut Story, verdict: &Verdict) {
    story.judged(0, verdict.clone());
}

pub(super) fn acted_on_and_over(story: &mut Story, verdict: &Verdict) {
    acted_on(story, verdict);
    story.acknowledged();
}

pub(super) fn past_its_deadline(story: &mut Story, _: &Verdict) {
    story.on(3_700, &Event::Tick);
}

pub(super) fn held_for_labels(story: &mut Story, verdict: &Verdict) {
    let why = verdict.coverage.in_words();
    story.on(0, &Event::Held { hold: Hold::Coverage, why });
}

/// A case of errors under which nothing happens next.
pub(super) fn case(
    what: &'static str,
    evidence: Evidence,
    decision: &'static str,
    told: &'static [&'static str],
) -> Case {
    let check = "errorRate";
    Case { what, spec: ERRORS, evidence, then: nothing, decision, check, told }
}

pub(super) fn cases() -> Vec<Case> {
    [decided(), void(), bounded(), by_slice(), otherwise()].into_iter().flatten().collect()
}

/// Errors, decided and not.
pub(super) fn decided() -> Vec<Case> {
    vec![
        Case {
            then: acted_on_and_over,
            ..case(
                "roll back",
                of_errors([60, 1_000], [190, 19_000]),
                "fail",
                &[
                    "at 5 %: 60 of 1000 in error, the incumbent 190 of 19000",
                    "failed for good: no later unit takes evidence back",
                    "spent: a harmless candidate gets here with at most that probability",
                    "rolled_back: errorRate: error rate 6.0 % vs 1.0 %",
                ],
            )
        },
        case(
            "pass",
            of_errors([2, 1_000], [40, 19_000]),
            "pass",
            &["no longer healthy if", "fails if", "canary: every check is healthy"],
        ),
        case(
            "undecided",
            of_errors([3, 100], [40, 1_900]),
            "inconclusive",
            &["more candidate units at the rates so far, about", " a second", "fails if"],
        ),
        Case {
            then: past_its_deadline,
            ..case(
                "inconclusive at the deadline",
                of_errors([3, 100], [40, 1_900]),
                "inconclusive",
                &[
                    "paused(deadline): undecided at the deadline",
                    "resume gives the gate its whole time again, promote overrides it",
                    "more candidate units at the rates so far",
                ],
            )
        },
    ]
}

/// What can't be trusted, or is waited for.
pub(super) fn void() -> Vec<Case> {
    vec![
        Case {
            then: acted_on,
            ..case(
                "paused by the sample ratio",
                of_errors([2, 1_000], [20, 9_000]),
                "inconclusive",
                &[
                    "paused(sample_ratio): sample ratio: 1000 candidate units to 9000 is not the share",
                    "at 5 %: 1000 of 10000 units are the candidate's, 10 %",
                    "passes are void, and no later unit restores them",
                    "it can't be resumed: roll back or abort",
                ],
            )
        },
        Case {
            spec: LABELS,
            then: held_for_labels,
            check: "correct",
            ..case(
                "passes voided for want of labels",
                of_labels([970, 30], [18_430, 570], [2_100, 38_000]),
                "inconclusive",
                &[
                    "held(coverage): correct:",
                    "1000 of 2100 of the candidate's units whose label is due have one",
                    "passes are void until 50 more of the candidate's and 0 more of the incumbent's",
                ],
            )
        },
    ]
}

/// Limits that are no comparison.
pub(super) fn bounded() -> Vec<Case> {
    vec![
        Case {
            spec: "checks: [{name: latencyP99, kind: latency, quantile: 0.99, limit: 25ms}]",
            check: "latencyP99",
            ..case(
                "slower within an absolute limit",
                of_latency([180, 1_000], [12, 19_000]),
                "pass",
                &[
                    "at 5 %: 0 of 1000 over 25 ms, the incumbent 0 of 19000",
                    "and that does not count: both are within the limit of 25 ms",
                    "nothing of it is spent",
                ],
            )
        },
        Case {
            check: "disagreement of label",
            then: acted_on,
            ..case(
                "beyond the shadow's budget",
                of_pairs([900, 2_000], [12, 600]),
                "fail",
                &[
                    "900 of 2000 pairs in disagreement",
                    "the incumbent disagreed with itself in 12 of 600",
                    "no longer a fail after",
                    "paused(divergence): ",
                    "approve accepts the divergence, reject ends the rollout",
                ],
            )
        },
    ]
}

/// Some of the units, and of their labels.
pub(super) fn by_slice() -> Vec<Case> {
    vec![
        Case {
            spec: "checks: [{name: errorRate, kind: errors, margin: {absolute: 0.02}}], analysis: \
                   {slices: [{key: 'header:x-client', values: [mobile], enforce: true, weight: 0.5}]}",
            check: "errorRate[x-client=mobile]",
            then: acted_on_and_over,
            ..case(
                "a slice fails",
                of_mobile([30, 300], [57, 5_700], of_errors([30, 1_000], [570, 19_000])),
                "fail",
                &[
                    "at 5 %: 30 of 300 in error, the incumbent 57 of 5700",
                    "budget: 50 % of alpha 5 %",
                    "rolled_back: errorRate[x-client=mobile]: ",
                ],
            )
        },
        Case {
            spec: LABELS,
            check: "correct",
            then: acted_on_and_over,
            ..case(
                "labels of a cohort",
                of_labels([800, 200], [17_480, 1_520], [1_100, 20_900]),
                "fail",
                &[
                    "at 5 %: 200 of 1000 not correct, the incumbent 1520 of 19000",
                    "1000 of 1100 of the candidate's units whose label is due have one, 19000 of 20900 of \
                     the incumbent's; the least is 50 % on each arm",
                ],
            )
        },
    ]
}

/// Numbers and answers.
pub(super) fn otherwise() -> Vec<Case> {
    vec![
        Case {
            spec: "checks: [{name: revenue, kind: kpi, metric: revenue, margin: {ratio: 0.9}}]",
            check: "revenue",
            then: acted_on_and_over,
            ..case(
                "a number is worse",
                of_revenue(2_000, 0.7),
                "fail",
                &[
                    "2000 units with a mean of 10.5, the incumbent 38000 with one of 15",
                    "revenue: ",
                ],
            )
        },
        Case {
            spec: "checks: [{name: errorRate, kind: errors, margin: {absolute: 0.02}}, \
                   {name: predictions, kind: drift}]",
            check: "predictions",
            then: acted_on_and_over,
            ..case(
                "other answers",
                of_answers([600, 2_000], [19_000, 38_000]),
                "fail",
                &[
                    "most in dog, PSI 0.16",
                    "with the answer that differs most there",
                    "dog 70 % vs 50 %, between 15.",
                    "; cat 30 % vs 50 %, between -2",
                    ": of each at every look at once, with more than 95 % confidence",
                ],
            )
        },
    ]
}
