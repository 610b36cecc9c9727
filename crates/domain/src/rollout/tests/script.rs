//! The scripts' language. A line is `minute words -> what is then true`; the part after the arrow is
//! what is tested. `reach STAGE` plays a healthy voyage up to there, and restarts the minutes.

use crate::plan::{Kind, Plan};
use crate::rollout::fixture::{
    SESSIONS, at, fail, incumbent, plan, queued, trip, verdict, version,
};
use crate::rollout::{
    Bootstrap, Effect, Event, Fault, Hold, Outcome, Rollout, Stage, StageName, Transition,
};
use crate::telemetry::BadOf;
use crate::verdict::{Coverage, Decision, SampleRatio, Verdict};
use crate::{Epoch, RolloutId, VersionRef};

/// One rollout under test, and the minute its script's minutes count from.
struct Player {
    rollout: Rollout,
    start: u32,
}

/// Plays the lines on a plan of this kind and compares what is shown after each.
pub(super) fn check(kind: Kind, adjust: impl FnOnce(&mut Plan), lines: &str) {
    check_with(kind, Bootstrap::Ask, adjust, lines);
}

pub(super) fn check_with(
    kind: Kind,
    bootstrap: Bootstrap,
    adjust: impl FnOnce(&mut Plan),
    lines: &str,
) {
    let mut plan = plan(kind);
    adjust(&mut plan);
    let mut player = Player { rollout: queued(plan, bootstrap), start: 0 };
    let lines: Vec<_> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said: Vec<_> = lines
        .iter()
        .map(|line| {
            let input = line.split("->").next().unwrap().trim();
            format!("{input:<34} -> {}", player.line(input))
        })
        .collect();
    let expected: Vec<_> = lines
        .iter()
        .map(|line| {
            let (input, then) = line.split_once("->").unwrap_or((line, ""));
            format!("{:<34} -> {}", input.trim(), then.trim())
        })
        .collect();
    let (said, expected) = (said.join("\n"), expected.join("\n"));
    assert!(said == expected, "the script says\n{said}\n\nexpected\n{expected}");
}

impl Player {
    fn line(&mut self, input: &str) -> String {
        let (minute, words) = input.split_once(' ').unwrap();
        let now = self.start + minute.parse::<u32>().unwrap();
        let words = words.trim();
        match words.split_once(' ') {
            Some(("reach", stage)) => self.reach(stage, now),
            Some(_) | None => {
                let event = event(words, &self.rollout, now);
                self.take(&event, now)
            }
        }
    }

    fn take(&mut self, event: &Event, now: u32) -> String {
        match self.rollout.on(event, at(now)) {
            Ok(transition) => {
                let text = shown(&transition);
                self.rollout = transition.next;
                text
            }
            Err(refused) => format!("refused: {refused}"),
        }
    }

    fn reach(&mut self, stage: &str, now: u32) -> String {
        let mut now = now;
        let mut text = String::new();
        while self.rollout.stage.name().as_str() != stage {
            let words = self.healthy();
            now += if words == "ack" { 0 } else { 10 };
            text = self.take(&event(words, &self.rollout, now), now);
            assert!(!text.starts_with("refused: paused"), "cannot reach {stage}: {text}");
            assert!(now < 10_000, "cannot reach {stage}: {text}");
        }
        self.start = now;
        text
    }

    fn healthy(&self) -> &'static str {
        let acknowledged = self.rollout.step.acknowledged_at.is_some();
        match self.rollout.stage.name() {
            StageName::Queued => "turn",
            StageName::Staging => "staged",
            StageName::Validating if self.rollout.awaiting.is_some() => "approve ann",
            StageName::Validating if self.rollout.step.approved.is_some() => "tick",
            StageName::Validating => "validated",
            StageName::Shadow | StageName::Canary | StageName::Ramp if acknowledged => {
                "look pass 100"
            }
            StageName::Stabilizing if acknowledged => "tick",
            StageName::Decommissioning if acknowledged => "drained",
            StageName::Shadow
            | StageName::Canary
            | StageName::Ramp
            | StageName::Cutover
            | StageName::Stabilizing
            | StageName::Decommissioning
            | StageName::RollingBack => "ack",
            StageName::Completed
            | StageName::Rejected
            | StageName::RolledBack
            | StageName::Aborted
            | StageName::Superseded => unreachable!("over"),
        }
    }
}

