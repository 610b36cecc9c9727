//! A policy that asks for a signature: nothing unsigned starts, and what serves stays.

use super::bench::{Bench, ada, endpoint};
use crate::clock;
use crate::driver::command::{Error, Stored};
use crate::signatures::{Keys, Refusal, fixture};
use seatrial_domain::VersionRef;
use seatrial_domain::rollout::{Effect, Rollout, Stage};
use seatrial_domain::signing::Bundle;
use seatrial_store::{Options, signatures};

const POLICY: &str = "signature: {key: release}";

fn keys() -> Keys {
    Keys::of(&[("release", fixture("throwaway").public())])
}

async fn bench() -> Bench {
    Bench::new().await.restarted_with(keys(), Options::default()).await
}

impl Bench {
    async fn sign(&self, version: &VersionRef, key: &str) {
        let (model, number) = (&version.model, version.number);
        let manifest = self.store.version(model, number).await.unwrap().manifest;
        let bundle = Bundle::sign("digits", &manifest, &fixture(key)).unwrap();
        let new = signatures::New { bundle, most: 16 };
        self.store.sign_version((model, number), &new, (&ada(), clock::now())).await.unwrap();
    }

    /// The endpoint serves v2, and v1 is known to be good.
    async fn served_by_two(&self) -> (VersionRef, VersionRef) {
        let over = |rollout: &mut Rollout| {
            rollout.stage = Stage::Completed;
            rollout.ended_at = Some(clock::now());
        };
        let (one, two) = (self.version("one").await, self.version("two").await);
        for version in [&one, &two] {
            let begun = self.start(version).await;
            let good = Effect::KnownGood { version: version.clone() };
            let version = Some(version.clone());
            let serving = Effect::Serving { version, alias: "champion".to_owned() };
            self.put(&begun, over, vec![serving, good]).await;
        }
        (one, two)
    }

    async fn restore(&self) -> Result<Stored, Error> {
        self.driver.roll_back(&endpoint(), None, "a test".to_owned(), ada()).await
    }
}

#[track_caller]
fn unsigned<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Err(Error::Signature { refusal, .. }) => {
            let unsigned = matches!(&*refusal, Refusal::Unsigned { key, .. } if key == "release");
            assert!(unsigned, "{refusal}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_version_that_is_not_signed_by_the_named_key_does_not_start() {
    let bench = bench().await;
    bench.apply(POLICY).await;
    let one = bench.version("one").await;
    unsigned(bench.try_start(&one).await);
    bench.sign(&one, "other").await;
    unsigned(bench.try_start(&one).await);
    bench.sign(&one, "throwaway").await;
    let started = bench.start(&one).await.rollout;
    let pinned = started.plan.signature.clone().unwrap();
    assert_eq!(pinned.id.as_ref(), Some(fixture("throwaway").public().id()));
}

#[tokio::test]
async fn a_policy_that_names_a_key_this_server_does_not_have_starts_nothing() {
    let bench = Bench::new().await;
    bench.apply(POLICY).await;
    let one = bench.version("one").await;
    bench.sign(&one, "throwaway").await;
    let refused = bench.try_start(&one).await;
    let Err(Error::Signature { refusal, .. }) = refused else { panic!("{refused:?}") };
    assert!(matches!(*refusal, Refusal::UnknownKey { .. }), "{refusal}");
}

#[tokio::test]
async fn loads_of_the_candidate_are_checked_until_it_serves_and_the_incumbents_never() {
    let bench = bench().await;
    bench.apply(POLICY).await;
    for content in ["one", "two"] {
        let version = bench.version(content).await;
        bench.sign(&version, "throwaway").await;
    }
    let stored = bench.voyage(|rollout| rollout.stage = Stage::Staging).await;
    let (version, asked) = bench.world.wanted().signed.unwrap();
    assert_eq!(version, stored.rollout.candidate);
    assert_eq!(Some(asked), stored.rollout.plan.signature);

    let serving = Effect::Serving { version: Some(version), alias: "champion".to_owned() };
    bench.put(&stored, |rollout| rollout.stage = Stage::Stabilizing, vec![serving]).await;

    assert_eq!(bench.world.wanted().signed, None);
}

#[tokio::test]
async fn a_way_back_that_must_load_is_checked_and_says_so() {
    let bench = bench().await;
    let (one, _) = bench.served_by_two().await;
    bench.apply(POLICY).await;
    unsigned(bench.restore().await);
    bench.sign(&one, "throwaway").await;
    let restoring = bench.restore().await.unwrap().rollout;
    assert_eq!(restoring.candidate, one);
    assert!(restoring.plan.signature.as_ref().is_some_and(|asked| asked.id.is_some()));
}

#[tokio::test]
async fn a_way_back_to_what_is_still_loaded_asks_for_no_signature() {
    let bench = bench().await;
    let (one, _) = bench.served_by_two().await;
    bench.apply(POLICY).await;
    bench.world.keeps(&one);
    let restoring = bench.restore().await.unwrap().rollout;
    assert_eq!((restoring.candidate, &restoring.plan.signature), (one, &None));
}
