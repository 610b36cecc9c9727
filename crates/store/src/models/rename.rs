//! A model's new name. Its versions, aliases and their history go along; the old name stays as a
//! tombstone, so that its numbers are never given again. Refused while anything rolls it out.

use crate::aliases::By;
use crate::models::{self, Model};
use crate::row::Columns;
use crate::write::Write;
use crate::{Store, journal, storage};
use seatrial_domain::ModelName;

/// Why a model keeps its name.
#[derive(Debug, thiserror::Error)]
pub enum RenameError {
    #[error("there is no model {0}")]
    Unknown(ModelName),
    #[error("the name {0} is taken, or was: the numbers of its versions are never given again")]
    Taken(ModelName),
    #[error("{model} is referred to by {by}")]
    Referenced { model: ModelName, by: String },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(RenameError);

impl Store {
    /// Renames a model. Errors: unknown, taken, or referred to by an endpoint or any rollout.
    pub async fn rename_model(
        &self,
        from: &ModelName,
        to: &ModelName,
        by: By<'_>,
    ) -> Result<Model, RenameError> {
        let mut write = self.write().await?;
        if models::find(write.sql(), from).await?.is_none() {
            return Err(RenameError::Unknown(from.clone()));
        }
        let taken = sqlx::query("SELECT 1 FROM model WHERE name = ?")
            .bind(to.as_str())
            .fetch_optional(write.sql())
            .await?;
        if taken.is_some() {
            return Err(RenameError::Taken(to.clone()));
        }
        if let Some(by) = referrer(&mut write, from).await? {
            return Err(RenameError::Referenced { model: from.clone(), by });
        }
        carry_over(&mut write, (from, to), by).await?;
        let subject = to.to_string();
        let row = journal::New::about(&subject, "renamed", by.actor, by.now)
            .because(format!("was {from}"));
        write.journal(row).await?;
        let model = models::find(write.sql(), to).await?;
        let model = model.ok_or_else(|| storage::Error::corrupt("model", &"it was just named"))?;
        write.commit().await?;
        Ok(model)
    }
}

async fn carry_over(
    write: &mut Write<'_>,
    (from, to): (&ModelName, &ModelName),
    by: By<'_>,
) -> Result<(), storage::Error> {
    const STEPS: [&str; 10] = [
        "INSERT INTO model (name, description, last_number, created_at, updated_at)
         SELECT ?2, description, last_number, created_at, ?3 FROM model WHERE name = ?1",
        "UPDATE version SET model = ?2 WHERE model = ?1 AND ?3 = ?3",
        "UPDATE version_tag SET model = ?2 WHERE model = ?1 AND ?3 = ?3",
        "UPDATE model_tag SET model = ?2 WHERE model = ?1 AND ?3 = ?3",
        "UPDATE alias SET model = ?2 WHERE model = ?1 AND ?3 = ?3",
        "UPDATE lineage SET model = ?2 WHERE model = ?1 AND ?3 = ?3",
        "UPDATE lineage_parent SET model = ?2 WHERE model = ?1 AND ?3 = ?3",
        "UPDATE lineage_parent SET parent_model = ?2 WHERE parent_model = ?1 AND ?3 = ?3",
        "UPDATE alias_history SET model = ?2 WHERE model = ?1 AND ?3 = ?3",
        "UPDATE model SET deleted_at = ?3, updated_at = ?3 WHERE name = ?1 AND ?2 = ?2",
    ];
    // Tags and aliases follow their versions within this transaction.
    sqlx::query("PRAGMA defer_foreign_keys = ON").execute(write.sql()).await?;
    for step in STEPS {
        sqlx::query(step)
            .bind(from.as_str())
            .bind(to.as_str())
            .bind(by.now.as_micros())
            .execute(write.sql())
            .await?;
    }
    Ok(())
}

/// What knows the model by its name, in words.
async fn referrer(
    write: &mut Write<'_>,
    model: &ModelName,
) -> Result<Option<String>, storage::Error> {
    let row = sqlx::query(
        "SELECT 'endpoint ' || name AS referrer FROM endpoint WHERE settings ->> 'model' = ?1
         UNION ALL
         SELECT 'rollout ' || id FROM rollout WHERE model = ?1
         LIMIT 1",
    )
    .bind(model.as_str())
    .fetch_optional(write.sql())
    .await?;
    row.map(|row| row.text("referrer")).transpose()
}
