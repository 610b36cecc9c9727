//! What is committed together with a transition: serving and its alias, the aliases of roles,
//! quarantine, known-good, lifecycle.

use crate::aliases;
use crate::known_good::{self, KnownGood};
use crate::quarantine::{self, Mark};
use crate::row::{int, to_json};
use crate::storage::Error;
use seatrial_domain::rollout::{Effect, Entry, Role, Rollout};
use seatrial_domain::{Actor, Timestamp, VersionRef};
use sqlx::SqliteConnection;

/// On whose behalf the effects happen.
#[derive(Debug, Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) rollout: &'a Rollout,
    pub(super) entry: &'a Entry,
    pub(super) actor: &'a Actor,
}

pub(super) async fn carry_out(
    sql: &mut SqliteConnection,
    by: By<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    for effect in &by.entry.effects {
        match effect {
            Effect::Serving { version, alias } => {
                serve(sql, by, (version.as_ref(), alias), now).await?;
            }
            Effect::Quarantine { digest, why } => {
                let rollout = Some(by.rollout.id);
                let mark = Mark { digest: digest.clone(), rollout, cause: why.clone(), at: now };
                quarantine::mark(sql, &mark).await?;
            }
            Effect::KnownGood { version } => {
                let (version, rollout) = (version.clone(), by.rollout.id);
                let known = KnownGood { version, rollout, at: now };
                known_good::note(sql, &by.rollout.endpoint, &known).await?;
            }
            Effect::Retired { version } => lifecycle(sql, version, "retired").await?,
            // A record alone.
            Effect::Skipped { .. } => {}
        }
    }
    cast(sql, by, now).await
}

/// Gives and takes the aliases of the rollout's roles, where its stage changes.
async fn cast(sql: &mut SqliteConnection, by: By<'_>, now: Timestamp) -> Result<(), Error> {
    if by.entry.from == by.entry.to {
        return Ok(());
    }
    let cause = cause(by);
    let moved = aliases::By { actor: by.actor, cause: &cause, now };
    for role in by.rollout.roles() {
        match role {
            Role::Given { alias, version } => {
                aliases::point(sql, (&version.model, version.number), alias, moved).await?;
            }
            Role::Over { alias, version } => {
                aliases::remove_from(sql, (&version.model, version.number), alias, moved).await?;
            }
        }
    }
    Ok(())
}

fn cause(by: By<'_>) -> String {
    format!("rollout {}: {}", by.rollout.id, by.entry.to)
}

async fn serve(
    sql: &mut SqliteConnection,
    by: By<'_>,
    (version, alias): (Option<&VersionRef>, &str),
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE endpoint SET serving = ?, updated_at = ? WHERE name = ?")
        .bind(version.map(|version| to_json("serving", version)).transpose()?)
        .bind(now.as_micros())
        .bind(by.rollout.endpoint.as_str())
        .execute(&mut *sql)
        .await?;
    let cause = cause(by);
    let moved = aliases::By { actor: by.actor, cause: &cause, now };
    match version {
        Some(version) => {
            lifecycle(sql, version, "registered").await?;
            aliases::point(sql, (&version.model, version.number), alias, moved).await?;
        }
        None => {
            aliases::remove(sql, &by.rollout.candidate.model, alias, moved).await?;
        }
    }
    Ok(())
}

async fn lifecycle(
    sql: &mut SqliteConnection,
    version: &VersionRef,
    to: &str,
) -> Result<(), Error> {
    sqlx::query("UPDATE version SET lifecycle = ? WHERE model = ? AND number = ?")
        .bind(to)
        .bind(version.model.as_str())
        .bind(int(version.number.0))
        .execute(sql)
        .await?;
    Ok(())
}
