//! Key and value pairs on models and versions.

use crate::aliases::By;
use crate::batch::Batch;
use crate::changed::{Changed, Named};
use crate::row::{int, to_json};
use crate::write::Write;
use crate::{Store, journal, models, versions};
use seatrial_domain::{ModelName, VersionNumber};
use std::collections::BTreeMap;

type Tags = BTreeMap<String, String>;

/// What one model, or one version, may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tags.
    pub most: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { most: 1_000, bytes: 4 << 20 }
    }
}

impl Limits {
    /// Errors: an owner with so many tags, of so many bytes, has too much.
    pub(crate) fn check(self, (tags, bytes): (i64, i64)) -> Result<(), versions::Error> {
        for (has, most, of) in [(tags, self.most, "tags"), (bytes, self.bytes, "bytes of tags")] {
            if has > int(most) {
                return Err(versions::Error::Limit { most, of });
            }
        }
        Ok(())
    }
}

impl Limits {
    /// As [`Limits::check`], of these alone.
    fn check_given(self, tags: &Tags) -> Result<(), versions::Error> {
        let count = u64::try_from(tags.len()).unwrap_or(u64::MAX);
        self.check((int(count), int(bytes(tags, std::iter::empty()))))
    }
}

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
        let tags = set(&mut write, version, tags).await?;
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

/// Gives the tags that had another value, or none. Errors: too many.
pub(crate) async fn set(
    write: &mut Write<'_>,
    version: (&ModelName, VersionNumber),
    tags: &Tags,
) -> Result<Tags, versions::Error> {
    let changed = give(write, version, tags).await?;
    if !changed.is_empty() {
        let has = sqlx::query_as(
            "SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0)
             FROM version_tag WHERE model = ? AND number = ?",
        );
        let has = has.bind(version.0.as_str()).bind(int(version.1.0));
        write.tag_limits().check(has.fetch_one(write.sql()).await?)?;
    }
    Ok(changed)
}

/// A version's tags of a text of JSON; those with the value already are passed over.
macro_rules! given {
    () => {
        "INSERT INTO version_tag (model, number, key, value)
         SELECT ?, ?, key, value FROM json_each(?) WHERE true
         ON CONFLICT (model, number, key) DO UPDATE SET value = excluded.value
         WHERE value <> excluded.value"
    };
}

/// Adds what gives these tags to a version that has none yet. Errors: too many.
pub(crate) fn give_in(
    batch: &mut Batch,
    (model, number): (&ModelName, VersionNumber),
    tags: &Tags,
    limits: Limits,
) -> Result<(), versions::Error> {
    if !tags.is_empty() {
        limits.check_given(tags)?;
        batch.add(given!()).bind(model.as_str()).bind(int(number.0)).bind(to_json("tags", tags)?);
    }
    Ok(())
}

/// Gives the tags that had another value, or none, and says which.
async fn give(
    write: &mut Write<'_>,
    (model, number): (&ModelName, VersionNumber),
    tags: &Tags,
) -> Result<Tags, versions::Error> {
    if tags.is_empty() {
        return Ok(Tags::new());
    }
    write.tag_limits().check_given(tags)?;
    let keys: Vec<String> = sqlx::query_scalar(concat!(given!(), " RETURNING key"))
        .bind(model.as_str())
        .bind(int(number.0))
        .bind(to_json("tags", tags)?)
        .fetch_all(write.sql())
        .await?;
    let changed = keys.into_iter().filter_map(|key| tags.get_key_value(&key));
    Ok(changed.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Bytes of tags and of other texts.
pub(crate) fn bytes<'a>(tags: &'a Tags, others: impl Iterator<Item = &'a str>) -> u64 {
    let tags = tags.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let bytes = tags.chain(others).map(str::len).sum::<usize>();
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
