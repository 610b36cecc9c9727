//! What enters the evidence.

use crate::double::Script;
use crate::http::{INPUT, request};
use crate::world::{GATE, ROLLOUT, SALT, World, config, counts, digits, route, share};
use seatrial_domain::Timestamp;
use seatrial_domain::evidence::{GateIndex, GateStratum};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::split::{Arm, Domain};
use seatrial_domain::telemetry::{Counted, SeenUnits, request_hash};
use seatrial_gateway::{Config, Counting, Labelled, RolloutRoute};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_keyed_unit_is_counted_once_under_a_share() {
    let world = World::with(|_| {}).await;
    for user in ["a", "b", "a", "c", "b", "a"] {
        world.client.infer_as(user).await;
    }
    // The share is what was drawn by: a gate that has the same one draws nothing anew.
    world.install(2, route(|route| route.gate = Some(GateIndex(1))));
    world.client.infer_as("a").await;
    let telemetry = world.drain();
    assert_eq!(counts(&telemetry).units.total(), 3);
    assert_eq!(telemetry.gates.len(), 1);
    assert_eq!(telemetry.units[0].1.len(), 3);
    let counted = telemetry.assignments.iter().filter(|a| a.counted == Counted::Yes).count();
    assert_eq!((counted, telemetry.assignments.len()), (3, 7));
}

#[tokio::test]
async fn at_the_next_gate_a_unit_counts_by_what_it_has_shown_of_its_arm() {
    let (low, high) = (share(2_500), share(5_000));
    let world = World::with(route(|route| route.share = low)).await;
    let on = |arm| World::user(arm, low, 0);
    let (candidate, incumbent) = (on(Arm::Candidate), on(Arm::Incumbent));
    for user in [&candidate, &incumbent] {
        world.client.infer_as(user).await;
    }
    world.install(2, route(|route| (route.share, route.gate) = (high, Some(GateIndex(1)))));
    for user in [&candidate, &incumbent, &incumbent, &"new".to_owned()] {
        world.client.infer_as(user).await;
    }
    let telemetry = world.drain();
    let counted: Vec<(GateStratum, u64)> =
        telemetry.gates.iter().map(|(_, of, counts)| (*of, counts.units.total())).collect();
    let after = GateIndex(1).after(Exposure::up_to(low));
    assert_eq!(counted, [(GATE.unseen(), 2), (GateIndex(1).unseen(), 1), (after, 1)]);
}

#[tokio::test]
async fn a_unit_with_a_window_counts_with_its_worst_request_when_that_is_over() {
    let window = Duration::from_secs(2);
    let world = World::with(route(|route| route.counting.window = window)).await;
    let user = World::user(Arm::Candidate, share(5000), 0);
    world.client.infer_as(&user).await;
    world.candidate.play(Script::Fail);
    world.client.infer_as(&user).await;
    let early = world.counts();
    assert_eq!((early.units.candidate, early.open.candidate), (0, 1));
    world.until(|world| world.counts().units.candidate == 1).await;
    let counts = world.counts();
    assert_eq!((counts.errors.candidate_bad, counts.errors.candidate_good), (1, 0));
    assert_eq!((counts.open.total(), counts.unanswered.total()), (0, 0));
    world.client.infer_as(&user).await;
    assert_eq!(world.counts().assigned().total(), 1);
}

#[tokio::test]
async fn requests_of_a_units_window_say_whose_they_are_where_all_labels_are_evidence() {
    let window = Duration::from_secs(2);
    for labels in [Labelled::First, Labelled::Window] {
        let counting = Counting { window, labels, ..Counting::default() };
        let world = World::with(route(|route| route.counting = counting)).await;
        for user in ["a", "a", "b"] {
            world.client.infer_as(user).await;
        }
        world.client.infer(&[]).await;
        let of = |user: &str| match labels {
            Labelled::First => None,
            Labelled::Window => Some(SALT.hash(Domain::Units, user.as_bytes())),
        };
        let telemetry = world.drain();
        let told: Vec<_> = telemetry.assignments.iter().map(|it| (it.counted, it.unit)).collect();
        let (yes, no) = (Counted::Yes, Counted::No);
        assert_eq!(told, [(yes, of("a")), (no, of("a")), (yes, of("b")), (yes, None)]);
        // What comes after the window is none of it.
        world.until(|world| world.counts().units.total() == 3).await;
        world.client.infer_as("a").await;
        let telemetry = world.drain();
        assert_eq!((telemetry.assignments[0].counted, telemetry.assignments[0].unit), (no, None));
    }
}

#[tokio::test]
async fn a_units_age_is_from_its_assignment_however_slow_its_answer() {
    static MICROS: AtomicI64 = AtomicI64::new(1_000_000);
    let clock = || Timestamp::from_micros(MICROS.load(Ordering::Relaxed));
    let world = World::new(Config::new(0xb007, clock)).await;
    world.install(1, |_| {});
    let permits = Arc::new(Semaphore::new(0));
    world.incumbent.play(Script::Wait(Arc::clone(&permits), 1));
    let user = World::user(Arm::Incumbent, share(5000), 0);
    let meanwhile = async {
        world.until(|world| world.counts().unanswered.total() == 1).await;
        MICROS.store(9_000_000, Ordering::Relaxed);
        permits.add_permits(1);
    };
    tokio::join!(world.client.infer_as(&user), meanwhile);
    let telemetry = world.drain();
    assert_eq!(telemetry.assignments[0].at, Timestamp::from_micros(1_000_000));
}

