//! What validation is at: what it was at when its time is up is late, and it may not be the
//! candidate.

use super::report::{Check, Group};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Doing {
    #[default]
    Datasets,
    Contract,
    CandidatesHoldout,
    IncumbentsHoldout,
    Metrics,
    Expected,
    Command,
}

impl Doing {
    /// The check of a validation that has not ended within `limit`.
    pub(super) fn late(self, limit: Duration) -> Check {
        let naming = Group::Contract.named("timeout").limit(limit.as_secs_f64());
        let detail = format!(
            "not finished within {} s (validation.timeout), while {}",
            limit.as_secs_f64(),
            self.words()
        );
        match self {
            Self::Contract | Self::CandidatesHoldout | Self::Expected | Self::Command => {
                naming.fail(detail)
            }
            Self::Datasets | Self::IncumbentsHoldout | Self::Metrics => naming.error(detail),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Datasets => "the datasets were read",
            Self::Contract => "the contract tests ran",
            Self::CandidatesHoldout => "the candidate answered its holdout",
            Self::IncumbentsHoldout => "the incumbent answered the holdout",
            Self::Metrics => "the metrics were computed",
            Self::Expected => "the candidate's predictions were compared with the expected ones",
            Self::Command => "the user's command ran",
        }
    }
}
