//! What is garbage, what never is, and that a sweep stands in nobody's way.

use super::fixture::{
    Fixture, ada, at, fixture, fixture_with, late, live, model, new_version, order, queued, remote,
    swept, tamper, version,
};
use crate::Options;
use crate::blobs::s3;
use crate::datasets::{self, Format};
use crate::gc::{Order, Total};
use crate::journal::Filter;
use crate::page::Request;
use crate::versions::Version;
use seatrial_domain::{Digest, Timestamp, VersionNumber};
use std::future::Future;
use std::task::Poll;

fn file_of(version: &Version) -> Digest {
    version.manifest.files()[0].digest.clone()
}

async fn deleted(fixture: &Fixture, content: &[u8]) -> Version {
    let version = version(&fixture.store, content).await;
    let key = (&version.reference.model, version.reference.number);
    fixture.store.delete_version(key, &ada(), at(6)).await.unwrap();
    version
}

/// Whether it ends at its first look.
async fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn a_survey_tells_what_would_go_and_removes_nothing() {
    let fixture = fixture().await;
    let store = &fixture.store;
    version(store, b"kept").await;
    let gone = deleted(&fixture, b"gone!").await;

    let survey = store.garbage(late()).await.unwrap();
    assert_eq!((survey.garbage[0].digest.clone(), survey.garbage[0].size), (file_of(&gone), 5));
    assert_eq!((survey.garbage.len(), survey.kept), (1, Total { blobs: 1, bytes: 4 }));
    assert_eq!(survey.young, Total::default());
    assert!(fixture.blob_path(&file_of(&gone)).exists());
}

#[tokio::test]
async fn what_was_stored_within_the_grace_stays() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let gone = deleted(&fixture, b"one").await;
    let stored_at = store.garbage(late()).await.unwrap().garbage[0].stored_at;
    let actor = ada();

    let young = Order { before: stored_at, ..order(&actor) };
    assert_eq!(store.garbage(young.before).await.unwrap().young, Total { blobs: 1, bytes: 3 });
    assert_eq!(store.collect_garbage(&young).await.unwrap().removed, Total::default());
    assert!(fixture.blob_path(&file_of(&gone)).exists());

    let old = Timestamp::from_micros(stored_at.as_micros() + 1);
    let old = Order { before: old, ..order(&actor) };
    assert_eq!(store.collect_garbage(&old).await.unwrap().removed, Total { blobs: 1, bytes: 3 });
    assert!(!fixture.blob_path(&file_of(&gone)).exists());
}

#[tokio::test]
async fn versions_and_datasets_keep_their_bytes_and_other_files_are_no_blobs() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let kept = version(store, b"one").await;
    let blob = store.blobs().store(&b"x\n1\n"[..], 100).await.unwrap();
    let dataset = datasets::New {
        name: "holdout".parse().unwrap(),
        blob: blob.clone(),
        format: Format::Csv,
        columns: vec!["x".to_owned()],
        rows: 1,
        label: None,
        actor: ada(),
        now: at(7),
    };
    store.register_dataset(&dataset).await.unwrap();
    let left = new_version(store, b"never registered").await.manifest.files()[0].digest.clone();
    std::fs::write(fixture.dir.path().join("blobs/sha256/notes.txt"), "not a blob").unwrap();

    assert_eq!(swept(store).await, 1);
    assert!(!fixture.blob_path(&left).exists());
    assert!(fixture.blob_path(&file_of(&kept)).exists());
    assert!(fixture.blob_path(&blob.digest).exists());
    assert!(fixture.dir.path().join("blobs/sha256/notes.txt").exists());
}

#[tokio::test]
async fn a_deleted_version_that_an_endpoint_or_a_rollout_names_all_the_same_keeps_its_bytes() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let serving = version(store, b"serving").await;
    live(store, &serving.reference).await;
    tamper(fixture.dir.path(), "UPDATE rollout SET phase = 'ended'").await;
    let waiting = version(store, b"waiting").await;
    queued(store, &waiting.reference).await;
    // No way of ours deletes these: whatever else did takes no bytes with it.
    tamper(fixture.dir.path(), "UPDATE version SET deleted_at = 1").await;

    assert_eq!(swept(store).await, 0);
    assert!(fixture.blob_path(&file_of(&serving)).exists());
    tamper(fixture.dir.path(), "UPDATE rollout SET phase = 'ended'").await;
    assert_eq!(swept(store).await, 1);
    assert!(!fixture.blob_path(&file_of(&waiting)).exists());
}

