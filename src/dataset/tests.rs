//! What `dataset` promises, as tests.

mod bounds;

use super::*;
use seatrial_domain::tensor::{DataType, Signature, TensorSpec};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use tempfile::TempDir;

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (directory, path)
}

fn table(name: &str, bytes: &[u8]) -> Result<Table, Error> {
    let (_directory, path) = file(name, bytes);
    read(&path, Format::of_path(&path).unwrap(), Limits::default())
}

fn fault(name: &str, bytes: &[u8]) -> String {
    table(name, bytes).unwrap_err().to_string()
}

fn taking(inputs: &[(&str, DataType, &[i64])]) -> Signature {
    let spec = |(name, datatype, shape): &(&str, DataType, &[i64])| TensorSpec {
        name: (*name).to_owned(),
        datatype: *datatype,
        shape: shape.to_vec(),
    };
    Signature { inputs: inputs.iter().map(spec).collect(), outputs: Vec::new() }
}

#[test]
fn csv_columns_are_typed_by_all_their_values() {
    let table = table("a.csv", b"n,x,who\n1,2,web\n2,2.5,mobile\n").unwrap();
    let kinds: Vec<Kind> = table.columns().iter().map(Column::kind).collect();
    assert_eq!(kinds, [Kind::Integer, Kind::Number, Kind::Text]);
    assert_eq!(table.rows(), 2);
    assert_eq!(table.column("n").unwrap().texts().unwrap(), ["1", "2"]);
}

#[test]
fn faults_name_file_line_and_column() {
    assert_eq!(
        fault("a.csv", b"x,y\n1,2\n,3\n"),
        "a.csv, line 3, column \"x\": the value is missing, and the other rows hold numbers"
    );
    assert_eq!(
        fault("a.csv", b"x,y\n1,2\n1\n"),
        "a.csv, line 3: 1 values, and the first line names 2 columns"
    );
    assert_eq!(
        fault("a.csv", b"x,x\n1,2\n"),
        "a.csv, line 1, column \"x\": the name is used twice"
    );
    assert_eq!(fault("a.csv", b"x\n"), "a.csv: there are no rows");
    assert_eq!(
        fault("a.jsonl", b"{\"x\":1}\n{\"x\":\"a\"}\n"),
        "a.jsonl, line 2, column \"x\": text \"a\", after rows of kind integer"
    );
    assert_eq!(
        fault("a.jsonl", b"{\"x\":[1,2]}\n{\"x\":[1]}\n"),
        "a.jsonl, line 2, column \"x\": a value of shape [1]; the rows before have [2]"
    );
    assert_eq!(
        fault("a.csv", b"x, x\n1,2\n"),
        "a.csv, line 1, column \"x\": the name is used twice"
    );
    assert_eq!(
        fault("a.jsonl", b"{\"x\":1,\"x\":2}\n"),
        "a.jsonl, line 1, column \"x\": the name is used twice"
    );
    assert_eq!(fault("a.jsonl", b"{\"x\":\"\xff\"}\n"), "a.jsonl, line 1: the text is not UTF-8");
    assert!(fault("a.jsonl", b"{\"x\":[[1],2]}\n").contains("different depths"));
    assert!(
        fault("a.jsonl", b"{\"x\":1}\n[1]\n").starts_with("a.jsonl, line 2: not a JSON object")
    );
    assert!(fault("a.npz", b"nothing").starts_with("a.npz: not an NPZ archive"));
    assert!(fault("a.parquet", b"nothing").starts_with("a.parquet: not a readable Parquet file"));
}

#[test]
fn limits_bound_rows_columns_and_bytes() {
    let (_directory, path) = file("a.csv", b"x,y\n1,2\n3,4\n");
    let read = |limits| read(&path, Format::Csv, limits).unwrap_err().to_string();
    let limits = Limits::default();
    assert_eq!(read(Limits { rows: 1, ..limits }), "a.csv: more than 1 rows, the limit");
    assert_eq!(read(Limits { columns: 1, ..limits }), "a.csv: more than 1 columns, the limit");
    assert_eq!(read(Limits { bytes: 4, ..limits }), "a.csv: more than 4 bytes, the limit");
}

#[test]
fn jsonl_rows_hold_tensors_and_objects() {
    let table = table("a.jsonl", b"{\"x\":[[1,2],[3,4]],\"g\":{\"a\":1}}\n").unwrap();
    let x = table.column("x").unwrap();
    assert_eq!((x.row_shape.as_slice(), x.row_len()), (&[2, 2][..], 4));
    assert_eq!(x.values, Values::Integers(vec![1, 2, 3, 4]));
    assert_eq!(table.column("g").unwrap().values, Values::Objects(vec![json!({"a": 1})]));
}

/// An array as NumPy writes it (format 1.0).
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn npz_arrays_are_columns_by_their_first_dimension() {
    let image: Vec<u8> = [0.5_f32, 1.0, 1.5, 2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let label: Vec<u8> = [3_i64, 4].iter().flat_map(|x| x.to_le_bytes()).collect();
    let bytes =
        npz(&[("image.npy", npy("<f4", "2, 2", &image)), ("label.npy", npy("<i8", "2,", &label))]);
    let table = table("a.npz", &bytes).unwrap();
    assert_eq!(table.column("image").unwrap().row_shape, [2]);
    assert_eq!(table.column("image").unwrap().values, Values::Numbers(vec![0.5, 1.0, 1.5, 2.0]));
    assert_eq!(table.column("label").unwrap().texts().unwrap(), ["3", "4"]);
}

#[test]
fn a_pickle_in_npz_is_never_read() {
    let bytes = npz(&[("x.npy", npy("|O", "1,", b"\x80\x04K\x01."))]);
    assert!(fault("a.npz", &bytes).contains("a pickle"), "{}", fault("a.npz", &bytes));
}

#[test]
fn npz_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
    let bytes = npz(&[("x.npy", npy("<f8", "900000, 9000", b""))]);
    assert!(fault("a.npz", &bytes).contains("more than"), "{}", fault("a.npz", &bytes));
}

