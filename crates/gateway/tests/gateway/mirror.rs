//! The shadow: everything it does, and nothing it does to clients.

use crate::double::{Double, Script};
use crate::http::INPUT;
use crate::world::{ROLLOUT, SALT, World, config, digits, route, shadow, share, target};
use seatrial_domain::evidence::{LatencyPairs, MirrorCounts, PairCount};
use seatrial_domain::plan::{Effect, KeySource, NoiseFloor, PairedLabels, Shadow, ShadowSlice};
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{ClassPair, request_hash};
use seatrial_domain::{EndpointName, RolloutId};
use seatrial_gateway::Config;
use std::cell::RefCell;
use std::sync::Arc;
use tokio::sync::Semaphore;

async fn shadowed(edit: impl FnOnce(&mut Shadow)) -> World {
    let mut plan = shadow();
    edit(&mut plan);
    World::with(route(|route| {
        route.share = share(0);
        route.gate = None;
        route.shadow = Some(plan);
    }))
    .await
}

/// The pair of the `number`th request of a gateway's `boot` is asked in this order.
fn order(boot: u64, number: u64) -> Arm {
    SALT.asked_first(&((u128::from(boot) << 64) | u128::from(number)).to_le_bytes())
}

/// A shadow of whose first request's pair this side is asked first.
async fn asking_first(first: Arm) -> World {
    let boot = (1..).find(|boot| order(*boot, 0) == first).unwrap();
    let world = World::new(Config { boot, ..config() }).await;
    world.install(
        1,
        route(|route| {
            (route.share, route.gate, route.shadow) = (share(0), None, Some(shadow()));
        }),
    );
    world
}

fn resolved(mirror: &MirrorCounts) -> u64 {
    mirror.sent + mirror.dropped.values().sum::<u64>()
}

#[tokio::test]
async fn copies_are_compared_by_rule_and_slice_over_the_incumbents_own_noise() {
    let world = shadowed(|_| {}).await;
    for client in ["web", "web", "mobile"] {
        let reply = world.client.infer(&[("client", client)]).await;
        assert_eq!(reply.label(), 1, "clients see the incumbent");
        world.until(|world| world.shadow().mirror.sent == resolved(&world.shadow().mirror)).await;
    }
    world.until(|world| world.shadow().compare[0].noise.pairs == 3).await;
    let counts = world.shadow();
    assert_eq!(counts.compare[0].candidate, PairCount { pairs: 3, disagree: 3 });
    assert_eq!(counts.compare[0].noise, PairCount { pairs: 3, disagree: 0 });
    assert_eq!(counts.slices["client"]["web"][0].candidate.pairs, 2);
    assert_eq!(counts.slices["client"]["mobile"][0].candidate.disagree, 1);
    assert_eq!(counts.examples.len(), 3);
    assert_eq!(
        (counts.examples[0].incumbent.as_str(), counts.examples[0].candidate.as_str()),
        ("[1]", "[2]")
    );
    assert_eq!(counts.incumbent_latency.iter().sum::<u64>(), 3);
}

#[tokio::test]
async fn a_stuck_shadow_delays_no_client_and_every_copy_is_accounted_for() {
    let world = shadowed(|plan| plan.noise_floor = NoiseFloor::Off).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 1));
    for n in 0..20 {
        // The shadow answers nothing at all; every one of these is answered all the same.
        assert_eq!(world.client.infer(&[]).await.status, 200);
        let mirror = world.shadow().mirror;
        assert_eq!(mirror.offered, resolved(&mirror), "after {n}");
    }
    world.until(|world| world.candidate.calls() == 2).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.sent, mirror.dropped["queue_full"]), (2, 16), "two run, two wait");
    permits.add_permits(20);
    world.until(|world| world.shadow().mirror.offered == 20).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.sent, mirror.dropped["queue_full"]), (4, 16));
}

#[tokio::test]
async fn copies_beyond_the_bytes_are_dropped_for_that_reason() {
    let world = shadowed(|plan| plan.queue_bytes = 10).await;
    world.client.infer(&[]).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.offered, mirror.dropped["queue_bytes"]), (1, 1));
}

#[tokio::test]
async fn copies_that_wait_when_the_shadow_ends_are_dropped_as_stopped() {
    let world = shadowed(|plan| plan.noise_floor = NoiseFloor::Off).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 1));
    for _ in 0..4 {
        world.client.infer(&[]).await;
    }
    world.until(|world| world.candidate.calls() == 2).await;
    world.install(2, route(|route| route.share = share(0)));
    world.until(|world| world.shadow().mirror.offered == 4).await;
    let mirror = world.shadow().mirror;
    assert_eq!((mirror.sent, mirror.dropped["stopped"]), (2, 2));
}

