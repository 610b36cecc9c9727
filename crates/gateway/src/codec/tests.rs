//! What `codec` promises, as tests.

use super::{Error, Frame, decode, encode};
use proptest::prelude::*;
use seatrial_domain::tensor::{DataType, Tensor, TensorData};

fn body(datatype: &str, shape: &str, data: &str) -> String {
    format!(
        r#"{{"inputs":[{{"name":"x","datatype":"{datatype}","shape":{shape},"data":{data}}}]}}"#
    )
}

fn read(datatype: &str, shape: &str, data: &str) -> Result<TensorData, String> {
    decode(body(datatype, shape, data).as_bytes())
        .map(|mut request| request.inputs.remove(0).data)
        .map_err(|error| error.to_string())
}

fn fault(datatype: &str, shape: &str, data: &str) -> String {
    read(datatype, shape, data).unwrap_err()
}

const FRAME: Frame<'_> = Frame { model: "digits", version: 2, id: Some("7") };

fn written(data: TensorData) -> Result<String, Error> {
    let tensor = Tensor::new("y".into(), vec![data.len()], data).unwrap();
    encode(FRAME, &[&tensor]).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn flat_and_nested_data_are_the_same_tensor() {
    let expected = TensorData::Fp32(vec![1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read("FP32", "[2,2]", "[1,2,3,4]"), Ok(expected.clone()));
    assert_eq!(read("FP32", "[2,2]", "[[1,2.0],[3e0,4]]"), Ok(expected));
    assert_eq!(read("INT8", "[2,0]", "[[],[]]"), Ok(TensorData::Int8(vec![])));
    assert_eq!(read("INT8", "[]", "[5]"), Ok(TensorData::Int8(vec![5])));
}

#[test]
fn ragged_mixed_and_deep_nests_are_refused_by_input() {
    for (shape, data) in [
        ("[2,2]", "[[1,2],[3]]"),
        ("[2,2]", "[[1,2],3,4]"),
        ("[2,2]", "[1,[2,3],4]"),
        ("[2,2]", "[[[1],[2]],[[3],[4]]]"),
        ("[2,2]", "[[1,2],[3,4],[5,6]]"),
        ("[2,2]", "[1,2,3]"),
        ("[2]", "5"),
        ("[1]", "{}"),
        ("[1]", "[null]"),
        ("[-1]", "[1]"),
        ("[9223372036854775807,9223372036854775807]", "[1]"),
    ] {
        let message = fault("INT32", shape, data);
        assert!(message.starts_with("input \"x\": "), "{data}: {message}");
    }
}

#[test]
fn integers_are_exact_or_refused() {
    assert_eq!(
        read("INT64", "[3]", "[9007199254740993,-9223372036854775808,9223372036854775807]"),
        Ok(TensorData::Int64(vec![9_007_199_254_740_993, i64::MIN, i64::MAX]))
    );
    assert_eq!(
        read("UINT64", "[1]", "[18446744073709551615]"),
        Ok(TensorData::Uint64(vec![u64::MAX]))
    );
    assert_eq!(fault("UINT8", "[1]", "[256]"), "input \"x\": `data`: 256 is not UINT8");
    assert_eq!(fault("INT64", "[1]", "[1.0]"), "input \"x\": `data`: 1.0 is not INT64");
    assert!(fault("INT64", "[1]", "[18446744073709551616]").contains("is not INT64"));
    assert!(
        written(TensorData::Int64(vec![i64::MIN, 9_007_199_254_740_993]))
            .unwrap()
            .contains("[-9223372036854775808,9007199254740993]")
    );
}

#[test]
fn floats_are_written_in_their_shortest_text() {
    let text = written(TensorData::Fp32(vec![0.1, 1.0, 3.4e38])).unwrap();
    assert!(text.contains("[0.1,1.0,3.4e+38]") || text.contains("[0.1,1.0,3.4e38]"), "{text}");
    assert!(written(TensorData::Fp16(vec![0x3c00])).unwrap().contains("[1.0]"));
}

#[test]
fn what_json_cannot_hold_is_refused_both_ways() {
    for text in ["[NaN]", "[Infinity]", "[1e999]", "[\"nan\"]"] {
        assert!(read("FP32", "[1]", text).is_err(), "{text}");
    }
    assert_eq!(fault("FP32", "[1]", "[1e39]"), "input \"x\": `data`: 1e39 is not FP32");
    assert!(fault("FP16", "[1]", "[70000]").contains("is not FP16"));
    let error = written(TensorData::Fp64(vec![f64::NAN])).unwrap_err();
    assert_eq!(error.to_string(), "output \"y\" holds NaN or an infinity, which JSON cannot hold");
    assert!(written(TensorData::Bytes(vec![vec![0xff]])).is_err());
}

#[test]
fn every_datatype_is_read_and_written() {
    for datatype in DataType::ALL {
        let (text, shown) = match datatype {
            DataType::Bool => ("[true]", "[true]"),
            DataType::Bytes => (r#"["ä\n"]"#, r#"["ä\n"]"#),
            DataType::Fp16 | DataType::Fp32 | DataType::Fp64 => ("[1]", "[1.0]"),
            DataType::Uint8
            | DataType::Uint16
            | DataType::Uint32
            | DataType::Uint64
            | DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64 => ("[1]", "[1]"),
        };
        let data = read(datatype.as_str(), "[1]", text).unwrap();
        assert_eq!(data.datatype(), datatype);
        assert!(written(data).unwrap().contains(&format!("\"data\":{shown}")), "{datatype}");
    }
    assert!(fault("BF16", "[1]", "[1]").contains("BF16"));
    assert!(fault("FLOAT", "[1]", "[1]").contains("unknown datatype \"FLOAT\""));
}

#[test]
fn an_answer_carries_model_version_and_id() {
    assert_eq!(
        written(TensorData::Int32(vec![3])).unwrap(),
        "{\"model_name\":\"digits\",\"model_version\":\"2\",\"id\":\"7\",\"outputs\":[{\"name\":\"y\",\
         \"datatype\":\"INT32\",\"shape\":[1],\"data\":[3]}]}"
    );
}

#[test]
fn binary_tensors_are_said_to_be_unavailable() {
    let asks = [
        r#"{"inputs":[{"name":"x","datatype":"INT8","shape":[1],"parameters":{"binary_data_size":1}}]}"#,
        r#"{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}"#,
        r#"{"inputs":[],"parameters":{"binary_data_output":true}}"#,
    ];
    for ask in asks {
        assert_eq!(decode(ask.as_bytes()).unwrap_err(), Error::Unsupported("binary tensor data"));
    }
    let plain = r#"{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":false}}]}"#;
    assert_eq!(decode(plain.as_bytes()).unwrap().outputs, ["y"]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _outcome = decode(&bytes);
    }

    #[test]
    fn no_data_make_the_decoder_panic(
        data in r#"[\[\]0-9eE.,+\-"a-z]{0,60}"#, shape in prop::collection::vec(any::<i64>(), 0..4),
        datatype in 0..13_usize,
    ) {
        let _outcome = read(DataType::ALL[datatype].as_str(), &format!("{shape:?}"), &data);
    }

    #[test]
    fn doubles_survive_the_round_trip(number in any::<f64>().prop_filter("JSON", |n| n.is_finite())) {
        let text = written(TensorData::Fp64(vec![number])).unwrap();
        let list = text.split("\"data\":").nth(1).unwrap().trim_end_matches("}]}").to_owned();
        prop_assert_eq!(read("FP64", "[1]", &list), Ok(TensorData::Fp64(vec![number])));
    }
}