#[tokio::test]
async fn a_sweep_makes_up_for_one_that_a_crash_prevented() {
    let fixture = fixture().await;
    let before = deleted(&fixture, b"one").await;
    // The deletion alone is as far as a crash right after its commit comes.
    let fixture = fixture.reopened().await;
    assert!(fixture.blob_path(&file_of(&before)).exists());
    assert_eq!(swept(&fixture.store).await, 1);
    assert_eq!(swept(&fixture.store).await, 0);
}

#[tokio::test]
async fn what_is_held_is_not_removed_and_everything_else_is() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let other = deleted(&fixture, b"other").await;
    let before = deleted(&fixture, b"one").await;
    let hold = store.blobs().hold();
    let again = new_version(store, b"one").await;

    assert_eq!(swept(store).await, 1, "a hold stops no removal of what it is not about");
    assert!(!fixture.blob_path(&file_of(&other)).exists());
    assert!(fixture.blob_path(&file_of(&before)).exists());

    let registered = store.register_version(&again).await.unwrap().into_version();
    drop(hold);
    assert_eq!(registered.reference.number, VersionNumber(3));
    assert_eq!(swept(store).await, 0);
    assert!(store.verify_version(&model(), VersionNumber(3)).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn what_a_hold_only_looked_for_is_kept_until_the_hold_ends() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let before = deleted(&fixture, b"one").await;
    let (first, second) = (store.blobs().hold(), store.blobs().hold());
    assert!(store.blobs().has(&file_of(&before), 3).await.unwrap());
    drop(first);
    assert_eq!(swept(store).await, 0, "the second hold saw it, too");
    drop(second);
    let later = store.blobs().hold();
    assert_eq!(swept(store).await, 1, "a hold that began later did not");
    drop(later);
}

#[tokio::test]
async fn what_is_being_removed_is_waited_for_and_then_stored_anew() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let before = deleted(&fixture, b"one").await;
    let digest = file_of(&before);
    let mut claim = store.blobs().claim([&digest]);
    assert!(claim.digests().contains(&digest));
    assert!(store.blobs().claim([&digest]).digests().is_empty(), "it is claimed once");

    let _hold = store.blobs().hold();
    let mut arriving = std::pin::pin!(new_version(store, b"one"));
    assert!(at_once(store.blobs().in_use(&digest)).await.is_none(), "it waits");
    assert!(at_once(arriving.as_mut()).await.is_none());
    assert!(store.blobs().remove(&digest).await.unwrap());
    claim.release(&digest);

    let again = arriving.await;
    assert!(fixture.blob_path(&digest).exists());
    store.register_version(&again).await.unwrap();
    assert_eq!(swept(store).await, 0);
}

#[tokio::test]
async fn a_sweep_that_is_stopped_lets_go_of_what_it_claimed() {
    let fixture = fixture().await;
    let digest = file_of(&deleted(&fixture, b"one").await);
    drop(fixture.store.blobs().claim([&digest]));
    assert!(fixture.store.blobs().has(&digest, 3).await.unwrap());
    assert_eq!(swept(&fixture.store).await, 1);
}

#[tokio::test]
async fn uploads_and_sweeps_at_once_lose_no_registered_byte() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let pushing = async {
        for round in 0..40_u8 {
            let _hold = store.blobs().hold();
            // Few contents, so that what is pushed is often what is being swept.
            let new = new_version(store, &[round % 4]).await;
            tokio::task::yield_now().await;
            let version = store.register_version(&new).await.unwrap().into_version().reference;
            let sound = store.verify_version(&version.model, version.number).await.unwrap();
            assert!(sound.faults.is_empty(), "{sound:?}");
            if round % 3 != 0 {
                store
                    .delete_version((&version.model, version.number), &ada(), at(6))
                    .await
                    .unwrap();
            }
        }
    };
    let sweeping = async {
        for _ in 0..40 {
            swept(store).await;
        }
    };
    tokio::join!(pushing, sweeping);
    swept(store).await;
    let page = store.versions(&model(), &Request::first(100)).await.unwrap();
    for version in &page.items {
        let found = store.verify_version(&model(), version.reference.number).await.unwrap();
        assert!(found.faults.is_empty(), "{found:?}");
    }
    let kept = store.garbage(late()).await.unwrap();
    assert!(kept.garbage.is_empty() && kept.kept.blobs > 0);
}

