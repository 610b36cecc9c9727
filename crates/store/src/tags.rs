//! Key and value pairs on models and versions.

use crate::aliases::By;
use crate::changed::{Changed, Named};
use crate::row::int;
use crate::storage::Error;
use crate::{Store, journal, models, versions};
use seatrial_domain::{ModelName, VersionNumber};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

type Tags = BTreeMap<String, String>;

impl Store {
    /// Sets these tags on a version; others stay.
    pub async fn tag_version(
        &self,
        version: (&ModelName, VersionNumber),
        tags: &BTreeMap<String, String>,
        by: By<'_>,
    ) -> Result<(), versions::Error> {
        let mut write = self.write().await?;
        models::touch(write.sql(), version, by.now).await?;
        let tags = set(write.sql(), version, tags).await?;
        let changed = Changed { tags, ..Changed::default() };
        let version = versions::load(write.sql(), version).await?.reference;
        Named { version, changed }.journal(&mut write, by).await?;
        Ok(write.commit().await?)
    }

    /// Takes a tag off a version; an absent one is as good as gone. Errors: unknown version.
    pub async fn untag_version(
        &self,
        version: (&ModelName, VersionNumber),
        key: &str,
        by: By<'_>,
    ) -> Result<(), versions::Error> {
        let mut write = self.write().await?;
        models::touch(write.sql(), version, by.now).await?;
        let removed =
            sqlx::query("DELETE FROM version_tag WHERE model = ? AND number = ? AND key = ?")
                .bind(version.0.as_str())
                .bind(int(version.1.0))
                .bind(key)
                .execute(write.sql())
                .await?;
        if removed.rows_affected() > 0 {
            let subject = format!("{}/{}", version.0, version.1);
            let said = format!("tag {key} {}", by.cause);
            let row = journal::New::about(&subject, "tag_removed", by.actor, by.now);
            write.journal(row.because(said)).await?;
        }
        Ok(write.commit().await?)
    }
}

/// Gives the tags that had another value, or none.
pub(crate) async fn set(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
    tags: &Tags,
) -> Result<Tags, Error> {
    let mut changed = Tags::new();
    for (key, value) in tags {
        let set = sqlx::query(
            "INSERT INTO version_tag (model, number, key, value) VALUES (?, ?, ?, ?)
             ON CONFLICT (model, number, key) DO UPDATE SET value = excluded.value
             WHERE value <> excluded.value",
        )
        .bind(model.as_str())
        .bind(int(number.0))
        .bind(key)
        .bind(value)
        .execute(&mut *sql)
        .await?;
        if set.rows_affected() > 0 {
            changed.insert(key.clone(), value.clone());
        }
    }
    Ok(changed)
}

/// Bytes of tags and of other texts.
pub(crate) fn bytes<'a>(tags: &'a Tags, others: impl Iterator<Item = &'a str>) -> u64 {
    let tags = tags.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let bytes = tags.chain(others).map(str::len).sum::<usize>();
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
