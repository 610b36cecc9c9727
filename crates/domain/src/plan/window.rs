//! Freeze windows: whether a move must wait now, and until when. Owns the cron expressions and time
//! zones. It never stands in the way of a rollback or an abort: those are no [`Blocks`].
//!
//! Deny wins: a move waits while any window that denies it is open, and, if any window allows it,
//! while none of those is open. A window starts by the wall clock of its zone and lasts its duration
//! in elapsed time, also over a change of daylight saving.

mod schedule;

use crate::Timestamp;
use crate::time::millis;
use jiff::{Zoned, tz::TimeZone};
pub use schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Windows that follow each other without a gap are joined up to this many times.
const JOINED_MAX: usize = 128;

/// A time span in which some moves wait. Never blocks a rollback or an abort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub kind: WindowKind,
    /// The window's starts.
    pub schedule: Schedule,
    #[serde(with = "millis")]
    pub duration: Duration,
    /// IANA name.
    pub time_zone: String,
    pub blocks: Vec<Blocks>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// Blocks while it is open.
    Deny,
    /// Blocks while it is closed.
    Allow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocks {
    /// Leaving the queue.
    Start,
    /// Any raise of the share.
    Advance,
}

/// Why a schedule or a time zone is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not five fields, or one of them is wrong.
    #[error("{0:?} is not a five-field cron expression: {1}")]
    Schedule(String, String),
    /// Such as 30 February.
    #[error("{0:?} never comes")]
    Never(String),
    /// Not in the time zone database.
    #[error("{0:?} is not a known time zone")]
    TimeZone(String),
    /// Beyond the calendar.
    #[error("the instant is outside of the calendar")]
    Instant,
}

/// A move that must wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// When the move is free again; none: no end is in sight.
    pub until: Option<Timestamp>,
    /// The index of the window in the plan.
    pub window: usize,
    /// The window in words.
    pub why: String,
}

/// Whether `what` must wait at `now`, and until when. A window that can't be evaluated blocks.
pub(super) fn blocked(windows: &[Window], what: Blocks, now: Timestamp) -> Option<Freeze> {
    let first = obstacle(windows, what, now)?;
    let why = windows.get(first.window).map_or_else(String::new, Window::in_words);
    let mut until = first.until;
    for _ in 0..JOINED_MAX {
        let Some(end) = until else { break };
        match obstacle(windows, what, end) {
            Some(next) => until = next.until,
            None => return Some(Freeze { until, window: first.window, why }),
        }
    }
    Some(Freeze { until: None, window: first.window, why })
}

/// The window in the way, and when that may change.
struct Obstacle {
    window: usize,
    until: Option<Timestamp>,
}

fn obstacle(windows: &[Window], what: Blocks, at: Timestamp) -> Option<Obstacle> {
    let concerned = || windows.iter().enumerate().filter(|(_, w)| w.blocks.contains(&what));
    denied(concerned(), at).or_else(|| not_allowed(concerned(), at))
}

fn denied<'a>(
    windows: impl Iterator<Item = (usize, &'a Window)>,
    at: Timestamp,
) -> Option<Obstacle> {
    let open = |(window, w): (usize, &Window)| match w.open_until(at) {
        Ok(None) => None,
        Ok(until) => Some(Obstacle { window, until }),
        Err(_) => Some(Obstacle { window, until: None }),
    };
    let never = Timestamp::from_micros(i64::MAX);
    windows
        .filter(|(_, w)| w.kind == WindowKind::Deny)
        .filter_map(open)
        .max_by_key(|obstacle| obstacle.until.unwrap_or(never))
}

fn not_allowed<'a>(
    windows: impl Iterator<Item = (usize, &'a Window)>,
    at: Timestamp,
) -> Option<Obstacle> {
    let allowing: Vec<_> = windows.filter(|(_, w)| w.kind == WindowKind::Allow).collect();
    if allowing.iter().any(|(_, w)| matches!(w.open_until(at), Ok(Some(_)))) {
        return None;
    }
    let next =
        |(window, w): &(usize, &Window)| Obstacle { window: *window, until: w.next(at).ok() };
    let never = Timestamp::from_micros(i64::MAX);
    allowing.iter().map(next).min_by_key(|obstacle| obstacle.until.unwrap_or(never))
}

impl Window {
    /// Checks the schedule and the time zone.
    ///
    /// # Errors
    /// [`Error::Schedule`], [`Error::Never`], [`Error::TimeZone`].
    pub fn check(&self) -> Result<(), Error> {
        zone(&self.time_zone)?;
        self.schedule.cron()?;
        self.next(Timestamp::default()).map(|_| ())
    }

    /// When the window that is open at `now` closes; none if it is closed.
    ///
    /// # Errors
    /// The window is not valid, or `now` is outside of the calendar.
    pub fn open_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let (schedule, now_local) = (self.schedule.cron()?, self.local(now)?);
        // No start before `now` means that it never was open.
        let Ok(start) = schedule.find_previous_occurrence(&now_local, true) else {
            return Ok(None);
        };
        let end = instant(&start).plus(self.duration);
        Ok(Some(end).filter(|end| *end > now))
    }

    /// The first start after `now`.
    fn next(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let next = self.schedule.cron()?.find_next_occurrence(&self.local(now)?, false);
        next.map(|start| instant(&start))
            .map_err(|_past_the_calendar| Error::Never(self.schedule.to_string()))
    }

    /// `now` in the window's zone, cut to whole seconds: cron knows no parts of them.
    fn local(&self, now: Timestamp) -> Result<Zoned, Error> {
        let seconds = now.as_micros().div_euclid(1_000_000);
        let instant =
            jiff::Timestamp::from_second(seconds).map_err(|_out_of_range| Error::Instant)?;
        Ok(instant.to_zoned(zone(&self.time_zone)?))
    }

    fn in_words(&self) -> String {
        let kind = match self.kind {
            WindowKind::Deny => "denied during",
            WindowKind::Allow => "allowed only during",
        };
        let hours = self.duration.as_secs_f64() / 3600.0;
        format!("{kind} `{}` ({hours:.1} h, {})", self.schedule, self.time_zone)
    }
}

fn instant(start: &Zoned) -> Timestamp {
    Timestamp::from_micros(start.timestamp().as_microsecond())
}

fn zone(name: &str) -> Result<TimeZone, Error> {
    TimeZone::get(name).map_err(|_unknown| Error::TimeZone(name.to_owned()))
}

#[cfg(test)]
mod tests;
