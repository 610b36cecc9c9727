//! When a window starts: a cron expression. Owns that it is read once: a rollout asks at every step, and
//! reading takes longer than answering.

use super::Error;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A five-field cron expression, as it was written. Stored as its text; copies share what was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Schedule {
    text: String,
    read: Arc<OnceLock<Result<Cron, Error>>>,
}

impl Schedule {
    /// What it says. Errors: [`Error::Schedule`].
    pub(super) fn cron(&self) -> Result<&Cron, Error> {
        self.read.get_or_init(|| parse(&self.text)).as_ref().map_err(Clone::clone)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Schedule {}

impl From<String> for Schedule {
    fn from(text: String) -> Self {
        Self { text, read: Arc::default() }
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.text
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse(text: &str) -> Result<Cron, Error> {
    let wrong = |why: String| Error::Schedule(text.to_owned(), why);
    let fields = text.split_whitespace().count();
    if fields != 5 {
        return Err(wrong(format!("{fields} fields")));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(text).map_err(|error| wrong(error.to_string().trim_end_matches('.').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_what_was_read_and_its_stored_form_is_its_text() {
        let first = Schedule::from("0 17 * * 5".to_owned());
        let copy = first.clone();
        let read: *const Cron = copy.cron().unwrap();
        assert!(std::ptr::eq(read, first.cron().unwrap()));
        let stored = serde_json::to_string(&first).unwrap();
        assert_eq!(stored, "\"0 17 * * 5\"");
        assert_eq!(serde_json::from_str::<Schedule>(&stored).unwrap(), first);
        assert_ne!(Schedule::from("0 18 * * 5".to_owned()), first);
    }
}