#[tokio::test]
async fn what_comes_before_the_warm_up_is_over_enters_no_evidence_but_is_guarded() {
    let later = Duration::from_secs(600);
    let world = World::with(route(|route| route.counting.discard = later)).await;
    for user in ["a", "b", "c"] {
        world.client.infer_as(user).await;
    }
    let telemetry = world.drain();
    assert_eq!((telemetry.gates.len(), telemetry.units.len()), (0, 0));
    assert!(telemetry.assignments.iter().all(|one| one.counted == Counted::No));
    // Another table of the same gate begins no new warm-up, one of another gate does.
    let world = World::with(|_| {}).await;
    world.install(2, route(|route| route.counting.discard = later));
    world.client.infer_as("a").await;
    assert_eq!(world.counts().units.total(), 1);
    let next = |route: &mut RolloutRoute| {
        route.counting.discard = later;
        (route.gate, route.share) = (Some(GateIndex(1)), share(9000));
    };
    world.install(3, route(next));
    world.client.infer_as("b").await;
    assert_eq!(world.drain().gates.len(), 1);
    world.candidate.play(Script::Fail);
    for n in 0..20 {
        world.client.infer_as(&World::user(Arm::Candidate, share(9000), n)).await;
    }
    assert!(world.gateway.latch(&digits()).is_some(), "guardrails act all the same");
}

#[tokio::test]
async fn without_a_key_every_request_is_a_unit_whatever_id_its_client_chose() {
    let world = World::with(|_| {}).await;
    for _ in 0..40 {
        world.client.infer(&[("x-request-id", "always-the-same")]).await;
    }
    let counts = world.counts();
    assert_eq!(counts.units.total(), 40);
    assert!(counts.units.candidate > 5 && counts.units.incumbent > 5, "{counts:?}");
    assert_eq!(counts.errors.candidate() + counts.errors.incumbent(), 40);
    assert_eq!(counts.latency.candidate.iter().sum::<u64>(), counts.units.candidate);
    assert_eq!(counts.latency.incumbent.iter().sum::<u64>(), counts.units.incumbent);
}

#[tokio::test]
async fn refused_requests_are_no_units_on_either_arm() {
    let world = World::with(|_| {}).await;
    let bad = INPUT.replace("FP32", "INT8");
    for n in 0..10 {
        let user = format!("user-{n}");
        let reply =
            world.client.post("/v2/models/digits/infer", &[("x-user-id", &user)], &bad).await;
        assert_eq!(reply.status, 400);
    }
    let telemetry = world.drain();
    assert_eq!(counts(&telemetry).assigned().total(), 0);
    assert_eq!((telemetry.units.len(), telemetry.assignments.len()), (0, 0));
}

#[tokio::test]
async fn nothing_is_counted_without_a_control() {
    let world = World::with(route(|route| route.share = share(10_000))).await;
    world.client.infer_as("a").await;
    assert_eq!(world.counts().units.total(), 0);
}

#[tokio::test]
async fn units_seen_before_a_restart_are_not_counted_again() {
    let world = World::new(config()).await;
    let hash = SALT.hash(Domain::Units, b"a");
    world
        .gateway
        .seed_units(ROLLOUT, SeenUnits { level: 0, units: [(hash, Exposure::KNOWN)].into() });
    world.install(1, |_| {});
    world.client.infer_as("a").await;
    world.client.infer_as("b").await;
    assert_eq!(world.counts().units.total(), 1);
}

#[tokio::test]
async fn an_assignment_is_kept_under_the_answered_id_with_the_assigned_arm() {
    let world = World::with(|_| {}).await;
    world.candidate.play(Script::Fail);
    let user = World::user(Arm::Candidate, share(5000), 0);
    world.client.infer(&[("x-user-id", &user), ("x-request-id", "r-1")]).await;
    let telemetry = world.drain();
    let [assignment] = telemetry.assignments.as_slice() else { panic!("{telemetry:?}") };
    assert_eq!(assignment.request, request_hash(&digits(), "r-1"));
    assert_eq!((assignment.arm, assignment.rollout), (Arm::Candidate, Some(ROLLOUT)));
}

