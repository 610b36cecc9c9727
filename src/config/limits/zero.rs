//! Which limit is zero, if any.

use super::Limits;
use std::time::Duration;

/// The first limit that is zero, by its name in the file.
pub(super) fn field(limits: &Limits) -> Option<&'static str> {
    let count = counts(limits).into_iter().find(|(_, value)| *value == 0);
    let count = count.or_else(|| limits.blobs.zero_count()).map(|(field, _)| field);
    let span = || {
        let span = spans(limits).into_iter().find(|(_, value)| value.is_zero());
        span.or_else(|| limits.blobs.zero_span()).map(|(field, _)| field)
    };
    count.or_else(span)
}

fn counts(limits: &Limits) -> Vec<(&'static str, u64)> {
    vec![
        ("limits.inference.max_body", limits.inference.max_body),
        ("limits.inference.max_bodies", limits.inference.max_bodies),
        ("limits.inference.max_connections", limits.inference.max_connections.into()),
        ("limits.inference.max_header_bytes", limits.inference.max_header_bytes.into()),
        ("limits.inference.units", limits.inference.units.into()),
        ("limits.inference.assignments", limits.inference.assignments.into()),
        ("limits.inference.assignment_rows", limits.inference.assignment_rows.into()),
        ("limits.inference.marks", limits.inference.marks.into()),
        ("limits.inference.mirror_workers", limits.inference.mirror_workers.into()),
        ("limits.control.max_body", limits.control.max_body),
        ("limits.control.max_mlflow_body", limits.control.max_mlflow_body),
        ("limits.control.max_connections", limits.control.max_connections.into()),
        ("limits.control.max_header_bytes", limits.control.max_header_bytes.into()),
        ("limits.control.max_subscribers", limits.control.max_subscribers.into()),
        ("limits.control.max_queued", limits.control.max_queued.into()),
        ("limits.uploads.max_file", limits.uploads.max_file),
        ("limits.uploads.max_total", limits.uploads.max_total),
        ("limits.uploads.max_files", limits.uploads.max_files.into()),
        ("limits.uploads.max_open", limits.uploads.max_open.into()),
        ("limits.uploads.max_checks", limits.uploads.max_checks.into()),
        ("limits.uploads.ahead", limits.uploads.ahead.into()),
        ("limits.uploads.max_ahead", limits.uploads.max_ahead.into()),
        ("limits.artifacts.max_file", limits.artifacts.max_file),
        ("limits.artifacts.max_files", limits.artifacts.max_files),
        ("limits.artifacts.max_listed", limits.artifacts.max_listed),
        ("limits.artifacts.max_transfers", limits.artifacts.max_transfers.into()),
        ("limits.multipart.max_open", limits.multipart.max_open.into()),
        ("limits.multipart.max_parts", limits.multipart.max_parts.into()),
        ("limits.multipart.max_part", limits.multipart.max_part),
        ("limits.multipart.max_waiting", limits.multipart.max_waiting),
        ("limits.tracking.max_each", limits.tracking.max_each),
        ("limits.tracking.max_points", limits.tracking.max_points),
        ("limits.tracking.max_total", limits.tracking.max_total),
        ("limits.uploads.min_rate", limits.uploads.min_rate),
        ("limits.artifacts.min_rate", limits.artifacts.min_rate),
        ("limits.models.max_tags", limits.models.max_tags.into()),
        ("limits.models.max_tag_bytes", limits.models.max_tag_bytes),
        ("limits.models.max_aliases", limits.models.max_aliases.into()),
        ("limits.database.readers", limits.database.readers.into()),
        ("limits.uploads.max_signature", limits.uploads.max_signature),
        ("limits.uploads.max_signatures", limits.uploads.max_signatures.into()),
        ("limits.probe.memory", limits.probe.memory),
        ("limits.probe.ready", limits.probe.ready.into()),
        ("limits.dataset.memory", limits.dataset.memory),
        ("limits.upstream.max_answer", limits.upstream.max_answer),
        ("limits.upstream.max_depth", limits.upstream.max_depth.into()),
        ("limits.upstream.max_transfers", limits.upstream.max_transfers.into()),
        ("limits.gc.turn", limits.gc.turn.into()),
        ("limits.gc.max_removed", limits.gc.max_removed.into()),
    ]
}

fn spans(limits: &Limits) -> Vec<(&'static str, Duration)> {
    vec![
        ("limits.inference.header_timeout", limits.inference.header_timeout),
        ("limits.inference.write_timeout", limits.inference.write_timeout),
        ("limits.control.header_timeout", limits.control.header_timeout),
        ("limits.control.write_timeout", limits.control.write_timeout),
        ("limits.control.heartbeat", limits.control.heartbeat),
        ("limits.control.event_timeout", limits.control.event_timeout),
        ("limits.control.max_subscription", limits.control.max_subscription),
        ("limits.control.request_timeout", limits.control.request_timeout),
        ("limits.uploads.expire_after", limits.uploads.expire_after),
        ("limits.uploads.idle_timeout", limits.uploads.idle_timeout),
        ("limits.artifacts.queue_timeout", limits.artifacts.queue_timeout),
        ("limits.artifacts.idle_timeout", limits.artifacts.idle_timeout),
        ("limits.multipart.expire_after", limits.multipart.expire_after),
        ("limits.probe.timeout", limits.probe.timeout),
        ("limits.database.busy_timeout", limits.database.busy_timeout),
        ("limits.dataset.timeout", limits.dataset.timeout),
        ("limits.upstream.connect_timeout", limits.upstream.connect_timeout),
        ("limits.upstream.idle_timeout", limits.upstream.idle_timeout),
        ("limits.upstream.transfer_timeout", limits.upstream.transfer_timeout),
    ]
}
