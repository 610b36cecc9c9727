//! What the tree shows, for rollouts driven by the real state machine.

mod explained;
mod figures;

use super::*;
use crate::api::wire::{Explained, JournalRow};
use crate::driver::command::Tripped;
use crate::driver::explain::summary;
use seatrial_domain::evidence::{ArmCount, CompareCount, MirrorCounts, PairCount, ShadowCounts};
use seatrial_domain::plan::Kind;
use seatrial_domain::rollout::{Bootstrap, Event, Fault, New, StageName};
use seatrial_domain::split::Salt;
use seatrial_domain::verdict::{
    Account, CheckReport, CheckVerdict, Counts, Coverage, Decision, Enforced, Holds, SampleRatio,
    Trust, Unit, Verdict,
};
use seatrial_domain::{
    Digest, EndpointName, Epoch, ModelName, Revision, RolloutId, Timestamp, VersionNumber,
    VersionRef, endpoint, policy,
};

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: quick}
spec:
  endpoint: digits
  shadow:
    minDuration: 1s
    minRequests: 100
    slices: [parameter:client]
    compare:
      - {output: label, by: class, maxDisagreement: 0.25}
  canary: {share: 5, minDuration: 1s}
  ramp:
    - {share: 25, minDuration: 1s}
";

struct Story {
    rollout: Rollout,
    history: Vec<JournalRow>,
    now: Timestamp,
    verdict: Option<Verdict>,
    accounts: Vec<Account>,
    trust: Trust,
    trip: Option<Tripped>,
}

fn version(number: u64) -> VersionRef {
    VersionRef {
        model: ModelName::new("digits").unwrap(),
        number: VersionNumber(number),
        digest: Digest::of(&number.to_be_bytes()),
    }
}

impl Story {
    fn begin() -> Self {
        Self::of(POLICY)
    }

    fn of(yaml: &str) -> Self {
        let endpoint = EndpointName::new("digits").unwrap();
        let policy = policy::parse(yaml).unwrap_or_else(|fault| panic!("{fault}"));
        let plan = policy.plan(Kind::Promote, &endpoint).unwrap();
        let new = New {
            id: RolloutId(1),
            endpoint,
            attempt: 1,
            candidate: version(2),
            plan: plan.clone(),
            salt: Salt(7),
            settings: endpoint::Settings::of(ModelName::new("digits").unwrap()),
            bootstrap: Bootstrap::Ask,
        };
        let now = Timestamp::from_micros(0);
        let rollout = Rollout::new(new, now);
        let (history, accounts) = (Vec::new(), Vec::new());
        let (trust, verdict, trip) = (Trust::default(), None, None);
        let mut story = Self { rollout, history, now, verdict, accounts, trust, trip };
        let incumbent = Some(version(1));
        story.on(0, &Event::Turn { epoch: Epoch(1), incumbent, plan: Box::new(plan) });
        story
    }

    /// The event happens `seconds` later.
    fn on(&mut self, seconds: u64, event: &Event) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        let transition = self.rollout.on(event, self.now).unwrap_or_else(|why| {
            panic!("{} in {}: {why}", event.name(), self.rollout.stage.name())
        });
        self.rollout = transition.next;
        let seq = u64::try_from(self.history.len()).unwrap() + 1;
        self.history.push(JournalRow {
            seq,
            at: self.now.to_string(),
            actor: "seatrial".to_owned(),
            event: transition.journal.event.clone(),
            subject: None,
            rollout: Some(1),
            endpoint: Some("digits".to_owned()),
            what: String::new(),
            entry: serde_json::to_value(&transition.journal).unwrap(),
            canonical: String::new(),
            hash: String::new(),
        });
    }

    fn acknowledged(&mut self) {
        self.on(0, &Event::Acknowledged { epoch: self.rollout.epoch });
    }

    fn judged(&mut self, seconds: u64, verdict: Verdict) {
        self.on(seconds, &Event::Judged { verdict: Box::new(verdict), capacity: 2 });
    }

    fn reach_shadow(&mut self) {
        self.on(2, &Event::Staged);
        let summary = "holdout 0.919 vs 0.903 (n=359, margin -0.030)   12/12 contract tests";
        self.on(3, &Event::Validated { summary: summary.to_owned() });
        self.acknowledged();
    }

    fn reach_canary(&mut self) {
        self.reach_shadow();
        self.judged(4, verdict(Decision::Pass, Vec::new()));
        self.acknowledged();
    }

    fn drawn(&self) -> String {
        self.drawn_in(Detail::Values)
    }

    fn drawn_in(&self, detail: Detail) -> String {
        let (explained, history) = (self.explained(), self.history.clone());
        render(&Seen { explained, history }, detail, Paint::Plain)
    }

    fn explained(&self) -> Explained {
        let judged = (self.verdict.as_ref(), &self.accounts[..]);
        Explained {
            rollout: self.rollout.clone(),
            revision: Revision(1),
            verdict: self.verdict.clone(),
            accounts: self.accounts.clone(),
            trust: self.trust.clone(),
            trip: self.trip.clone(),
            validation: None,
            shadow: (self.rollout.stage.name() >= StageName::Shadow).then(shadow),
            summary: summary(&self.rollout, judged, self.now),
            now: self.now,
        }
    }
}

