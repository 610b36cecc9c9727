//! The single checks. None changes anything that stays.

use super::{Finding, State};
use crate::api::wire::{Scrub, Status};
use crate::cli::Context;
use crate::cli::push::human_bytes;
use crate::config::Config;
use seatrial_runtime::library;
use seatrial_store::blobs::Place;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

const FREE_BYTES_MIN: u64 = 1 << 30;

pub(super) fn library(config: &Config) -> Finding {
    let check = "ONNX Runtime";
    match library::locate(&config.library_search()) {
        Ok(Some(path)) => well(check, path.display().to_string()),
        Ok(None) => {
            let detail = format!(
                "{} is not on this machine yet; `seatrial serve` downloads it once",
                library::VERSION
            );
            Finding { check, state: State::Note, detail }
        }
        Err(error) => fault(check, error.to_string()),
    }
}

pub(super) fn directory(config: &Config) -> Finding {
    let check = "data directory";
    let dir = existing(&config.data.dir);
    match tempfile::tempfile_in(&dir) {
        Ok(_) => well(check, format!("{} can be written", config.data.dir.display())),
        Err(error) => fault(check, format!("{} cannot be written: {error}", dir.display())),
    }
}

pub(super) fn disk(config: &Config) -> Finding {
    let check = "disk space";
    match rustix::fs::statvfs(existing(&config.data.dir)) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let detail = format!("{} free", human_bytes(free));
            let state = if free < FREE_BYTES_MIN { State::Note } else { State::Well };
            Finding { check, state, detail }
        }
        Err(error) => fault(check, error.to_string()),
    }
}

/// The directory itself, else the nearest one above it that exists.
fn existing(dir: &Path) -> PathBuf {
    let found = dir.ancestors().find(|path| path.is_dir());
    found.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

pub(super) fn port(check: &'static str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => well(check, format!("{address} is free")),
        Err(error) => fault(check, format!("{address}: {error}")),
    }
}

pub(super) async fn server(context: &Context) -> Finding {
    let check = "server";
    let status = match context.client() {
        Ok(client) => client.get::<Status>("/status").await.map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    match status {
        Ok(status) => well(check, format!("{} at {}", status.version, context.server)),
        Err(error) => Finding { check, state: State::Note, detail: format!("{error:#}") },
    }
}

/// Whether the configured object store answers; none: artifacts are in the data directory.
pub(super) async fn object_store(config: &Config) -> Option<Finding> {
    let check = "object store";
    let settings = match config.blobs.place(&config.limits) {
        Ok(Place::Local) => return None,
        Ok(Place::S3(settings)) => settings,
        Err(error) => return Some(fault(check, error.to_string())),
    };
    Some(match settings.reach().await {
        Ok(()) => well(check, format!("bucket {} answers", settings.bucket)),
        Err(error) => fault(check, error.to_string()),
    })
}

/// What the running server's scrub has found.
pub(super) async fn artifacts(context: &Context) -> Finding {
    let check = "artifacts";
    let scrub = match context.client() {
        Ok(client) => client.get::<Scrub>("/scrub").await.map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    match scrub {
        Ok(Scrub { corrupt, .. }) if !corrupt.is_empty() => {
            let digests = corrupt.iter().take(3).map(|blob| blob.digest.as_str());
            let digests = digests.collect::<Vec<_>>().join(", ");
            let count = corrupt.len();
            fault(check, format!("{count} corrupt or lost: {digests}; push their versions again"))
        }
        Ok(Scrub { finished_at: Some(at), .. }) => well(check, format!("all read and sound, {at}")),
        Ok(Scrub { finished_at: None, .. }) => {
            let detail = "not all of them were read yet".to_owned();
            Finding { check, state: State::Note, detail }
        }
        Err(error) => fault(check, format!("{error:#}")),
    }
}

fn well(check: &'static str, detail: impl Into<String>) -> Finding {
    Finding { check, state: State::Well, detail: detail.into() }
}

fn fault(check: &'static str, detail: impl Into<String>) -> Finding {
    Finding { check, state: State::Fault, detail: detail.into() }
}
