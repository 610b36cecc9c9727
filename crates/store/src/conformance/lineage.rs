//! What versions were made from: said once, true for ever, and followed both ways.

use super::fixture::{ada, at, fixture, model, new_version, tamper};
use crate::Store;
use crate::aliases::By;
use crate::blobs::Blob;
use crate::datasets::{self, Format};
use crate::lineage::{Bounds, Error as Refused, Family, Kin, Whereabouts};
use crate::models::Said;
use crate::versions::{Error, New, Origin, Registered};
use seatrial_domain::lineage::{Cited, Lineage};
use seatrial_domain::{Digest, ModelName, VersionNumber};

const ALL: Bounds = Bounds { depth: 10, versions: 100 };

fn said(parents: &[&str]) -> Lineage {
    Lineage::new(parents.iter().map(|text| text.parse().unwrap()).collect()).unwrap()
}

async fn new(store: &Store, content: &[u8], lineage: Lineage) -> New {
    New { lineage, ..new_version(store, content).await }
}

async fn made(store: &Store, content: &[u8], lineage: Lineage) -> Result<VersionNumber, Error> {
    let new = new(store, content, lineage).await;
    Ok(store.register_version(&new).await?.into_version().reference.number)
}

async fn family(store: &Store, number: u64, bounds: Bounds) -> Family {
    store.family((&model(), VersionNumber(number)), bounds).await.unwrap()
}

fn names(kin: &[Kin]) -> Vec<String> {
    let name = |kin: &Kin| match &kin.version {
        Some((model, number)) => format!("{model}@{}", number.0),
        None => kin.digest.to_string(),
    };
    kin.iter().map(name).collect()
}

fn line(family: &Family) -> Vec<String> {
    names(&family.line.iter().map(|descent| descent.kin.clone()).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_lineage_reads_back_as_it_was_said() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let blob = store.blobs().store(&b"x\n1\n"[..], 100).await.unwrap();
    let Blob { digest: data, .. } = blob.clone();
    let dataset = datasets::New {
        name: "train".parse().unwrap(),
        blob,
        format: Format::Csv,
        columns: vec!["x".to_owned()],
        rows: 1,
        label: None,
        actor: ada(),
        now: at(1),
    };
    store.register_dataset(&dataset).await.unwrap();
    made(store, b"base", Lineage::default()).await.unwrap();
    let foreign = Digest::of(b"elsewhere");
    let lineage =
        said(&["digits@1", foreign.as_str()]).trained_on(Some("train@1".parse().unwrap()));
    let lineage = lineage.by_code(Some("4f2a1c")).unwrap().in_run(Some("run 7")).unwrap();
    made(store, b"tuned", lineage).await.unwrap();

    let fixture = fixture.reopened().await;
    let family = family(&fixture.store, 2, ALL).await;
    let tuned = &family.line[0];
    assert_eq!(names(&tuned.parents), ["digits@1", foreign.as_str()]);
    assert_eq!(tuned.parents[1].whereabouts, Whereabouts::Elsewhere);
    let trained = tuned.dataset.as_ref().unwrap();
    assert_eq!((&trained.digest, trained.dataset.as_ref().unwrap().1), (&data, VersionNumber(1)));
    assert_eq!(tuned.code_ref.as_deref(), Some("4f2a1c"));
    assert_eq!(tuned.origin.run_id.as_deref(), Some("run 7"));
    assert_eq!(line(&family), ["digits@2", "digits@1"]);
    let version = fixture.store.version(&model(), VersionNumber(2)).await.unwrap();
    assert_eq!(version.origin.run_id.as_deref(), Some("run 7"));
}

#[tokio::test]
async fn the_commit_of_its_run_is_the_code_of_a_version_that_names_none() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let id = super::tracking::run(&fixture, 1).await.id.to_string();
    store.create_model(&model(), &Said::default(), at(1)).await.unwrap();
    let own = Lineage::default().by_code(Some("4f2a1c")).unwrap();
    for (lineage, run_id, code) in [
        (Lineage::default(), Some(id.as_str()), Some("c0ffee")),
        (Lineage::default(), Some("of another server"), None),
        (Lineage::default(), None, None),
        (own, Some(id.as_str()), Some("4f2a1c")),
    ] {
        let new = new(store, b"one", lineage).await;
        let origin = Origin { run_id: run_id.map(str::to_owned), ..Origin::default() };
        let made = store.register_numbered(&new, &origin, "").await.unwrap();
        let family = family(store, made.reference.number.0, ALL).await;
        assert_eq!(family.line[0].code_ref.as_deref(), code, "{run_id:?}");
    }
}

