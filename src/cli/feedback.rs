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
    /// What the label says: `correct`, `converted`, `revenue`, …
    #[arg(long)]
    metric: String,
    /// 1 for yes, 0 for no, or a KPI's number.
    #[arg(long, allow_negative_numbers = true, value_parser = finite)]
    value: f64,
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().map_err(|error| error.to_string())?;
    if number.is_finite() { Ok(number) } else { Err("is no finite number".to_owned()) }
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

#[cfg(test)]
mod tests {
    use super::finite;

    #[test]
    fn a_value_is_any_finite_number() {
        assert_eq!(finite("-12.75"), Ok(-12.75));
        assert_eq!(finite("1e3"), Ok(1000.0));
        for text in ["inf", "NaN", "1e999", "yes", ""] {
            assert!(finite(text).is_err(), "{text}");
        }
    }
}
