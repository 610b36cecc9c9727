//! What every store promises of registry, as tests.

use super::fixture::{ada, at, fixture, live, model, new_version, queued, tamper, version};
use crate::aliases::By;
use crate::changed::{Changed, Named};
use crate::journal::Filter;
use crate::models::Said;
use crate::page::Request;
use crate::versions::{Diff, Error, Lifecycle, New, Registered};
use seatrial_domain::VersionNumber;

#[tokio::test]
async fn a_version_reads_back_as_it_was_sealed() {
    let fixture = fixture().await;
    let mut new = new_version(&fixture.store, b"one").await;
    new.aliases = vec!["candidate".to_owned()];
    let Registered::New(version) = fixture.store.register_version(&new).await.unwrap() else {
        panic!("it is the first");
    };
    assert_eq!(version.reference.number, VersionNumber(1));
    assert_eq!(version.reference.digest, new.manifest.digest());
    assert_eq!(version.lifecycle, Lifecycle::Registered);
    assert_eq!(version.aliases, ["candidate"]);
    let fixture = fixture.reopened().await;
    let again = fixture.store.version(&model(), VersionNumber(1)).await.unwrap();
    assert_eq!(again, version);
    let known = fixture.store.model(&model()).await.unwrap();
    assert_eq!(known.latest, Some(VersionNumber(1)));
    assert_eq!(known.aliases["candidate"], VersionNumber(1));
}

#[tokio::test]
async fn flavors_read_back_as_they_were_described_and_cannot_change() {
    let fixture = fixture().await;
    let mut new = new_version(&fixture.store, b"one").await;
    new.flavors.named.insert("sklearn".to_owned(), [("a".to_owned(), "b".to_owned())].into());
    let described = fixture.store.register_version(&new).await.unwrap().into_version();
    assert_eq!(described.flavors, new.flavors);
    assert_eq!(described.served(), None, "its flavor is not served, whatever file is there");
    let plain = version(&fixture.store, b"two").await;
    assert_eq!(plain.served(), plain.manifest.files().first());
    let mut write = fixture.store.write().await.unwrap();
    let changed =
        sqlx::query("UPDATE version SET flavors = '{}'").execute(write.sql()).await.unwrap_err();
    assert!(changed.to_string().contains("a sealed version cannot change"));
}

#[tokio::test]
async fn the_same_bytes_again_are_the_existing_version() {
    let fixture = fixture().await;
    let first = version(&fixture.store, b"one").await;
    let new = new_version(&fixture.store, b"one").await;
    let again = fixture.store.register_version(&new).await.unwrap();
    assert_eq!(again, Registered::Existing(first));
    assert_eq!(version(&fixture.store, b"two").await.reference.number, VersionNumber(2));
}

#[tokio::test]
async fn a_version_whose_bytes_were_not_uploaded_is_refused() {
    let fixture = fixture().await;
    let new = new_version(&fixture.store, b"one").await;
    std::fs::remove_file(fixture.blob_path(&new.manifest.files()[0].digest)).unwrap();
    let refused = fixture.store.register_version(&new).await;
    assert!(matches!(refused, Err(Error::MissingBlob { .. })));
    assert!(fixture.store.model(&model()).await.is_err());
}

#[tokio::test]
async fn numbers_never_return_after_a_delete() {
    let fixture = fixture().await;
    let store = &fixture.store;
    version(store, b"one").await;
    store.delete_version((&model(), VersionNumber(1)), &ada(), at(2)).await.unwrap();
    assert!(store.version(&model(), VersionNumber(1)).await.is_err());
    assert_eq!(version(store, b"one").await.reference.number, VersionNumber(2));
    let said = Said { description: Some("the first of its name".to_owned()), ..Said::default() };
    store.describe_model(&model(), &said, at(3)).await.unwrap();
    store.delete_model(&model(), &ada(), at(3)).await.unwrap();
    assert!(matches!(store.model(&model()).await, Err(Error::UnknownModel(_))));
    assert_eq!(version(store, b"one").await.reference.number, VersionNumber(3));
    assert_eq!(store.model(&model()).await.unwrap().description, "", "only its numbers go on");
}

#[tokio::test]
async fn a_version_something_refers_to_is_not_deleted() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let waiting = version(store, b"one").await.reference;
    queued(store, &waiting).await;
    let key = (&waiting.model, waiting.number);
    let refused = store.delete_version(key, &ada(), at(4)).await;
    assert!(matches!(refused, Err(Error::Referenced { by, .. }) if by == "rollout 1"));
    assert!(store.delete_model(&model(), &ada(), at(5)).await.is_err());
    let serving = version(store, b"two").await.reference;
    live(store, &serving).await;
    let refused = store.delete_version((&model(), serving.number), &ada(), at(20)).await;
    assert!(matches!(refused, Err(Error::Referenced { .. })));
}

#[tokio::test]
async fn a_sealed_version_cannot_change() {
    let fixture = fixture().await;
    version(&fixture.store, b"one").await;
    let mut write = fixture.store.write().await.unwrap();
    let changed =
        sqlx::query("UPDATE version SET manifest = '{}'").execute(write.sql()).await.unwrap_err();
    assert!(changed.to_string().contains("a sealed version cannot change"));
}

#[tokio::test]
async fn a_manifest_changed_on_disk_is_refused() {
    let fixture = fixture().await;
    version(&fixture.store, b"one").await;
    let sql = "DROP TRIGGER version_is_immutable;
               UPDATE version SET manifest = replace(manifest, 'model.onnx', 'other.onnx')";
    tamper(fixture.dir.path(), sql).await;
    let read = fixture.store.version(&model(), VersionNumber(1)).await;
    assert!(matches!(read, Err(Error::Storage(crate::storage::Error::Corrupt { .. }))));
}

