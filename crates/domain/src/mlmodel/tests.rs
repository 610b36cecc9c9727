//! What is read of an `MLmodel`: files that MLflow wrote, hostile ones, and any bytes at all.

use super::*;
use crate::Digest;
use crate::manifest::ArtifactType;
use proptest::prelude::*;

/// The `MLmodel` of a directory of `tests/fixtures/mlflow`, which `make.py` there has MLflow write.
macro_rules! written {
    ($name:literal) => {
        crate::mlmodel::tests::parsed(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/mlflow/",
            $name,
            "/MLmodel"
        )))
    };
}

mod checks;

pub(super) fn parsed(text: &str) -> Flavors {
    read(&at("MLmodel"), text.as_bytes()).unwrap()
}

fn refused(text: &str) -> String {
    read(&at("MLmodel"), text.as_bytes()).unwrap_err().to_string()
}

fn at(path: &str) -> FilePath {
    FilePath::new(path).unwrap()
}

fn manifest(paths: &[&str]) -> Manifest {
    let file = |path: &&str| File { path: at(path), digest: Digest::of(b""), size: 0 };
    Manifest::new(ArtifactType::Model, paths.iter().map(file).collect()).unwrap()
}

fn onnx_with(field: &str) -> String {
    format!("flavors:\n  onnx: {{data: model.onnx}}\n{field}\n")
}

