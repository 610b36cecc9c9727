//! What happened, for programs, and what must have happened. Pure.

use seatrial_domain::rollout::StageName;
use serde::Serialize;

/// The shares v4 must climb, in basis points.
const CLIMB: [u16; 5] = [500, 1000, 2500, 5000, 10_000];

/// Fewer answers a second do not decide every gate in time (STATISTICS.md §2: about 300).
const PER_SECOND_MIN: u64 = 300;

/// The whole demo.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct Report {
    pub(super) acts: Vec<Act>,
    pub(super) requests: Requests,
    pub(super) journal_verified: bool,
}

/// Live requests, as the clients saw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) struct Requests {
    pub(super) served: u64,
    pub(super) failed: u64,
    /// Answers a second, for the verdict alone.
    #[serde(skip)]
    pub(super) per_second: u64,
}

/// One act's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Act {
    /// v2, which only looks better.
    Canary {
        act: u8,
        candidate: u64,
        outcome: StageName,
        stage: Option<StageName>,
        candidate_units: u64,
        decision_to_zero_ms: Option<u64>,
    },
    /// v3, which was exported wrongly.
    Validation {
        act: u8,
        candidate: u64,
        outcome: StageName,
        stage: Option<StageName>,
        live_requests_to_candidate: u64,
    },
    /// v4, which is better.
    Climb { act: u8, candidate: u64, outcome: StageName, shares: Vec<u16> },
    /// Back to v1 all the same.
    Return {
        act: u8,
        outcome: StageName,
        to_version: Option<u64>,
        decision_to_zero_ms: Option<u64>,
    },
}

impl Act {
    /// How it differs from what must happen; none: it does not.
    pub(super) fn difference(&self) -> Option<String> {
        let (expected, holds) = match self {
            Self::Canary { outcome, stage, candidate_units, decision_to_zero_ms, .. } => (
                "act 1: v2 must be rolled back in the canary, and its share be zero",
                (*outcome, *stage) == (StageName::RolledBack, Some(StageName::Canary))
                    && *candidate_units > 0
                    && decision_to_zero_ms.is_some(),
            ),
            Self::Validation { outcome, stage, live_requests_to_candidate, .. } => (
                "act 2: v3 must be rejected in validation, without a live request",
                (*outcome, *stage) == (StageName::Rejected, Some(StageName::Validating))
                    && *live_requests_to_candidate == 0,
            ),
            Self::Climb { outcome, shares, .. } => (
                "act 3: v4 must climb 5, 10, 25, 50, 100 % and be stabilizing",
                *outcome == StageName::Stabilizing && *shares == CLIMB,
            ),
            Self::Return { outcome, to_version, decision_to_zero_ms, .. } => (
                "act 4: one word must bring v1 back, and v4's share to zero",
                (*outcome, *to_version) == (StageName::RolledBack, Some(1))
                    && decision_to_zero_ms.is_some(),
            ),
        };
        (!holds).then(|| format!("{expected}; it was {}", self.in_words()))
    }

    fn in_words(&self) -> String {
        let at = |stage: &Option<StageName>| {
            stage.map_or_else(String::new, |stage| format!(" in {stage}"))
        };
        let zero = |ms: Option<u64>| {
            ms.map_or_else(|| "never at zero".to_owned(), |ms| format!("at zero after {ms} ms"))
        };
        match self {
            Self::Canary { outcome, stage, candidate_units, decision_to_zero_ms, .. } => {
                let (stage, zero) = (at(stage), zero(*decision_to_zero_ms));
                format!("{outcome}{stage}, {candidate_units} units, {zero}")
            }
            Self::Validation { outcome, stage, live_requests_to_candidate, .. } => {
                format!("{outcome}{}, {live_requests_to_candidate} live requests", at(stage))
            }
            Self::Climb { outcome, shares, .. } => format!("{outcome}, shares {shares:?}"),
            Self::Return { outcome, to_version, decision_to_zero_ms, .. } => {
                format!("{outcome}, to {to_version:?}, {}", zero(*decision_to_zero_ms))
            }
        }
    }
}