#[tokio::test]
async fn what_is_cited_by_name_is_here() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let refused = made(store, b"one", said(&["digits@1"])).await;
    assert!(matches!(refused, Err(Error::Lineage(Refused::UnknownParent(..)))), "{refused:?}");
    let trained = Lineage::default().trained_on(Some("train@1".parse().unwrap()));
    let refused = made(store, b"one", trained).await;
    assert!(matches!(refused, Err(Error::Lineage(Refused::UnknownDataset(..)))), "{refused:?}");
    assert!(store.model(&model()).await.is_err(), "nothing of it stays");

    made(store, b"one", Lineage::default()).await.unwrap();
    store.delete_version((&model(), VersionNumber(1)), &ada(), at(2)).await.unwrap();
    let refused = made(store, b"two", said(&["digits@1"])).await;
    assert!(matches!(refused, Err(Error::Lineage(Refused::UnknownParent(..)))), "{refused:?}");
}

#[tokio::test]
async fn nothing_is_its_own_ancestor() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let digest = async |content: &[u8]| new_version(store, content).await.manifest.digest();
    let (one, three) = (digest(b"one").await, digest(b"three").await);
    let own = made(store, b"one", said(&[one.as_str()])).await;
    assert!(matches!(own, Err(Error::Lineage(Refused::Loop(_)))), "{own:?}");
    // The first cites what is not there yet, by a digest that was known beforehand.
    made(store, b"one", said(&[three.as_str()])).await.unwrap();
    made(store, b"two", said(&["digits@1"])).await.unwrap();
    let closed = made(store, b"three", said(&["digits@2"])).await;
    assert!(matches!(closed, Err(Error::Lineage(Refused::Loop(_)))), "{closed:?}");
    made(store, b"three", Lineage::default()).await.unwrap();
    assert_eq!(line(&family(store, 2, ALL).await), ["digits@2", "digits@1", "digits@3"]);
}

#[tokio::test]
async fn a_copy_descends_from_its_original() {
    let fixture = fixture().await;
    let store = &fixture.store;
    made(store, b"one", Lineage::default()).await.unwrap();
    let copy = new(store, b"one", said(&["digits@1"])).await;
    store.register_numbered(&copy, &Origin::default(), "").await.unwrap();
    made(store, b"tuned", said(&["digits@2"])).await.unwrap();

    assert_eq!(line(&family(store, 3, ALL).await), ["digits@3", "digits@2", "digits@1"]);
    assert_eq!(names(&family(store, 1, ALL).await.children), ["digits@2"]);
    assert_eq!(names(&family(store, 2, ALL).await.children), ["digits@3"], "not the original's");
}

