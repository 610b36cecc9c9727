//! A client of one version's inference paths. It takes nothing for granted: bodies are raw bytes,
//! answers are bounded and every status is the caller's to judge.

use super::answer::{self, Output};
use super::request::{Limits, Subject};
use bytes::Bytes;
use reqwest::redirect;
use seatrial_domain::tensor::Signature;
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    model_url: String,
    answer_bytes: usize,
    body_bytes: u64,
    pub(super) signature: Signature,
}

/// A status and a body, as they came.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("no answer: {0}")]
    Transport(String),
    /// Turned away for load: worth another try.
    #[error("status {status}: {message}")]
    Shed { status: u16, message: String },
    /// Past the endpoint's deadline: worth another try with fewer rows.
    #[error("status 504: {message}")]
    Late { message: String },
    /// More than the endpoint takes in one body.
    #[error("status 413: {message}")]
    TooLarge { message: String },
    #[error("status {status}: {message}")]
    Status { status: u16, message: String },
    #[error("not an inference answer: {0}")]
    Answer(String),
}

impl Error {
    /// Whether fewer rows might be answered.
    pub(super) const fn is_too_much(&self) -> bool {
        match self {
            Self::Late { .. } | Self::TooLarge { .. } => true,
            Self::Transport(_) | Self::Shed { .. } | Self::Status { .. } | Self::Answer(_) => false,
        }
    }
}

impl Client {
    pub(super) fn new(subject: &Subject, limits: &Limits) -> Result<Self, Error> {
        let http = crate::http::client(&subject.url)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(limits.request_timeout)
            .build()
            .map_err(transport)?;
        Ok(Self {
            http,
            model_url: format!("{}/v2/models/{}", subject.url.trim_end_matches('/'), subject.model),
            answer_bytes: limits.answer_bytes,
            body_bytes: limits.body_bytes,
            signature: subject.signature.clone(),
        })
    }

    pub(super) async fn metadata(&self) -> Result<Value, Error> {
        let response = self.http.get(&self.model_url).send().await.map_err(transport)?;
        let raw = self.bounded(response).await?.success()?;
        serde_json::from_slice(&raw.body).map_err(|error| Error::Answer(error.to_string()))
    }

    /// Sends these bytes to the `infer` path, whatever they are.
    pub(super) async fn post(&self, body: Vec<u8>) -> Result<Raw, Error> {
        let request = self
            .http
            .post(format!("{}/infer", self.model_url))
            .header("content-type", "application/json")
            .body(body);
        self.bounded(request.send().await.map_err(transport)?).await
    }

    pub(super) async fn infer(&self, inputs: &Value) -> Result<Vec<Output>, Error> {
        let body = body_of(inputs);
        // A listener hangs up on a body that is too large, and a client that still sends it reads
        // no status.
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        if bytes > self.body_bytes {
            let message = format!("{bytes} bytes, and {} are taken", self.body_bytes);
            return Err(Error::TooLarge { message });
        }
        self.post(body).await?.outputs()
    }

    /// As `infer`, and again a few times where the answer says that there is too much work. What is
    /// late with many `rows` is not asked again: it is as slow the next time.
    pub(super) async fn infer_patiently(
        &self,
        inputs: &Value,
        rows: usize,
    ) -> Result<Vec<Output>, Error> {
        const TRIES: u32 = 6;
        let mut pause = Duration::from_millis(50);
        for _ in 1..TRIES {
            match self.infer(inputs).await {
                Err(Error::Shed { .. }) => {}
                Err(Error::Late { .. }) if rows <= 1 => {}
                answered => return answered,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.infer(inputs).await
    }

    async fn bounded(&self, mut response: reqwest::Response) -> Result<Raw, Error> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > self.answer_bytes {
                let fault = format!("longer than {} bytes", self.answer_bytes);
                return Err(Error::Answer(fault));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Raw { status, body: body.into() })
    }
}

impl Raw {
    pub(super) const fn is_refusal(&self) -> bool {
        self.status >= 400 && self.status < 500
    }

    pub(super) fn outputs(self) -> Result<Vec<Output>, Error> {
        answer::decode(&self.success()?.body).map_err(Error::Answer)
    }

    fn success(self) -> Result<Self, Error> {
        const MESSAGE_CHARS: usize = 200;
        let status = self.status;
        let text = || String::from_utf8_lossy(&self.body).chars().take(MESSAGE_CHARS).collect();
        match status {
            200..=299 => Ok(self),
            413 => Err(Error::TooLarge { message: text() }),
            429 | 503 => Err(Error::Shed { status, message: text() }),
            504 => Err(Error::Late { message: text() }),
            _ => Err(Error::Status { status, message: text() }),
        }
    }
}

/// A request's body.
pub(super) fn body_of(inputs: &Value) -> Vec<u8> {
    json!({ "inputs": inputs }).to_string().into_bytes()
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn transport(error: reqwest::Error) -> Error {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    Error::Transport(message)
}
