//! Clients: requests at a rate, each with a fresh routing key, beside the test; a quarter of them
//! say that they are `mobile`, the others `web`. Every answer is kept with its time and the version
//! that gave it.

use super::Server;
use super::api;
use super::rows::{Kind, Rows};
use super::wait::{PATIENCE, eventually, instant, now};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::task::JoinSet;

/// No traffic outlives its test by more than this.
const LONGEST: Duration = Duration::from_secs(150);
const TICK: Duration = Duration::from_millis(5);
/// Below an endpoint's default of 64 requests at once: what is refused for that is no finding.
const IN_FLIGHT_MAX: usize = 32;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Shorter than the server keeps an idle connection: none is closed under a request.
const IDLE: Duration = Duration::from_secs(5);
const ALL: u32 = 1000;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) per_second: u32,
    /// Of a thousand requests, how many make the flaky version fail.
    pub(crate) failing_permille: u32,
    pub(crate) feedback: Feedback,
}

/// Whether clients tell what was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feedback {
    None,
    /// Whether the answer is right.
    Correct,
    /// The number of the right class, whoever answered.
    Digit,
    /// What a client spent: half as much where another version than the first answered.
    Revenue,
    /// Who asks asks twice, and says whether they bought: never on one of both, on the other unless
    /// another version than the first answered.
    Bought,
}

impl Load {
    /// Plain requests.
    pub(crate) const fn of(per_second: u32) -> Self {
        Self { per_second, failing_permille: 0, feedback: Feedback::None }
    }
}

/// One request's end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// Who asked: `user-n`, the routing key.
    pub(crate) user: usize,
    /// Microseconds since the Unix epoch: when it was asked, and when it was answered.
    pub(crate) asked: i64,
    pub(crate) at: i64,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Served {
        version: u64,
    },
    Refused {
        status: u16,
    },
    /// Nobody was there, or went away.
    Lost,
}

/// Answers, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) served: usize,
    pub(crate) refused: usize,
    pub(crate) lost: usize,
    pub(crate) labelled: usize,
}

#[derive(Debug)]
struct Shared {
    infer: String,
    feedback: String,
    load: Load,
    failing_permille: AtomicU32,
    stop: AtomicBool,
    answers: Mutex<Vec<Answer>>,
    labelled: AtomicUsize,
    rows: Rows,
}

/// Traffic that goes on until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Traffic {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Traffic {
    /// Begins to call the endpoint `digits`.
    pub(crate) fn to(server: &Server, load: Load) -> Self {
        let shared = Arc::new(Shared {
            infer: server.v2("/models/digits/infer"),
            feedback: server.v2("/models/digits/feedback"),
            load,
            failing_permille: AtomicU32::new(load.failing_permille),
            stop: AtomicBool::new(false),
            answers: Mutex::default(),
            labelled: AtomicUsize::new(0),
            rows: Rows::live(),
        });
        let sending = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(send(sending));
        });
        Self { shared, thread: Some(thread) }
    }

    /// From now on, so many of a thousand requests make the flaky version fail.
    pub(crate) fn fail(&self, permille: u32) {
        self.shared.failing_permille.store(permille, Ordering::Relaxed);
    }

    /// What has come back so far.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        self.shared.answers.lock().expect("no panic under the lock").clone()
    }

    pub(crate) fn tally(&self) -> Tally {
        let labelled = self.shared.labelled.load(Ordering::Relaxed);
        self.answers().iter().fold(Tally { labelled, ..Tally::default() }, |mut tally, answer| {
            match answer.outcome {
                Outcome::Served { .. } => tally.served += 1,
                Outcome::Refused { .. } => tally.refused += 1,
                Outcome::Lost => tally.lost += 1,
            }
            tally
        })
    }

    /// Waits until `count` more requests were answered by `version`.
    #[track_caller]
    pub(crate) fn until_served_by(&self, version: u64, count: usize) {
        let by = || {
            let answers = self.answers();
            answers.iter().filter(|a| a.outcome == Outcome::Served { version }).count()
        };
        let before = by();
        let what = format!("{count} more answers of version {version}");
        eventually(&what, PATIENCE, || (by() >= before + count).then_some(()));
    }

    /// Ends it; every answer.
    pub(crate) fn stop(mut self) -> Vec<Answer> {
        self.join();
        self.answers()
    }

    fn join(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread is told by its missing answers.
            let _ended = thread.join();
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.join();
    }
}

