//! A client that says exactly what it is told to, and nothing of its own.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// The first `label` of an inference's answer.
    pub(crate) fn label(&self) -> i64 {
        self.body["outputs"][0]["data"][0].as_i64().unwrap_or_else(|| panic!("{self:?}"))
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) SocketAddr);

pub(crate) const INPUT: &str =
    r#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#;

impl Client {
    pub(crate) async fn get(self, path: &str) -> Reply {
        self.say(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
            .await
    }

    pub(crate) async fn post(self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.say(&request(path, headers, body)).await
    }

    pub(crate) async fn infer(self, headers: &[(&str, &str)]) -> Reply {
        self.post("/v2/models/digits/infer", headers, INPUT).await
    }

    pub(crate) async fn infer_as(self, user: &str) -> Reply {
        self.infer(&[("x-user-id", user)]).await
    }

    pub(crate) async fn say(self, text: &str) -> Reply {
        let mut stream = TcpStream::connect(self.0).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        parse(&String::from_utf8(answer).unwrap())
    }
}

pub(crate) fn request(path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    write!(text, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    text
}

fn parse(text: &str) -> Reply {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Reply {
        status: status.unwrap_or_else(|| panic!("no status in {text:?}")),
        head: head.to_owned(),
        body: if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() },
    }
}
