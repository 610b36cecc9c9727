//! Small files that ask for all of a machine: their reader dies of them, the server does not.

use super::{files, push};
use crate::harness::Server;

const LIMITED: &str = "[limits.dataset]\nmemory = 536870912\n";

async fn assert_survives(server: &Server, file: &str, bytes: Vec<u8>) {
    assert!(bytes.len() < 8 << 20, "{file} is small: {} bytes", bytes.len());
    let refused = push(server, file, bytes).await;
    assert_eq!(refused.status, 422, "{file}: {refused:?}");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.starts_with(&format!("{file}: reading it ended the process")), "{detail}");
    assert_eq!((server.files_in("blobs"), server.files_in("uploads")), (0, 0), "nothing stays");
    let good = push(server, "good.csv", b"x,label\n1,0\n".to_vec()).await;
    assert!(matches!(good.status, 200 | 201), "it still answers: {good:?}");
}

#[tokio::test]
async fn a_schema_nested_beyond_the_stack_kills_no_server() {
    let server = Server::start();
    assert_survives(&server, "nested.parquet", files::parquet_nested(50_000)).await;
}

#[tokio::test]
async fn a_row_beyond_the_memory_kills_no_server() {
    let server = Server::start_with(LIMITED);
    assert_survives(&server, "long.parquet", files::parquet_list(400_000, 4096)).await;
}
