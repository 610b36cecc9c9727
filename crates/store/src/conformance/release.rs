//! What is released, and what keeps it.

use super::fixture::{
    Fixture, ada, at, commit, endpoint, fixture, happens, model, new_version, queued, swept,
    tamper, turn, version,
};
use crate::aliases::By;
use crate::blobs::Blob;
use crate::datasets::{self, Format};
use crate::known_good::{KnownGood, note};
use crate::quarantine::{self, Mark};
use crate::versions::{Error, Lifecycle, New, Releasable, Version};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::plan::{Artifacts, Decommission, Plan, Standby};
use seatrial_domain::rollout::{Effect, Event, Rollout, Stage};
use seatrial_domain::{EndpointName, RolloutId, VersionNumber};

/// A store in which version 2 has replaced version 1, whose plan says what becomes of it.
async fn replaced(artifacts: Artifacts) -> (Fixture, Version) {
    let fixture = fixture().await;
    let store = &fixture.store;
    let before = version(store, b"one").await;
    complete(&fixture, &before, artifacts).await;
    let after = version(store, b"two").await;
    complete(&fixture, &after, artifacts).await;
    (fixture, before)
}

/// A rollout of `candidate`, as far as the store is concerned from start to end. Its plan keeps
/// nothing to go back to.
async fn complete(fixture: &Fixture, candidate: &Version, artifacts: Artifacts) -> RolloutId {
    complete_keeping(fixture, candidate, artifacts, 0).await
}

async fn complete_keeping(
    fixture: &Fixture,
    candidate: &Version,
    artifacts: Artifacts,
    keep_versions: u32,
) -> RolloutId {
    let store = &fixture.store;
    let start = queued(store, &candidate.reference).await;
    let Event::Turn { epoch, incumbent, plan } = turn(store).await else { unreachable!() };
    let decommission = Decommission { artifacts, ..plan.decommission };
    let standby = Standby { keep_versions, ..plan.standby };
    let plan = Box::new(Plan { decommission, standby, ..*plan });
    let retired = incumbent.clone();
    let turned = happens(store, &start, &Event::Turn { epoch, incumbent, plan }, at(4)).await;
    let id = turned.rollout.id;
    let mut ending =
        turned.rollout.on(&Event::Abort { reason: "skip the middle".to_owned() }, at(5)).unwrap();
    let (version, alias) = (Some(candidate.reference.clone()), "champion".to_owned());
    ending.next = Rollout { stage: Stage::Completed, ..ending.next };
    ending.journal.effects = vec![
        Effect::Serving { version, alias },
        Effect::KnownGood { version: candidate.reference.clone() },
    ];
    let retire = |version| Effect::Retired { version };
    ending.journal.effects.extend(retired.map(retire));
    commit(store, &turned, &ending, at(5)).await.unwrap();
    id
}

fn waiting(version: &Version) -> Releasable {
    let (version, endpoint) = (version.reference.clone(), endpoint());
    Releasable { version, rollout: RolloutId(2), endpoint }
}

fn bytes_are_there(fixture: &Fixture, version: &Version) -> bool {
    fixture.blob_path(&version.manifest.files()[0].digest).exists()
}

#[track_caller]
fn assert_kept(released: &Result<(), Error>, by: &str) {
    assert!(
        matches!(released, Err(Error::Referenced { by: found, .. }) if found == by),
        "{released:?}"
    );
}

