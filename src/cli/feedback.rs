//! `feedback`: labels for answered requests, joined by request id.

use super::client::{ANSWER_TIMEOUT, segment};
use super::{Context, Exit};
use crate::api::wire::Status;
use clap::{Args, Subcommand};
use reqwest::Method;

#[derive(Debug, Subcommand)]
pub enum Feedback {
    /// Send one label.
    Send(Send),
}

#[derive(Debug, Args)]
pub struct Send {
    /// The endpoint that answered.
    endpoint: String,
    /// The answer's `x-request-id`.
    #[arg(long)]
    request_id: String,
    /// What the label says: `correct`, `converted`, …
    #[arg(long)]
    metric: String,
    /// 1 where it is so, 0 where it is not.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=1))]
    value: u8,
}

pub(super) async fn run(verb: Feedback, context: &Context) -> anyhow::Result<Exit> {
    let Feedback::Send(send) = verb;
    let client = context.client()?;
    let status: Status = client.get("/status").await?;
    let url = format!("{}/v2/models/{}/feedback", status.inference, segment(&send.endpoint));
    let body = serde_json::json!({
        "request_id": send.request_id,
        "metric": send.metric,
        "value": send.value,
    });
    client.answer(client.raw(Method::POST, &url).timeout(ANSWER_TIMEOUT).json(&body)).await?;
    context
        .output
        .show(&body, |_| format!("{} {} = {}", send.request_id, send.metric, send.value))?;
    Ok(Exit::Success)
}