fn event(words: &str, rollout: &Rollout, now: u32) -> Event {
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    let reason = rest.to_owned();
    match word {
        "turn" => Event::Turn {
            epoch: Epoch(10),
            incumbent: incumbent(rollout.plan.kind),
            plan: Box::new((*rollout.plan).clone()),
        },
        "ack" if rest == "old" => Event::Acknowledged { epoch: Epoch(rollout.epoch.0 - 1) },
        "ack" => Event::Acknowledged { epoch: rollout.epoch },
        "staged" => Event::Staged,
        "unstaged" => Event::StagingFailed { why: reason },
        "validated" => Event::Validated { summary: "12/12 contract tests".to_owned() },
        "invalid" => Event::ValidationFailed { why: reason, fault: Fault::Candidate },
        "unjudged" => Event::ValidationFailed { why: reason, fault: Fault::Surroundings },
        "look" => look(rest),
        "trip" => tripped(rest, rollout),
        "hold" => Event::Held { hold: hold(rest), why: "it is not there".to_owned() },
        "release" => Event::Released(hold(rest)),
        "drained" => Event::Drained,
        // Down for this many minutes.
        "restart" => Event::Restarted { alive_until: at(now - rest.parse::<u32>().unwrap()) },
        "tick" => Event::Tick,
        "pause" => Event::Pause { reason },
        "resume" => Event::Resume,
        "approve" => Event::Approve { by: reason },
        "reject" => Event::Reject { reason },
        "promote" => Event::Promote { reason },
        "abort" => Event::Abort { reason },
        "rollback" => Event::RollBack { reason },
        "supersede" => Event::Supersede { by: RolloutId(2) },
        "turnaway" => Event::TurnedAway { outcome: Outcome::Rejected, why: reason },
        other => panic!("no such word: {other}"),
    }
}

/// `look DECISION UNITS [SESSIONS]`.
fn look(rest: &str) -> Event {
    let mut words = rest.split(' ');
    let decision = words.next().unwrap();
    let units = words.next().unwrap().parse().unwrap();
    let capacity = words.next().map_or(SESSIONS, |sessions| sessions.parse().unwrap());
    let verdict = match decision {
        "pass" => verdict(Decision::Pass, units),
        "fail" => verdict(fail(), units),
        "undecided" => verdict(Decision::Inconclusive, units),
        "error" => {
            let (check, why) = ("errorRate".to_owned(), "other edges".to_owned());
            verdict(Decision::Error { check, why }, units)
        }
        "skewed" => {
            let sample_ratio = SampleRatio::Mismatch;
            Verdict { sample_ratio, ..verdict(Decision::Pass, units) }
        }
        "unlabelled" => {
            let coverage = Coverage::Short { check: "correct".to_owned(), why: String::new() };
            Verdict { coverage, ..verdict(Decision::Pass, units) }
        }
        other => panic!("no such decision: {other}"),
    };
    Event::Judged { verdict: Box::new(verdict), capacity }
}

/// `trip GUARDRAIL BAD/TOTAL BAD/TOTAL`, the candidate first.
fn tripped(rest: &str, rollout: &Rollout) -> Event {
    let words: Vec<_> = rest.split(' ').collect();
    let bad_of = |text: &str| {
        let (bad, total) = text.split_once('/').unwrap();
        BadOf { bad: bad.parse().unwrap(), total: total.parse().unwrap() }
    };
    let trip = trip(words[0], rollout.epoch, bad_of(words[1]), bad_of(words[2]));
    Event::GuardrailTripped(Box::new(trip))
}

fn hold(name: &str) -> Hold {
    serde_json::from_value(name.into()).unwrap()
}

/// `stage share epoch overlays + effects`.
fn shown(transition: &Transition) -> String {
    let next = &transition.next;
    let mut stage = next.stage.name().to_string();
    if let Stage::Ramp { step } = next.stage {
        stage = format!("ramp({step})");
    }
    if let Stage::RollingBack { outcome } = next.stage {
        stage = format!("rolling_back({})", outcome.stage().name());
    }
    let mut text = format!("{stage} {} epoch {}", next.share(), next.epoch);
    for overlay in &transition.journal.overlays {
        text.push_str(&format!(" {overlay}"));
    }
    for effect in &transition.journal.effects {
        text.push_str(&format!(" + {}", named(effect)));
    }
    text
}

fn named(effect: &Effect) -> String {
    let number = |version: &VersionRef| version.number.to_string();
    match effect {
        Effect::Serving { version: Some(version), alias } => {
            format!("{alias} is {}", number(version))
        }
        Effect::Serving { version: None, alias } => format!("{alias} is nobody"),
        Effect::Quarantine { digest, .. } if *digest == version(2).digest => {
            "v2 quarantined".to_owned()
        }
        Effect::Quarantine { digest, .. } => format!("{digest} quarantined"),
        Effect::KnownGood { version } => format!("{} known good", number(version)),
        Effect::Retired { version } => format!("{} retired", number(version)),
        Effect::Skipped { stages, .. } => {
            let stages: Vec<_> = stages.iter().map(|stage| stage.as_str()).collect();
            format!("skipped {}", stages.join(" "))
        }
    }
}
