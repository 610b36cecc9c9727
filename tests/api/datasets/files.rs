//! Files in the formats that are not text.

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;
use std::io::{Cursor, Write as _};
use std::sync::Arc;

/// An archive of arrays of zeros.
pub(super) fn npz(arrays: &[(&str, usize)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, rows) in arrays {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows},), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(vec![0; rows * 8]);
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn writer(schema: Type) -> SerializedFileWriter<Vec<u8>> {
    SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).unwrap()
}

/// Columns of zeros.
pub(super) fn parquet(columns: &[&str], rows: usize) -> Vec<u8> {
    let fields = columns.iter().map(|name| format!("required double {name};"));
    let schema = format!("message rows {{ {} }}", fields.collect::<String>());
    let mut writer = writer(parse_message_type(&schema).unwrap());
    let mut group = writer.next_row_group().unwrap();
    while let Some(mut column) = group.next_column().unwrap() {
        column.typed::<DoubleType>().write_batch(&vec![0.0; rows], None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// One row that is a list of equal texts: a dictionary of one entry and a run of places in it.
pub(super) fn parquet_list(texts: usize, length: usize) -> Vec<u8> {
    let schema = "message rows { required group x (LIST) { repeated group list { \
                  required binary element (UTF8); } } }";
    let mut writer = writer(parse_message_type(schema).unwrap());
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let text = ByteArray::from("a".repeat(length).into_bytes());
    let mut repetition = vec![1; texts];
    repetition[0] = 0;
    let (values, definition) = (vec![text; texts], vec![1; texts]);
    let typed = column.typed::<ByteArrayType>();
    typed.write_batch(&values, Some(&definition), Some(&repetition)).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// No rows, and a schema of groups within groups.
pub(super) fn parquet_nested(depth: usize) -> Vec<u8> {
    // Making it takes a stack as deep.
    const STACK_BYTES: usize = 1 << 30;
    let make = move || {
        let mut schema = Type::primitive_type_builder("x", parquet::basic::Type::DOUBLE)
            .with_repetition(parquet::basic::Repetition::REQUIRED)
            .build()
            .unwrap();
        for _ in 0..depth {
            schema = Type::group_type_builder("g")
                .with_repetition(parquet::basic::Repetition::REQUIRED)
                .with_fields(vec![Arc::new(schema)])
                .build()
                .unwrap();
        }
        let rows = Type::group_type_builder("rows").with_fields(vec![Arc::new(schema)]);
        writer(rows.build().unwrap()).into_inner().unwrap()
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(make).unwrap().join().unwrap()
}
