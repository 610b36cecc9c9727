//! What is refused at the door, and that nothing of it stays.

use crate::harness::{PATIENCE, Policy, Rows, Server, cli, fixture, with_weights};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// Every file below `directory`.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[track_caller]
fn assert_nothing_stays(server: &Server) {
    assert_eq!(server.get("/models")["items"], json!([]));
    let left: Vec<_> =
        ["blobs", "uploads"].iter().flat_map(|name| files(&server.data().join(name))).collect();
    assert!(left.is_empty(), "left behind: {left:#?}");
}

#[test]
fn a_file_that_is_no_model_leaves_nothing_behind() {
    let server = Server::start();
    let path = server.home().join("model.onnx");
    std::fs::write(&path, b"this is no model").unwrap();

    let refused = server.cli(&["model", "push", &path.display().to_string(), "--name", "digits"]);

    assert!(refused.expect(2).stderr.contains("ONNX"), "it says what it is not");
    assert_nothing_stays(&server);
}

#[test]
fn data_outside_the_manifest_are_refused_and_leave_nothing_behind() {
    let server = Server::start();
    for (name, path) in [("outside", "w.bin"), ("beside", "weights/other.bin")] {
        let directory = with_weights(&server, name, path).display().to_string();

        let refused = server.cli(&["model", "push", &directory, "--name", "adder"]).expect(2);

        assert!(refused.stderr.contains("tensor \"weights\""), "{refused:#?}");
        assert!(refused.stderr.contains("no such file was pushed"), "{refused:#?}");
        assert_nothing_stays(&server);
    }
}

#[test]
fn data_inside_the_manifest_are_the_models_own() {
    let mut server = Server::start();
    server.push(&with_weights(&server, "beside", "weights/w.bin"), "adder");
    server.apply(&Policy::quick("adder"));
    let start = ["rollout", "start", "adder", "1", "--bootstrap", "--wait"];
    server.cli(&start).expect(0);
    let x = json!({"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [10.0, 20.0]});
    let added = |server: &Server| {
        let reply = server.api().post(&server.v2("/models/adder/infer"), &json!({"inputs": [x]}));
        assert_eq!(reply.status, 200, "{reply:#?}");
        reply.body["outputs"][0]["data"].clone()
    };
    assert_eq!(added(&server), json!([11.0, 22.0]));
    server.kill9();
    server.restart();
    assert_eq!(added(&server), json!([11.0, 22.0]), "it is loaded again from what was sealed");
}

#[test]
fn a_server_whose_program_was_replaced_still_tries_models() {
    let home = tempfile::tempdir().unwrap();
    let program = home.path().join("seatrial");
    std::fs::copy(env!("CARGO_BIN_EXE_seatrial"), &program).unwrap();
    let server = Server::start_as(&program, "");
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "a newer release").unwrap();

    assert_eq!(server.push(&fixture("v1"), "digits"), 1);
}

#[test]
fn links_out_of_what_is_pushed_are_refused() {
    let server = Server::start();
    let (file, directory) = (server.home().join("link.onnx"), server.home().join("linked"));
    std::os::unix::fs::symlink(fixture("v1"), &file).unwrap();
    std::fs::create_dir(&directory).unwrap();
    std::fs::copy(fixture("v1"), directory.join("model.onnx")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", directory.join("note.txt")).unwrap();

    for path in [file, directory] {
        let refused =
            server.cli(&["model", "push", &path.display().to_string(), "--name", "digits"]);
        assert!(refused.expect(2).stderr.contains("symbolic link"), "it says why");
    }
    assert_nothing_stays(&server);
}

#[test]
fn paths_out_of_the_upload_are_refused() {
    let server = Server::start();
    let upload = server.post("/uploads", &json!({})).body["id"].as_str().unwrap().to_owned();
    for path in ["../model.onnx", "/etc/model.onnx", "a/../../model.onnx"] {
        let url = server.url(&format!("/uploads/{upload}/files"));
        let request = server.api().request(Method::PUT, &url).query(&[("path", path)]);
        let request = request.header("content-type", "application/octet-stream").body("bytes");
        let reply = server.api().ask(request).unwrap();
        assert_eq!(reply.status, 400, "{path}: {reply:#?}");
    }
    let url = server.url(&format!("/uploads/{upload}"));
    let taken_back = server.api().ask(server.api().request(Method::DELETE, &url)).unwrap();
    assert!(taken_back.status < 300, "{taken_back:#?}");
    assert_nothing_stays(&server);
}

#[test]
fn requests_that_are_wrong_are_told_why_and_too_large_ones_are_not_read() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let infer = server.v2("/models/digits/infer");
    let input = |shape: Value, datatype: &str, data: Value| {
        let image = json!({"name": "image", "shape": shape, "datatype": datatype, "data": data});
        json!({ "inputs": [image] })
    };
    let wrong = [
        input(json!([1, 63]), "FP32", json!(vec![0.0; 63])),
        input(json!([64]), "FP32", json!(vec![0.0; 64])),
        input(json!([1, 64]), "FP32", json!(vec![0.0; 3])),
        input(json!([1, 64]), "BYTES", json!(vec!["a"; 64])),
    ];
    for request in wrong {
        let reply = server.api().post(&infer, &request);
        assert_eq!(reply.status, 400, "{request}: {reply:#?}");
        let error = reply.body["error"].as_str().unwrap();
        assert!(error.contains("image"), "the input is named: {error}");
    }
    let huge = input(json!([1, 64]), "FP32", json!(vec!["x".repeat(1 << 20); 9]));
    assert_eq!(server.api().post(&infer, &huge).status, 413);
    let answer = server.api().post(&infer, &Rows::live().json(0));
    assert_eq!((answer.status, answer.version), (200, Some(1)), "and it serves on");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let data = server.data().display().to_string();
    let any = "127.0.0.1:0";

    let second = cli(&["serve", "--data", &data, "--inference", any, "--control", any]);

    assert_ne!(second.status, 0, "{second:#?}");
    assert!(second.stderr.contains("another"), "it says who holds it: {second:#?}");
    assert_eq!(server.get("/status")["inference"], format!("http://{}", server.inference()));
    server.cli(&["model", "list"]).expect(0);
}

#[test]
fn a_control_request_whose_head_does_not_come_is_cut_off() {
    let server = Server::start_with("[limits.control]\nheader_timeout = \"300ms\"\n");
    let address = server.control_origin().replace("http://", "");
    let mut slow = TcpStream::connect(address).unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    slow.write_all(b"GET /api/v1/status HT").unwrap();

    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).expect("it is closed, and not waited for");

    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"), "{rest:?}");
    server.cli(&["model", "list"]).expect(0);
}

#[test]
fn a_bind_that_other_machines_reach_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().display().to_string();
    for surface in ["--inference", "--control"] {
        let refused = cli(&["serve", "--data", &data, surface, "0.0.0.0:0"]).expect(2);
        assert!(refused.stderr.contains("loopback"), "{refused:#?}");
    }
}
