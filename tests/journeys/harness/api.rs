//! A client of both listeners, for what is called over HTTP.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::time::Duration;
use tokio::runtime::Runtime;

const TIMEOUT: Duration = Duration::from_secs(20);

/// A client that waits for its answers.
#[derive(Debug)]
pub(crate) struct Api {
    runtime: Runtime,
    client: reqwest::Client,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) version: Option<u64>,
    pub(crate) body: Value,
}

impl Api {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Nothing is kept open: between two calls nobody would see that the server closed it. A
        // proxy's own loopback is another machine's.
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let client = client.timeout(TIMEOUT).build();
        Self { runtime: runtime.expect("a runtime"), client: client.expect("a client") }
    }

    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// None where nobody answers.
    pub(crate) fn ask(&self, request: RequestBuilder) -> Option<Reply> {
        self.runtime.block_on(async {
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let version = version(&response);
            let bytes = response.bytes().await.ok()?;
            let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
            let body = serde_json::from_slice(&bytes).unwrap_or_else(|_not_json| text());
            Some(Reply { status, version, body })
        })
    }

    pub(crate) fn get(&self, url: &str) -> Option<Reply> {
        self.ask(self.request(Method::GET, url))
    }

    #[track_caller]
    pub(crate) fn post(&self, url: &str, body: &Value) -> Reply {
        self.ask(self.request(Method::POST, url).json(body)).expect("somebody answers")
    }
}

/// The version that answered.
pub(super) fn version(response: &reqwest::Response) -> Option<u64> {
    let header = response.headers().get("x-seatrial-version")?;
    header.to_str().ok()?.trim_start_matches('v').parse().ok()
}
