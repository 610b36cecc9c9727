//! The process's environment: the one place that reads it.

use crate::upstream::Credentials;
use seatrial_store::blobs::s3;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What the environment says, at start.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `SEATRIAL_CONFIG`
    pub config: Option<PathBuf>,
    /// `SEATRIAL_DATA`
    pub data: Option<PathBuf>,
    /// `SEATRIAL_INFERENCE`
    pub inference: Option<SocketAddr>,
    /// `SEATRIAL_CONTROL`
    pub control: Option<SocketAddr>,
    /// `SEATRIAL_SERVER`: the control address a client calls.
    pub server: Option<String>,
    /// `SEATRIAL_LOG`
    pub log: Option<String>,
    /// `ORT_DYLIB_PATH`
    pub ort_library: Option<PathBuf>,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    pub object_store: Option<s3::Credentials>,
    /// The user's cache directory for Seatrial.
    pub cache: Option<PathBuf>,
    /// The operating system's name of the user.
    pub user: String,
    /// `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, else `MLFLOW_TRACKING_TOKEN`:
    /// what another MLflow server is told, by the names that its own client reads.
    pub mlflow: Credentials,
    /// `NO_COLOR`: any value asks for plain text.
    pub no_color: Option<String>,
}

/// A variable that is set to something that cannot be meant.
#[derive(Debug, thiserror::Error)]
#[error("{variable} is {value:?}: expected an address such as 127.0.0.1:8000")]
pub struct Error {
    pub variable: &'static str,
    pub value: String,
}

impl Environment {
    /// Reads every variable Seatrial knows.
    pub fn read() -> Result<Self, Error> {
        let path = |name| variable(name).map(PathBuf::from);
        let cache = path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")));
        Ok(Self {
            config: path("SEATRIAL_CONFIG"),
            data: path("SEATRIAL_DATA"),
            inference: address("SEATRIAL_INFERENCE")?,
            control: address("SEATRIAL_CONTROL")?,
            server: variable("SEATRIAL_SERVER"),
            log: variable("SEATRIAL_LOG"),
            ort_library: path("ORT_DYLIB_PATH"),
            object_store: object_store(),
            cache: cache.map(|directory| directory.join("seatrial")),
            user: variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(user_number),
            mlflow: Credentials::of(
                variable("MLFLOW_TRACKING_USERNAME"),
                variable("MLFLOW_TRACKING_PASSWORD"),
                variable("MLFLOW_TRACKING_TOKEN"),
            ),
            no_color: variable("NO_COLOR"),
        })
    }
}

/// A variable that is set and not blank.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn object_store() -> Option<s3::Credentials> {
    Some(s3::Credentials {
        access_key_id: variable("AWS_ACCESS_KEY_ID")?,
        secret_access_key: variable("AWS_SECRET_ACCESS_KEY")?,
        session_token: variable("AWS_SESSION_TOKEN"),
    })
}

fn address(variable_name: &'static str) -> Result<Option<SocketAddr>, Error> {
    let Some(value) = variable(variable_name) else { return Ok(None) };
    match value.parse() {
        Ok(address) => Ok(Some(address)),
        Err(_) => Err(Error { variable: variable_name, value }),
    }
}

fn user_number() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}
