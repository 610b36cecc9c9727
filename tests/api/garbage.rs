//! What nothing refers to: listed by page, removed within bounds, told to the journal and to whoever
//! watches.

use crate::harness::{Server, answer};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

/// A server that has looked for garbage by itself, as it does when it starts and then for minutes not.
async fn started(config: &str) -> Server {
    const ASKED_MAX: u32 = 5000;
    let server = Server::start_with(config);
    let mut asked = 0;
    while !metrics(&server).await.contains("seatrial_gc_runs_total{result=\"completed\"} 1\n") {
        asked += 1;
        assert!(asked < ASKED_MAX, "it never looks for garbage");
    }
    server
}

async fn metrics(server: &Server) -> String {
    server.at(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap()
}

/// Blobs that nothing refers to, stored long ago.
fn litter(server: &Server, count: u32) {
    for number in 0..count {
        let path = server.data.path().join("blobs/sha256").join(format!("{number:064x}"));
        std::fs::write(&path, "litter").unwrap();
        let file = std::fs::File::open(path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(86_400)).unwrap();
    }
}

#[tokio::test]
async fn a_plan_comes_in_pages_and_removes_nothing() {
    let server = started("").await;
    litter(&server, 3);
    let young = server.data.path().join("blobs/sha256").join(format!("{:064x}", 9));
    std::fs::write(young, "stored just now").unwrap();
    let first = server.get("/gc?limit=2").await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(first.body["garbage"], json!({"blobs": 3, "bytes": 18}));
    assert_eq!(first.body["young"], json!({"blobs": 1, "bytes": 15}));
    assert_eq!(first.body["kept"], json!({"blobs": 0, "bytes": 0}));
    let items = first.body["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["size"]), (2, &json!(6)));
    assert_eq!(items[0]["stored_at"], "1970-01-02T00:00:00.000Z");
    let next = first.body["next"].as_str().unwrap();
    let second = server.get(&format!("/gc?limit=2&cursor={next}")).await;
    assert_eq!(second.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(second.body["next"], Value::Null);
    assert_eq!(server.files_in("blobs"), 4);
    assert_eq!(server.get("/gc?cursor=nonsense").await.status, 400);
}

#[tokio::test]
async fn one_request_removes_so_much_and_the_journal_and_the_metrics_tell() {
    let server = started("[limits.gc]\nmax_removed = 2\nturn = 1\n").await;
    litter(&server, 3);
    let one = server.post("/gc", json!({})).await;
    assert_eq!(one.status, 200, "{one:?}");
    assert_eq!(one.body["removed"], json!({"blobs": 2, "bytes": 12}));
    assert_eq!(one.body["left"], json!({"blobs": 1, "bytes": 6}));
    let two = server.post("/gc", json!({"grace": "36h"})).await;
    assert_eq!(two.body["left"], json!({"blobs": 0, "bytes": 0}));
    assert_eq!(server.files_in("blobs"), 0);

    let journal = server.get("/audit").await.body["items"].take();
    let told = journal.as_array().unwrap().iter().filter(|row| row["event"] == "garbage_removed");
    let told = told.collect::<Vec<_>>();
    assert_eq!((told.len(), &told[0]["actor"]), (3, &json!("tester (unverified)")));
    assert_eq!(told[0]["entry"]["evidence"]["blobs"][0][1], 6);
    let metrics = metrics(&server).await;
    for line in [
        "seatrial_gc_removed_blobs_total 3",
        "seatrial_gc_removed_bytes_total 18",
        "seatrial_gc_running 0",
        "seatrial_gc_waiting_blobs 0",
        "seatrial_gc_runs_total{result=\"failed\"} 0",
    ] {
        assert!(metrics.contains(&format!("\n{line}\n")), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn a_grace_that_an_upload_may_outlast_is_refused() {
    let server = started("").await;
    litter(&server, 1);
    for grace in ["1h", "0s", "59m"] {
        let refused = server.post("/gc", json!({"grace": grace})).await;
        assert_eq!(refused.status, 422, "{grace}: {refused:?}");
        assert!(refused.body["hint"].as_str().unwrap().contains("limits.uploads.expire_after"));
    }
    for grace in ["soon", "-25h", ""] {
        assert_eq!(server.post("/gc", json!({"grace": grace})).await.status, 400, "{grace}");
    }
    assert_eq!(server.get("/gc?grace=1h").await.status, 422);
    assert_eq!(server.post("/gc", json!({"graze": "36h"})).await.status, 400);
    let foreign = server.request(Method::POST, "/gc").header("origin", "http://elsewhere.example");
    assert_eq!(answer(foreign.json(&json!({}))).await.status, 403, "no page of others asks");
    assert_eq!(server.files_in("blobs"), 1);
}