#[tokio::test]
async fn a_released_version_is_gone_with_its_bytes_and_its_number_never_returns() {
    let (fixture, before) = replaced(Artifacts::Release).await;
    let store = &fixture.store;
    let retired = store.version(&model(), before.reference.number).await.unwrap();
    assert_eq!(retired.lifecycle, Lifecycle::Retired);
    assert_eq!(store.known_good(&endpoint()).await.unwrap().len(), 2);
    assert_eq!(store.releasable().await.unwrap(), [waiting(&before)]);

    store.release_version(&waiting(&before), at(6)).await.unwrap();
    assert_eq!(swept(store).await, 1);

    assert!(!bytes_are_there(&fixture, &before));
    assert!(matches!(
        store.version(&model(), before.reference.number).await,
        Err(Error::UnknownVersion(..))
    ));
    let known = store.known_good(&endpoint()).await.unwrap();
    assert!(known.iter().all(|known| known.version != before.reference));
    assert_eq!(store.releasable().await.unwrap(), []);
    assert_eq!(version(store, b"one").await.reference.number.0, 3);
    assert!(store.verify_version(&model(), VersionNumber(2)).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn a_version_whose_plan_keeps_it_is_not_released() {
    let (fixture, before) = replaced(Artifacts::Keep).await;
    assert_eq!(fixture.store.releasable().await.unwrap(), []);
    assert!(bytes_are_there(&fixture, &before));
}

#[tokio::test]
async fn the_last_known_good_versions_are_kept_to_go_back_to() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let mut versions = Vec::new();
    for content in [b"1", b"2", b"3", b"4"] {
        let version = version(store, content).await;
        complete_keeping(&fixture, &version, Artifacts::Release, 2).await;
        versions.push(version);
    }
    // The fourth serves, the third and the second are the two to go back to.
    let waiting = async || {
        let waiting = store.releasable().await.unwrap().into_iter();
        waiting.map(|waiting| waiting.version.number.0).collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, [1]);
    let [_, second, ..] = versions.as_slice() else { unreachable!() };
    let mark = Mark {
        digest: second.reference.digest.clone(),
        rollout: None,
        cause: "it misled everybody".to_owned(),
        at: at(6),
    };
    let mut write = store.write().await.unwrap();
    quarantine::mark(write.sql(), &mark).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(waiting().await, [2], "what may not be restored is no way back; the first now is");
}

#[tokio::test]
async fn a_version_that_serves_again_is_not_released_by_the_rollout_that_retired_it() {
    let (fixture, before) = replaced(Artifacts::Release).await;
    complete(&fixture, &before, Artifacts::Keep).await;
    assert_eq!(fixture.store.releasable().await.unwrap(), []);
    let third = version(&fixture.store, b"three").await;
    complete(&fixture, &third, Artifacts::Keep).await;
    assert_eq!(fixture.store.releasable().await.unwrap(), [], "the last plan keeps it");
}

#[tokio::test]
async fn what_refers_to_a_version_keeps_it_and_is_named() {
    let (fixture, before) = replaced(Artifacts::Release).await;
    let store = &fixture.store;
    let key = (&before.reference.model, before.reference.number);
    let release = || async { store.release_version(&waiting(&before), at(7)).await };

    let actor = ada();
    let by = By { actor: &actor, cause: "by hand", now: at(6) };
    store.set_alias(key, "best", by).await.unwrap();
    assert_kept(&release().await, "alias best");
    store.remove_alias(key.0, "best", by).await.unwrap();

    let other: EndpointName = "other".parse().unwrap();
    store.set_endpoint(&other, &Settings::of(model()), &ada(), at(6)).await.unwrap();
    let known = KnownGood { version: before.reference.clone(), rollout: RolloutId(9), at: at(6) };
    let mut write = store.write().await.unwrap();
    note(write.sql(), &other, &known).await.unwrap();
    write.commit().await.unwrap();
    assert_kept(&release().await, "endpoint other, as known to be good");
    tamper(fixture.dir.path(), "DELETE FROM known_good WHERE endpoint = 'other'").await;

    let running = queued(store, &before.reference).await;
    assert_kept(&release().await, &format!("rollout {}", running.rollout.id));
    let abort = Event::Abort { reason: "never mind".to_owned() };
    happens(store, &running, &abort, at(6)).await;
    assert_eq!(swept(store).await, 0);
    assert!(bytes_are_there(&fixture, &before));
    release().await.unwrap();
    swept(store).await;
    assert!(!bytes_are_there(&fixture, &before));
}

#[tokio::test]
async fn bytes_that_another_version_or_a_dataset_has_stay() {
    let (fixture, before) = replaced(Artifacts::Release).await;
    let store = &fixture.store;
    let file = before.manifest.files()[0].clone();
    let elsewhere = New { model: "elsewhere".parse().unwrap(), ..new_version(store, b"one").await };
    let elsewhere = store.register_version(&elsewhere).await.unwrap().into_version().reference;
    store.release_version(&waiting(&before), at(6)).await.unwrap();
    assert_eq!(swept(store).await, 0);
    assert!(bytes_are_there(&fixture, &before));
    let dataset = datasets::New {
        name: "holdout".parse().unwrap(),
        blob: Blob { digest: file.digest, size: file.size },
        format: Format::Csv,
        columns: vec!["x".to_owned()],
        rows: 1,
        label: None,
        actor: ada(),
        now: at(7),
    };
    store.register_dataset(&dataset).await.unwrap();
    store.delete_version((&elsewhere.model, elsewhere.number), &ada(), at(8)).await.unwrap();
    assert_eq!(swept(store).await, 0);
    assert!(bytes_are_there(&fixture, &before));
}