#[tokio::test]
async fn a_shadow_that_fails_is_counted_and_nothing_else_happens() {
    let world = shadowed(|_| {}).await;
    world.candidate.play(Script::Fail);
    assert_eq!(world.client.infer(&[]).await.label(), 1);
    world.until(|world| world.shadow().candidate_errors == 1).await;
    assert_eq!(world.shadow().compare[0].candidate.pairs, 0);
}

#[tokio::test]
async fn a_copy_that_failed_disagrees_in_its_slices() {
    let world = shadowed(|_| {}).await;
    world.candidate.play(Script::Fail);
    for _ in 0..3 {
        world.client.infer(&[("client", "mobile")]).await;
    }
    world.until(|world| world.shadow().candidate_errors == 3).await;
    world.candidate.play(Script::Answer(1));
    world.client.infer(&[("client", "web")]).await;
    world.until(|world| world.shadow().compare[0].candidate.pairs == 1).await;
    let clients = &world.shadow().slices["client"];
    assert_eq!(clients["mobile"][0].candidate, PairCount { pairs: 3, disagree: 3 });
    assert_eq!(clients["web"][0].candidate, PairCount { pairs: 1, disagree: 0 });
}

#[tokio::test]
async fn an_answer_no_client_could_be_given_is_a_failure_in_the_shadow_too() {
    let world = shadowed(|_| {}).await;
    world.candidate.play(Script::NotANumber);
    assert_eq!(world.client.infer(&[]).await.label(), 1);
    world.until(|world| world.shadow().candidate_errors == 1).await;
    assert_eq!(world.shadow().compare[0].candidate.pairs, 0);
    // A client that asks for the label alone would have had it.
    let label = INPUT.replacen('{', r#"{"outputs":[{"name":"label"}],"#, 1);
    let reply = world.client.post("/v2/models/digits/infer", &[], &label).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    world.until(|world| world.shadow().compare[0].candidate.pairs == 1).await;
    assert_eq!(world.shadow().candidate_errors, 1);
}

#[tokio::test]
async fn an_incumbent_that_disagrees_with_itself_is_counted_as_noise() {
    let world = shadowed(|_| {}).await;
    world.incumbent.play(Script::Alternate([1, 2]));
    world.candidate.play(Script::Answer(1));
    for asked in 1..=3 {
        assert_eq!(world.client.infer(&[]).await.label(), 1);
        world.until(|world| world.shadow().compare[0].noise.pairs == asked).await;
    }
    let [rule] = world.shadow().compare[..] else { panic!("one rule") };
    assert_eq!(rule.candidate, PairCount { pairs: 3, disagree: 0 });
    assert_eq!(rule.noise, PairCount { pairs: 3, disagree: 3 });
}

#[tokio::test]
async fn the_incumbent_is_asked_twice_only_while_no_client_keeps_it_busy() {
    let world = asking_first(Arm::Candidate).await;
    let (client, copy) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    world.candidate.play(Script::Wait(Arc::clone(&copy), 1));
    world.client.infer(&[]).await;
    world.until(|world| world.candidate.calls() == 1).await;
    world.incumbent.play(Script::Wait(Arc::clone(&client), 1));
    let compared = async {
        world.until(|world| world.incumbent.calls() == 2).await;
        copy.add_permits(1);
        world.until(|world| world.shadow().compare[0].candidate.pairs == 1).await;
        assert_eq!(world.incumbent.calls(), 2, "its one session is a client's");
        assert_eq!(world.shadow().compare[0].noise, PairCount::default());
        client.add_permits(1);
    };
    let (reply, ()) = tokio::join!(world.client.infer(&[]), compared);
    assert_eq!(reply.label(), 1);
}

#[tokio::test]
async fn a_header_and_a_parameter_of_one_name_are_counted_apart() {
    let key = KeySource::Parameter("client".into());
    let world =
        shadowed(|plan| plan.slices.push(ShadowSlice { key, max_disagreement: None })).await;
    let body = INPUT.replacen('{', r#"{"parameters":{"client":"phone"},"#, 1);
    world.client.post("/v2/models/digits/infer", &[("client", "web")], &body).await;
    world.until(|world| world.shadow().compare[0].candidate.pairs == 1).await;
    let slices = world.shadow().slices;
    assert_eq!(slices["header:client"]["web"][0].candidate.pairs, 1);
    assert_eq!(slices["parameter:client"]["phone"][0].candidate.pairs, 1);
}

#[tokio::test]
async fn only_the_sample_is_mirrored() {
    let world = shadowed(|plan| plan.mirror = share(5000)).await;
    for _ in 0..40 {
        world.client.infer(&[]).await;
    }
    world
        .until(|world| world.gateway.in_flight(&digits(), seatrial_domain::VersionNumber(2)) == 0)
        .await;
    let offered = world.shadow().mirror.offered;
    assert!((8..=32).contains(&offered), "{offered}");
}

#[tokio::test]
async fn an_answer_after_the_shadow_has_ended_leaves_its_reference_as_it_was() {
    let world = shadowed(|_| {}).await;
    assert_eq!(world.client.infer(&[]).await.status, 200);
    let reference = world.shadow().incumbent_latency;
    assert_eq!(reference.iter().sum::<u64>(), 1);
    let permits = Arc::new(Semaphore::new(0));
    world.incumbent.play(Script::Wait(Arc::clone(&permits), 1));
    let late = world.client.infer(&[]);
    let meanwhile = async {
        // The first request's second scoring is behind it: this is the client's.
        world.until(|world| world.incumbent.calls() >= 2).await;
        world.install(2, |_| {});
        permits.add_permits(8);
    };
    tokio::join!(late, meanwhile);
    assert_eq!(world.shadow().incumbent_latency, reference);
}

#[tokio::test]
async fn both_are_timed_beside_the_clients_where_the_incumbent_is_asked_again() {
    let world = shadowed(|_| {}).await;
    for _ in 0..3 {
        world.client.infer(&[]).await;
        world.until(|world| world.shadow().mirror.sent == resolved(&world.shadow().mirror)).await;
    }
    world.until(|world| world.shadow().compare[0].noise.pairs == 3).await;
    let counts = world.shadow();
    let LatencyPairs { slower, faster, alike } = counts.paired_latency;
    assert_eq!(slower + faster + alike, 3);
    assert_eq!(counts.paired_slices["client"]["(none)"].latency, counts.paired_latency);
    // Who is never asked again is never timed as the candidate is.
    let world = shadowed(|plan| plan.noise_floor = NoiseFloor::Off).await;
    world.client.infer(&[]).await;
    world.until(|world| world.shadow().compare[0].candidate.pairs == 1).await;
    assert_eq!(world.shadow().paired_latency, LatencyPairs::default());
}

/// Installs another endpoint of this name with a shadow, and gives its candidate.
fn shadowed_too(world: &World, id: u64, (name, noise): (&str, NoiseFloor)) -> Arc<Double> {
    let (incumbent, candidate) = (Double::new(Script::Answer(1)), Double::new(Script::Answer(1)));
    world.install(1, |table| {
        route(|route| {
            (route.id, route.share, route.gate) = (RolloutId(id), share(0), None);
            route.shadow = Some(Shadow { noise_floor: noise, ..shadow() });
        })(table);
        table.endpoint = EndpointName::new(name).unwrap();
        table.incumbent = Some(target(1, &incumbent));
        table.candidate = Some(target(2, &candidate));
    });
    candidate
}

#[tokio::test]
async fn however_many_candidates_hang_another_endpoints_copies_are_scored() {
    for noise in [NoiseFloor::Incumbent, NoiseFloor::Off] {
        let world = shadowed(|plan| plan.noise_floor = noise).await;
        let letters = shadowed_too(&world, 2, ("letters", noise));
        let words = shadowed_too(&world, 3, ("words", noise));
        let permits = Arc::new(Semaphore::new(0));
        let at_once = match noise {
            NoiseFloor::Incumbent => 1,
            NoiseFloor::Off => 2,
        };
        let infer = async |name: &str| {
            let path = format!("/v2/models/{name}/infer");
            assert_eq!(world.client.post(&path, &[], INPUT).await.status, 200);
        };
        for (name, candidate) in [("digits", &world.candidate), ("letters", &letters)] {
            candidate.play(Script::Wait(Arc::clone(&permits), 1));
            // One more than it scores at once, each of which may wait for the deadline.
            for _ in 0..=at_once {
                infer(name).await;
            }
            world.until(|_| candidate.calls() == at_once).await;
        }
        for n in 1..=3 {
            infer("words").await;
            world.until(|_| words.calls() == n).await;
        }
        let hanging = (world.candidate.calls(), letters.calls());
        assert_eq!(hanging, (at_once, at_once), "their own copies wait for their turn");
        permits.add_permits(8);
    }
}

#[tokio::test]
async fn copies_of_a_replaced_table_count_among_those_scored_at_once() {
    let world = shadowed(|plan| plan.noise_floor = NoiseFloor::Off).await;
    let permits = Arc::new(Semaphore::new(0));
    world.candidate.play(Script::Wait(Arc::clone(&permits), 1));
    for _ in 0..2 {
        world.client.infer(&[]).await;
    }
    world.until(|world| world.candidate.calls() == 2).await;
    let again = Shadow { noise_floor: NoiseFloor::Off, ..shadow() };
    world.install(
        2,
        route(|route| {
            (route.share, route.gate, route.shadow) = (share(0), None, Some(again));
        }),
    );
    for _ in 0..2 {
        world.client.infer(&[]).await;
    }
    // By then each had been spawned and had its chance.
    world.until(|world| world.incumbent.calls() == 4).await;
    tokio::task::yield_now().await;
    assert_eq!(world.candidate.calls(), 2);
    permits.add_permits(2);
    world.until(|world| world.candidate.calls() == 4).await;
    permits.add_permits(2);
}

#[tokio::test]
async fn of_a_pair_each_is_asked_first_about_as_often_whatever_id_clients_send() {
    let world = shadowed(|_| {}).await;
    world.candidate.play(Script::Fail);
    for n in 0..40_u64 {
        world.client.infer(&[("x-request-id", "always-the-same")]).await;
        world.until(|world| world.shadow().candidate_errors == n + 1).await;
    }
    // Where the candidate fails first, the incumbent is not asked again.
    let again = world.incumbent.calls() - 40;
    assert_eq!(again, 16, "of the draw for this salt and these numbers");
}

/// A pair in which a client's request keeps the incumbent busy while the second is asked.
#[tokio::test]
async fn a_pair_between_whose_answers_a_client_came_is_timed_in_neither_order() {
    for first in [Arm::Candidate, Arm::Incumbent] {
        let world = asking_first(first).await;
        // One for the first client, whose request is copied.
        let (incumbent, candidate) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(0)));
        world.incumbent.play(Script::Wait(Arc::clone(&incumbent), 1));
        world.candidate.play(Script::Wait(Arc::clone(&candidate), 1));
        world.client.infer(&[]).await;
        let (of_incumbent, again) = match first {
            Arm::Candidate => (1, 0),
            Arm::Incumbent => (2, 1),
        };
        let begun = |world: &World| world.candidate.calls() + world.incumbent.calls() == 2;
        world.until(begun).await;
        let meanwhile = async {
            world.until(|world| world.incumbent.calls() == of_incumbent + 1).await;
            // In the order of their coming: the copy's, not the client's.
            incumbent.add_permits(again);
            candidate.add_permits(1);
            world.until(|world| world.shadow().compare[0].candidate.pairs == 1).await;
            let counts = world.shadow();
            assert_eq!(counts.paired_latency, LatencyPairs::default(), "{first:?} first");
            assert_eq!(counts.compare[0].noise.pairs, u64::try_from(again).unwrap());
            incumbent.add_permits(8);
        };
        let (reply, ()) = tokio::join!(world.client.infer(&[]), meanwhile);
        assert_eq!(reply.status, 200);
        candidate.add_permits(8);
    }
}

#[tokio::test]
async fn what_both_answered_is_kept_as_classes_where_labels_are_to_tell_who_was_right() {
    let labels =
        PairedLabels { metric: "digit".to_owned(), output: "*".to_owned(), effect: Effect::Warns };
    for labels in [None, Some(labels)] {
        let asked = labels.clone();
        let world = shadowed(|plan| plan.labels = asked).await;
        world.client.infer(&[("x-request-id", "a"), ("client", "web")]).await;
        let told = RefCell::new(Vec::new());
        let flushed = |world: &World| {
            let telemetry = world.drain();
            told.borrow_mut().extend(telemetry.pairs);
            telemetry.shadow[0].1.compare[0].noise.pairs == 1
        };
        world.until(flushed).await;
        world.until(|_| labels.is_none() || flushed(&world) && !told.borrow().is_empty()).await;
        let told = told.into_inner();
        let pair = ClassPair {
            request: request_hash(&digits(), "a"),
            rollout: ROLLOUT,
            incumbent: "1".to_owned(),
            candidate: "2".to_owned(),
            slices: [("client".to_owned(), "web".to_owned())].into(),
        };
        assert_eq!(told, labels.map(|_| pair).into_iter().collect::<Vec<_>>());
    }
}
