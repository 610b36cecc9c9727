//! Files uploaded by path come back byte for byte; what is refused leaves nothing.

use super::artifacts::{BASE, RUN, bytes, delete, fetch, list, put, server, server_with};
use super::refusal;
use crate::harness::{Server, answer, until};
use futures_util::stream;
use reqwest::{Body, Method};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use tokio::sync::mpsc::Sender;

#[tokio::test]
async fn a_file_comes_back_whole_and_in_ranges_and_may_be_replaced() {
    let server = server().await;
    let path = format!("{RUN}/notes/a b.txt");
    for content in ["first", "0123456789"] {
        let stored = put(&server, &path, content.into()).await;
        assert_eq!((stored.status, stored.body), (200, json!({})));
        assert_eq!(bytes(&server, &path).await, content.as_bytes());
    }
    let part = fetch(&server, &path, &[("range", "bytes=2-4")]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");
    let headers = part.headers().clone();
    assert_eq!(headers["content-disposition"], "attachment; filename=\"ab.txt\"");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(part.bytes().await.unwrap(), "234");
    let etag = headers["etag"].to_str().unwrap();
    assert_eq!(fetch(&server, &path, &[("if-match", etag)]).await.status(), 200);
    let beyond = fetch(&server, &path, &[("range", "bytes=10-")]).await;
    assert_eq!(beyond.status(), 416);

    put(&server, &path, b"other".to_vec()).await;
    let late = fetch(&server, &path, &[("if-match", etag), ("range", "bytes=0-1")]).await;
    assert_eq!(late.status(), 412, "ranges of two files never make one");
}

#[tokio::test]
async fn a_directory_lists_what_is_below_it_and_an_absent_one_nothing() {
    let server = server().await;
    put(&server, &format!("{RUN}/m/model.onnx"), b"12345".to_vec()).await;
    put(&server, &format!("{RUN}/m/data/x"), Vec::new()).await;
    let below = list(&server, &format!("{RUN}/m")).await;
    let file = json!({"path": "model.onnx", "is_dir": false, "file_size": 5});
    let data = json!({"path": "data", "is_dir": true});
    assert_eq!(below.body, json!({"files": [data, file]}));
    assert_eq!(list(&server, &format!("{RUN}/m/data/")).await.body["files"][0]["file_size"], 0);
    for nothing in [format!("{RUN}/m/model.onnx"), format!("{RUN}/elsewhere"), "1/r".to_owned()] {
        let listed = list(&server, &nothing).await;
        assert_eq!((listed.status, listed.body), (200, json!({"files": []})), "{nothing}");
    }
    let missing = answer(server.at(Method::GET, &format!("{BASE}/artifacts/{RUN}/none"))).await;
    assert_eq!(refusal(&missing), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn a_directory_is_deleted_with_all_below_and_what_is_absent_is_gone_already() {
    let server = server().await;
    for name in ["m/a", "m/b/c", "m2"] {
        put(&server, &format!("{RUN}/{name}"), b"x".to_vec()).await;
    }
    assert_eq!(delete(&server, &format!("{RUN}/m/")).await.status, 200);
    assert_eq!(delete(&server, &format!("{RUN}/m")).await.status, 200);
    let left = list(&server, RUN).await;
    assert_eq!(left.body["files"].as_array().unwrap().len(), 1, "{left:?}");
    assert_eq!(bytes(&server, &format!("{RUN}/m2")).await, b"x");
}

#[tokio::test]
async fn no_path_is_both_a_file_and_a_directory() {
    let server = server().await;
    put(&server, &format!("{RUN}/m/a"), b"x".to_vec()).await;
    for odd in [format!("{RUN}/m"), format!("{RUN}/m/a/b")] {
        let refused = put(&server, &odd, b"x".to_vec()).await;
        assert_eq!(refusal(&refused), (409, "RESOURCE_CONFLICT"), "{odd}");
    }
}

/// Sends a request as it is written: clients tidy up paths.
fn raw(server: &Server, method: &str, path: &str) -> u16 {
    let host = server.control.replace("http://", "");
    let mut stream = TcpStream::connect(&host).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn no_path_leads_out_and_nothing_is_written() {
    let server = server().await;
    let long = "x".repeat(600);
    let odd = [
        "0/r/../../etc/passwd",
        "..",
        "0/r/..%2f..%2fetc/passwd",
        "0/r/%2e%2e/%2e%2e/x",
        "0/r/%252e%252e/x",
        "0/r/%25252fx",
        "0/r/..%5c..%5cx",
        "0/r\\..\\x",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "C:%5cx",
        "C:/x",
        "0/r//x",
        "0/r/./x",
        "0/r/x%00.txt",
        "0/r/x%0a",
        "0/r/%ff%fe",
        "0/r/%20/x",
        "versions/m/1/model.onnx",
        "versions",
        &long,
    ];
    for path in odd {
        for (method, route) in [
            ("PUT", "artifacts"),
            ("GET", "artifacts"),
            ("DELETE", "artifacts"),
            ("GET", "presigned"),
            ("POST", "mpu/create"),
            ("POST", "mpu/complete"),
        ] {
            let status = raw(&server, method, &format!("{BASE}/{route}/{path}"));
            let known = path.starts_with("versions") && method != "PUT" && method != "POST";
            let expected = if known { 400..=409 } else { 400..=400 };
            assert!(expected.contains(&status), "{method} {route} {path:?}: {status}");
        }
    }
    assert_eq!(list(&server, "").await.body, json!({"files": []}));
    assert_eq!(server.files_in("blobs") + server.files_in("parts"), 0);
}

#[tokio::test]
async fn an_upload_that_breaks_off_or_falls_silent_leaves_nothing() {
    let server = server_with("[limits.artifacts]\nidle_timeout = \"300ms\"\n").await;
    let path = format!("{RUN}/cut");
    let pieces = [Ok(vec![1_u8; 1000]), Err(std::io::Error::other("cut"))];
    let cut = server.at(Method::PUT, &format!("{BASE}/artifacts/{path}"));
    assert!(cut.body(Body::wrap_stream(stream::iter(pieces))).send().await.is_err());

    let silent = stream::iter([Ok::<_, std::io::Error>(vec![1_u8; 1000])]);
    let silent = futures_util::StreamExt::chain(silent, stream::pending());
    let request = server.at(Method::PUT, &format!("{BASE}/artifacts/{path}"));
    let refused = answer(request.body(Body::wrap_stream(silent))).await;

    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{refused:?}");
    assert_eq!(list(&server, RUN).await.body, json!({"files": []}));
    assert_eq!(server.files_in("blobs"), 0);
}

#[tokio::test]
async fn what_is_too_large_or_too_many_is_refused_and_not_tried_again() {
    let server = server_with("[limits.artifacts]\nmax_file = 1000\nmax_files = 2\n").await;
    let large = put(&server, &format!("{RUN}/large"), vec![0; 1001]).await;
    assert_eq!(refusal(&large), (400, "INVALID_PARAMETER_VALUE"));
    let unannounced = stream::iter([Ok::<_, std::io::Error>(vec![0_u8; 1001])]);
    let request = server.at(Method::PUT, &format!("{BASE}/artifacts/{RUN}/large"));
    let large = answer(request.body(Body::wrap_stream(unannounced))).await;
    assert_eq!(refusal(&large), (400, "INVALID_PARAMETER_VALUE"));
    for (name, status) in [("a", 200), ("b", 200), ("c", 507), ("b", 200)] {
        let stored = put(&server, &format!("{RUN}/{name}"), vec![0; 1000]).await;
        assert_eq!(stored.status, status, "{name}: {stored:?}");
    }
    assert_eq!(server.files_in("blobs"), 1, "the same bytes, once");
}

/// A body that its test sends, piece by piece.
fn trickle() -> (Sender<std::io::Result<Vec<u8>>>, Body) {
    let (send, receive) = tokio::sync::mpsc::channel(1);
    let pieces = stream::unfold(receive, |mut from| async { Some((from.recv().await?, from)) });
    (send, Body::wrap_stream(pieces))
}

#[tokio::test]
async fn who_finds_no_turn_in_time_is_told_to_come_again() {
    let config = "[limits.artifacts]\nmax_transfers = 1\nqueue_timeout = \"200ms\"\n";
    let server = server_with(config).await;
    let path = format!("{BASE}/artifacts/{RUN}/a");
    let (send, body) = trickle();
    let slow = server.at(Method::PUT, &path).body(body);
    let meanwhile = async {
        send.send(Ok(vec![1])).await.unwrap();
        // The slow one is on its way in once its bytes wait among the blobs.
        until(|| server.files_in("blobs/partial") == 1).await;
        let turned_away = put(&server, &format!("{RUN}/b"), vec![2]).await;
        drop(send);
        turned_away
    };

    let (slow, turned_away) = tokio::join!(answer(slow), meanwhile);

    assert_eq!(refusal(&turned_away), (429, "REQUEST_LIMIT_EXCEEDED"));
    assert_eq!(slow.status, 200);
    assert_eq!(put(&server, &format!("{RUN}/b"), vec![2]).await.status, 200);
}

#[tokio::test]
async fn who_trickles_loses_the_turn_to_who_waits_for_it() {
    let config =
        "[limits.artifacts]\nmax_transfers = 1\nidle_timeout = \"500ms\"\nmin_rate = 1000\n";
    let server = server_with(config).await;
    let path = format!("{BASE}/artifacts/{RUN}/a");
    let (send, body) = trickle();
    let slow = server.at(Method::PUT, &path).body(body);
    // A byte every 20 ms is never silent.
    let trickling = async {
        let mut every = tokio::time::interval(std::time::Duration::from_millis(20));
        while send.send(Ok(vec![1])).await.is_ok() {
            every.tick().await;
        }
        std::future::pending::<()>().await;
    };
    let meanwhile = async {
        until(|| server.files_in("blobs/partial") == 1).await;
        put(&server, &format!("{RUN}/b"), vec![2]).await
    };
    let both = async { tokio::join!(answer(slow), meanwhile) };
    let (slow, other) = tokio::select! { both = both => both, () = trickling => unreachable!() };

    assert_eq!(refusal(&slow), (400, "INVALID_PARAMETER_VALUE"));
    let said = slow.body["message"].as_str().unwrap();
    assert!(said.contains("less than 1000 bytes a second came for 500ms"), "{said}");
    assert_eq!(other.status, 200, "{other:?}");
    assert_eq!(server.files_in("blobs/partial"), 0);
}

#[tokio::test]
async fn a_power_cut_keeps_what_was_answered_and_nothing_of_what_was_on_its_way() {
    let mut server = server().await;
    put(&server, &format!("{RUN}/a"), b"kept".to_vec()).await;
    let (send, body) = trickle();
    let cut = server.at(Method::PUT, &format!("{BASE}/artifacts/{RUN}/b")).body(body).send();
    let meanwhile = async {
        send.send(Ok(vec![1; 1000])).await.unwrap();
        until(|| server.files_in("blobs/partial") == 1).await;
        server.kill();
        drop(send);
    };
    let (cut, ()) = tokio::join!(cut, meanwhile);
    assert!(cut.is_err());

    server.restart();

    assert_eq!(bytes(&server, &format!("{RUN}/a")).await, b"kept");
    assert_eq!(list(&server, RUN).await.body["files"].as_array().unwrap().len(), 1);
    assert_eq!(server.files_in("blobs"), 1);
}

#[tokio::test]
async fn a_directory_of_too_many_names_is_not_listed_in_part() {
    let server = server_with("[limits.artifacts]\nmax_listed = 2\n").await;
    for (name, status) in [("a", 200), ("b", 200), ("c", 400)] {
        put(&server, &format!("{RUN}/{name}"), vec![1]).await;
        assert_eq!(list(&server, RUN).await.status, status, "{name}");
    }
}

#[tokio::test]
async fn a_full_disk_is_507_and_leaves_room_for_what_fits() {
    let server = Server::start_on_a_disk_of(16);
    let begun = json!({"path": "x.bin", "num_parts": 1});
    let begun = server.at(Method::POST, &format!("{BASE}/mpu/create/{RUN}")).json(&begun);
    let begun = answer(begun).await;
    let part = begun.body["credentials"][0]["url"].as_str().unwrap().replace(&server.control, "");
    for _ in 0..2 {
        let whole = put(&server, &format!("{RUN}/large"), vec![7; 32 << 20]).await;
        assert_eq!(refusal(&whole), (507, "RESOURCE_EXHAUSTED"), "{whole:?}");
        let part = answer(server.at(Method::PUT, &part).body(vec![7; 32 << 20])).await;
        assert_eq!(refusal(&part), (507, "RESOURCE_EXHAUSTED"), "{part:?}");
        assert_eq!(list(&server, RUN).await.body, json!({"files": []}));
    }
    let small = vec![9; 4 << 20];
    assert_eq!(put(&server, &format!("{RUN}/small"), small.clone()).await.status, 200);
    assert_eq!(bytes(&server, &format!("{RUN}/small")).await, small);
    // Assembled there would be two of it, which this disk does not hold.
    let sent = answer(server.at(Method::PUT, &part).body(vec![8; 6 << 20])).await;
    let named = json!([{"part_number": 1, "etag": sent.etag.unwrap()}]);
    let body = json!({"path": "x.bin", "upload_id": begun.body["upload_id"], "parts": named});
    let complete = server.at(Method::POST, &format!("{BASE}/mpu/complete/{RUN}")).json(&body);
    let complete = answer(complete).await;
    assert_eq!(refusal(&complete), (507, "RESOURCE_EXHAUSTED"), "{complete:?}");
    assert_eq!(bytes(&server, &format!("{RUN}/small")).await, small);
}
