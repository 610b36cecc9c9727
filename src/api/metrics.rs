//! `/metrics`: Prometheus text of the gateway and of the rollouts under way.

use super::State;
use super::problem::Result;
use axum::http::header;
use axum::response::IntoResponse;
use seatrial_store::gc::Metrics;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of blobs that nothing refers to.
fn garbage(metrics: &Metrics, text: &mut String) {
    let rows = [
        ("removed_blobs_total", "counter", "Blobs removed as garbage.", metrics.removed_blobs),
        ("removed_bytes_total", "counter", "Bytes removed as garbage.", metrics.removed_bytes),
        ("running", "gauge", "Collections under way.", metrics.running),
        ("waiting_blobs", "gauge", "Garbage that they have yet to look at.", metrics.waiting),
    ];
    for (name, kind, help, value) in rows {
        let name = format!("seatrial_gc_{name}");
        let _written = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    }
    text.push_str("# HELP seatrial_gc_runs_total Collections by how they ended.\n");
    text.push_str("# TYPE seatrial_gc_runs_total counter\n");
    for (result, count) in [("completed", metrics.completed), ("failed", metrics.failed)] {
        let _written = writeln!(text, "seatrial_gc_runs_total{{result=\"{result}\"}} {count}");
    }
}

/// Models that were loaded once, before a version was made of them.
fn trials(api: &State, text: &mut String) {
    text.push_str("# HELP seatrial_model_trials_total Models tried, by when that was begun.\n");
    text.push_str("# TYPE seatrial_model_trials_total counter\n");
    for (at, count) in api.registry.trials_counted().counts() {
        let _written = writeln!(text, "seatrial_model_trials_total{{at=\"{at}\"}} {count}");
    }
}

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
    trials(&api, &mut text);
    garbage(&api.app.store.garbage_metrics(), &mut text);
    blobs(&api, &mut text).await?;
    let subscribers = api.app.config.limits.control.max_subscribers;
    let free = u32::try_from(api.subscribers.available_permits()).unwrap_or(u32::MAX);
    text.push_str("# HELP seatrial_event_subscribers Readers of the event stream.\n");
    text.push_str("# TYPE seatrial_event_subscribers gauge\n");
    let _written =
        writeln!(text, "seatrial_event_subscribers {}", subscribers.saturating_sub(free));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// What the scrub has done and found.
async fn blobs(api: &State, text: &mut String) -> Result<()> {
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let meter = &api.app.scrubbed;
    for (name, help, value) in [
        ("blobs", "Artifacts read by the scrub", count(&meter.blobs)),
        ("bytes", "Bytes of them", count(&meter.bytes)),
    ] {
        let name = format!("seatrial_scrubbed_{name}_total");
        let _written = writeln!(
            text,
            "# HELP {name} {help} since the start.\n# TYPE {name} counter\n{name} {value}"
        );
    }
    text.push_str("# HELP seatrial_mended_blobs_total Bad copies replaced by good ones.\n");
    text.push_str("# TYPE seatrial_mended_blobs_total counter\n");
    for (copy, meter) in [("cached", &meter.mended_cached), ("stored", &meter.mended_stored)] {
        let _written =
            writeln!(text, "seatrial_mended_blobs_total{{copy=\"{copy}\"}} {}", count(meter));
    }
    let corrupt = api.app.store.corrupt_blobs().await?.len();
    text.push_str("# HELP seatrial_corrupt_blobs Artifacts of which no good copy is left.\n");
    text.push_str("# TYPE seatrial_corrupt_blobs gauge\n");
    let _written = writeln!(text, "seatrial_corrupt_blobs {corrupt}");
    Ok(())
}
