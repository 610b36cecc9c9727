//! What two gateways counted is in their sum, whatever it is: a count that `merge` forgot would be one
//! arm's, or one stratum's, that no verdict rests on.

use super::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// With ones for its noughts.
fn counted<T: Serialize + DeserializeOwned>(of: &T) -> T {
    let ones = |number: u64| number.max(1);
    serde_json::from_value(each(serde_json::to_value(of).unwrap(), &ones)).unwrap()
}

fn twice<T: Serialize>(of: &T) -> Value {
    each(serde_json::to_value(of).unwrap(), &|number| 2 * number)
}

fn each(value: Value, change: &impl Fn(u64) -> u64) -> Value {
    match value {
        Value::Number(number) => change(number.as_u64().unwrap()).into(),
        Value::Array(items) => items.into_iter().map(|item| each(item, change)).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(name, entry)| (name, each(entry, change))).collect()
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

fn named<T>(value: T) -> BTreeMap<String, T> {
    [("it".to_owned(), value)].into()
}

fn values() -> kpi::Counts {
    let arm = kpi::Values { buckets: vec![1, 2], sum: 3, squares: 4 };
    kpi::Counts { candidate: arm.clone(), incumbent: arm }
}

fn matured_values() -> MaturedValues {
    MaturedValues { values: values(), ..MaturedValues::default() }
}

#[test]
fn every_count_of_two_gateways_is_in_their_sum() {
    let buckets = ArmHistogram { candidate: vec![1, 2], incumbent: vec![3, 4] };
    let slice = SliceCounts {
        latency: Buckets::of(&buckets),
        feedback: named(Cells::default()),
        matured: named(Matured::default()),
        values: named(values()),
        matured_values: named(matured_values()),
        predictions: named(Predictions(named(ArmCount::default()))),
        ..SliceCounts::default()
    };
    let one = counted(&GateCounts {
        latency: buckets,
        feedback: named(Cells::default()),
        matured: named(Matured::default()),
        late: named(ArmCount::default()),
        slices: Slices(named(named(slice))),
        values: named(values()),
        matured_values: named(matured_values()),
        predictions: named(Predictions(named(ArmCount::default()))),
        ..GateCounts::default()
    });
    let mut sum = one.clone();
    sum.merge(&one).unwrap();
    assert_eq!(serde_json::to_value(&sum).unwrap(), twice(&one));
}

#[test]
fn every_count_of_two_shadows_is_in_their_sum() {
    let one = counted(&ShadowCounts {
        mirror: MirrorCounts { dropped: named(0), ..MirrorCounts::default() },
        compare: vec![CompareCount::default()],
        slices: named(named(vec![CompareCount::default()])),
        paired_slices: named(named(PairedCounts {
            latency: LatencyPairs { slower: 1, ..LatencyPairs::default() },
            labelled: LabelledPairs { both: 1, ..LabelledPairs::default() },
        })),
        incumbent_latency: vec![1, 2],
        // Without a count they are not told.
        paired_latency: LatencyPairs { slower: 1, ..LatencyPairs::default() },
        labelled: LabelledPairs { both: 1, ..LabelledPairs::default() },
        ..ShadowCounts::default()
    });
    let mut sum = one.clone();
    sum.merge(&one);
    assert_eq!(serde_json::to_value(&sum).unwrap(), twice(&one));
}
