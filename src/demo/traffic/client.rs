//! One simulated client's two requests: a picture to be read, and later whether it was read right.

use super::pictures::Picture;
use super::visitors::Request;
use anyhow::{Context as _, anyhow, bail};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// Shorter than the server keeps an idle connection: none is closed under a request.
const IDLE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);

/// What a client knows after an answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) version: u64,
    pub(super) label: Label,
}

/// Whether an answer was right, by the answer's id.
#[derive(Debug)]
pub(super) struct Label {
    request_id: String,
    correct: bool,
}

#[derive(Deserialize)]
struct Wire {
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct Output {
    data: Vec<i64>,
}

/// What became of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Joined,
    /// No rollout compares anything at the moment: nobody waits for labels.
    Unwanted,
}

/// Kept-alive connections to the inference address.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    infer: String,
    feedback: String,
}

impl Client {
    pub(super) fn new(address: SocketAddr, endpoint: &str) -> anyhow::Result<Self> {
        let http = crate::http::client("http:")
            .no_proxy()
            .pool_idle_timeout(IDLE)
            .timeout(PATIENCE)
            .build();
        let endpoint = format!("http://{address}/v2/models/{endpoint}");
        Ok(Self {
            http: http.context("no HTTP client can be made")?,
            infer: format!("{endpoint}/infer"),
            feedback: format!("{endpoint}/feedback"),
        })
    }

    /// Sends a picture; everything but a readable 200 is an error.
    pub(super) async fn ask(&self, request: Request) -> anyhow::Result<Answer> {
        let Request { writer, picture: Picture { body, truth } } = request;
        let sent = self
            .http
            .post(&self.infer)
            .header("content-type", "application/json")
            .header("x-writer", writer)
            .body(body)
            .send();
        let response = success(sent.await?).await?;
        let version = header(&response, "x-seatrial-version")?;
        let version = version.trim_start_matches('v').parse()?;
        let request_id = header(&response, "x-request-id")?;
        let wire: Wire = serde_json::from_slice(&response.bytes().await?)?;
        let read = wire.outputs.first().and_then(|output| output.data.first());
        let read = read.ok_or_else(|| anyhow!("an answer without a label"))?;
        Ok(Answer { version, label: Label { request_id, correct: *read == truth } })
    }

    /// Tells whether an answer was right.
    pub(super) async fn tell(&self, label: &Label) -> anyhow::Result<Told> {
        let body = json!({
            "request_id": label.request_id, "metric": "correct", "value": label.correct,
        });
        let response = self.http.post(&self.feedback).json(&body).send().await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(Told::Unwanted);
        }
        success(response).await?;
        Ok(Told::Joined)
    }
}

async fn success(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status == StatusCode::OK {
        return Ok(response);
    }
    let said = response.text().await.unwrap_or_default();
    bail!("{status}: {}", said.chars().take(200).collect::<String>())
}

fn header(response: &Response, name: &'static str) -> anyhow::Result<String> {
    let value = response.headers().get(name).ok_or_else(|| anyhow!("an answer without {name}"))?;
    Ok(value.to_str().context(name)?.to_owned())
}