#[test]
fn an_onnx_model_is_its_flavors_its_file_and_its_signature() {
    let read = written!("onnx_named");
    assert_eq!(read.names(), "onnx, python_function");
    assert_eq!(read.named["onnx"]["onnx_version"], "1.23.2");
    assert_eq!(read.named["python_function"]["loader_module"], "mlflow.onnx");
    assert!(!read.named["onnx"].contains_key("code"), "null says nothing");
    assert_eq!(read.onnx, Some(at("model.onnx")));
    assert_eq!(read.mlflow_version.as_deref(), Some("3.17.2"));
    assert_eq!(read.model_uuid.as_ref().map(String::len), Some(32));
    assert_eq!((read.model_id, read.run_id), (None, None));
    let signature = read.signature.unwrap();
    let Some(Schema::Tensors(inputs)) = &signature.inputs else { panic!("{signature:?}") };
    let shown = inputs.iter().map(|t| (t.name.as_deref().unwrap(), &*t.dtype, &*t.shape));
    let expected: [(_, _, &[i64]); 2] = [("a", "int64", &[-1]), ("b", "str", &[-1, 1])];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    let params = signature.params.iter().map(|p| (&*p.name, &*p.r#type, &*p.default));
    let expected = [("top", "long", "3"), ("words", "string", "[\"a\"]")];
    assert_eq!(params.collect::<Vec<_>>(), expected);
}

#[test]
fn a_model_of_another_flavor_is_described_and_names_no_file_to_serve() {
    let read = written!("sklearn");
    assert_eq!((read.names().as_str(), &read.onnx), ("python_function, sklearn", &None));
    assert_eq!(read.named["sklearn"]["pickled_model"], "model.pkl");
    let signature = read.signature.unwrap();
    let Some(Schema::Columns(columns)) = signature.inputs else { panic!("no columns") };
    let names = columns.iter().map(|column| column.name.as_deref().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["sepal", "petal", "stem", "leaf"]);
    assert!(columns.iter().all(|column| column.r#type == "double" && column.required));
    assert!(matches!(signature.outputs, Some(Schema::Tensors(_))));
}

#[test]
fn nested_columns_are_told_as_mlflow_tells_them() {
    let read = written!("pyfunc");
    let Some(Schema::Columns(columns)) = read.signature.unwrap().inputs else { panic!() };
    let types = columns.iter().map(|column| column.r#type.as_str()).collect::<Vec<_>>();
    assert_eq!(types, ["string", "Array(double)", "{k: long}"]);
}

#[test]
fn a_signature_is_told_on_one_line_a_side() {
    let told = |read: Flavors| read.signature.unwrap().inputs.unwrap().to_string();
    assert_eq!(told(written!("onnx_array")), "float64[-1,4]");
    assert_eq!(told(written!("onnx_named")), "a int64[-1]  b str[-1,1]");
    assert_eq!(told(written!("pyfunc")), "text string  scores Array(double)  more {k: long}");
    let old = "signature: {inputs: '[{\"type\": \"long\", \"name\": 7, \"optional\": true}]'}";
    assert_eq!(told(parsed(old)), "7 long (optional)");
}

#[test]
fn a_model_without_a_signature_has_none() {
    let read = written!("onnx_unsigned");
    assert_eq!((read.signature, read.onnx), (None, Some(at("model.onnx"))));
}

#[test]
fn the_file_lies_beside_the_mlmodel_that_names_it() {
    let text = onnx_with("");
    let read = read(&at("a/b/MLmodel"), text.as_bytes()).unwrap();
    assert_eq!(read.onnx, Some(at("a/b/model.onnx")));
}

#[test]
fn a_file_outside_of_the_models_directory_is_refused() {
    for data in ["../model.onnx", "/etc/model.onnx", "a/../../b", "a\\b", "c:/m", "''", "a//b"] {
        let text = format!("flavors: {{onnx: {{data: {data}}}}}");
        assert!(refused(&text).starts_with("flavors.onnx.data: "), "{data}");
    }
    for onnx in ["{}", "{data: null}", "{data: [a]}", "null", "model.onnx"] {
        let text = format!("flavors: {{onnx: {onnx}}}");
        assert_eq!(refused(&text), "flavors.onnx.data: it names no file", "{onnx}");
    }
}

#[test]
fn aliases_are_read_over_and_never_followed() {
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..200 {
        let before = level - 1;
        bomb += &format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}]\n");
    }
    assert_eq!(parsed(&bomb), Flavors::default());
    let shared = "flavors:\n  f: &e {env: &id001 {k: v}, n: 1}\n  g: *e\n  h: {env: *id001}\n";
    let read = parsed(shared);
    assert_eq!((read.named["f"]["n"].as_str(), read.named["g"].len()), ("1", 0));
    assert_eq!(refused("x: &x {}\nflavors: *x\n"), "flavors: it is no mapping");
}

#[test]
fn what_is_no_mlmodel_is_refused_where_it_is_wrong() {
    for (text, fault) in [
        ("", "line 1: the file is empty"),
        ("- a", "line 1: it is no mapping"),
        ("flavors: []", "flavors: it is no mapping"),
        ("flavors: {\"a/b\": {}}", "flavors: \"a/b\" is no name of a flavor"),
        ("a: 1\nb: 2\na: 3", "line 3: \"a\" is given twice"),
        ("a: 1\n---\nb: 2", "line 2: a second document"),
        ("? [a]\n: b", "line 1: a name must be a word"),
        ("signature: '[]'", "signature: it is no mapping"),
        ("signature: {inputs: [1]}", "signature.inputs: it is no JSON text"),
        (
            "signature: {outputs: '[{\"type\": \"tensor\"}]'}",
            "signature.outputs: a tensor has no tensor-spec",
        ),
        (
            "signature: {inputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"a\", \"shape\": [-2]}}]'}",
            "signature.inputs: -2 is no dimension",
        ),
        (
            "signature: {inputs: '[{\"type\": \"long\", \"name\": {}}]'}",
            "signature.inputs: a name is no text",
        ),
        (
            "signature: {inputs: '[{\"type\": \"long\", \"name\": \"a\\u001b\"}]'}",
            "signature.inputs: \"a\u{fffd}\" is no name",
        ),
    ] {
        assert_eq!(refused(text), fault, "{text}");
    }
    assert!(refused("a: [").starts_with("line "), "unbalanced");
    assert!(refused("signature: {inputs: '{'}").starts_with("signature.inputs: "));
    let mixed = "signature: {inputs: '[{\"type\": \"long\"}, {\"type\": \"tensor\"}]'}";
    assert_eq!(refused(mixed), "signature.inputs: it mixes arrays and columns");
    assert_eq!(read(&at("MLmodel"), b"a: \xff"), Err(Error::NotText));
}

#[test]
fn size_depth_and_number_are_bounded() {
    let long = " ".repeat(usize::try_from(SIZE_MAX).unwrap() + 1);
    assert_eq!(read(&at("MLmodel"), long.as_bytes()), Err(Error::TooLong));
    let deep = refused(&format!("{}{}", "[".repeat(40), "]".repeat(40)));
    assert!(deep.contains("nested deeper"), "{deep}");
    assert!(refused(&"[".repeat(100_000)).starts_with("line 1: "));
    assert!(refused(&format!("[{}]", "a,".repeat(30_000))).contains("more than 20000 values"));
    let nested = "[".repeat(5_000);
    assert!(refused(&format!("signature: {{inputs: '{nested}'}}")).starts_with("signature.inputs"));
}

#[test]
fn what_is_shown_is_printable_and_short() {
    let text = format!("mlflow_version: \"\\e[31m{}\"", "v".repeat(500));
    let shown = parsed(&text).mlflow_version.unwrap();
    assert!(shown.starts_with("\u{fffd}[31mvvv") && shown.ends_with('…'), "{shown}");
    assert_eq!(shown.chars().count(), 201);
}

#[test]
fn the_outermost_mlmodel_is_the_versions() {
    let found = |paths: &[&str]| {
        let manifest = manifest(paths);
        find(&manifest).map(|file| file.map(|file| file.path.to_string()))
    };
    assert_eq!(found(&["model.onnx", "a/MLmodel.txt"]), Ok(None));
    assert_eq!(found(&["MLmodel", "artifacts/MLmodel"]), Ok(Some("MLmodel".to_owned())));
    assert_eq!(found(&["m/MLmodel", "m/a/b/MLmodel"]), Ok(Some("m/MLmodel".to_owned())));
    for paths in [["a/MLmodel", "b/MLmodel"], ["a/MLmodel", "ab/c/MLmodel"]] {
        assert!(matches!(found(&paths), Err(Error::Several { .. })), "{paths:?}");
    }
}

#[test]
fn what_serves_is_the_file_of_the_onnx_flavor_and_without_flavors_the_only_one() {
    let served = |flavors: &Flavors, paths: &[&str]| {
        let manifest = manifest(paths);
        flavors.served(&manifest).map(|file| file.path.to_string())
    };
    let two = ["a.onnx", "model.onnx"];
    let of = |data: &str| parsed(&format!("flavors: {{onnx: {{data: {data}}}}}"));
    assert_eq!(served(&of("a.onnx"), &two).as_deref(), Some("a.onnx"));
    assert_eq!(served(&of("b.onnx"), &two), None);
    assert_eq!(served(&Flavors::default(), &two).as_deref(), Some("model.onnx"));
    let wraps = parsed("flavors: {python_function: {loader_module: m}}");
    assert_eq!(served(&wraps, &["artifacts/model.onnx"]), None, "its code is not run here");
}

#[test]
fn what_is_stored_is_read_back() {
    for read in [written!("onnx_named"), written!("pyfunc"), Flavors::default()] {
        let stored = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Flavors>(&stored).unwrap(), read);
    }
    assert_eq!(serde_json::to_string(&Flavors::default()).unwrap(), "{}");
}

/// Text that gets further than random bytes do.
fn nearly() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "flavors",
        "onnx",
        "data",
        "signature",
        "inputs",
        "outputs",
        "params",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "\n",
        "  ",
        "- ",
        "'",
        "\"",
        "*a",
        "&a ",
        "!!t ",
        "---\n",
        "null",
        "model.onnx",
        "[{\"type\": \"tensor\"}]",
        "[{\"type\": \"array\", \"items\": 1}]",
        "? ",
        "|",
        "# ",
        "<<",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _outcome = read(&at("MLmodel"), &bytes);
    }

    #[test]
    fn no_text_like_an_mlmodel_makes_the_reader_panic(text in nearly()) {
        let _outcome = read(&at("d/MLmodel"), text.as_bytes());
    }

    #[test]
    fn no_signature_makes_the_reader_panic(json in "[\\[\\]{}\",:a-z0-9 -]{0,80}") {
        let quoted = json.replace('\'', "''");
        let _outcome = read(&at("MLmodel"), format!("signature: {{inputs: '{quoted}'}}").as_bytes());
    }

    #[test]
    fn a_cut_mlmodel_makes_no_reader_panic(end in 0_usize..1200) {
        let text = include_str!("../../tests/fixtures/mlflow/onnx_named/MLmodel");
        let cut = text.as_bytes().get(..end).unwrap_or_default();
        let _outcome = read(&at("MLmodel"), cut);
    }
}
