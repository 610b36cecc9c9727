//! What refers to blobs. Whatever else comes to do so adds its line here.

use crate::row::{Columns, to_json};
use crate::{Store, storage};
use seatrial_domain::Digest;
use std::collections::BTreeSet;

/// Every digest that something refers to: the files of versions that are not deleted, which is all
/// that aliases, endpoints, rollouts, standbys and `rollback` lead to; of deleted ones those that an
/// endpoint or a rollout names all the same; and datasets.
macro_rules! marks {
    () => {
        "SELECT layer.value ->> 'digest' AS digest
         FROM version AS v, json_each(v.manifest, '$.layers') AS layer
         WHERE v.deleted_at IS NULL
            OR EXISTS (
                SELECT 1 FROM endpoint
                WHERE serving ->> 'model' = v.model AND serving ->> 'number' = v.number)
            OR EXISTS (
                SELECT 1 FROM rollout AS r
                WHERE r.phase <> 'ended' AND (
                    (r.model = v.model AND r.number = v.number)
                    OR (r.state ->> '$.incumbent.model' = v.model
                        AND r.state ->> '$.incumbent.number' = v.number)))
         UNION
         SELECT digest FROM dataset
         UNION
         SELECT digest FROM artifact"
    };
}

impl Store {
    /// Every digest that something refers to.
    pub async fn marked(&self) -> Result<BTreeSet<Digest>, storage::Error> {
        let rows = sqlx::query(marks!()).fetch_all(&mut *self.reader().await?).await?;
        rows.iter().map(|row| row.parsed("digest")).collect()
    }

    /// Those of `digests` that something refers to.
    pub(super) async fn marked_among(
        &self,
        digests: &BTreeSet<Digest>,
    ) -> Result<BTreeSet<Digest>, storage::Error> {
        let wanted = concat!(
            "SELECT digest FROM (",
            marks!(),
            ") WHERE digest IN (SELECT value FROM json_each(?))"
        );
        let rows = sqlx::query(wanted)
            .bind(to_json("digests", digests)?)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(|row| row.parsed("digest")).collect()
    }
}
