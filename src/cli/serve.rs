//! `serve`: the server, until it is told to stop.

use super::{Context, Exit, logging};
use crate::app::App;
use crate::config::{Config, Overrides};
use crate::tasks::Tasks;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// The configuration [env: SEATRIAL_CONFIG].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory [default: ./seatrial-data; env: SEATRIAL_DATA].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where clients send inference requests [default: 127.0.0.1:8000; env: SEATRIAL_INFERENCE].
    #[arg(long, value_name = "ADDRESS")]
    inference: Option<SocketAddr>,
    /// Where operators send commands [default: 127.0.0.1:8002; env: SEATRIAL_CONTROL].
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
}

impl Serve {
    /// What the flags change.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            file: self.config.clone(),
            data: self.data.clone(),
            inference: self.inference,
            control: self.control,
        }
    }
}

pub(super) async fn run(arguments: Serve, context: &Context) -> anyhow::Result<Exit> {
    let config = Config::load(&arguments.overrides(), &context.environment)?;
    logging::init(&config.log)?;
    let tasks = Tasks::default();
    stop_on_signal(&tasks)?;
    let (app, listeners) = App::start(config, &tasks).await?;
    let addresses = app.addresses;
    context.output.note(&format!(
        "seatrial serves inference at http://{} and control at http://{}",
        addresses.inference, addresses.control
    ));
    app.run(listeners).await?;
    Ok(Exit::Success)
}

/// SIGTERM and SIGINT drain.
fn stop_on_signal(tasks: &Tasks) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = tasks.stop();
    tasks.spawn("signals", async move {
        let by = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(by, "draining");
        stop.cancel();
    });
    Ok(())
}
