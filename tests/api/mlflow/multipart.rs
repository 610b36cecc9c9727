//! Files in parts: any order, again, after a restart; and what is not the announced file is none.

use super::artifacts::{BASE, RUN, bytes, fetch, list, put, register, server, server_with};
use super::refusal;
use crate::harness::{Answer, Server, answer, until};
use reqwest::Method;
use serde_json::{Value, json};

/// An upload that was begun.
struct Begun {
    id: String,
    urls: Vec<String>,
}

async fn mpu(server: &Server, verb: &str, body: Value) -> Answer {
    answer(server.at(Method::POST, &format!("{BASE}/mpu/{verb}/{RUN}/big")).json(&body)).await
}

async fn begin(server: &Server, parts: usize) -> Begun {
    let begun = mpu(server, "create", json!({"path": "/home/me/x.bin", "num_parts": parts})).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let credentials = begun.body["credentials"].as_array().unwrap();
    let numbers = credentials.iter().map(|part| part["part_number"].as_u64().unwrap());
    assert!(numbers.eq(1..=u64::try_from(parts).unwrap()), "{begun:?}");
    let url = |part: &Value| part["url"].as_str().unwrap().replace(&server.control, "");
    let urls = credentials.iter().map(url).collect();
    Begun { id: begun.body["upload_id"].as_str().unwrap().to_owned(), urls }
}

async fn send(server: &Server, url: &str, content: &str) -> Answer {
    answer(server.at(Method::PUT, url).body(content.to_owned())).await
}

fn whole(begun: &Begun, etags: &[String]) -> Value {
    let parts = (1..).zip(etags);
    let parts =
        parts.map(|(number, etag)| json!({"part_number": number, "etag": etag, "url": "x"}));
    let parts = parts.collect::<Vec<_>>();
    json!({"path": "/home/me/x.bin", "upload_id": begun.id, "parts": parts})
}

