//! One connection to another server: questions whose answers are bounded, in bytes and in time.

use super::target::by_system;
use super::wire::Problem;
use super::{Credentials, Error, Reach, Target};
use crate::config::{Uploads, UpstreamLimits};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::time::timeout;

const API: &str = "/api/2.0/mlflow";
const SAID_CHARS_MAX: usize = 400;

/// How much may come from there.
#[derive(Debug, Clone, Default)]
pub struct Bounds {
    pub answers: UpstreamLimits,
    /// As what is pushed.
    pub files: Uploads,
}

/// A server, at the addresses that it had when this was made.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    target: Target,
    credentials: Credentials,
    pub(super) bounds: Bounds,
}

impl Client {
    /// Looks the server up, and keeps to what was found. Nothing is sent yet.
    pub async fn connect(
        target: Target,
        reach: Reach,
        credentials: Credentials,
        bounds: Bounds,
    ) -> Result<Self, Error> {
        let within = bounds.answers.connect_timeout;
        let addresses = target.addresses(reach, within, by_system).await?;
        Self::at(&addresses, target, credentials, bounds)
    }

    /// The server at these addresses and no others.
    pub(super) fn at(
        addresses: &[SocketAddr],
        target: Target,
        credentials: Credentials,
        bounds: Bounds,
    ) -> Result<Self, Error> {
        let http = target.pinned(addresses, bounds.answers.connect_timeout)?;
        Ok(Self { http, target, credentials, bounds })
    }

    /// Where it is.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let request = self.request(Method::GET, &format!("{API}/{path}"));
        self.json(request.query(query)).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<T, Error> {
        self.json(self.request(Method::POST, &format!("{API}/{path}")).json(body)).await
    }

    /// A request to a path below the server's URL.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.target.as_str());
        self.credentials.sign(self.http.request(method, url))
    }

    /// Sends, and reads the JSON of a success.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, Error> {
        let mut response = self.answer(request).await?;
        let body = self.body(&mut response).await?;
        serde_json::from_slice(&body).map_err(|fault| self.protocol(fault.to_string()))
    }

    /// Sends, and returns a success.
    pub(super) async fn answer(&self, request: RequestBuilder) -> Result<Response, Error> {
        let after = self.bounds.answers.idle_timeout;
        let sent = timeout(after, request.send()).await.map_err(|_elapsed| self.idle())?;
        let response = sent.map_err(|source| Self::unreachable(self.target.as_str(), source))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status if status.is_redirection() => {
                Err(Error::Redirect { server: self.server(), status: status.as_u16() })
            }
            status => Err(self.refused(status, response).await),
        }
    }

    /// The whole body, if it is not too large.
    async fn body(&self, response: &mut Response) -> Result<Vec<u8>, Error> {
        let limit = self.bounds.answers.max_answer;
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(response).await? {
            let size = body.len().saturating_add(chunk.len());
            if u64::try_from(size).unwrap_or(u64::MAX) > limit {
                return Err(Error::TooMany { what: "bytes in an answer", limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The next bytes, if they come in time.
    pub(super) async fn chunk(
        &self,
        response: &mut Response,
    ) -> Result<Option<bytes::Bytes>, Error> {
        let after = self.bounds.answers.idle_timeout;
        let chunk = timeout(after, response.chunk()).await.map_err(|_elapsed| self.idle())?;
        chunk.map_err(|source| Self::unreachable(self.target.as_str(), source))
    }

    /// Its refusal, in its own words as far as they can be shown.
    async fn refused(&self, status: StatusCode, mut response: Response) -> Error {
        let body = self.body(&mut response).await.unwrap_or_default();
        let said = match serde_json::from_slice::<Problem>(&body) {
            Ok(Problem { error_code, message }) => format!("{error_code} {message}"),
            Err(_) => String::from_utf8_lossy(&body).into_owned(),
        };
        let plain = said.chars().filter(|c| !c.is_control()).take(SAID_CHARS_MAX).collect();
        Error::Refused { server: self.server(), status: status.as_u16(), said: plain }
    }

    pub(super) fn protocol(&self, fault: impl Into<String>) -> Error {
        Error::Protocol { server: self.server(), fault: fault.into() }
    }

    pub(super) fn unreachable(server: &str, source: reqwest::Error) -> Error {
        Error::Unreachable { server: server.to_owned(), source: source.without_url() }
    }

    fn idle(&self) -> Error {
        Error::Idle { server: self.server(), after: self.bounds.answers.idle_timeout }
    }

    fn server(&self) -> String {
        self.target.as_str().to_owned()
    }
}
