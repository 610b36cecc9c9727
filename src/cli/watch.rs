//! Follows a rollout until it ends or needs a person, and shows it meanwhile.

mod events;
mod screen;
mod settled;
pub(super) mod tree;

use super::client::{self, Client};
use super::rollout::Limits;
use super::{Context, Exit};
use crate::api::wire::{Explained, JournalRow};
use events::Events;
use screen::Screen;
use seatrial_domain::RolloutId;
use seatrial_domain::rollout::StageName;
use std::time::Duration;

/// Counters change between events, so a look is taken at least this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks that may fail in a row while a server restarts, or can do nothing.
const UNREACHABLE_LOOKS_MAX: u32 = 30;

/// What is shown meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Tree,
    Quiet,
}

/// A rollout at one moment, with how it came there.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) explained: Explained,
    pub(super) history: Vec<JournalRow>,
}

/// A stage's name on a command line.
pub(super) fn stage(text: &str) -> Result<StageName, String> {
    let name = serde_json::Value::String(text.replace('-', "_"));
    serde_json::from_value(name).map_err(|_fault| format!("{text:?} is no stage"))
}

/// Follows until it is settled; the exit status says how.
pub(super) async fn follow(
    id: RolloutId,
    limits: &Limits,
    view: View,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut screen = Screen::new(view, context.output);
    let settled = until_settled(id, limits.until(), &mut screen, context);
    let (seen, exit) = match limits.timeout() {
        None => settled.await?,
        Some(limit) => match tokio::time::timeout(limit, settled).await {
            Ok(settled) => settled?,
            Err(_elapsed) => {
                context.output.note(&format!("rollout {id} is not settled after {limit:?}"));
                return Ok(Exit::TimedOut);
            }
        },
    };
    screen.last(&seen)?;
    Ok(exit)
}

async fn until_settled(
    id: RolloutId,
    until: Option<StageName>,
    screen: &mut Screen,
    context: &Context,
) -> anyhow::Result<(Seen, Exit)> {
    let client = context.client()?;
    let mut events = Events::of(&client, id).await;
    let mut unreachable = 0;
    loop {
        match look(&client, id).await {
            Ok(seen) => {
                unreachable = 0;
                screen.draw(&seen);
                if let Some(exit) = settled::settled(&seen.explained.rollout, until) {
                    return Ok((seen, exit));
                }
            }
            Err(error) if error.is_passing() => {
                unreachable += 1;
                if unreachable >= UNREACHABLE_LOOKS_MAX {
                    return Err(error.into());
                }
                events = Events::none();
            }
            Err(error) => return Err(error.into()),
        }
        events.wait(LOOK_EVERY).await;
    }
}

/// One look.
pub(super) async fn look(client: &Client, id: RolloutId) -> Result<Seen, client::Error> {
    let explained = client.get(&format!("/rollouts/{id}/explain")).await?;
    Ok(Seen { explained, history: history(client, id).await? })
}

/// Every journal row of a rollout, the earliest first.
pub(super) async fn history(
    client: &Client,
    id: RolloutId,
) -> Result<Vec<JournalRow>, client::Error> {
    client.all(&format!("/rollouts/{id}/history")).await
}
