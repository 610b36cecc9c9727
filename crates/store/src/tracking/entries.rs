//! Tags and parameters of an owner. A tag may change, a parameter may not.

use super::size::Size;
use super::{Error, Pairs};
use crate::row::Columns;
use crate::storage;
use sqlx::SqliteConnection;

/// Sets tags; others stay.
pub(super) async fn set_tags(
    sql: &mut SqliteConnection,
    owner: &str,
    tags: &Pairs,
    size: &mut Size,
) -> Result<(), Error> {
    for (key, value) in tags {
        let old: Option<String> =
            sqlx::query_scalar("SELECT value FROM tracked_tag WHERE owner = ? AND key = ?")
                .bind(owner)
                .bind(key)
                .fetch_optional(&mut *sql)
                .await?;
        if let Some(old) = &old {
            size.remove(&[key, old]);
        }
        size.add(&[key, value]);
        sqlx::query(
            "INSERT INTO tracked_tag (owner, key, value) VALUES (?, ?, ?)
             ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value",
        )
        .bind(owner)
        .bind(key)
        .bind(value)
        .execute(&mut *sql)
        .await?;
    }
    Ok(())
}

/// Errors: [`Error::UnknownTag`].
pub(super) async fn remove_tag(
    sql: &mut SqliteConnection,
    owner: &str,
    key: &str,
    size: &mut Size,
) -> Result<(), Error> {
    let old: Option<String> =
        sqlx::query_scalar("DELETE FROM tracked_tag WHERE owner = ? AND key = ? RETURNING value")
            .bind(owner)
            .bind(key)
            .fetch_optional(sql)
            .await?;
    match old {
        Some(old) => {
            size.remove(&[key, &old]);
            Ok(())
        }
        None => Err(Error::UnknownTag { key: key.to_owned(), owner: owner.to_owned() }),
    }
}

/// Adds parameters; the same again is no fault. Errors: [`Error::Changed`].
pub(super) async fn add_params(
    sql: &mut SqliteConnection,
    owner: &str,
    params: &Pairs,
    size: &mut Size,
) -> Result<(), Error> {
    for (key, value) in params {
        let added = sqlx::query(
            "INSERT INTO tracked_param (owner, key, value) VALUES (?, ?, ?)
             ON CONFLICT (owner, key) DO NOTHING",
        )
        .bind(owner)
        .bind(key)
        .bind(value)
        .execute(&mut *sql)
        .await?;
        if added.rows_affected() > 0 {
            size.add(&[key, value]);
            continue;
        }
        let old: String =
            sqlx::query_scalar("SELECT value FROM tracked_param WHERE owner = ? AND key = ?")
                .bind(owner)
                .bind(key)
                .fetch_one(&mut *sql)
                .await?;
        if old != *value {
            let (key, new, owner) = (key.clone(), value.clone(), owner.to_owned());
            return Err(Error::Changed { key, old, new, owner });
        }
    }
    Ok(())
}

pub(super) async fn tags(sql: &mut SqliteConnection, owner: &str) -> Result<Pairs, storage::Error> {
    pairs(sql, "SELECT key, value FROM tracked_tag WHERE owner = ?", owner).await
}

pub(super) async fn params(
    sql: &mut SqliteConnection,
    owner: &str,
) -> Result<Pairs, storage::Error> {
    pairs(sql, "SELECT key, value FROM tracked_param WHERE owner = ?", owner).await
}

async fn pairs(
    sql: &mut SqliteConnection,
    query: &'static str,
    owner: &str,
) -> Result<Pairs, storage::Error> {
    let rows = sqlx::query(query).bind(owner).fetch_all(sql).await?;
    rows.iter().map(|row| Ok((row.text("key")?, row.text("value")?))).collect()
}
