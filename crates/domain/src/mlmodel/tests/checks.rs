//! What may differ between an `MLmodel` and its ONNX file, and what may not.

use super::super::*;
use crate::tensor::DataType::{self, Bytes, Fp32, Fp64, Int32, Int64};
use crate::tensor::{self, TensorSpec};

fn spec(name: &str, datatype: DataType, shape: &[i64]) -> TensorSpec {
    TensorSpec { name: name.to_owned(), datatype, shape: shape.to_vec() }
}

fn served(inputs: &[TensorSpec], outputs: &[TensorSpec]) -> tensor::Signature {
    tensor::Signature { inputs: inputs.to_vec(), outputs: outputs.to_vec() }
}

fn array(name: Option<&str>, dtype: &str, shape: &[i64]) -> Tensor {
    Tensor { name: name.map(str::to_owned), dtype: dtype.to_owned(), shape: shape.to_vec() }
}

fn column(name: &str, kind: &str) -> Column {
    Column { name: Some(name.to_owned()), r#type: kind.to_owned(), required: true }
}

fn takes(inputs: Schema) -> Signature {
    Signature { inputs: Some(inputs), ..Signature::default() }
}

fn answers(outputs: Schema) -> Signature {
    Signature { outputs: Some(outputs), ..Signature::default() }
}

/// In short: what is contradicted, if anything.
fn verdict(signature: &Signature, served: &tensor::Signature) -> Result<(), String> {
    signature.check(served).map_err(|contradiction| contradiction.to_string())
}

/// One input `x` of the file, and what the `MLmodel` says of it.
fn one(said: Tensor, datatype: DataType, shape: &[i64]) -> Result<(), String> {
    verdict(&takes(Schema::Tensors(vec![said])), &served(&[spec("x", datatype, shape)], &[]))
}

#[test]
fn what_mlflow_writes_for_a_model_fits_the_file_it_writes() {
    let x = spec("x", Fp32, &[-1, 4]);
    let pair = |a: &str, b: &str| [spec(a, Int64, &[-1]), spec(b, Bytes, &[-1, 1])];
    let table = spec("X", Fp32, &[-1, 4]);
    let classes = [spec("label", Int64, &[-1]), spec("probabilities", Fp32, &[-1, 2])];
    for (read, served) in [
        (written!("onnx_array"), served(std::slice::from_ref(&x), &[spec("y", Fp32, &[-1, 4])])),
        (written!("onnx_named"), served(&pair("a", "b"), &pair("c", "d"))),
        (
            written!("onnx_external"),
            served(std::slice::from_ref(&x), &[spec("y", Fp32, &[-1, 120])]),
        ),
        (written!("onnx_columns"), served(std::slice::from_ref(&table), &classes)),
        (written!("onnx_regressor"), served(&[table], &[spec("variable", Fp32, &[-1, 1])])),
    ] {
        assert_eq!(verdict(&read.signature.unwrap(), &served), Ok(()));
    }
}

#[test]
fn a_contradiction_names_the_tensor_and_both_values() {
    let signature = written!("onnx_contradicting").signature.unwrap();
    let served = served(&[spec("x", Fp32, &[-1, 4])], &[spec("y", Fp32, &[-1, 4])]);
    let told = "input \"x\" is float32 [-1,5] in the MLmodel, and FP32 [-1,4] in the ONNX file";
    assert_eq!(verdict(&signature, &served), Err(told.to_owned()));
}

#[test]
fn only_two_fixed_sizes_contradict_each_other() {
    let said = |shape: &[i64]| array(Some("x"), "float32", shape);
    for (shape, found) in [([-1, 4], [-1, -1]), ([-1, -1], [1, 4]), ([3, 4], [3, 4])] {
        assert_eq!(one(said(&shape), Fp32, &found), Ok(()), "{shape:?} {found:?}");
    }
    assert!(one(said(&[3, 4]), Fp32, &[2, 4]).is_err());
    assert!(one(said(&[-1]), Fp32, &[-1, 1]).is_err(), "the rank of an input");
    assert!(one(said(&[-1, 4, 1]), Fp32, &[-1, 4]).is_err());
}

#[test]
fn doubles_may_become_single_and_nothing_else_changes_its_type() {
    let said = |dtype: &str| array(None, dtype, &[-1]);
    for (dtype, datatype) in [
        ("float64", Fp64),
        ("float64", Fp32),
        ("float32", Fp32),
        ("str", Bytes),
        ("object", Bytes),
        ("bool", DataType::Bool),
        ("uint8", DataType::Uint8),
        ("float16", DataType::Fp16),
    ] {
        assert_eq!(one(said(dtype), datatype, &[-1]), Ok(()), "{dtype} {datatype}");
    }
    for (dtype, datatype) in [
        ("float32", Fp64),
        ("int64", Int32),
        ("int32", Int64),
        ("int64", Fp32),
        ("str", Fp32),
        ("float32", Bytes),
        ("complex128", Fp64),
        ("datetime64[ns]", Int64),
    ] {
        assert!(one(said(dtype), datatype, &[-1]).is_err(), "{dtype} {datatype}");
    }
}

#[test]
fn inputs_are_the_same_on_both_sides() {
    let two = served(&[spec("x", Fp32, &[-1]), spec("z", Fp32, &[-1])], &[]);
    let said = |names: &[&str]| {
        let arrays = names.iter().map(|name| array(Some(name), "float32", &[-1]));
        takes(Schema::Tensors(arrays.collect()))
    };
    assert_eq!(verdict(&said(&["z", "x"]), &two), Ok(()));
    let told = verdict(&said(&["x", "z", "w"]), &two).unwrap_err();
    assert!(told.contains("\"w\" is float32 [-1] in the MLmodel, and not there"), "{told}");
    let told = verdict(&said(&["x"]), &two).unwrap_err();
    assert!(told.contains("\"z\" is not there in the MLmodel, and FP32 [-1]"), "{told}");
    let nameless = takes(Schema::Tensors(vec![array(None, "float32", &[-1])]));
    let told = verdict(&nameless, &two).unwrap_err();
    assert!(told.contains("one array without a name"), "{told}");
}

#[test]
fn outputs_may_be_left_out_but_not_made_up() {
    let two = served(&[], &[spec("label", Int64, &[-1]), spec("odds", Fp32, &[-1, 2])]);
    let said = |name, dtype| answers(Schema::Tensors(vec![array(name, dtype, &[-1])]));
    assert_eq!(verdict(&said(Some("label"), "int64"), &two), Ok(()));
    assert_eq!(verdict(&said(None, "int64"), &two), Ok(()), "nobody says which it is");
    assert!(verdict(&said(Some("label"), "int32"), &two).is_err());
    assert!(verdict(&said(Some("class"), "int64"), &two).is_err());
    let one = served(&[], &[spec("y", Fp32, &[-1, 1])]);
    assert_eq!(verdict(&said(None, "float64"), &one), Ok(()), "a column without its 1");
    assert!(verdict(&said(None, "int64"), &one).is_err());
}

#[test]
fn columns_lie_side_by_side_in_the_only_input_or_each_is_one() {
    let table = |columns: &[(&str, &str)]| {
        takes(Schema::Columns(columns.iter().map(|(name, kind)| column(name, kind)).collect()))
    };
    let numbers = table(&[("a", "double"), ("b", "long")]);
    let only = |datatype, shape: &[i64]| served(&[spec("x", datatype, shape)], &[]);
    assert_eq!(verdict(&numbers, &only(Fp32, &[-1, 2])), Ok(()));
    assert_eq!(verdict(&numbers, &only(Fp32, &[-1, -1])), Ok(()));
    let told = verdict(&numbers, &only(Fp32, &[-1, 64])).unwrap_err();
    assert!(told.contains("\"x\" is a table of 2 columns in the MLmodel, and FP32 [-1,64]"));
    assert!(verdict(&numbers, &only(Fp32, &[-1])).is_err(), "no table");
    let words = table(&[("a", "double"), ("b", "string")]);
    let told = verdict(&words, &only(Fp32, &[-1, 2])).unwrap_err();
    assert!(told.contains("\"b\" of type string"), "{told}");

    let each = served(&[spec("a", Fp32, &[-1, 1]), spec("b", Int64, &[-1, 1])], &[]);
    assert_eq!(verdict(&numbers, &each), Ok(()));
    let more = table(&[("a", "double"), ("b", "long"), ("c", "datetime")]);
    assert_eq!(verdict(&more, &each), Ok(()), "MLflow's loader hands over what is asked for");
    assert!(verdict(&table(&[("a", "double"), ("b", "string")]), &each).is_err());
    let told = verdict(&table(&[("a", "double")]), &each).unwrap_err();
    assert!(told.contains("\"b\" is no column in the MLmodel"), "{told}");
    let nested = table(&[("a", "Array(double)"), ("b", "long")]);
    assert_eq!(verdict(&nested, &each), Ok(()), "what is nested is not compared");
}

#[test]
fn a_column_of_answers_is_compared_where_an_output_has_its_name() {
    let found = served(&[], &[spec("y", Fp32, &[-1, 1])]);
    let said = |name, kind| answers(Schema::Columns(vec![column(name, kind)]));
    assert_eq!(verdict(&said("y", "double"), &found), Ok(()));
    assert_eq!(verdict(&said("prediction", "string"), &found), Ok(()));
    assert!(verdict(&said("y", "string"), &found).is_err());
}
