//! Live units by slice.

use crate::double::Script;
use crate::http::INPUT;
use crate::world::{World, counts, route, share};
use seatrial_domain::evidence::{ArmCount, SliceCounts, Slices};
use seatrial_domain::plan::{DriftBy, KeySource, Watch};
use seatrial_domain::split::Arm;
use seatrial_gateway::Column;

fn column(values: &[&str]) -> Column {
    Column {
        name: "x-client".to_owned(),
        key: KeySource::Header("x-client".to_owned()),
        values: values.iter().map(|it| (*it).to_owned()).collect(),
    }
}

async fn sliced(values: &[&str]) -> World {
    let column = column(values);
    World::with(route(move |route| route.slices = vec![column])).await
}

fn sum(values: &Slices) -> (u64, u64) {
    let all = values.0.values().flat_map(|values| values.values());
    all.fold((0, 0), |(units, late), it| (units + it.units().total(), late + it.unanswered.total()))
}

fn of<'a>(slices: &'a Slices, value: &str) -> &'a SliceCounts {
    &slices.0["x-client"][value]
}

#[tokio::test]
async fn a_unit_is_counted_in_its_slice_as_it_is_in_the_whole() {
    let world = sliced(&["mobile", "web"]).await;
    world.candidate.play(Script::Fail);
    let as_client = async |user: &str, client: &str| {
        world.client.infer(&[("x-user-id", user), ("x-client", client)]).await;
    };
    let [candidate, incumbent] =
        [Arm::Candidate, Arm::Incumbent].map(|arm| World::user(arm, share(5000), 0));
    as_client(&candidate, "mobile").await;
    as_client(&incumbent, "web").await;
    as_client(&incumbent, "mobile").await;
    let telemetry = world.drain();
    let counts = counts(&telemetry);
    let (mobile, web) = (of(&counts.slices, "mobile"), of(&counts.slices, "web"));
    assert_eq!((mobile.errors.candidate_bad, mobile.errors.incumbent_good), (1, 0));
    assert_eq!(
        (web.errors.candidate_bad, web.errors.incumbent_good),
        (0, 1),
        "its first request's"
    );
    assert_eq!(web.latency.incumbent.iter().map(|(_, units)| units).sum::<u64>(), 1);
    let worst = counts.latency.candidate.len() - 1;
    assert_eq!(mobile.latency.candidate, [(worst, 1)].into_iter().collect());
    assert_eq!(sum(&counts.slices), (counts.units.total(), 0));
    let labels: Vec<_> = telemetry.assignments.iter().map(|it| it.slices.clone()).collect();
    let of_value = |value: &str| [("x-client".to_owned(), value.to_owned())].into();
    assert_eq!(labels, [of_value("mobile"), of_value("web"), [].into()], "the last is no unit");
}

#[tokio::test]
async fn values_that_are_not_named_are_one_and_none_is_another() {
    let world = sliced(&["mobile"]).await;
    for (user, client) in [("a", "tv"), ("b", "watch"), ("c", "mobile"), ("d", "")] {
        world.client.infer(&[("x-user-id", user), ("x-client", client)]).await;
    }
    world.client.infer_as("e").await;
    let slices = world.counts().slices;
    let units = |value| of(&slices, value).units().total();
    assert_eq!((units("(other)"), units("mobile"), units("(none)")), (2, 1, 2));
}

#[tokio::test]
async fn where_none_are_named_the_first_are_told_apart_and_memory_is_bounded() {
    let world = sliced(&[]).await;
    let long = "x".repeat(1_000);
    world.client.infer(&[("x-user-id", "long"), ("x-client", &long)]).await;
    for n in 0..40 {
        let name = format!("v{n:02}");
        world.client.infer(&[("x-user-id", &name), ("x-client", &name)]).await;
    }
    let slices = world.counts().slices;
    let values = &slices.0["x-client"];
    assert_eq!(values.len(), Slices::VALUES + 1);
    assert_eq!(of(&slices, &"x".repeat(Slices::VALUE_CHARS)).units().total(), 1);
    assert!(values.contains_key("v14") && !values.contains_key("v15"));
    assert_eq!(of(&slices, Slices::OTHER).units().total(), 25);
}

#[tokio::test]
async fn a_refused_request_is_no_unit_of_its_slice() {
    let world = sliced(&["mobile"]).await;
    let bad = INPUT.replace("FP32", "INT8");
    world
        .client
        .post("/v2/models/digits/infer", &[("x-user-id", "a"), ("x-client", "mobile")], &bad)
        .await;
    assert_eq!(sum(&world.counts().slices), (0, 0));
}

#[tokio::test]
async fn an_answer_is_counted_in_its_units_slice() {
    let slice = column(&["mobile"]);
    let watch =
        Watch { check: "predictions".to_owned(), output: "*".to_owned(), by: DriftBy::Class };
    let world = World::with(route(move |route| {
        route.slices = vec![slice];
        route.watches = vec![watch];
    }))
    .await;
    world.incumbent.play(Script::Answer(8));
    world.candidate.play(Script::Answer(7));
    let [candidate, incumbent] =
        [Arm::Candidate, Arm::Incumbent].map(|arm| World::user(arm, share(5000), 0));
    for (user, client) in [(&candidate, "mobile"), (&incumbent, "mobile"), (&incumbent, "tv")] {
        world.client.infer(&[("x-user-id", user), ("x-client", client)]).await;
    }
    let slices = world.counts().slices;
    let told = |value: &str| of(&slices, value).predictions["predictions"].0.clone();
    let one = |arm: [u64; 2]| ArmCount { candidate: arm[0], incumbent: arm[1] };
    let expected = [("7".to_owned(), one([1, 0])), ("8".to_owned(), one([0, 1]))];
    assert_eq!(told("mobile"), expected.into());
    assert!(slices.get("x-client", "(other)").is_none(), "the last is no unit");
}
