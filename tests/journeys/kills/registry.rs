//! Killed while something is registered: what was acknowledged is there and whole, and nothing is
//! there in part.

use crate::harness::{PATIENCE, SOURCE, Server, UPLOADED, eventually, fixture};
use reqwest::Method;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// Kills, each a little later after the first registration than the one before.
const KILLS: u32 = 12;

fn partial(server: &Server) -> usize {
    count(&server.data().join("blobs/partial"))
}

fn count(directory: &Path) -> usize {
    std::fs::read_dir(directory).expect("the server made it").count()
}

#[test]
fn killed_during_an_upload_nothing_of_it_is_left() {
    let mut server = Server::start();
    let bytes = std::fs::read(fixture("v1")).expect("the fixture is there");
    let address = server.control_origin().replace("http://", "");
    let mut connection = TcpStream::connect(&address).expect("it listens");
    let head = format!(
        "PUT {UPLOADED} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
        bytes.len()
    );
    connection.write_all(head.as_bytes()).expect("it listens");
    connection.write_all(&bytes[..bytes.len() / 2]).expect("it listens");
    eventually("half of it is there", PATIENCE, || (partial(&server) == 1).then_some(()));

    server.kill9();
    server.restart();

    assert_eq!(partial(&server), 0);
    assert_eq!(count(&server.data().join("blobs/sha256")), 0);
    let url = format!("{}{UPLOADED}", server.control_origin());
    assert_eq!(server.api().get(&url).expect("somebody answers").status, 404);
    assert_eq!(server.upload(UPLOADED, bytes).status, 200);
}

#[test]
fn killed_while_versions_are_sealed_each_is_whole_or_not_there() {
    let mut server = Server::start();
    let made = json!({"name": "digits"});
    server.mlflow("registered-models/create", &made);
    let model = std::fs::read(fixture("v1")).expect("the fixture is there");
    assert_eq!(server.upload(UPLOADED, model).status, 200);
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let origin = server.control_origin();
        let (began, begin) = mpsc::channel();
        let client = std::thread::spawn(move || registrations(&origin, &began));
        begin.recv().expect("the client runs");
        // Another instant each time, mostly within a registration: the claim holds for each.
        for _ in 0..kill {
            let _next = begin.recv_timeout(Duration::from_millis(7));
        }
        server.kill9();
        acknowledged += client.join().expect("it ends with the server");
        server.restart();
        let listed = server.get("/models/digits/versions?limit=200");
        let there = listed["items"].as_array().expect("a list").len();
        // The last one may have been stored without its answer.
        assert!((acknowledged..=acknowledged + 1).contains(&there), "{there} of {acknowledged}");
        acknowledged = there;
        for number in 1..=there {
            server.cli(&["model", "verify", "digits", &number.to_string()]).expect(0);
        }
    }
    server.assert_journal_verifies();
}

/// Registers one version after another until nobody answers; how many were acknowledged.
fn registrations(origin: &str, began: &mpsc::Sender<()>) -> usize {
    let api = crate::harness::Api::new();
    let url = format!("{origin}/api/2.0/mlflow/model-versions/create");
    let create = json!({"name": "digits", "source": SOURCE});
    let mut acknowledged = 0;
    loop {
        // Whoever waits for the beginning may have gone on.
        let _heard = began.send(());
        let Some(answer) = api.ask(api.request(Method::POST, &url).json(&create)) else {
            return acknowledged;
        };
        assert_eq!(answer.status, 200, "{answer:?}");
        acknowledged += 1;
    }
}
