//! What `tensor` promises, as tests.

use super::{DataType, Error, Signature, Tensor, TensorData, TensorSpec};

fn spec(name: &str, datatype: DataType, shape: &[i64]) -> TensorSpec {
    TensorSpec { name: name.into(), datatype, shape: shape.to_vec() }
}

fn signature() -> Signature {
    Signature {
        inputs: vec![
            spec("image", DataType::Fp32, &[-1, 4]),
            spec("client", DataType::Bytes, &[-1]),
        ],
        outputs: vec![spec("label", DataType::Int64, &[-1])],
    }
}

fn image(rows: usize) -> Tensor {
    let data = TensorData::Fp32(vec![0.5; rows * 4]);
    Tensor::new("image".into(), vec![rows, 4], data).unwrap()
}

fn client(rows: usize) -> Tensor {
    let data = TensorData::Bytes(vec![b"web".to_vec(); rows]);
    Tensor::new("client".into(), vec![rows], data).unwrap()
}

fn fault(inputs: &[Tensor]) -> String {
    signature().check_inputs(inputs).unwrap_err().to_string()
}

#[test]
fn every_name_reads_back_as_its_datatype() {
    for datatype in DataType::ALL {
        assert_eq!(datatype.to_string().parse::<DataType>().unwrap(), datatype);
        let json = serde_json::to_string(&datatype).unwrap();
        assert_eq!(json, format!("\"{datatype}\""));
        assert_eq!(serde_json::from_str::<DataType>(&json).unwrap(), datatype);
    }
    assert!("FLOAT".parse::<DataType>().is_err());
}

#[test]
fn data_must_fill_their_shape() {
    let scalar = Tensor::new("x".into(), vec![], TensorData::Int8(vec![3]));
    assert!(scalar.is_ok());
    let empty = Tensor::new("x".into(), vec![0, 7], TensorData::Fp64(vec![]));
    assert!(empty.is_ok());
    let short = Tensor::new("x".into(), vec![2, 3], TensorData::Bool(vec![true; 5])).unwrap_err();
    assert_eq!(short.to_string(), r#"tensor "x": shape [2,3] does not hold 5 elements"#);
    let overflow = Tensor::new("x".into(), vec![usize::MAX, 2], TensorData::Uint8(vec![]));
    assert!(matches!(overflow, Err(Error::Length { .. })));
}

#[test]
fn fitting_inputs_pass_in_any_order() {
    assert_eq!(signature().check_inputs(&[image(3), client(3)]), Ok(()));
    assert_eq!(signature().check_inputs(&[client(2), image(2)]), Ok(()));
}

#[test]
fn a_fault_names_the_input_and_what_is_expected() {
    assert_eq!(fault(&[image(1)]), r#"input "client" is missing; expected BYTES [-1]"#);
    assert_eq!(
        fault(&[image(1), image(1), client(1)]),
        r#"input "image" is given twice; expected once"#
    );
    let stranger = Tensor { name: "pixels".into(), ..image(1) };
    assert_eq!(fault(&[stranger]), r#"unknown input "pixels"; expected "image", "client""#);
    let doubles = Tensor::new("image".into(), vec![1, 4], TensorData::Fp64(vec![0.0; 4])).unwrap();
    assert_eq!(fault(&[doubles]), r#"input "image" is FP64; expected FP32"#);
    let flat = Tensor { shape: vec![4], ..image(1) };
    assert_eq!(fault(&[flat]), r#"input "image" has shape [4]; expected [-1,4]"#);
    let empty = r#"input "image" has shape [0,4]; a variable dimension of [-1,4] is at least 1"#;
    assert_eq!(fault(&[image(0)]), empty);
    let wide = Tensor { shape: vec![2, 2], ..image(1) };
    assert_eq!(fault(&[wide]), r#"input "image" has shape [2,2]; expected [-1,4]"#);
}

#[test]
fn numbers_widen_to_doubles() {
    assert_eq!(TensorData::Bool(vec![true, false]).to_f64(), Some(vec![1.0, 0.0]));
    assert_eq!(TensorData::Int64(vec![-3]).to_f64(), Some(vec![-3.0]));
    assert_eq!(TensorData::Bytes(vec![]).to_f64(), None);
    // 1, -2, largest finite, smallest subnormal, infinity.
    let halves = TensorData::Fp16(vec![0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00]).to_f64().unwrap();
    assert_eq!(halves, vec![1.0, -2.0, 65504.0, 2_f64.powi(-24), f64::INFINITY]);
    assert!(TensorData::Fp16(vec![0x7e00]).to_f64().unwrap()[0].is_nan());
}
