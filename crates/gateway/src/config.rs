//! A gateway's limits, and the two things it cannot know by itself: the time and its boot's number.

use std::path::PathBuf;
use std::time::Duration;

use seatrial_domain::Timestamp;

/// Limits of a gateway. [`Config::new`] gives the defaults.
#[derive(Debug, Clone)]
pub struct Config {
    /// Random, one for each start: tells this boot's counters and request ids from others'.
    pub boot: u64,
    /// The wall clock.
    pub clock: fn() -> Timestamp,
    /// Bytes of a body, whatever an endpoint's settings allow.
    pub max_body: u64,
    /// Bytes of all bodies at once, and of the tensors in them: of those that arrive or wait for
    /// their answer.
    pub max_bodies: u64,
    /// A body must have arrived within this time.
    pub body_timeout: Duration,
    /// Connections open at once; more wait to be accepted.
    pub max_connections: usize,
    /// Bytes of a request's head, at least 8192.
    pub max_head: usize,
    /// A request's head must have arrived within this time.
    pub head_timeout: Duration,
    /// A client must take some of its answer within this time.
    pub write_timeout: Duration,
    /// How long a server that is told to stop reports itself not ready and still takes requests.
    pub notice: Duration,
    /// Where latches outlive the process; `None`: they do not.
    pub latch_file: Option<PathBuf>,
    /// Where the requests under way are told to the next process if this one is killed; `None`: nowhere.
    pub mark_file: Option<PathBuf>,
    /// Requests marked there at once, 40 bytes each; more are not told if they are lost.
    pub mark_slots: u32,
    /// Endpoints whose latch fits the file.
    pub latch_slots: u32,
    /// Seen units remembered for each rollout.
    pub units: usize,
    /// Assignments kept between two flushes.
    pub assignments: usize,
    /// Mirrored requests worked on at once, for each endpoint.
    pub mirror_workers: usize,
    /// Requests to `/versions/{v}` in flight at once, for each endpoint.
    pub pinned_in_flight: u32,
    /// Feedback waiting to be joined.
    pub feedback_queue: usize,
    /// Feedback must be joined within this time.
    pub feedback_timeout: Duration,
}

impl Config {
    /// The defaults, without files.
    #[must_use]
    pub fn new(boot: u64, clock: fn() -> Timestamp) -> Self {
        Self {
            boot,
            clock,
            max_body: 64 * 1024 * 1024,
            max_bodies: 512 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            max_connections: 1024,
            max_head: 64 * 1024,
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            notice: Duration::ZERO,
            latch_file: None,
            mark_file: None,
            mark_slots: 4_096,
            latch_slots: 256,
            units: 1_000_000,
            assignments: 100_000,
            mirror_workers: 2,
            pinned_in_flight: 8,
            feedback_queue: 1024,
            feedback_timeout: Duration::from_secs(5),
        }
    }
}
