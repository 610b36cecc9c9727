//! Reading lineages: a version, what it descends from as far as asked, and what descends from it.

use super::{Kin, Parent, TrainedOn, Whereabouts, load, parents};
use crate::row::{Columns, int};
use crate::versions::{self, Origin};
use crate::{Store, storage};
use seatrial_domain::{Digest, ModelName, VersionNumber};
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::{BTreeSet, VecDeque};

/// How much of a family is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Generations of ancestors.
    pub depth: u32,
    /// Versions, and children.
    pub versions: usize,
}

/// One version and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descent {
    pub kin: Kin,
    pub origin: Origin,
    pub dataset: Option<TrainedOn>,
    pub code_ref: Option<String>,
    pub parents: Vec<Kin>,
}

/// A version's kin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The version itself, then its ancestors that are or were here, each once, the nearer first.
    pub line: Vec<Descent>,
    /// What cites it, by name and number.
    pub children: Vec<Kin>,
    /// Whether the bounds have cut anything off.
    pub is_cut: bool,
}

type Key = (ModelName, VersionNumber);

impl Store {
    /// A version's family. Errors: unknown version.
    pub async fn family(
        &self,
        version: (&ModelName, VersionNumber),
        bounds: Bounds,
    ) -> Result<Family, versions::Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        versions::load(&mut tx, version).await?;
        let start = (version.0.clone(), version.1);
        let mut seen = BTreeSet::from([start.clone()]);
        let mut queue = VecDeque::from([(start, 0)]);
        let (mut line, mut is_cut) = (Vec::new(), false);
        while let Some((key, depth)) = queue.pop_front() {
            let descent = descent(&mut tx, &key).await?;
            for parent in &descent.parents {
                let Some(key) = &parent.version else { continue };
                if seen.contains(key) {
                    continue;
                }
                if depth < bounds.depth && seen.len() < bounds.versions {
                    seen.insert(key.clone());
                    queue.push_back((key.clone(), depth + 1));
                } else {
                    is_cut = true;
                }
            }
            line.push(descent);
        }
        let mut children = children(&mut tx, version, bounds).await?;
        is_cut |= children.len() > bounds.versions;
        children.truncate(bounds.versions);
        Ok(Family { line, children, is_cut })
    }
}

async fn descent(sql: &mut SqliteConnection, key: &Key) -> Result<Descent, storage::Error> {
    let row = sqlx::query(
        "SELECT digest, model, number, deleted_at, run_id, run_link, model_id FROM version
         WHERE model = ? AND number = ?",
    )
    .bind(key.0.as_str())
    .bind(int(key.1.0))
    .fetch_one(&mut *sql)
    .await?;
    let sealed = load(sql, (&key.0, key.1)).await?;
    let mut found = Vec::new();
    for parent in parents(sql, (&key.0, key.1)).await? {
        found.push(kin(sql, parent).await?);
    }
    Ok(Descent {
        kin: known(&row)?,
        origin: Origin {
            run_id: row.maybe_text("run_id")?,
            run_link: row.maybe_text("run_link")?,
            model_id: row.maybe_text("model_id")?,
        },
        dataset: sealed.dataset,
        code_ref: sealed.code_ref,
        parents: found,
    })
}

/// By the name it was cited by; else the version of its digest that is here, or was.
async fn kin(sql: &mut SqliteConnection, parent: Parent) -> Result<Kin, storage::Error> {
    let (model, number) = parent
        .version
        .as_ref()
        .map_or((None, None), |(model, number)| (Some(model.as_str()), Some(int(number.0))));
    let row = sqlx::query(
        "SELECT digest, model, number, deleted_at FROM version
         WHERE digest = ?1 AND (?2 IS NULL OR (model = ?2 AND number = ?3))
         ORDER BY deleted_at IS NOT NULL, created_at, model, number LIMIT 1",
    )
    .bind(parent.digest.as_str())
    .bind(model)
    .bind(number)
    .fetch_optional(sql)
    .await?;
    match row {
        Some(row) => known(&row),
        None => Ok(elsewhere(parent.digest)),
    }
}

const fn elsewhere(digest: Digest) -> Kin {
    Kin { digest, version: None, whereabouts: Whereabouts::Elsewhere }
}

fn known(row: &SqliteRow) -> Result<Kin, storage::Error> {
    let version = (row.parsed("model")?, VersionNumber(row.count("number")?));
    let deleted = row.maybe_count("deleted_at")?;
    let whereabouts = if deleted.is_some() { Whereabouts::Deleted } else { Whereabouts::Here };
    Ok(Kin { digest: row.parsed("digest")?, version: Some(version), whereabouts })
}

/// One more than the bounds allow, to know whether there are more. A copy's children are its own.
async fn children(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
    bounds: Bounds,
) -> Result<Vec<Kin>, storage::Error> {
    let rows = sqlx::query(
        "SELECT DISTINCT child.digest, child.model, child.number, child.deleted_at
         FROM version AS this
         JOIN lineage_parent AS p ON p.digest = this.digest
         JOIN version AS child ON child.model = p.model AND child.number = p.number
         WHERE this.model = ?1 AND this.number = ?2
           AND (p.parent_model IS NULL OR (p.parent_model = ?1 AND p.parent_number = ?2))
         ORDER BY child.model, child.number LIMIT ?3",
    )
    .bind(model.as_str())
    .bind(int(number.0))
    .bind(i64::try_from(bounds.versions.saturating_add(1)).unwrap_or(i64::MAX))
    .fetch_all(sql)
    .await?;
    rows.iter().map(known).collect()
}
