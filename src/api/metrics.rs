//! `/metrics`: Prometheus text of the gateway and of the rollouts under way.

use super::State;
use super::problem::Result;
use axum::http::header;
use axum::response::IntoResponse;
use std::fmt::Write as _;

/// Prometheus metrics.
#[utoipa::path(get, path = "/metrics", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn show(api: State) -> Result<impl IntoResponse> {
    let mut text = String::new();
    api.app.gateway.metrics(&mut text);
    let open = api.app.store.open_rollouts().await?;
    text.push_str("# HELP seatrial_rollout_share Share of units assigned to the candidate.\n");
    text.push_str("# TYPE seatrial_rollout_share gauge\n");
    for stored in &open {
        let rollout = &stored.rollout;
        // Writing into a string cannot fail.
        let _written = writeln!(
            text,
            "seatrial_rollout_share{{endpoint=\"{}\",rollout=\"{}\",stage=\"{}\"}} {}",
            rollout.endpoint,
            rollout.id,
            rollout.stage.name(),
            rollout.share().probability(),
        );
    }
    let head = *api.app.store.journal_head().borrow();
    text.push_str("# HELP seatrial_journal_rows Rows of the journal.\n");
    text.push_str("# TYPE seatrial_journal_rows gauge\n");
    let _written = writeln!(text, "seatrial_journal_rows {head}");
    let dropped = api.app.store.dropped_assignments().await?;
    text.push_str("# HELP seatrial_dropped_assignments_total Assignments not kept for feedback.\n");
    text.push_str("# TYPE seatrial_dropped_assignments_total counter\n");
    for (by, count) in [("gateway", dropped.gateway), ("store", dropped.store)] {
        let _written = writeln!(text, "seatrial_dropped_assignments_total{{by=\"{by}\"}} {count}");
    }
    let subscribers = api.app.config.limits.control.max_subscribers;
    let free = u32::try_from(api.subscribers.available_permits()).unwrap_or(u32::MAX);
    text.push_str("# HELP seatrial_event_subscribers Readers of the event stream.\n");
    text.push_str("# TYPE seatrial_event_subscribers gauge\n");
    let _written =
        writeln!(text, "seatrial_event_subscribers {}", subscribers.saturating_sub(free));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}