#[tokio::test]
async fn a_candidate_that_hangs_fills_its_own_places_and_no_client_notices() {
    let world = World::with(|table| table.settings.max_concurrency = 2).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    let user = |arm, n| World::user(arm, share(5000), n);
    let [first, second] = [0, 1].map(|n| user(Arm::Candidate, n));
    let others = async {
        world.until(|world| world.candidate.calls() == 2).await;
        for n in 2..7 {
            let overflow = world.client.infer_as(&user(Arm::Candidate, n)).await;
            assert_eq!((overflow.status, overflow.label()), (200, 1), "the incumbent answers");
            let own = world.client.infer_as(&user(Arm::Incumbent, n)).await;
            assert_eq!((own.status, own.label()), (200, 1));
        }
        permits.add_permits(2);
    };
    let client = world.client;
    let (first, second, ()) =
        tokio::join!(client.infer_as(&first), client.infer_as(&second), others);
    assert_eq!((first.label(), second.label()), (2, 2));
    let errors = world.counts().errors;
    assert_eq!((errors.candidate_bad, errors.candidate_good), (5, 2), "the overflow is its error");
    assert_eq!((errors.incumbent_bad, errors.incumbent_good), (0, 5));
}

#[tokio::test]
async fn a_request_beyond_the_incumbents_places_is_turned_away_as_its_error() {
    let world = World::with(|table| table.settings.max_concurrency = 1).await;
    let permits = Arc::new(Semaphore::new(0));
    world.incumbent.play(Script::Wait(Arc::clone(&permits), 1));
    let [first, second] = [0, 1].map(|n| World::user(Arm::Incumbent, share(5000), n));
    let turned_away = async {
        world.until(|world| world.incumbent.calls() == 1).await;
        let turned_away = world.client.infer_as(&second).await;
        permits.add_permits(1);
        turned_away
    };
    let (first, second) = tokio::join!(world.client.infer_as(&first), turned_away);
    assert_eq!((first.status, second.status), (200, 503));
    assert_eq!(second.header("retry-after"), Some("1"));
    let errors = world.counts().errors;
    assert_eq!((errors.incumbent_good, errors.incumbent_bad), (1, 1));
}

#[tokio::test]
async fn a_request_its_model_calls_invalid_leaves_its_unit_to_be_counted_later() {
    let world = World::with(|_| {}).await;
    let users = [Arm::Incumbent, Arm::Candidate].map(|arm| World::user(arm, share(5000), 0));
    world.incumbent.play(Script::Refuse);
    world.candidate.play(Script::Refuse);
    for user in &users {
        assert_eq!(world.client.infer_as(user).await.status, 400);
    }
    let telemetry = world.drain();
    assert_eq!(counts(&telemetry).units.total(), 0);
    assert_eq!((telemetry.units.len(), telemetry.assignments.len()), (0, 0));
    world.incumbent.play(Script::Answer(1));
    world.candidate.play(Script::Answer(2));
    for user in &users {
        assert_eq!(world.client.infer_as(user).await.status, 200);
    }
    assert_eq!(world.counts().units.total(), 2);
}

#[tokio::test]
async fn what_the_incumbent_takes_is_no_fault_of_the_clients() {
    let world = World::with(|_| {}).await;
    world.candidate.play(Script::Refuse);
    let reply = world.client.infer_as(&World::user(Arm::Candidate, share(5000), 0)).await;
    assert_eq!((reply.status, reply.label()), (200, 1));
    assert_eq!(world.counts().errors.candidate_bad, 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_hide_a_slow_candidate() {
    let world = World::with(|_| {}).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    let user = World::user(Arm::Candidate, share(5000), 0);
    let mut stream = TcpStream::connect(world.client.0).await.unwrap();
    let ask = request("/v2/models/digits/infer", &[("x-user-id", &user)], INPUT);
    stream.write_all(ask.as_bytes()).await.unwrap();
    world.until(|world| world.candidate.calls() == 1).await;
    drop(stream);
    permits.add_permits(1);
    world.until(|world| world.counts().units.candidate == 1).await;
}

#[tokio::test]
async fn a_unit_is_assigned_when_it_is_routed_and_counted_when_it_is_answered() {
    let world = World::with(|_| {}).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    let waiting = World::user(Arm::Candidate, share(5000), 0);
    let quick = World::user(Arm::Incumbent, share(5000), 0);
    let slow = world.client.infer_as(&waiting);
    let meanwhile = async {
        world.until(|world| world.candidate.calls() == 1).await;
        world.client.infer_as(&quick).await;
        let counts = world.counts();
        permits.add_permits(1);
        counts
    };
    let (_, counts) = tokio::join!(slow, meanwhile);
    assert_eq!((counts.units.candidate, counts.units.incumbent), (0, 1));
    assert_eq!((counts.assigned().candidate, counts.assigned().incumbent), (1, 1));
    let counts = world.counts();
    assert_eq!((counts.units.candidate, counts.unanswered.total()), (1, 0));
}

#[tokio::test]
async fn a_unit_with_many_requests_under_way_is_assigned_once() {
    let world = World::with(|_| {}).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 2));
    let user = World::user(Arm::Candidate, share(5000), 0);
    let many = async { tokio::join!(world.client.infer_as(&user), world.client.infer_as(&user)) };
    let meanwhile = async {
        world.until(|world| world.candidate.calls() >= 1).await;
        let counts = world.counts();
        permits.add_permits(2);
        counts
    };
    let (_, counts) = tokio::join!(many, meanwhile);
    assert_eq!((counts.units.candidate, counts.assigned().candidate), (0, 1));
    let counts = world.counts();
    assert_eq!((counts.units.candidate, counts.assigned().candidate), (1, 1));
}
