//! Who is assigned to which arm.

use crate::double::Script;
use crate::http::INPUT;
use crate::world::{World, route, share};
use seatrial_domain::plan::Fallback;
use seatrial_domain::split::Arm;
use seatrial_gateway::install;

#[tokio::test]
async fn a_unit_on_the_candidate_stays_there_while_the_share_rises() {
    let world = World::new(crate::world::config()).await;
    let mut before = vec![1; 30];
    for (epoch, basis_points) in [(1, 0), (2, 1000), (3, 2500), (4, 5000), (5, 10_000)] {
        world.install(epoch, route(|route| route.share = share(basis_points)));
        for (n, before) in before.iter_mut().enumerate() {
            let now = world.client.infer_as(&format!("user-{n}")).await.label();
            assert_eq!(world.client.infer_as(&format!("user-{n}")).await.label(), now);
            assert!(now >= *before, "user-{n} moved back at {basis_points}");
            *before = now;
        }
    }
    assert_eq!(before, [2; 30]);
}

#[tokio::test]
async fn a_key_is_found_in_a_parameter_where_the_header_is_missing() {
    let world = World::with(|_| {}).await;
    for arm in [Arm::Incumbent, Arm::Candidate] {
        let user = World::user(arm, share(5000), 3);
        let parameter = format!(r#"{{"parameters":{{"entity_id":"{user}"}},"#);
        let body = INPUT.replacen('{', &parameter, 1);
        let by_parameter = world.client.post("/v2/models/digits/infer", &[], &body).await.label();
        assert_eq!(world.client.infer_as(&user).await.label(), by_parameter);
        assert_eq!(by_parameter, if arm == Arm::Candidate { 2 } else { 1 });
    }
}

#[tokio::test]
async fn only_a_larger_epoch_replaces_a_table() {
    let world = World::new(crate::world::config()).await;
    world.install(5, route(|route| route.share = share(0)));
    world.install(5, route(|route| route.share = share(10_000)));
    assert_eq!(world.client.infer(&[]).await.label(), 1, "an equal epoch changes nothing");
    let stale = world.gateway.install(world.table(4, |_| {}));
    assert!(matches!(stale, Err(install::Error::Stale { .. })), "{stale:?}");
    world.install(6, route(|route| route.share = share(10_000)));
    assert_eq!(world.client.infer(&[]).await.label(), 2);
}

#[tokio::test]
async fn a_share_that_nobody_could_answer_is_refused() {
    let world = World::new(crate::world::config()).await;
    let table = world.table(1, |table| table.candidate = None);
    assert!(matches!(world.gateway.install(table), Err(install::Error::NoCandidate { .. })));
    let table = world.table(1, |table| table.incumbent = None);
    assert!(matches!(world.gateway.install(table), Err(install::Error::NoIncumbent { .. })));
}

#[tokio::test]
async fn a_failed_candidate_answer_is_hidden_by_the_incumbents() {
    let world = World::with(|_| {}).await;
    let user = World::user(Arm::Candidate, share(5000), 0);
    for script in [Script::Fail, Script::Late, Script::NotANumber] {
        world.candidate.play(script);
        let reply = world.client.infer_as(&user).await;
        assert_eq!((reply.status, reply.label()), (200, 1));
        assert_eq!(reply.header("x-seatrial-version"), Some("1"));
    }
    let counts = world.counts();
    assert_eq!(counts.errors.candidate_bad, 1, "the unit is counted once, and as the candidate's");
    assert_eq!(counts.errors.incumbent(), 0);
}

#[tokio::test]
async fn without_the_fallback_the_failure_is_answered() {
    let world = World::with(route(|route| route.routing.fallback = Fallback::Off)).await;
    world.candidate.play(Script::Late);
    let reply = world.client.infer_as(&World::user(Arm::Candidate, share(5000), 0)).await;
    assert_eq!((reply.status, reply.header("x-seatrial-version")), (504, Some("2")));
}

#[tokio::test]
async fn a_tester_reaches_the_candidate_only_while_it_has_a_share() {
    let world = World::with(route(|route| route.share = share(1))).await;
    let tester = [("x-tester", "yes"), ("x-user-id", "user-1")];
    assert_eq!(world.client.infer(&tester).await.label(), 2);
    assert_eq!(world.counts().units.total(), 0, "a dark launch is no evidence");
    world.install(2, route(|route| route.share = share(0)));
    assert_eq!(world.client.infer(&tester).await.label(), 1);
}
