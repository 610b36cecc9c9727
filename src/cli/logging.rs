//! Sets up tracing for the process. A server says what it does, on standard error.

use crate::config::{Log, LogFormat};
use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

pub(super) fn init(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter).context("log.filter")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("tracing: {error}"))
}