#[tokio::test]
async fn parts_come_in_any_order_and_again_and_make_the_file() {
    let server = server().await;
    let begun = begin(&server, 3).await;
    let mut etags = vec![String::new(); 3];
    for (number, content) in [(2, "cd"), (0, "xx"), (1, "ef"), (0, "ab")] {
        let sent = send(&server, &begun.urls[number], content).await;
        assert_eq!(sent.status, 200, "{sent:?}");
        etags[number] = sent.etag.unwrap();
    }
    assert_eq!(list(&server, &format!("{RUN}/big")).await.body, json!({"files": []}));
    assert_eq!(server.files_in("parts"), 3, "a part sent again takes its place");

    for _ in 0..2 {
        let completed = mpu(&server, "complete", whole(&begun, &etags)).await;
        assert_eq!(completed.status, 200, "also for who did not hear it: {completed:?}");
    }

    assert_eq!(bytes(&server, &format!("{RUN}/big/x.bin")).await, b"abefcd");
    assert_eq!(server.files_in("parts"), 0);
    let late = send(&server, &begun.urls[0], "ab").await;
    assert_eq!(refusal(&late), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn an_upload_goes_on_after_a_power_cut() {
    let mut server = server().await;
    let begun = begin(&server, 2).await;
    let first = send(&server, &begun.urls[0], "first ").await.etag.unwrap();
    server.kill();
    std::fs::write(server.data.path().join("parts/half"), b"of a part").unwrap();
    server.restart();

    let path = format!("{BASE}/mpu/parts/{}", begun.id);
    let here = answer(server.at(Method::GET, &path)).await.body;
    assert_eq!(here["parts"], json!([{"part_number": 1, "etag": first, "size": 6}]));
    assert_eq!(server.files_in("parts"), 1);
    let second = send(&server, &begun.urls[1], "second").await.etag.unwrap();
    let completed = mpu(&server, "complete", whole(&begun, &[first, second])).await;
    assert_eq!(completed.status, 200, "{completed:?}");
    assert_eq!(bytes(&server, &format!("{RUN}/big/x.bin")).await, b"first second");
}

#[tokio::test]
async fn what_is_not_the_announced_file_is_not_put_together() {
    let server = server().await;
    let begun = begin(&server, 2).await;
    let one = send(&server, &begun.urls[0], "one").await.etag.unwrap();
    let incomplete = mpu(&server, "complete", whole(&begun, std::slice::from_ref(&one))).await;
    assert_eq!(refusal(&incomplete), (400, "INVALID_PARAMETER_VALUE"));
    let two = send(&server, &begun.urls[1], "two").await.etag.unwrap();
    let mut twice = whole(&begun, &[one.clone(), two.clone()]);
    twice["parts"][1]["part_number"] = json!(1);
    let mut beyond = whole(&begun, &[one.clone(), two.clone(), two.clone()]);
    beyond["parts"][2]["part_number"] = json!(9);
    let mut elsewhere = whole(&begun, &[one.clone(), two.clone()]);
    elsewhere["path"] = json!("y.bin");
    let swapped = whole(&begun, &[two.clone(), one.clone()]);
    let unnamed = whole(&begun, std::slice::from_ref(&one));
    for odd in [twice, beyond, elsewhere, swapped, unnamed] {
        let refused = mpu(&server, "complete", odd.clone()).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{odd}");
    }
    let wrong = begun.urls[0].replace("/1", "/3");
    assert_eq!(send(&server, &wrong, "x").await.status, 400);
    let unknown = json!({"path": "x.bin", "upload_id": "../../etc", "parts": []});
    let refused = mpu(&server, "complete", unknown).await;
    assert_eq!(refusal(&refused), (404, "RESOURCE_DOES_NOT_EXIST"));
    let foreign = format!("{BASE}/mpu/parts/{}/1", "0".repeat(32));
    assert_eq!(send(&server, &foreign, "x").await.status, 404);
    assert_eq!(list(&server, RUN).await.body, json!({"files": []}));
    assert_eq!(mpu(&server, "complete", whole(&begun, &[one, two])).await.status, 200);
}

#[tokio::test]
async fn a_part_that_was_altered_on_disk_is_sent_again() {
    let server = server().await;
    let begun = begin(&server, 1).await;
    let etag = send(&server, &begun.urls[0], "right").await.etag.unwrap();
    let parts = std::fs::read_dir(server.data.path().join("parts")).unwrap();
    parts.for_each(|part| std::fs::write(part.unwrap().path(), "wrong").unwrap());
    let refused = mpu(&server, "complete", whole(&begun, std::slice::from_ref(&etag))).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
    send(&server, &begun.urls[0], "right").await;
    assert_eq!(mpu(&server, "complete", whole(&begun, &[etag])).await.status, 200);
    assert_eq!(bytes(&server, &format!("{RUN}/big/x.bin")).await, b"right");
}

#[tokio::test]
async fn an_upload_taken_back_leaves_nothing_and_a_sealed_path_is_not_replaced() {
    let server = server().await;
    let begun = begin(&server, 1).await;
    send(&server, &begun.urls[0], "x").await;
    let body = json!({"path": "x.bin", "upload_id": begun.id});
    for _ in 0..2 {
        assert_eq!(mpu(&server, "abort", body.clone()).await.status, 200);
    }
    assert_eq!(server.files_in("parts"), 0);

    put(&server, &format!("{RUN}/big/x.bin"), b"x".to_vec()).await;
    super::artifacts::log(&server, &format!("{RUN}/big")).await;
    register(&server, &format!("mlflow-artifacts:/{RUN}/big")).await;
    let begun = begin(&server, 1).await;
    let etag = send(&server, &begun.urls[0], "other").await.etag.unwrap();
    let refused = mpu(&server, "complete", whole(&begun, &[etag])).await;
    assert_eq!(refusal(&refused), (409, "RESOURCE_CONFLICT"));
    assert_eq!(bytes(&server, &format!("{RUN}/big/x.bin")).await, b"x");
}

#[tokio::test]
async fn parts_are_limited_and_forgotten() {
    let config = "[limits.multipart]\nmax_open = 1\nmax_parts = 2\nmax_part = 10\n\
                  max_waiting = 15\nexpire_after = \"24h\"\n[limits.artifacts]\nmax_file = 14\n";
    let server = server_with(config).await;
    let begun = begin(&server, 2).await;
    // In these words their client is told to send the file whole.
    for too_many in [1, 3] {
        let wanted = json!({"path": "y", "num_parts": too_many});
        let refused = mpu(&server, "create", wanted).await;
        let said = refused.body["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with("Multipart upload is not supported for the current"), "{said}");
        assert_eq!(refused.status, 400);
    }
    assert_eq!(send(&server, &begun.urls[0], "12345678901").await.status, 400, "a large part");
    let first = send(&server, &begun.urls[0], "1234567890").await.etag.unwrap();
    assert_eq!(send(&server, &begun.urls[1], "123456").await.status, 507, "more than may wait");
    assert_eq!(server.files_in("parts"), 1);
    let second = send(&server, &begun.urls[1], "12345").await.etag.unwrap();
    let refused = mpu(&server, "complete", whole(&begun, &[first, second])).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "more than a file");
    assert_eq!(list(&server, RUN).await.body, json!({"files": []}));
}

#[tokio::test]
async fn parts_nobody_goes_on_with_are_swept() {
    let mut server = server_with("[limits.multipart]\nexpire_after = \"1ms\"\n").await;
    let begun = begin(&server, 2).await;
    send(&server, &begun.urls[0], "x").await;
    // It sweeps when it starts, and from then on every now and then.
    server.kill();
    server.restart();
    until(|| server.files_in("parts") == 0).await;
    assert_eq!(send(&server, &begun.urls[1], "x").await.status, 404);
}

#[tokio::test]
async fn clients_learn_that_parts_and_ranges_are_served_and_where() {
    let server = server().await;
    let info = answer(server.at(Method::GET, "/api/3.0/mlflow/server-info")).await.body;
    assert_eq!(info["multipart_uploads_enabled"], true);
    assert_eq!(info["multipart_downloads_enabled"], true);
    let path = format!("{RUN}/a b/x.bin");
    put(&server, &path, b"0123456789".to_vec()).await;

    let told = answer(server.at(Method::GET, &format!("{BASE}/presigned/{path}"))).await;

    assert_eq!(told.body["file_size"], 10, "{told:?}");
    let url = told.body["url"].as_str().unwrap().replace(&server.control, "");
    let meant = told.body["headers"]["If-Match"].as_str().unwrap().to_owned();
    let part = server.at(Method::GET, &url).header("range", "bytes=3-5").header("if-match", meant);
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "345");
    let none = answer(server.at(Method::GET, &format!("{BASE}/presigned/{RUN}/none"))).await;
    assert_eq!(refusal(&none), (404, "RESOURCE_DOES_NOT_EXIST"));
    assert_eq!(fetch(&server, &format!("{RUN}/none"), &[]).await.status(), 404);
}
