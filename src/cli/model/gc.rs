//! `model gc`: what nothing refers to, and its removal.

use super::super::client::{Client, segment};
use super::super::push::human_bytes;
use super::super::table;
use super::{Context, Exit};
use crate::api::wire::{Collect, Collected, Garbage, GarbageBlob, Total};
use clap::Args;

/// The most that the server puts on a page.
const PAGE_BLOBS: usize = 1000;

#[derive(Debug, Args)]
pub struct Gc {
    /// Remove them; without it they are listed.
    #[arg(long)]
    delete: bool,
    /// Blobs stored within this time stay: 36h, 90m [default: the server's `limits.gc.grace`].
    #[arg(long, value_name = "SPAN")]
    grace: Option<String>,
    /// At most this many are listed; the totals are of all.
    #[arg(long, default_value_t = 1000, conflicts_with = "delete")]
    limit: usize,
}

pub(super) async fn run(arguments: Gc, context: &Context) -> anyhow::Result<Exit> {
    let client = context.client()?;
    if arguments.delete {
        delete(&client, arguments.grace, context).await
    } else {
        list(&client, &arguments, context).await
    }
}

async fn list(client: &Client, arguments: &Gc, context: &Context) -> anyhow::Result<Exit> {
    let grace = arguments.grace.as_ref().map(|grace| format!("&grace={}", segment(grace)));
    let path = |listed: usize| {
        let limit = arguments.limit.saturating_sub(listed).clamp(1, PAGE_BLOBS);
        format!("/gc?limit={limit}{}", grace.as_deref().unwrap_or_default())
    };
    let mut plan: Garbage = client.get(&path(0)).await?;
    while plan.items.len() < arguments.limit
        && let Some(next) = plan.next.take()
    {
        let path = format!("{}&cursor={}", path(plan.items.len()), segment(&next));
        let page: Garbage = client.get(&path).await?;
        plan.items.extend(page.items);
        plan.next = page.next;
    }
    context.output.show(&plan, |plan| {
        let row = |blob: &GarbageBlob| {
            [blob.digest.clone(), human_bytes(blob.size), age(blob.age_seconds)]
        };
        let rows = plan.items.iter().map(row).collect::<Vec<_>>();
        let totals = format!(
            "would remove {}; within the grace {}; kept {}",
            words(plan.garbage),
            words(plan.young),
            words(plan.kept)
        );
        if rows.is_empty() {
            return totals;
        }
        format!("{}\n{totals}", table::render(["digest", "size", "age"], &rows))
    })?;
    let listed = u64::try_from(plan.items.len()).unwrap_or(u64::MAX);
    if listed < plan.garbage.blobs {
        context.output.note(&format!("and {} more: --limit N", plan.garbage.blobs - listed));
    }
    if plan.garbage.blobs > 0 {
        context.output.note("nothing was removed: seatrial model gc --delete does");
    }
    Ok(Exit::Success)
}

/// Asks until nothing more goes.
async fn delete(client: &Client, grace: Option<String>, context: &Context) -> anyhow::Result<Exit> {
    let collect = Collect { grace };
    let mut sum = Collected::default();
    loop {
        let one: Collected = client.post("/gc", &collect).await?;
        sum.removed.blobs += one.removed.blobs;
        sum.removed.bytes += one.removed.bytes;
        sum.left = one.left;
        if one.removed.blobs == 0 || one.left.blobs == 0 {
            break;
        }
        let (removed, left) = (words(sum.removed), words(sum.left));
        context.output.note(&format!("removed {removed}, {left} to go"));
    }
    context.output.show(&sum, |sum| {
        let left = match sum.left.blobs {
            0 => String::new(),
            _ => format!("; {} in use, for a later time", words(sum.left)),
        };
        format!("removed {}{left}", words(sum.removed))
    })?;
    Ok(Exit::Success)
}

fn words(total: Total) -> String {
    let noun = if total.blobs == 1 { "blob" } else { "blobs" };
    format!("{} {noun} ({})", total.blobs, human_bytes(total.bytes))
}

/// In the two largest units.
fn age(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m {}s", seconds % 60),
        (0, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_two_units() {
        assert_eq!(age(75), "1m 15s");
        assert_eq!(age(7260), "2h 1m");
        assert_eq!(age(90_000), "1d 1h");
    }
}
