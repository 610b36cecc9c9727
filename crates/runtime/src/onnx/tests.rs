//! What `onnx` promises, as tests.

use proptest::prelude::*;
use seatrial_domain::tensor::{DataType, TensorSpec};

use super::parse;
use super::wire::{Fields, put_bytes, put_integer};
use crate::load::Error;

const ZIPMAP: &[u8] = include_bytes!("../../tests/fixtures/zipmap.onnx");
const ZIPMAP_INT: &[u8] = include_bytes!("../../tests/fixtures/zipmap_int.onnx");
const IDENTITIES: &[u8] = include_bytes!("../../tests/fixtures/identities.onnx");
const EXTERNAL: &[u8] = include_bytes!("../../tests/fixtures/external.onnx");
const BESIDE: &[u8] = include_bytes!("../../tests/fixtures/beside.onnx");
const ENDLESS: &[u8] = include_bytes!("../../tests/fixtures/endless.onnx");
const UNSHAPED: &[u8] = include_bytes!("../../tests/fixtures/unshaped.onnx");
const UNSERVED: &[u8] = include_bytes!("../../tests/fixtures/unserved_type.onnx");
const V1: &[u8] = include_bytes!("../../../../demo/models/v1.onnx");

fn spec(name: &str, datatype: DataType, shape: &[i64]) -> TensorSpec {
    TensorSpec { name: name.into(), datatype, shape: shape.to_vec() }
}

#[test]
fn signature_is_the_models_own() {
    let model = parse(V1).unwrap();
    assert_eq!(model.signature.inputs, [spec("image", DataType::Fp32, &[-1, 64])]);
    let outputs =
        [spec("label", DataType::Int64, &[-1]), spec("probabilities", DataType::Fp32, &[-1, 10])];
    assert_eq!(model.signature.outputs, outputs);
    assert_eq!(&*model.bytes, V1);
}

#[test]
fn every_datatype_is_read() {
    let signature = parse(IDENTITIES).unwrap().signature;
    let read = signature.inputs.iter().map(|input| input.datatype).collect::<Vec<_>>();
    assert_eq!(read, DataType::ALL);
}

#[test]
fn initialisers_are_no_inputs_and_missing_shapes_are_told() {
    let model = parse(UNSHAPED).unwrap();
    assert_eq!(model.signature.inputs, [spec("x", DataType::Fp32, &[-1, 2])]);
    assert_eq!(model.unshaped_outputs, [0]);
}

#[test]
fn zipmap_is_answered_as_a_float_tensor() {
    for (bytes, labels) in [(ZIPMAP, DataType::Bytes), (ZIPMAP_INT, DataType::Int64)] {
        let model = parse(bytes).unwrap();
        let names = model.signature.outputs.iter().map(|o| o.name.as_str()).collect::<Vec<_>>();
        let expected = [spec(names[0], labels, &[-1]), spec(names[1], DataType::Fp32, &[-1, 3])];
        assert_eq!(model.signature.outputs, expected);
        assert!(!model.bytes.windows(6).any(|window| window == b"ZipMap"));
        // What was stripped needs no stripping, and reads the same.
        let again = parse(&model.bytes).unwrap();
        assert_eq!(again.signature, model.signature);
        assert_eq!(again.bytes, model.bytes);
    }
}

#[test]
fn stripping_keeps_every_other_field_as_it_stands() {
    let model = parse(ZIPMAP).unwrap();
    let others = |bytes| {
        let fields = Fields::new(bytes).map(Result::unwrap).filter(|field| field.number != 7);
        fields.map(|field| field.raw.to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(others(&model.bytes), others(ZIPMAP));
    let graph = |bytes| Fields::new(bytes).find_map(|field| field.unwrap().bytes(7)).unwrap();
    let kept = |bytes| {
        let fields = Fields::new(graph(bytes)).map(Result::unwrap);
        let raw = fields.filter(|field| ![1, 12, 13].contains(&field.number));
        raw.map(|field| field.raw.to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(kept(&model.bytes), kept(ZIPMAP));
}

#[test]
fn data_outside_the_file_are_told_by_tensor_and_place() {
    let expected =
        super::External { tensor: "weights".into(), location: "weights/w.bin".into(), end: 16 };
    assert_eq!(parse(BESIDE).unwrap().external, [expected]);
}

#[test]
fn data_outside_the_file_are_refused_within_a_subgraph() {
    let Error::ExternalData { tensor, location, fault } = parse(EXTERNAL).unwrap_err() else {
        panic!("the runtime would look for the file by itself");
    };
    assert_eq!((tensor.as_str(), location.as_str()), ("weights", "../../secrets.bin"));
    assert!(fault.contains("main graph"), "{fault}");
}

#[test]
fn types_no_request_can_carry_are_refused_by_name() {
    let Error::Unsupported { detail } = parse(UNSERVED).unwrap_err() else {
        panic!("served a type that cannot be served");
    };
    assert!(detail.contains("output \"y\""), "{detail}");
}

#[test]
fn other_files_are_not_onnx() {
    for bytes in [b"".as_slice(), b"PK\x03\x04", b"image,label\n1,2\n", &[0xff; 64], &[0x08, 8]] {
        assert!(matches!(parse(bytes), Err(Error::NotOnnx { .. })), "{bytes:?}");
    }
}

#[test]
fn nesting_beyond_the_bound_is_refused_without_recursing_on() {
    let mut graph = Vec::new();
    for _level in 0..10_000 {
        let (mut attribute, mut node, mut outer) = (Vec::new(), Vec::new(), Vec::new());
        put_bytes(&mut attribute, 6, &graph);
        put_bytes(&mut node, 5, &attribute);
        put_bytes(&mut outer, 1, &node);
        graph = outer;
    }
    let mut model = Vec::new();
    put_integer(&mut model, 1, 8);
    put_bytes(&mut model, 7, &graph);
    assert!(matches!(parse(&model), Err(Error::Unsupported { .. })));
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _outcome = parse(&bytes);
        let mut model = Vec::new();
        put_integer(&mut model, 1, 8);
        put_bytes(&mut model, 7, &bytes);
        let _outcome = parse(&model);
    }

    #[test]
    fn truncations_and_flipped_bytes_never_panic(
        which in 0_usize..5,
        cut in any::<prop::sample::Index>(),
        flipped in any::<prop::sample::Index>(),
        mask in 1_u8..,
    ) {
        let bytes = [ZIPMAP, ZIPMAP_INT, IDENTITIES, EXTERNAL, ENDLESS][which];
        let _outcome = parse(&bytes[..cut.index(bytes.len())]);
        let mut flipped_bytes = bytes.to_vec();
        flipped_bytes[flipped.index(bytes.len())] ^= mask;
        let _outcome = parse(&flipped_bytes);
    }
}