fn verdict(decision: Decision, checks: Vec<CheckReport>) -> Verdict {
    Verdict {
        decision,
        units: ArmCount { candidate: 610, incumbent: 11_590 },
        sample_ratio: SampleRatio::Plausible,
        coverage: Coverage::Enough,
        checks,
        assignment: None,
        labelled: Vec::new(),
        ranking: Vec::new(),
        told_apart: Vec::new(),
    }
}

fn report(name: &str, metric: &str, unit: Unit, values: (f64, f64)) -> CheckReport {
    CheckReport {
        name: name.to_owned(),
        verdict: CheckVerdict::Pass,
        enforced: Enforced::Yes,
        metric: metric.to_owned(),
        candidate: Some(values.0),
        incumbent: Some(values.1),
        unit,
        limit: "limit 25 ms".to_owned(),
        counts: Counts::default(),
        fail_log_e: None,
        fail_log_e_max: None,
        fail_at: None,
        pass_log_e: None,
        pass_at: None,
        units_needed: None,
        slice: None,
        holds: Holds::Passes,
    }
}

fn three_checks() -> Vec<CheckReport> {
    vec![
        report("errorRate", "error rate", Unit::Ratio, (0.0, 0.0)),
        report("latencyP99", "p99 latency", Unit::Milliseconds, (1.9, 1.8)),
        CheckReport {
            verdict: CheckVerdict::Inconclusive,
            units_needed: Some(130),
            ..report("correct", "correct", Unit::Ratio, (0.844, 0.910))
        },
    ]
}

fn shadow() -> ShadowCounts {
    let count = |pairs, disagree| CompareCount {
        candidate: PairCount { pairs, disagree },
        noise: PairCount { pairs, disagree: 0 },
    };
    let client = [("mobile", 1000, 412), ("web", 3000, 288)];
    let client = client.map(|(name, pairs, bad)| (name.to_owned(), vec![count(pairs, bad)]));
    ShadowCounts {
        mirror: MirrorCounts { offered: 4000, sent: 4000, ..MirrorCounts::default() },
        compare: vec![count(4000, 700)],
        slices: [("client".to_owned(), client.into_iter().collect())].into(),
        ..ShadowCounts::default()
    }
}

#[test]
fn a_canary_that_is_deciding() {
    let mut story = Story::begin();
    story.reach_canary();
    story.now = story.now.plus(Duration::from_secs(5));
    story.verdict = Some(verdict(Decision::Inconclusive, three_checks()));
    insta::assert_snapshot!(story.drawn());
}

#[test]
fn a_canary_that_was_rolled_back_names_the_check() {
    let mut story = Story::begin();
    story.reach_canary();
    let mut checks = three_checks();
    checks[2].verdict = CheckVerdict::Fail;
    checks[2].limit = "margin 2.0 points".to_owned();
    let decision = Decision::Fail { check: "correct".to_owned() };
    story.judged(6, verdict(decision, checks));
    story.acknowledged();
    insta::assert_snapshot!(story.drawn());
}

#[test]
fn a_rejected_validation_shows_no_live_stage() {
    let mut story = Story::begin();
    story.on(1, &Event::Staged);
    let why = "holdout accuracy 0.786, least 0.850".to_owned();
    story.on(2, &Event::ValidationFailed { why, fault: Fault::Candidate });
    insta::assert_snapshot!(story.drawn());
}

#[test]
fn a_ramp_shows_every_gate_that_was_passed() {
    let mut story = Story::begin();
    story.reach_canary();
    story.judged(6, verdict(Decision::Pass, three_checks()));
    story.acknowledged();
    story.verdict = Some(verdict(Decision::Inconclusive, Vec::new()));
    insta::assert_snapshot!(story.drawn());
}

#[test]
fn a_pause_is_told_in_the_heading() {
    let mut story = Story::begin();
    story.reach_canary();
    story.on(1, &Event::Pause { reason: "lunch".to_owned() });
    insta::assert_snapshot!(story.drawn());
}

#[test]
fn colours_are_for_terminals_only() {
    let story = Story::begin();
    assert!(!story.drawn().contains('\u{1b}'));
    let node = Node::leaf(Mark::Done, "a", "b");
    assert!(lines::draw(&[node], Paint::Colour).contains("\u{1b}[32m"));
}
