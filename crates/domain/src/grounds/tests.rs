//! What is stored comes back as it was.

use super::deflate::{INFLATED_MAX, deflated, inflated};
use super::pack::{pack, unpack};
use super::*;
use crate::Timestamp;
use crate::evidence::{Buckets, GateCounts, GateIndex, Outcomes};
use crate::judge::tests::fixture::{errors, latency, plan};
use crate::plan::{KeySource, LiveSlice};
use base64ct::{Base64, Encoding};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use seatrial_analysis::ArmHistogram;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "[~a-z]{0,4}".prop_map(Value::from),
        counts().prop_map(Value::from),
        by_number(),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[~a-z]{0,4}", inner, 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Mostly noughts.
fn counts() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![5 => Just(0), 1 => any::<u64>()], 0..60)
}

/// Counts by number, some of them written otherwise than numbers are.
fn by_number() -> impl Strategy<Value = Value> {
    let key =
        prop_oneof![9 => (0..2_000_u64).prop_map(|key| key.to_string()), 1 => Just("07".into())];
    prop::collection::btree_map(key, any::<u64>(), 0..12).prop_map(|counts| {
        counts.into_iter().map(|(key, count)| (key, Value::from(count))).collect()
    })
}

proptest! {
    #[test]
    fn every_json_comes_back(value in any_json()) {
        let text = pack(value.clone()).to_string();
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(unpack(read).unwrap(), value);
    }
}

#[test]
fn empty_buckets_take_no_room() {
    let mut buckets = vec![0_u64; 921];
    (0..75).for_each(|index| buckets[300 + index] = 100_000 + index as u64);
    let packed = pack(json!(buckets)).to_string();
    assert!(packed.len() < 12 * 75, "{} bytes", packed.len());
}