#[tokio::test]
async fn two_operators_at_once_share_what_there_is() {
    let fixture = fixture().await;
    let store = &fixture.store;
    for content in 0..9_u8 {
        deleted(&fixture, &[content]).await;
    }
    let (one, two) = tokio::join!(swept(store), swept(store));
    assert_eq!(one + two, 9);
    let rows = store.journal(&Filter::default(), &Request::first(100)).await.unwrap().items;
    let told = rows.iter().filter(|row| row.event == "garbage_removed");
    let told = told.map(|row| row.evidence.as_ref().unwrap()["blobs"].as_array().unwrap().len());
    assert_eq!(told.sum::<usize>(), 9, "each is journalled once");
}

#[tokio::test]
async fn a_sweep_is_bounded_journalled_and_counted() {
    let fixture = fixture().await;
    let store = &fixture.store;
    for content in [b"one", b"two", b"six"] {
        deleted(&fixture, content).await;
    }
    let actor = ada();
    let bounded = Order { most: 2, ..order(&actor) };
    let collected = store.collect_garbage(&bounded).await.unwrap();
    assert_eq!(collected.removed, Total { blobs: 2, bytes: 6 });
    assert_eq!(collected.left, Total { blobs: 1, bytes: 3 });

    let rows = store.journal(&Filter::default(), &Request::first(100)).await.unwrap().items;
    let row = rows.last().unwrap();
    assert_eq!((row.event.as_str(), &row.actor), ("garbage_removed", &ada()));
    assert_eq!(row.cause.in_words(), "by hand: 2 blobs, 6 bytes, that nothing refers to");
    let metrics = store.garbage_metrics();
    assert_eq!((metrics.completed, metrics.failed, metrics.running), (1, 0, 0));
    assert_eq!((metrics.removed_blobs, metrics.removed_bytes, metrics.waiting), (2, 6, 0));
    assert_eq!(swept(store).await, 1);
    assert_eq!(store.garbage_metrics().removed_blobs, 3);
}

#[tokio::test]
async fn a_full_database_does_not_keep_garbage() {
    let options = Options { database_limit: Some(1 << 20), ..Options::default() };
    let fixture = fixture_with(options).await;
    let store = &fixture.store;
    let gone = deleted(&fixture, b"one").await;
    for number in 0.. {
        let mut new = new_version(store, b"kept").await;
        new.tags = [("filler".to_owned(), "x".repeat(4000))].into();
        new.model = format!("m{number}").parse().unwrap();
        if store.register_version(&new).await.is_err() {
            break;
        }
    }
    let actor = ada();
    // The row that tells it may find no room; the bytes go all the same.
    let _told = store.collect_garbage(&order(&actor)).await;
    assert!(!fixture.blob_path(&file_of(&gone)).exists());
}

#[tokio::test]
async fn garbage_goes_from_an_object_store_as_well_and_may_come_again() {
    let fixture = remote(s3::Limits::default()).await;
    let store = &fixture.store;
    version(store, b"kept").await;
    let gone = deleted(&fixture, b"gone").await;
    assert_eq!(store.garbage(late()).await.unwrap().kept, Total { blobs: 1, bytes: 4 });
    assert_eq!(swept(store).await, 1);
    assert!(!store.blobs().has(&file_of(&gone), 4).await.unwrap());
    let again = version(store, b"gone").await.reference;
    assert_eq!(swept(store).await, 0);
    for number in [VersionNumber(1), again.number] {
        let found = store.verify_version(&model(), number).await.unwrap();
        assert!(found.faults.is_empty(), "{found:?}");
    }
}
