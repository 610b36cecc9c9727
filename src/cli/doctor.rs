//! `doctor`: what this machine and its server lack, and what to do about it.

mod checks;

use super::table;
use super::{Context, Exit};
use crate::config::{Config, Overrides};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Doctor {
    /// The server's configuration [env: SEATRIAL_CONFIG].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The server's data directory [default: ./seatrial-data; env: SEATRIAL_DATA].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Well,
    /// Works, with something to know.
    Note,
    /// Does not work.
    Fault,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Note => "note",
            Self::Fault => "fault",
        }
    }
}

pub(super) async fn run(arguments: &Doctor, context: &Context) -> anyhow::Result<Exit> {
    let overrides = Overrides {
        file: arguments.config.clone(),
        data: arguments.data.clone(),
        ..Overrides::default()
    };
    let config = Config::load(&overrides, &context.environment)?;
    let server = checks::server(context).await;
    let is_running = server.state == State::Well;
    let mut findings =
        vec![checks::library(&config), checks::directory(&config), checks::disk(&config), server];
    findings.extend(checks::object_store(&config).await);
    if is_running {
        findings.push(checks::artifacts(context).await);
    } else {
        findings.push(checks::port("inference address", config.server.inference));
        findings.push(checks::port("control address", config.server.control));
    }
    context.output.show(&findings, |findings| {
        let row = |finding: &Finding| {
            [finding.check.to_owned(), finding.state.as_str().to_owned(), finding.detail.clone()]
        };
        table::render(["check", "state", "detail"], &findings.iter().map(row).collect::<Vec<_>>())
    })?;
    let at_fault = findings.iter().any(|finding| finding.state == State::Fault);
    Ok(if at_fault { Exit::Internal } else { Exit::Success })
}