impl Report {
    /// Everything that is not as it must be, of a demo that was played to its end.
    pub(super) fn differences(&self) -> Vec<String> {
        let mut found: Vec<String> = self.acts.iter().filter_map(Act::difference).collect();
        if found.is_empty() && self.acts.len() < 4 {
            found.push(format!("only {} of 4 acts were played", self.acts.len()));
        }
        if self.requests.failed > 0 {
            found.push(format!("{} client requests failed; none may", self.requests.failed));
        }
        let Requests { per_second, .. } = self.requests;
        if per_second < PER_SECOND_MIN {
            found.push(format!(
                "{per_second} requests a second were answered; the verdicts need {PER_SECOND_MIN}"
            ));
        }
        if !self.journal_verified {
            found.push("the journal does not verify".to_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> Report {
        let acts = vec![
            Act::Canary {
                act: 1,
                candidate: 2,
                outcome: StageName::RolledBack,
                stage: Some(StageName::Canary),
                candidate_units: 301,
                decision_to_zero_ms: Some(12),
            },
            Act::Validation {
                act: 2,
                candidate: 3,
                outcome: StageName::Rejected,
                stage: Some(StageName::Validating),
                live_requests_to_candidate: 0,
            },
            Act::Climb {
                act: 3,
                candidate: 4,
                outcome: StageName::Stabilizing,
                shares: CLIMB.to_vec(),
            },
            Act::Return {
                act: 4,
                outcome: StageName::RolledBack,
                to_version: Some(1),
                decision_to_zero_ms: Some(9),
            },
        ];
        let requests = Requests { served: 60_000, failed: 0, per_second: 500 };
        Report { acts, requests, journal_verified: true }
    }

    #[test]
    fn the_expected_report_has_the_documented_shape_and_no_difference() {
        assert_eq!(expected().differences(), Vec::<String>::new());
        assert_eq!(
            serde_json::to_string(&expected()).unwrap(),
            "{\"acts\":[\
             {\"act\":1,\"candidate\":2,\"outcome\":\"rolled_back\",\"stage\":\"canary\",\
             \"candidate_units\":301,\"decision_to_zero_ms\":12},\
             {\"act\":2,\"candidate\":3,\"outcome\":\"rejected\",\"stage\":\"validating\",\
             \"live_requests_to_candidate\":0},\
             {\"act\":3,\"candidate\":4,\"outcome\":\"stabilizing\",\
             \"shares\":[500,1000,2500,5000,10000]},\
             {\"act\":4,\"outcome\":\"rolled_back\",\"to_version\":1,\"decision_to_zero_ms\":9}],\
             \"requests\":{\"served\":60000,\"failed\":0},\"journal_verified\":true}"
        );
    }

    #[test]
    fn one_failed_request_or_a_broken_journal_is_a_difference() {
        let mut report = expected();
        report.requests.failed = 1;
        report.journal_verified = false;
        assert_eq!(report.differences().len(), 2);
    }

    #[test]
    fn a_live_request_to_the_rejected_candidate_is_a_difference() {
        let mut report = expected();
        if let Act::Validation { live_requests_to_candidate, .. } = &mut report.acts[1] {
            *live_requests_to_candidate = 1;
        }
        let found = report.differences();
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("act 2") && found[0].contains("1 live requests"), "{found:?}");
    }

    #[test]
    fn a_share_that_was_never_seen_at_zero_is_a_difference() {
        let mut report = expected();
        for act in &mut report.acts {
            if let Act::Canary { decision_to_zero_ms, .. }
            | Act::Return { decision_to_zero_ms, .. } = act
            {
                *decision_to_zero_ms = None;
            }
        }
        let found = report.differences();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|difference| difference.contains("never at zero")), "{found:?}");
    }

    #[test]
    fn traffic_too_thin_for_the_verdicts_is_a_difference() {
        let mut report = expected();
        report.requests.per_second = 299;
        assert_eq!(
            report.differences(),
            ["299 requests a second were answered; the verdicts need 300"]
        );
    }

    #[test]
    fn a_demo_that_stopped_early_says_so() {
        let mut report = expected();
        report.acts.truncate(2);
        assert_eq!(report.differences(), ["only 2 of 4 acts were played"]);
    }
}
