//! Names that point at versions, and the record of every move.

mod history;

pub use history::Move;

use crate::changed::{Changed, Named};
use crate::row::{Columns, int, to_json};
use crate::versions::{self, Error};
use crate::write::Write;
use crate::{Store, journal, models, storage};
use seatrial_domain::{Actor, ModelName, Timestamp, VersionNumber};
use sqlx::SqliteConnection;

/// Who moved an alias, why and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub actor: &'a Actor,
    pub cause: &'a str,
    pub now: Timestamp,
}

impl Store {
    /// Points `alias` at a version. Errors: [`Error::UnknownVersion`], [`Error::Limit`].
    pub async fn set_alias(
        &self,
        version: (&ModelName, VersionNumber),
        alias: &str,
        by: By<'_>,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        models::touch(write.sql(), version, by.now).await?;
        let moved = give(&mut write, version, alias, by).await?;
        let aliases = moved.then(|| alias.to_owned()).into_iter().collect();
        let changed = Changed { aliases, ..Changed::default() };
        let version = versions::load(write.sql(), version).await?.reference;
        Named { version, changed }.journal(&mut write, by).await?;
        Ok(write.commit().await?)
    }

    /// Removes `alias`; an absent one is as good as removed.
    pub async fn remove_alias(
        &self,
        model: &ModelName,
        alias: &str,
        by: By<'_>,
    ) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        if remove(write.sql(), model, alias, by).await? {
            let (subject, said) = (model.to_string(), format!("alias {alias} {}", by.cause));
            let row = journal::New::about(&subject, "alias_removed", by.actor, by.now);
            write.journal(row.because(said)).await?;
        }
        write.commit().await
    }

    /// The version `alias` points at.
    pub async fn alias(
        &self,
        model: &ModelName,
        alias: &str,
    ) -> Result<Option<VersionNumber>, storage::Error> {
        let row = sqlx::query("SELECT number FROM alias WHERE model = ? AND name = ?")
            .bind(model.as_str())
            .bind(alias)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.map(|row| row.count("number").map(VersionNumber)).transpose()
    }

    /// The aliases that point at a version, by name.
    pub async fn aliases_of(
        &self,
        version: (&ModelName, VersionNumber),
    ) -> Result<Vec<String>, storage::Error> {
        let mut sql = self.reader().await?;
        of_version(&mut sql, version).await
    }
}

/// As [`point`], for whoever asks: what rollouts move is not held up. Errors: one alias too many.
pub(crate) async fn give(
    write: &mut Write<'_>,
    version: (&ModelName, VersionNumber),
    alias: &str,
    by: By<'_>,
) -> Result<bool, Error> {
    let others = "SELECT count(*), coalesce(sum(name = ?), 0) FROM alias WHERE model = ?";
    let has = sqlx::query_as(others).bind(alias).bind(version.0.as_str());
    let (all, of_this_name): (i64, i64) = has.fetch_one(write.sql()).await?;
    let most = write.aliases_limit();
    if of_this_name == 0 && all >= int(most) {
        return Err(Error::Limit { most, of: "aliases" });
    }
    Ok(point(write.sql(), version, alias, by).await?)
}

/// False when it pointed there before.
pub(crate) async fn point(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
    alias: &str,
    by: By<'_>,
) -> Result<bool, storage::Error> {
    let moved = sqlx::query(
        "INSERT INTO alias (model, name, number, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (model, name) DO UPDATE SET number = excluded.number, at = excluded.at
         WHERE number <> excluded.number",
    )
    .bind(model.as_str())
    .bind(alias)
    .bind(int(number.0))
    .bind(by.now.as_micros())
    .execute(&mut *sql)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    note(sql, (model, alias), Some(number), by).await?;
    Ok(true)
}

/// False when there was none.
pub(crate) async fn remove(
    sql: &mut SqliteConnection,
    model: &ModelName,
    alias: &str,
    by: By<'_>,
) -> Result<bool, storage::Error> {
    let removed = sqlx::query("DELETE FROM alias WHERE model = ? AND name = ?")
        .bind(model.as_str())
        .bind(alias)
        .execute(&mut *sql)
        .await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    note(sql, (model, alias), None, by).await?;
    Ok(true)
}

/// Removes the alias if it points at this version; false when it does not.
pub(crate) async fn remove_from(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
    alias: &str,
    by: By<'_>,
) -> Result<bool, storage::Error> {
    let points = sqlx::query("SELECT 1 FROM alias WHERE model = ? AND name = ? AND number = ?")
        .bind(model.as_str())
        .bind(alias)
        .bind(int(number.0))
        .fetch_optional(&mut *sql)
        .await?;
    match points {
        Some(_) => remove(sql, model, alias, by).await,
        None => Ok(false),
    }
}

/// The aliases that point at a version, by name.
pub(crate) async fn of_version(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
) -> Result<Vec<String>, storage::Error> {
    let names = sqlx::query_scalar("SELECT name FROM alias WHERE model = ? AND number = ?")
        .bind(model.as_str())
        .bind(int(number.0))
        .fetch_all(sql)
        .await?;
    Ok(names)
}

async fn note(
    sql: &mut SqliteConnection,
    (model, alias): (&ModelName, &str),
    to: Option<VersionNumber>,
    by: By<'_>,
) -> Result<(), storage::Error> {
    sqlx::query(
        "INSERT INTO alias_history (model, name, number, at, actor, cause)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(model.as_str())
    .bind(alias)
    .bind(to.map(|number| int(number.0)))
    .bind(by.now.as_micros())
    .bind(to_json("actor", by.actor)?)
    .bind(by.cause)
    .execute(sql)
    .await?;
    Ok(())
}
