//! What people say of models and versions: that one is to exist, what it is for, and tags. Refuses
//! to touch what is sealed.

use crate::models::Model;
use crate::row::int;
use crate::versions::Error;
use crate::write::Write;
use crate::{Store, models, storage};
use seatrial_domain::{ModelName, Timestamp, VersionNumber};
use std::collections::BTreeMap;

/// What a person says of a model.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub description: Option<String>,
    /// Set; others stay.
    pub tags: BTreeMap<String, String>,
}

/// Whether a model was there already.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    New(Model),
    Existing(Model),
}

impl Store {
    /// A model without versions. One that is there stays as it is; one that was deleted comes back
    /// empty, and its numbers go on. Errors: [`Error::Limit`].
    pub async fn create_model(
        &self,
        name: &ModelName,
        said: &Said,
        now: Timestamp,
    ) -> Result<Created, Error> {
        let mut write = self.write().await?;
        let made = sqlx::query(
            "INSERT INTO model (name, description, last_number, created_at, updated_at)
             VALUES (?1, '', 0, ?2, ?2)
             ON CONFLICT (name) DO UPDATE SET
                 description = '', created_at = ?2, updated_at = ?2, deleted_at = NULL
             WHERE deleted_at IS NOT NULL",
        )
        .bind(name.as_str())
        .bind(now.as_micros())
        .execute(write.sql())
        .await?;
        let is_new = made.rows_affected() > 0;
        if is_new {
            describe(&mut write, name, said, now).await?;
        }
        let model = models::find(write.sql(), name).await?;
        let model = model.ok_or_else(|| storage::Error::corrupt("model", &"it was just made"))?;
        write.commit().await?;
        Ok(if is_new { Created::New(model) } else { Created::Existing(model) })
    }

    /// Describes and tags a model. Errors: unknown.
    pub async fn describe_model(
        &self,
        name: &ModelName,
        said: &Said,
        now: Timestamp,
    ) -> Result<Model, Error> {
        let mut write = self.write().await?;
        describe(&mut write, name, said, now).await?;
        let model = models::find(write.sql(), name).await?;
        let model = model.ok_or_else(|| Error::UnknownModel(name.clone()))?;
        write.commit().await?;
        Ok(model)
    }

    /// Takes a tag off a model; an absent one is as good as gone. Errors: unknown model.
    pub async fn untag_model(
        &self,
        name: &ModelName,
        key: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        describe(&mut write, name, &Said::default(), now).await?;
        if models::find(write.sql(), name).await?.is_none() {
            return Err(Error::UnknownModel(name.clone()));
        }
        sqlx::query("DELETE FROM model_tag WHERE model = ? AND key = ?")
            .bind(name.as_str())
            .bind(key)
            .execute(write.sql())
            .await?;
        Ok(write.commit().await?)
    }

    /// Says what a version is for. Errors: unknown.
    pub async fn describe_version(
        &self,
        version: (&ModelName, VersionNumber),
        description: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        models::touch(write.sql(), version, now).await?;
        sqlx::query("UPDATE version SET description = ? WHERE model = ? AND number = ?")
            .bind(description)
            .bind(version.0.as_str())
            .bind(int(version.1.0))
            .execute(write.sql())
            .await?;
        Ok(write.commit().await?)
    }
}

async fn describe(
    write: &mut Write<'_>,
    name: &ModelName,
    said: &Said,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE model SET description = coalesce(?, description), updated_at = ?
         WHERE name = ? AND deleted_at IS NULL",
    )
    .bind(&said.description)
    .bind(now.as_micros())
    .bind(name.as_str())
    .execute(write.sql())
    .await?;
    for (key, value) in &said.tags {
        // A deleted model has no row that a tag could be of.
        sqlx::query(
            "INSERT INTO model_tag (model, key, value)
             SELECT name, ?, ? FROM model WHERE name = ? AND deleted_at IS NULL
             ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(value)
        .bind(name.as_str())
        .execute(write.sql())
        .await?;
    }
    if !said.tags.is_empty() {
        let has = sqlx::query_as(
            "SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0)
             FROM model_tag WHERE model = ?",
        );
        write.tag_limits().check(has.bind(name.as_str()).fetch_one(write.sql()).await?)?;
    }
    Ok(())
}
