//! What is stored comes back as it was.

use super::pack::{pack, unpack};
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "[~a-z]{0,4}".prop_map(Value::from),
        counts().prop_map(Value::from),
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