#[tokio::test]
async fn every_move_of_an_alias_is_kept() {
    let fixture = fixture().await;
    let store = &fixture.store;
    for content in [b"one", b"two"] {
        version(store, content).await;
    }
    let actor = ada();
    let by = |cause, seconds| By { actor: &actor, cause, now: at(seconds) };
    for (number, seconds) in [(1, 5), (2, 6), (2, 7)] {
        let key = (&model(), VersionNumber(number));
        store.set_alias(key, "best", by("by hand", seconds)).await.unwrap();
    }
    assert_eq!(store.alias(&model(), "best").await.unwrap(), Some(VersionNumber(2)));
    store.remove_alias(&model(), "best", by("gone", 8)).await.unwrap();
    store.remove_alias(&model(), "best", by("gone", 9)).await.unwrap();
    let moves = store.alias_history(&model(), Some("best"), &Request::first(9)).await.unwrap();
    let seen: Vec<_> = moves.items.iter().map(|m| (m.to.map(|n| n.0), m.at)).collect();
    assert_eq!(seen, [(None, at(8)), (Some(2), at(6)), (Some(1), at(5))]);
    let unknown = store.set_alias((&model(), VersionNumber(9)), "best", by("?", 10)).await;
    assert!(matches!(unknown, Err(Error::UnknownVersion(_, VersionNumber(9)))));
}

#[tokio::test]
async fn a_long_value_of_a_tag_is_kept_by_the_version_and_not_by_the_journal() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let mut new = new_version(store, b"one").await;
    new.tags = [("notes".to_owned(), "x".repeat(100_000))].into();
    let version = store.register_version(&new).await.unwrap().into_version();
    assert_eq!(version.tags, new.tags);
    let rows = store.journal(&Filter::default(), &Request::first(100)).await.unwrap().items;
    let evidence = rows.last().unwrap().evidence.as_ref().unwrap().to_string();
    assert!(evidence.contains("notes") && evidence.len() < 1000, "{}", evidence.len());
}

#[tokio::test]
async fn what_is_newly_named_is_journalled_in_the_same_write_and_nothing_else_is() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let mut new = new_version(store, b"one").await;
    new.tags.clear();
    let version = store.register_version(&new).await.unwrap().into_version().reference;
    new.aliases = vec!["next".to_owned()];
    new.tags = [("ready".to_owned(), "yes".to_owned())].into();
    let actor = ada();
    let by = |cause| By { actor: &actor, cause, now: at(9) };
    let key = (&version.model, version.number);
    for _ in 0..2 {
        store.register_version(&new).await.unwrap();
        store.set_alias(key, "next", by("set by hand")).await.unwrap();
        store.tag_version(key, &new.tags, by("set by hand")).await.unwrap();
    }
    for _ in 0..2 {
        store.remove_alias(key.0, "next", by("removed by hand")).await.unwrap();
        store.untag_version(key, "ready", by("removed by hand")).await.unwrap();
    }
    let other = new_version(store, b"two").await;
    store.register_version(&other).await.unwrap();

    let rows = store.journal(&Filter::default(), &Request::first(100)).await.unwrap().items;
    let told = rows.iter().map(|row| format!("{} {}", row.event, row.cause.in_words()));
    let digest = |new: &New| format!("registered sealed as {}", new.manifest.digest());
    let expected = [
        digest(&new),
        "alias_set alias next, tag ready given at registration".to_owned(),
        "alias_removed alias next removed by hand".to_owned(),
        "tag_removed tag ready removed by hand".to_owned(),
        digest(&other),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let named: Vec<_> = rows.iter().map(Named::of).collect();
    let changed = Changed { aliases: new.aliases, tags: new.tags };
    assert_eq!(named[..4], [None, Some(Named { version, changed }), None, None]);
    let changed = Changed { aliases: Vec::new(), tags: other.tags };
    assert_eq!(named[4].as_ref().unwrap().changed, changed, "with a new version all is new");
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip() {
    let fixture = fixture().await;
    for content in 0..5_u8 {
        version(&fixture.store, &[content]).await;
    }
    let first = fixture.store.versions(&model(), &Request::first(2)).await.unwrap();
    version(&fixture.store, b"meanwhile").await;
    let mut seen: Vec<u64> = first.items.iter().map(|v| v.reference.number.0).collect();
    let mut next = first.next;
    while let Some(after) = next {
        let page = fixture.store.versions(&model(), &Request::after(after, 2)).await.unwrap();
        seen.extend(page.items.iter().map(|v| v.reference.number.0));
        next = page.next;
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn verifying_reads_every_byte() {
    let fixture = fixture().await;
    let sealed = version(&fixture.store, b"one").await;
    let sound = fixture.store.verify_version(&model(), VersionNumber(1)).await.unwrap();
    assert!(sound.faults.is_empty());
    assert_eq!((sound.files, sound.bytes), (1, 3));
    std::fs::write(fixture.blob_path(&sealed.manifest.files()[0].digest), b"oni").unwrap();
    let altered = fixture.store.verify_version(&model(), VersionNumber(1)).await.unwrap();
    assert_eq!(altered.faults[0].path.as_str(), "model.onnx");
}

#[tokio::test]
async fn a_diff_names_what_changed() {
    let fixture = fixture().await;
    let before = version(&fixture.store, b"one").await;
    let mut after = version(&fixture.store, b"two").await;
    after.tags.insert("team".to_owned(), "speech".to_owned());
    let diff = Diff::between(&before, &after);
    assert_eq!(diff.changed.len(), 1);
    assert!(diff.added.is_empty() && diff.removed.is_empty() && diff.signature.is_none());
    assert_eq!(diff.tags["team"], (Some("vision".to_owned()), Some("speech".to_owned())));
}