#[tokio::test]
async fn the_same_bytes_again_cannot_say_otherwise() {
    let fixture = fixture().await;
    let store = &fixture.store;
    made(store, b"base", Lineage::default()).await.unwrap();
    let tuned = || said(&["digits@1"]).by_code(Some("4f2a1c")).unwrap();
    made(store, b"tuned", tuned()).await.unwrap();

    for same in [tuned(), Lineage::default()] {
        let again = new(store, b"tuned", same).await;
        let again = store.register_version(&again).await.unwrap();
        assert!(matches!(again, Registered::Existing(_)), "{again:?}");
    }
    let other = [said(&["digits@1"]), tuned().in_run(Some("7")).unwrap()];
    for other in other {
        let refused = made(store, b"tuned", other).await;
        assert!(matches!(refused, Err(Error::Lineage(Refused::Sealed(..)))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_sealed_lineage_cannot_change() {
    let fixture = fixture().await;
    let store = &fixture.store;
    made(store, b"base", Lineage::default()).await.unwrap();
    made(store, b"tuned", said(&["digits@1"])).await.unwrap();
    let changes = [
        "UPDATE lineage SET code_ref = 'other'",
        "DELETE FROM lineage",
        "UPDATE lineage_parent SET digest = 'other'",
        "DELETE FROM lineage_parent",
        "INSERT INTO lineage_parent VALUES ('digits', 1, 0, 'other', NULL, NULL)",
    ];
    for change in changes {
        let mut write = store.write().await.unwrap();
        let refused = sqlx::query(change).execute(write.sql()).await.unwrap_err().to_string();
        assert!(refused.contains("a sealed lineage cannot change"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn a_lineage_outlives_its_versions_and_follows_a_new_name() {
    let fixture = fixture().await;
    let store = &fixture.store;
    made(store, b"base", Lineage::default()).await.unwrap();
    let other: ModelName = "other".parse().unwrap();
    let tuned = New { model: other.clone(), ..new(store, b"tuned", said(&["digits@1"])).await };
    store.register_version(&tuned).await.unwrap();
    let actor = ada();
    let by = By { actor: &actor, cause: "a better name", now: at(3) };
    let renamed: ModelName = "base".parse().unwrap();
    store.rename_model(&model(), &renamed, by).await.unwrap();
    store.delete_version((&renamed, VersionNumber(1)), &actor, at(4)).await.unwrap();

    let family = store.family((&other, VersionNumber(1)), ALL).await.unwrap();
    assert_eq!(line(&family), ["other@1", "base@1"]);
    assert_eq!(family.line[0].parents[0].whereabouts, Whereabouts::Deleted);
    let gone = store.family((&renamed, VersionNumber(1)), ALL).await;
    assert!(matches!(gone, Err(Error::UnknownVersion(..))));
    store.register_version(&tuned).await.unwrap_err();
}

#[tokio::test]
async fn a_long_line_is_cut_and_says_so() {
    let fixture = fixture().await;
    let store = &fixture.store;
    made(store, &[0], Lineage::default()).await.unwrap();
    for number in 1..6_u8 {
        made(store, &[number], said(&[&format!("digits@{number}")])).await.unwrap();
    }
    let near = family(store, 6, Bounds { depth: 2, versions: 100 }).await;
    assert_eq!((line(&near).len(), near.is_cut), (3, true));
    let few = family(store, 6, Bounds { depth: 10, versions: 4 }).await;
    assert_eq!((line(&few).len(), few.is_cut), (4, true));
    let all = family(store, 6, ALL).await;
    assert_eq!((line(&all).len(), all.is_cut), (6, false));
    for number in 10..13_u8 {
        made(store, &[number], said(&["digits@1"])).await.unwrap();
    }
    let first = family(store, 1, Bounds { depth: 1, versions: 3 }).await;
    assert_eq!((first.children.len(), first.is_cut), (3, true));
}

#[tokio::test]
async fn versions_from_before_there_were_lineages_have_an_empty_one() {
    let fixture = fixture().await;
    made(&fixture.store, b"one", Lineage::default()).await.unwrap();
    // As an earlier release left the database: without what came later, and the evidence as it was.
    let later = "DROP TABLE lineage; DROP TABLE lineage_parent; DROP INDEX version_by_digest;
                 DROP INDEX alias_history_by_model; DROP TABLE version_signature; DROP TABLE scrub;
                 DROP TABLE corrupt_blob; DROP TABLE slice_unit; DROP TABLE slice_label; DROP TABLE slice_value;
                 DROP TABLE gate_counter; DROP TABLE shadow_counter; DROP TABLE seen_level;
                 DROP TABLE seen_unit; DROP TABLE assignment; DROP TABLE boot; DROP TABLE feedback;
                 DROP TABLE feedback_cell; DROP TABLE evidence_maximum; DROP TABLE latency_reference;
                 DROP TABLE cohort_unit; DROP TABLE cohort_label; DROP TABLE value_reference;
                 DROP TABLE value_sample; DROP TABLE value_cell; DROP TABLE cohort_value;
                 DROP TABLE window_start; DROP TABLE unit_closing; DROP TABLE late_label; DROP TABLE shadow_pair; DROP TABLE shadow_label; DROP TABLE shadow_slice_label;
                 DELETE FROM migration WHERE number >= 10;";
    let earlier = [
        later,
        include_str!("../../migrations/0004_evidence.sql"),
        include_str!("../../migrations/0006_judgement.sql"),
    ]
    .join("\n");
    tamper(fixture.dir.path(), earlier).await;
    let fixture = fixture.reopened().await;
    let family = family(&fixture.store, 1, ALL).await;
    assert_eq!((line(&family), family.line[0].parents.len()), (vec!["digits@1".to_owned()], 0));
    let parent: Cited<ModelName> = "digits@1".parse().unwrap();
    made(&fixture.store, b"two", Lineage::new(vec![parent]).unwrap()).await.unwrap();
}