fn parquet_bytes(who: &[&str]) -> Vec<u8> {
    use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use ::parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};
    let schema = "message rows { required double x; required int64 label; \
                  required binary who (UTF8); }";
    let schema = Arc::new(::parquet::schema::parser::parse_message_type(schema).unwrap());
    let properties =
        WriterProperties::builder().set_compression(::parquet::basic::Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let x: Vec<f64> = (0..who.len()).map(|row| row as f64 + 0.5).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&x, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&vec![1; who.len()], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let texts: Vec<ByteArray> = who.iter().map(|text| ByteArray::from(*text)).collect();
    column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn parquet_rows_are_read_and_its_label_is_found() {
    let (_directory, path) = file("a.parquet", &parquet_bytes(&["web", "mobile"]));
    let summary = inspect(&path, Format::Parquet, None, Limits::default()).unwrap();
    assert_eq!((summary.rows, summary.label.as_deref()), (2, Some("label")));
    let table = read(&path, Format::Parquet, Limits::default()).unwrap();
    assert_eq!(table.column("x").unwrap().values, Values::Numbers(vec![0.5, 1.5]));
    assert_eq!(table.column("who").unwrap().texts().unwrap(), ["web", "mobile"]);
}

#[test]
fn a_label_named_at_push_must_be_there() {
    let (_directory, path) = file("a.csv", b"x,truth\n1,2\n");
    let summary = |label| inspect(&path, Format::Csv, label, Limits::default());
    assert_eq!(summary(None).unwrap().label, None);
    assert_eq!(summary(Some("truth")).unwrap().label.as_deref(), Some("truth"));
    let fault = summary(Some("z")).unwrap_err().to_string();
    assert_eq!(fault, "a.csv, column \"z\": named as the label, and not there");
}

#[test]
fn one_input_takes_all_features_in_order() {
    let table = table("a.csv", b"a,b,label,who\n1,2.5,0,web\n3,4,1,web\n").unwrap();
    let signature = taking(&[("x", DataType::Fp32, &[-1, 2])]);
    let joined = feed(&table, &signature, &["label", "who"]).unwrap();
    assert_eq!(
        joined.request(&(0..2)),
        json!([{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2.5, 3, 4.0]}])
    );
    let three = taking(&[("x", DataType::Fp32, &[-1, 3])]);
    let fault = feed(&table, &three, &["label", "who"]).unwrap_err().to_string();
    assert!(fault.contains("\"x\" (FP32 [-1,3])") && fault.contains("there are 2"), "{fault}");
}

#[test]
fn inputs_take_the_columns_of_their_names() {
    let table = table("a.csv", b"age,plan,label\n30,gold,1\n40,free,0\n").unwrap();
    let signature = taking(&[("plan", DataType::Bytes, &[-1, 1]), ("age", DataType::Int64, &[-1])]);
    let joined = feed(&table, &signature, &["label"]).unwrap();
    assert_eq!(
        joined.request(&(1..2)),
        json!([
            {"name": "plan", "datatype": "BYTES", "shape": [1, 1], "data": ["free"]},
            {"name": "age", "datatype": "INT64", "shape": [1], "data": [40]},
        ])
    );
    let narrow = taking(&[("age", DataType::Int64, &[-1]), ("city", DataType::Bytes, &[-1])]);
    let fault = feed(&table, &narrow, &["label"]).unwrap_err().to_string();
    assert!(fault.contains("\"city\" (BYTES [-1]) has no column of its name"), "{fault}");
    let wrong = taking(&[("plan", DataType::Int64, &[-1])]);
    assert!(feed(&table, &wrong, &["label"]).is_err());
}

#[test]
fn a_fixed_first_dimension_limits_the_batch() {
    let table = table("a.csv", b"a\n1\n").unwrap();
    let batch =
        |dim| feed(&table, &taking(&[("a", DataType::Fp32, &[dim])]), &[]).map(|f| f.batch());
    assert_eq!(batch(-1).unwrap(), Batch::Any);
    assert_eq!(batch(1).unwrap(), Batch::One);
    assert!(batch(8).unwrap_err().to_string().contains("expected -1 or 1"));
}

#[test]
fn jsonl_columns_keep_the_order_of_the_file() {
    let lines = b"{\"b\":1,\"a\":2,\"p10\":3,\"p2\":4}\n{\"a\":6,\"b\":5,\"p2\":8,\"p10\":7}\n";
    let table = table("a.jsonl", lines).unwrap();
    let signature = taking(&[("x", DataType::Int64, &[-1, 4])]);
    let joined = feed(&table, &signature, &[]).unwrap();
    assert_eq!(joined.request(&(0..2))[0]["data"], json!([1, 2, 3, 4, 5, 6, 7, 8]));
}

#[test]
fn parquet_columns_of_one_name_are_refused() {
    let schema = "message rows { required double x; required double x; }";
    let schema = Arc::new(::parquet::schema::parser::parse_message_type(schema).unwrap());
    let writer =
        ::parquet::file::writer::SerializedFileWriter::new(Vec::new(), schema, Arc::default());
    let fault = fault("a.parquet", &writer.unwrap().into_inner().unwrap());
    assert_eq!(fault, "a.parquet, column \"x\": the name is used twice");
}
