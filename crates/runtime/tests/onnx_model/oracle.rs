//! Every recorded case: the same inputs give the oracle's answers.

use std::collections::BTreeMap;
use std::time::Duration;

use seatrial_domain::tensor::{DataType, Tensor, TensorData};
use seatrial_runtime::{Backend, LoadOptions};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::support::{load, options};

#[derive(Deserialize)]
struct Case {
    inputs: BTreeMap<String, Flat>,
    outputs: BTreeMap<String, Flat>,
}

#[derive(Deserialize)]
struct Flat {
    shape: Vec<usize>,
    data: Vec<Value>,
}

impl Flat {
    fn tensor(&self, name: &str, datatype: DataType) -> Tensor {
        let int = |value: &Value| value.as_i64().unwrap();
        let uint = |value: &Value| value.as_u64().unwrap();
        let float = |value: &Value| value.as_f64().unwrap();
        let v = self.data.iter();
        let data = match datatype {
            DataType::Bool => TensorData::Bool(v.map(|x| x.as_bool().unwrap()).collect()),
            DataType::Uint8 => TensorData::Uint8(v.map(|x| uint(x).try_into().unwrap()).collect()),
            DataType::Uint16 => {
                TensorData::Uint16(v.map(|x| uint(x).try_into().unwrap()).collect())
            }
            DataType::Uint32 => {
                TensorData::Uint32(v.map(|x| uint(x).try_into().unwrap()).collect())
            }
            DataType::Uint64 => TensorData::Uint64(v.map(uint).collect()),
            DataType::Int8 => TensorData::Int8(v.map(|x| int(x).try_into().unwrap()).collect()),
            DataType::Int16 => TensorData::Int16(v.map(|x| int(x).try_into().unwrap()).collect()),
            DataType::Int32 => TensorData::Int32(v.map(|x| int(x).try_into().unwrap()).collect()),
            DataType::Int64 => TensorData::Int64(v.map(int).collect()),
            DataType::Fp16 => TensorData::Fp16(v.map(|x| uint(x).try_into().unwrap()).collect()),
            #[expect(clippy::cast_possible_truncation, reason = "the oracle recorded an f32")]
            DataType::Fp32 => TensorData::Fp32(v.map(|x| float(x) as f32).collect()),
            DataType::Fp64 => TensorData::Fp64(v.map(float).collect()),
            DataType::Bytes => {
                TensorData::Bytes(v.map(|x| x.as_str().unwrap().as_bytes().to_vec()).collect())
            }
        };
        Tensor::new(name.into(), self.shape.clone(), data).unwrap()
    }
}

fn cases() -> BTreeMap<String, Case> {
    serde_json::from_str(include_str!("../fixtures/oracle.json")).unwrap()
}

/// The answers as the oracle gave them; floats to within rounding.
fn assert_agrees(case: &str, expected: &Tensor, answered: &Tensor) {
    assert_eq!((&expected.name, &expected.shape), (&answered.name, &answered.shape), "{case}");
    match (&expected.data, &answered.data) {
        (TensorData::Fp32(expected), TensorData::Fp32(answered)) => {
            for (e, a) in expected.iter().zip(answered) {
                assert!((e - a).abs() <= 1e-5 * e.abs().max(1.0), "{case}: {e} or {a}");
            }
        }
        (expected, answered) => assert_eq!(expected, answered, "{case}"),
    }
}

/// Answers every case, inline or on the model's own threads.
async fn agree(how: impl Fn(LoadOptions) -> LoadOptions) {
    let cases = cases();
    assert_eq!(cases.len(), 11);
    for (name, case) in cases {
        let model = load(how(options(&name))).unwrap();
        let signature = model.signature();
        let inputs = signature
            .inputs
            .iter()
            .map(|spec| case.inputs[&spec.name].tensor(&spec.name, spec.datatype))
            .collect::<Vec<_>>();
        signature.check_inputs(&inputs).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let answered = model.infer(inputs, deadline).await.unwrap();
        assert_eq!(answered.len(), case.outputs.len());
        for (spec, answered) in signature.outputs.iter().zip(&answered) {
            let expected = case.outputs[&spec.name].tensor(&spec.name, spec.datatype);
            assert_agrees(&name, &expected, answered);
            assert!(spec.admits_shape(&answered.shape), "{name}: {spec:?}");
        }
    }
}

#[tokio::test]
async fn answers_on_the_callers_thread_are_the_oracles() {
    agree(|options| LoadOptions { inline_below: Duration::from_secs(3600), ..options }).await;
}

#[tokio::test]
async fn answers_on_the_models_own_threads_are_the_oracles() {
    agree(|options| LoadOptions { inline_below: Duration::ZERO, ..options }).await;
}
