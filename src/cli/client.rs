//! Talks to the control API: JSON there and back, problems as errors.

use super::actor;
use super::exit::usage;
use crate::api::wire::{Page, Problem};
use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::time::Duration;

pub(super) const DEFAULT_SERVER: &str = "http://127.0.0.1:8002";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A whole answer: a little more than the server gives itself (`limits.control.request_timeout`).
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(130);
/// The most that the server puts on a page.
const PAGE_ITEMS: usize = 1000;

/// Why the server's answer is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("no server answers at {server}")]
    Unreachable {
        server: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{}: {}", .0.title, .0.detail)]
    Problem(Problem),
    #[error("the server's answer cannot be read: {detail}")]
    Protocol { detail: String },
}

impl Error {
    /// Whether it says nothing about what was asked for: the server is away, or busy with itself.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Problem(problem) => problem.status >= 500 && problem.status != 501,
            Self::Protocol { .. } => false,
        }
    }
}

/// The next command, where the error knows one.
pub(super) fn hint(error: &anyhow::Error) -> Option<String> {
    match error.downcast_ref::<Error>()? {
        Error::Unreachable { .. } => {
            Some("start one with `seatrial serve`, or name it with --server URL".to_owned())
        }
        Error::Problem(problem) => problem.hint.clone(),
        Error::Protocol { .. } => None,
    }
}

/// One server.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    server: String,
    actor: String,
    patience: Duration,
}

impl Client {
    pub(super) fn new(server: &str, actor: &str) -> anyhow::Result<Self> {
        let server = server.trim_end_matches('/').to_owned();
        refuse_other_schemes(&server)?;
        let http = crate::http::client(&server).connect_timeout(CONNECT_TIMEOUT);
        // A proxy's own loopback is another machine's.
        let http = if is_loopback(&server) { http.no_proxy() } else { http };
        let http = http.build().context("no HTTP client can be made")?;
        Ok(Self { http, server, actor: actor.to_owned(), patience: ANSWER_TIMEOUT })
    }

    /// A request below `/api/v1`, whose answer comes within some time.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.unbounded(method, path).timeout(self.patience)
    }

    /// One that takes as long as its body.
    pub(super) fn unbounded(&self, method: Method, path: &str) -> RequestBuilder {
        self.raw(method, &format!("{}/api/v1{path}", self.server))
    }

    /// A request to anywhere, which may go on for ever.
    pub(super) fn raw(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url).header(actor::HEADER, &self.actor)
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.json(self.request(Method::GET, path)).await
    }

    /// Every item of a listing, page after page.
    pub(super) async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        self.first(usize::MAX, path).await
    }

    /// The first items of a listing, at most so many, page after page.
    pub(super) async fn first<T: DeserializeOwned>(
        &self,
        most: usize,
        path: &str,
    ) -> Result<Vec<T>, Error> {
        let query = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let limit = most.saturating_sub(items.len()).min(PAGE_ITEMS);
            let page: Page<T> = self.get(&format!("{path}{query}limit={limit}{cursor}")).await?;
            items.extend(page.items);
            match page.next {
                Some(next) if items.len() < most => cursor = format!("&cursor={}", segment(&next)),
                Some(_) | None => return Ok(items),
            }
        }
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Error> {
        self.json(self.request(method, path).json(body)).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Error> {
        self.send(Method::POST, path, body).await
    }

    /// Sends, and reads the JSON of a success.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, Error> {
        let body = self.answer(request).await?.bytes().await;
        let body = body.map_err(|error| Error::Protocol { detail: error.to_string() })?;
        // An empty answer (204) reads as null.
        let text: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(text).map_err(|error| Error::Protocol { detail: error.to_string() })
    }

    /// Sends, and returns a success.
    pub(super) async fn answer(&self, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|source| {
            let server =
                source.url().map_or_else(|| self.server.clone(), |url| origin(url.as_str()));
            Error::Unreachable { server, source: source.without_url() }
        })?;
        if response.status().is_success() { Ok(response) } else { Err(problem(response).await) }
    }
}

/// `localhost:8002` reads as a scheme and a path.
fn refuse_other_schemes(server: &str) -> anyhow::Result<()> {
    let url = reqwest::Url::parse(server).ok();
    let is_web = |url: &reqwest::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if url.as_ref().is_some_and(is_web) {
        return Ok(());
    }
    let (_, rest) = server.split_once("://").unwrap_or(("", server));
    Err(usage(format!("server {server:?} is no URL: write http://{rest}")))
}

fn is_loopback(server: &str) -> bool {
    let url = reqwest::Url::parse(server).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

async fn problem(response: Response) -> Error {
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Error::Problem(problem),
        Err(_) => Error::Problem(foreign(status, &body)),
    }
}

/// An answer in another shape: the inference address's, or a proxy's.
fn foreign(status: StatusCode, body: &[u8]) -> Problem {
    let said = serde_json::from_slice::<serde_json::Value>(body).ok();
    let said = said.and_then(|body| Some(body.get("error")?.as_str()?.to_owned()));
    Problem {
        kind: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or("refused").to_lowercase(),
        status: status.as_u16(),
        detail: said.unwrap_or_else(|| String::from_utf8_lossy(body).chars().take(400).collect()),
        hint: None,
    }
}

/// One part of a path, escaped.
pub(super) fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let escape = |byte: u8| {
        if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Exit;
    use std::net::TcpListener;

    #[test]
    fn a_server_is_a_url() {
        for server in ["localhost:8002", "127.0.0.1:8002", "ftp://localhost", "nonsense", "http:"] {
            let error = Client::new(server, "ada").unwrap_err();
            assert_eq!(Exit::of(&error), Exit::Usage, "{server}");
            assert!(error.to_string().contains("http://"), "{error}");
        }
        assert!(Client::new("https://seatrial.example/", "ada").is_ok());
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", silent.local_addr().unwrap());
        let patience = Duration::from_millis(50);
        let client = Client { patience, ..Client::new(&server, "ada").unwrap() };
        let answer = client.get::<serde_json::Value>("/status").await;
        assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
    }

    #[test]
    fn what_a_server_says_of_itself_passes_and_what_it_says_of_the_question_does_not() {
        let status = |status: u16| {
            Error::Problem(foreign(StatusCode::from_u16(status).unwrap(), b"{}")).is_passing()
        };
        assert!([500, 502, 503, 504, 507].into_iter().all(status));
        assert!(![400, 403, 404, 409, 422, 429, 501].into_iter().any(status));
    }

    #[test]
    fn only_servers_of_this_machine_are_loopback() {
        for server in [DEFAULT_SERVER, "http://localhost:1", "http://[::1]:1"] {
            assert!(is_loopback(server), "{server}");
        }
        for server in ["http://192.0.2.1", "http://localhost.example", "nonsense"] {
            assert!(!is_loopback(server), "{server}");
        }
    }
}
