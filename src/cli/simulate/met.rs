//! Which rollouts met an assumed incident: one that was over before did not, and is not told as if it had.

use super::table::part;
use crate::cli::policy::human_span;
use seatrial_sim::simulate::ended::Ended;
use seatrial_sim::simulate::summary::Part;
use serde::Serialize;
use std::time::Duration;

/// One incident, and the rollouts that were on their way when it began.
#[derive(Debug, Serialize)]
pub(super) struct Met {
    /// As it is given: `10m@2h`.
    incident: String,
    met: Part,
}

impl Met {
    /// Of an incident's length and when it begins.
    pub(super) fn of((lasts, from): (Duration, Duration), runs: &[Ended]) -> Self {
        let count = |runs: usize| u64::try_from(runs).unwrap_or(u64::MAX);
        let met = runs.iter().filter(|run| run.seconds > from.as_secs()).count();
        let incident = format!("{}@{}", human_span(lasts), human_span(from));
        Self { incident, met: Part::of(count(met), count(runs.len())) }
    }

    /// Its name and who met it, in words.
    pub(super) fn in_words(&self) -> (String, String) {
        let who = match self.met.runs {
            0 => "met by none: every rollout was over before".to_owned(),
            _ => format!("met by {}", part(&self.met)),
        };
        (format!("incident {}", self.incident), who)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_sim::simulate::ended::{Exposure, Outcome};

    #[test]
    fn an_incident_after_the_end_is_met_by_nobody_and_that_is_told() {
        let run = |seconds| Ended {
            outcome: Outcome::Completed,
            seconds,
            stages: Vec::new(),
            exposure: Exposure::default(),
            looks: 0,
            trail: Vec::new(),
        };
        let (tenth, runs) = (Duration::from_secs(600), [run(7_200), run(7_201)]);
        let at =
            |hours: u64| Met::of((tenth, Duration::from_secs(3_600 * hours)), &runs).in_words();
        assert_eq!(at(3).1, "met by none: every rollout was over before");
        assert_eq!(at(2), ("incident 10m@2h".to_owned(), "met by 50.0 % (1.3 to 98.7)".to_owned()));
    }
}
