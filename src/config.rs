//! How this server runs: read once, at start, from a TOML file, a few flags and the environment.
//!
//! Owns the defaults and their limits. Refuses unknown fields, and a bind that other machines can
//! reach, because nothing authenticates them yet.

mod addresses;
mod blobs;
mod environment;
mod key;
mod limits;
mod log;
mod server;
mod span;
#[cfg(test)]
mod tests;
mod upstream;
mod user_command;

pub use addresses::Addresses;
pub use blobs::{Blobs, StoreKind};
pub use environment::Environment;
pub use key::Key;
pub use limits::{
    Artifacts, Blobs as BlobLimits, Control, Database, Gc, Inference, Limits, Models, Multipart,
    Probe, Uploads, Upstream as UpstreamLimits,
};
pub use log::{Log, LogFormat};
pub use server::Server;
pub use upstream::Upstream;
pub use user_command::UserCommand;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything the server is told from outside.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub data: Data,
    pub blobs: Blobs,
    pub runtime: Runtime,
    pub limits: Limits,
    pub upstream: Upstream,
    /// The user's own validation commands, by the name a policy gives.
    pub commands: BTreeMap<String, UserCommand>,
    /// The keys that sign versions, by the name a policy gives.
    pub keys: BTreeMap<String, Key>,
    pub log: Log,
}

/// Where everything durable is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: PathBuf::from("./seatrial-data") }
    }
}

/// Where ONNX Runtime is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Runtime {
    /// Its shared library, or the directory that holds it; none: looked for, then fetched.
    pub library: Option<PathBuf>,
    /// `ORT_DYLIB_PATH` as it was at start; comes after `library`.
    #[serde(skip)]
    pub environment: Option<PathBuf>,
    /// Where a fetched library is kept; none: the user's cache directory.
    pub cache: Option<PathBuf>,
}

/// Why the server cannot run as it is told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}: {fault}", path.display())]
    Syntax { path: PathBuf, fault: String },
    #[error(
        "{surface} would listen on {address}, where other machines reach it, and nothing \
         authenticates them yet; use a loopback address, such as 127.0.0.1:{}", address.port()
    )]
    Exposed { surface: &'static str, address: SocketAddr },
    #[error("upstream.tracking")]
    Upstream(#[source] crate::upstream::Error),
    #[error("{field}: {}: {fault}", path.display())]
    Key { field: String, path: PathBuf, fault: String },
    #[error("blobs.{field} {fault}")]
    Blobs { field: &'static str, fault: String },
    #[error("{field} is {value}; it must be {range}")]
    Range { field: String, value: String, range: &'static str },
}

/// What a command line may change.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    pub file: Option<PathBuf>,
    pub data: Option<PathBuf>,
    pub inference: Option<SocketAddr>,
    pub control: Option<SocketAddr>,
}

impl Config {
    /// The file, then the environment, then the command line; the later wins.
    pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Self, Error> {
        let file = overrides.file.as_ref().or(environment.config.as_ref());
        let mut config = file.map_or_else(|| Ok(Self::default()), |path| Self::read(path))?;
        let or = |flag: Option<SocketAddr>, variable: Option<SocketAddr>| flag.or(variable);
        if let Some(address) = or(overrides.inference, environment.inference) {
            config.server.inference = address;
        }
        if let Some(address) = or(overrides.control, environment.control) {
            config.server.control = address;
        }
        if let Some(dir) = overrides.data.as_ref().or(environment.data.as_ref()) {
            config.data.dir.clone_from(dir);
        }
        if let Some(filter) = &environment.log {
            config.log.filter.clone_from(filter);
        }
        config.upstream.credentials = environment.mlflow.clone();
        config.runtime.environment.clone_from(&environment.ort_library);
        config.runtime.cache = config.runtime.cache.or_else(|| environment.cache.clone());
        config.blobs.find(environment)?;
        config.check()?;
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let fault = error.to_string().trim_end().to_owned();
            Error::Syntax { path: path.to_owned(), fault }
        })?;
        config.keys.values_mut().for_each(|key| key.resolve(path));
        Ok(config)
    }

    /// Refuses what the types allow and the server must not do.
    fn check(&self) -> Result<(), Error> {
        self.server.refuse_exposure()?;
        self.limits.check()?;
        self.upstream.check(&self.limits)?;
        self.keys.keys().try_for_each(|name| Key::check(name))?;
        self.blobs.check(&self.limits)?;
        self.commands.iter().try_for_each(|(name, command)| command.check(name))
    }

    /// The SQLite file.
    pub fn database(&self) -> PathBuf {
        self.data.dir.join("seatrial.db")
    }

    /// Where ONNX Runtime is looked for, and where it would be fetched to.
    pub fn library_search(&self) -> seatrial_runtime::library::Search {
        let cache = self.runtime.cache.clone().unwrap_or_else(|| self.data.dir.join("cache"));
        let beside = std::env::current_exe().ok();
        seatrial_runtime::library::Search {
            configured: self.runtime.library.clone(),
            environment: self.runtime.environment.clone(),
            beside: beside.and_then(|program| program.parent().map(Path::to_owned)),
            ..seatrial_runtime::library::Search::new(cache)
        }
    }
}