async fn send(shared: Arc<Shared>) {
    let client = reqwest::Client::builder().no_proxy().pool_idle_timeout(IDLE);
    let client = client.timeout(REQUEST_TIMEOUT).build().expect("a client");
    let begin = instant();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut flying = JoinSet::new();
    let (mut sent, mut last) = (0_usize, begin);
    let mut due = 0.0_f64;
    while !shared.stop.load(Ordering::Relaxed) && begin.elapsed() < LONGEST {
        ticks.tick().await;
        while flying.try_join_next().is_some() {}
        let tick = instant();
        // What a stalled machine could not send is not made up for in a burst.
        let fresh = tick.duration_since(last).min(4 * TICK).as_secs_f64();
        due = (due + fresh * f64::from(shared.load.per_second)).min(IN_FLIGHT_MAX as f64);
        last = tick;
        while due >= 1.0 && flying.len() < IN_FLIGHT_MAX {
            flying.spawn(one(Arc::clone(&shared), client.clone(), sent));
            sent += 1;
            due -= 1.0;
        }
    }
    while flying.join_next().await.is_some() {}
}

async fn one(shared: Arc<Shared>, client: reqwest::Client, n: usize) {
    let failing = shared.failing_permille.load(Ordering::Relaxed) as usize;
    // Spread evenly, without a random source: 379 is coprime to 1000.
    let kind = if n * 379 % ALL as usize >= failing { Kind::Plain } else { Kind::Failing };
    let (body, label) = shared.rows.request(n, kind);
    let request = client.post(&shared.infer).body(body);
    let request = request.header("x-user-id", key(shared.load.feedback.user(n)));
    let request = request.header("x-client", if n.is_multiple_of(4) { "mobile" } else { "web" });
    let asked = now();
    let answered = request.send().await;
    let ended = |outcome| Answer { user: n, asked, at: now(), outcome };
    let Ok(response) = answered else { return shared.note(ended(Outcome::Lost)) };
    let (status, version) = (response.status(), api::version(&response));
    let id = response.headers().get("x-request-id").cloned();
    let body = response.bytes().await;
    let outcome = match (status.is_success(), version, &body) {
        (_, _, Err(_)) => Outcome::Lost,
        (true, Some(version), Ok(_)) => Outcome::Served { version },
        (_, _, Ok(_)) => Outcome::Refused { status: status.as_u16() },
    };
    if let (Outcome::Refused { status }, Ok(body)) = (outcome, &body) {
        eprintln!("refused with {status}: {}", String::from_utf8_lossy(body));
    }
    shared.note(ended(outcome));
    let (Outcome::Served { version }, Ok(body), Some(id)) = (outcome, body, id) else { return };
    let (metric, value) = match shared.load.feedback {
        Feedback::None => return,
        Feedback::Correct => ("correct", json!(u8::from(predicted(&body) == Some(label)))),
        Feedback::Digit => ("digit", json!(label)),
        Feedback::Revenue => ("revenue", json!(revenue(n, version))),
        Feedback::Bought => ("bought", json!(n % 2 == 1 && version == 1)),
    };
    let id = id.to_str().expect("a printable id");
    let told = json!({"request_id": id, "metric": metric, "value": value});
    let answered = client.post(&shared.feedback).json(&told).send().await;
    if answered.is_ok_and(|answer| answer.status().is_success()) {
        shared.labelled.fetch_add(1, Ordering::Relaxed);
    }
}

impl Feedback {
    /// Who sends the n-th request.
    const fn user(self, n: usize) -> usize {
        match self {
            Self::Bought => n / 2,
            Self::None | Self::Correct | Self::Digit | Self::Revenue => n,
        }
    }
}

/// From 10 to 20, by who asks.
fn revenue(n: usize, version: u64) -> f64 {
    let whole = 10.0 + (n * 379 % 1000) as f64 / 100.0;
    if version == 1 { whole } else { whole / 2.0 }
}

/// The n-th user's routing key.
pub(super) fn key(n: usize) -> String {
    format!("user-{n}")
}

fn predicted(body: &[u8]) -> Option<i64> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let outputs = answer["outputs"].as_array()?;
    outputs.iter().find(|output| output["name"] == "label")?["data"][0].as_i64()
}

impl Shared {
    fn note(&self, answer: Answer) {
        self.answers.lock().expect("no panic under the lock").push(answer);
    }
}