#[test]
fn a_list_written_wrong_is_refused() {
    for wrong in [
        json!({"~": []}),
        json!({"~": [4, 9, 1]}),
        json!({"~": [4, 1]}),
        json!({"~": [1_u64 << 60]}),
        json!({"~": [-1]}),
        json!({"~": 3}),
        json!({"~": [9, 1, 1], "more": 1}),
        json!({"~d": []}),
        json!({"~d": [4, 2, 1, 2, 1]}),
        json!({"~d": [4, 1]}),
        json!({"~m": [4]}),
        json!({"~m": [1, 1, u64::MAX, 1]}),
        json!({"~m": [1, 1], "~d": [1, 0, 1]}),
    ] {
        assert!(unpack(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn grounds_that_are_too_large_are_not_kept() {
    let small = Grounds { plan: Some("{}".to_owned()), ..Grounds::default() };
    assert_eq!(small.stored(), Some(json!({"plan": "{}"})));
    let large = Grounds { plan: Some("x".repeat(Grounds::BYTES_MAX)), ..Grounds::default() };
    assert_eq!(large.stored(), None);
}

#[test]
fn lists_of_earlier_versions_are_read_by_their_indices() {
    let earlier = json!({"latency": {"~": [9, 2, 5, 7, 1]}});
    assert_eq!(unpack(earlier).unwrap(), json!({"latency": [0, 0, 5, 0, 0, 0, 0, 1, 0]}));
}

/// Of `plan`, in every stratum as many buckets as are reckoned with, in all units and in every value, and
/// as many windows begun.
fn full(plan: &Plan) -> Evidence {
    let buckets = |salt: u64| -> BTreeMap<usize, u64> {
        // No two counts alike, as compression would like it.
        let count = |bucket: u64| (bucket * 7_919 + salt * 104_729) % 900_000 + 1;
        (0..150_u64)
            .map(|bucket| (300 + 2 * usize::try_from(bucket).unwrap(), count(bucket)))
            .collect()
    };
    let mut evidence = Evidence::default();
    for hour in 0..40 {
        for gate in 0..3_u8 {
            let salt = hour * 100 + u64::from(gate);
            let counts: &mut GateCounts =
                evidence.gates.entry(GateIndex(gate).unseen()).or_default();
            counts.latency = ArmHistogram::empty(921);
            for (arm, salt) in
                [(&mut counts.latency.candidate, salt), (&mut counts.latency.incumbent, salt + 1)]
            {
                buckets(salt).into_iter().for_each(|(bucket, count)| arm[bucket] = count);
            }
            for slice in &plan.analysis.slices {
                for value in &slice.values {
                    let column = plan.analysis.column(&slice.key);
                    let salt = salt + value.len() as u64 * 31;
                    counts.slices.of(&column, value).latency = Buckets {
                        candidate: buckets(salt).into(),
                        incumbent: buckets(salt + 2).into(),
                    };
                }
            }
        }
        evidence.begin_window(
            Timestamp::default().plus(Duration::from_secs(3_600 * hour)),
            &plan.analysis,
        );
    }
    evidence
}

#[test]
fn a_counter_takes_so_few_bytes_that_the_rows_of_the_largest_plan_are_kept() {
    let mut plan = plan(&[errors(0.005)]);
    let values = (0..4).map(|value| format!("{value}{}", "x".repeat(value))).collect();
    let key = KeySource::Header("client".to_owned());
    plan.analysis.slices = vec![LiveSlice { key, values, weight: Some(0.5) }];
    let evidence = full(&plan);
    let counted = |buckets: &Buckets| {
        (buckets.candidate.iter().len() + buckets.incumbent.iter().len()) as u64
    };
    let of_start = |outcomes: &Outcomes| {
        let frozen = outcomes.frozen.as_ref().unwrap();
        let slices = frozen.slices.0.values().flat_map(BTreeMap::values);
        counted(&frozen.latency) + slices.map(|it| counted(&it.latency)).sum::<u64>()
    };
    let started: u64 =
        evidence.starts.iter().flat_map(|sums| sums.gates.values()).map(|it| of_start(it)).sum();
    let look = Look {
        judge: Digest::of(b"judge"),
        of: Subject::Gate(GateIndex(3)),
        under_way_ms: None,
        evidence: evidence.clone(),
    };
    let grounds = Grounds { look: Some(look), ..Grounds::default() };
    let stored = grounds.stored().unwrap().to_string();
    assert!(stored.contains("~z"), "it is large: {} bytes", stored.len());
    let each = stored.len() as f64 / started as f64;
    assert!(each * COUNTERS_MAX as f64 <= Grounds::BYTES_MAX as f64, "{each} bytes each");
    let text = pack(serde_json::to_value(&evidence).unwrap()).to_string().len();
    let each = text as f64 / started as f64;
    assert!(each * COUNTERS_MAX as f64 <= INFLATED_MAX as f64, "{each} bytes each to read");
    let read: Grounds = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, grounds);
}

#[test]
fn compressed_text_that_does_not_end_or_is_none_is_refused() {
    let zeros = vec![b' '; usize::try_from(INFLATED_MAX).unwrap() + 1];
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&zeros).unwrap();
    let bomb = Base64::encode_string(&encoder.finish().unwrap());
    for wrong in [json!({"~z": bomb}), json!({"~z": "?"}), json!({"~z": "AAAA"}), json!({"~z": 3})]
    {
        assert!(inflated(wrong).is_err());
    }
}

#[test]
fn what_is_small_stays_readable() {
    let small = json!({"errors": {"candidate_bad": 3}});
    assert_eq!(deflated(small.clone()), small);
    assert_eq!(inflated(small.clone()).unwrap(), small);
}

fn with(gates: usize, keys: &[KeySource], slices: &[(usize, Option<f64>)]) -> u64 {
    let mut plan = plan(&[errors(0.005), latency(250)]);
    let gate = plan.gates[0].clone();
    plan.gates = vec![gate; gates];
    let key = |name: usize| KeySource::Header(name.to_string());
    plan.routing.key = keys.to_vec();
    let slice = |(name, (values, weight)): (usize, &(usize, Option<f64>))| LiveSlice {
        key: key(name),
        values: (0..*values).map(|value| value.to_string()).collect(),
        weight: *weight,
    };
    plan.analysis.slices = slices.iter().enumerate().map(slice).collect();
    counters(&plan)
}

#[test]
fn the_widest_slices_fit_and_not_over_any_number_of_gates() {
    let widest = [(16, Some(0.1)); 4];
    let keyed = &[KeySource::Header("user".to_owned())];
    assert!(with(4, keyed, &[]) < COUNTERS_MAX / 40);
    assert!(with(4, keyed, &widest) <= COUNTERS_MAX);
    assert!(with(4, &[], &widest) < with(4, keyed, &widest));
    assert!(with(20, keyed, &widest) > COUNTERS_MAX);
    assert!(with(20, keyed, &[(16, None); 4]) > with(4, keyed, &[(16, None); 4]));
}
