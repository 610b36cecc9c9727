//! What every store promises of labelled pairs of the shadow, as tests.

use super::fixture::{Fixture, ada, at, endpoint, fixture, model, version};
use crate::Store;
use crate::feedback::{Error, Label};
use crate::rollouts::{Draft, Stored};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::LabelledPairs;
use seatrial_domain::exposure::Exposure;
use seatrial_domain::plan::Kind;
use seatrial_domain::policy;
use seatrial_domain::rollout::Bootstrap;
use seatrial_domain::split::{Arm, Salt};
use seatrial_domain::telemetry::{Assignment, ClassPair, Counted, Telemetry, request_hash};

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: digits}
spec:
  endpoint: digits
  shadow: {labels: {metric: digit}}
";

async fn shadowed() -> (Fixture, Stored) {
    let fixture = fixture().await;
    let candidate = version(&fixture.store, b"one").await.reference;
    let settings = Settings::of(model());
    fixture.store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
    let draft = Draft {
        endpoint: endpoint(),
        candidate,
        plan: policy::parse(POLICY).unwrap().plan(Kind::Promote, &endpoint()).unwrap(),
        salt: Salt(7),
        settings,
        bootstrap: Bootstrap::Approved,
        actor: ada(),
        cause: "started by hand".to_owned(),
        now: at(3),
    };
    let stored = fixture.store.create_rollout(draft).await.unwrap();
    (fixture, stored)
}

fn assigned(stored: &Stored, id: &str) -> Assignment {
    Assignment {
        request: request_hash(&endpoint(), id),
        endpoint: endpoint(),
        rollout: Some(stored.rollout.id),
        gate: None,
        seen: Exposure::NONE,
        arm: Arm::Incumbent,
        counted: Counted::No,
        unit: None,
        slices: Default::default(),
        at: at(10),
    }
}

fn pair(stored: &Stored, id: &str, [incumbent, candidate]: [&str; 2]) -> ClassPair {
    ClassPair {
        request: request_hash(&endpoint(), id),
        rollout: stored.rollout.id,
        incumbent: incumbent.to_owned(),
        candidate: candidate.to_owned(),
        slices: Default::default(),
    }
}

fn digit(id: &str, value: f64) -> Label {
    let (endpoint, request_id) = (endpoint(), id.to_owned());
    Label { endpoint, request_id, metric: "digit".to_owned(), value, at: at(20) }
}

async fn flush(store: &Store, seq: u64, assignments: Vec<Assignment>, pairs: Vec<ClassPair>) {
    let telemetry = Telemetry { boot: 1, seq, assignments, pairs, ..Telemetry::default() };
    store.flush(&telemetry).await.unwrap();
}

async fn joined(store: &Store, labels: &[Label]) {
    let answers = store.join_feedback(labels).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

async fn labelled(store: &Store, stored: &Stored) -> LabelledPairs {
    store.evidence(stored.rollout.id).await.unwrap().shadow.labelled
}

#[tokio::test]
async fn a_labelled_pair_counts_once_whichever_of_both_comes_first() {
    let (fixture, stored) = shadowed().await;
    let store = &fixture.store;
    let requests = ["a", "b", "c"].map(|id| assigned(&stored, id));
    let (a, b) = (pair(&stored, "a", ["7", "1"]), pair(&stored, "b", ["3", "3"]));
    flush(store, 1, requests.into(), vec![a.clone()]).await;
    joined(store, &[digit("a", 7.0), digit("b", 4.0), digit("c", 5.0)]).await;
    let incumbent = LabelledPairs { incumbent_only: 1, ..LabelledPairs::default() };
    assert_eq!(labelled(store, &stored).await, incumbent);

    flush(store, 2, Vec::new(), vec![a.clone(), b.clone()]).await;
    flush(store, 3, Vec::new(), vec![a, b]).await;
    joined(store, &[digit("a", 7.0), digit("b", 4.0)]).await;
    assert_eq!(labelled(store, &stored).await, LabelledPairs { neither: 1, ..incumbent });
    let other = Err(Error::Different { first: 7.0 });
    assert_eq!(store.join_feedback(&[digit("a", 1.0)]).await.unwrap(), [other]);
}

#[tokio::test]
async fn a_pair_nobody_can_label_is_not_kept_and_goes_with_its_assignment() {
    let (fixture, stored) = shadowed().await;
    let store = &fixture.store;
    let (known, lost) = (pair(&stored, "a", ["7", "1"]), pair(&stored, "lost", ["7", "1"]));
    flush(store, 1, vec![assigned(&stored, "a")], vec![known, lost]).await;
    let kept = async || -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM shadow_pair");
        count.fetch_one(&mut *store.reader().await.unwrap()).await.unwrap()
    };
    assert_eq!(kept().await, 1);
    joined(store, &[digit("a", 1.0)]).await;
    store.prune_assignments(at(11)).await.unwrap();
    assert_eq!(kept().await, 0);
    assert_eq!(labelled(store, &stored).await.candidate_only, 1, "what was counted stays");
}

#[tokio::test]
async fn labelled_pairs_count_in_their_slices_whichever_of_both_comes_first_and_within_a_bound() {
    let (fixture, stored) = shadowed().await;
    let store = &fixture.store;
    let sliced = |id: &str, value: &str| ClassPair {
        slices: [("client".to_owned(), value.to_owned())].into(),
        ..pair(&stored, id, ["7", "1"])
    };
    let values: Vec<String> = (0..60).map(|n| format!("v{n:02}")).collect();
    let requests = values.iter().map(|id| assigned(&stored, id)).collect();
    let (first, later) = values.split_at(30);
    let of = |values: &[String]| values.iter().map(|value| sliced(value, value)).collect();
    flush(store, 1, requests, of(first)).await;
    joined(store, &values.iter().map(|id| digit(id, 7.0)).collect::<Vec<_>>()).await;
    flush(store, 2, Vec::new(), of(later)).await;
    flush(store, 3, Vec::new(), of(&values)).await;
    let evidence = store.evidence(stored.rollout.id).await.unwrap();
    let labelled = |value: &str| evidence.shadow.paired_slices["client"][value].labelled;
    let wrong = |pairs| LabelledPairs { incumbent_only: pairs, ..LabelledPairs::default() };
    assert!(first.iter().all(|value| labelled(value) == wrong(1)));
    assert_eq!(labelled("(other)"), wrong(10), "beyond fifty values");
    assert_eq!(evidence.shadow.paired_slices["client"].len(), 51);
    assert_eq!(evidence.shadow.labelled, wrong(60));
}
