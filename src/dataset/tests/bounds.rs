//! What a small file unpacks to is bounded before it is unpacked.

use super::*;

fn refused(name: &str, bytes: &[u8], limits: Limits) -> String {
    let (_directory, path) = file(name, bytes);
    read(&path, Format::of_path(&path).unwrap(), limits).unwrap_err().to_string()
}

#[test]
fn parquet_texts_count_as_what_their_dictionary_unpacks_to() {
    let text = "a".repeat(1000);
    let bytes = parquet_bytes(&[text.as_str(); 1000]);
    let limits = Limits { bytes: 64 * 1024, ..Limits::default() };
    let fault = refused("a.parquet", &bytes, limits);
    assert!(fault.contains("more than 65536 bytes unpacked"), "{fault}");
}

#[test]
fn npz_elements_count_as_what_the_table_holds() {
    let limits = Limits { bytes: 8192, ..Limits::default() };
    for descr in ["|i1", "|b1", "|S1"] {
        let bytes = npz(&[("x.npy", npy(descr, "2000,", &[0; 2000]))]);
        let fault = refused("a.npz", &bytes, limits);
        assert!(fault.contains("more than 8192 bytes unpacked"), "{descr}: {fault}");
    }
}

#[test]
fn npz_rows_are_counted_before_they_are_read() {
    let bytes = npz(&[("x.npy", npy("<f8", "10,", b""))]);
    let fault = refused("a.npz", &bytes, Limits { rows: 9, ..Limits::default() });
    assert_eq!(fault, "a.npz, column \"x\": more than 9 rows, the limit");
}

#[test]
fn npz_headers_are_short() {
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    let header = format!("{{'descr': '<f8', {} }}", "(".repeat(70_000));
    long.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
    long.extend(header.as_bytes());
    let fault = refused("a.npz", &npz(&[("x.npy", long)]), Limits::default());
    assert_eq!(fault, "a.npz, column \"x\": more than 65536 bytes of header, the limit");
}

#[test]
fn texts_count_as_what_the_table_makes_of_them() {
    let limits = Limits { bytes: 64 * 1024, ..Limits::default() };
    let csv = ["a,b,c\n", &"1,1,1\n".repeat(5000)].concat();
    let jsonl = "{\"a\":[1,1,1,1,1,1,1,1]}\n".repeat(1500);
    let one_line = format!("{{\"a\":[{}1]}}\n", "1,".repeat(30_000));
    for (name, text) in [("a.csv", csv), ("a.jsonl", jsonl), ("b.jsonl", one_line)] {
        assert!(text.len() < 64 * 1024, "{name}: the file itself is not too large");
        let fault = refused(name, text.as_bytes(), limits);
        assert!(fault.contains("more than 65536 bytes unpacked"), "{fault}");
    }
}
