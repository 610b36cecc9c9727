//! How far a version has come, in the words of MLflow's stages: what rollouts did with it decides;
//! where none did, what a client said.

use super::{Error, Version, load};
use crate::row::{Columns, int, to_json};
use crate::{Store, models, storage};
use seatrial_domain::rollout::Rollout;
use seatrial_domain::{ModelName, RolloutId, Share, Timestamp, VersionNumber};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A stage as MLflow calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    None,
    Staging,
    Production,
    Archived,
}

impl Stage {
    const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// As clients write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = String;
    /// In any case of letters.
    fn from_str(text: &str) -> Result<Self, String> {
        let named = |stage: &Self| stage.as_str().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or_else(|| text.to_owned())
    }
}

/// The last rollout of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InRollout {
    pub id: RolloutId,
    pub stage: String,
    pub share: Share,
}

/// A version's stage, and the rollout it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub stage: Stage,
    pub rollout: Option<InRollout>,
}

impl Store {
    /// Each version's standing, in their order.
    pub async fn standings(&self, versions: &[Version]) -> Result<Vec<Standing>, storage::Error> {
        let keys = versions.iter().map(|version| {
            let reference = &version.reference;
            (reference.model.as_str(), reference.number.0)
        });
        let mut connection = self.readers().acquire().await?;
        of_all(&mut connection, &keys.collect::<Vec<_>>()).await
    }

    /// The newest version of each stage.
    pub async fn newest_by_stage(
        &self,
        model: &ModelName,
    ) -> Result<Vec<(Version, Standing)>, Error> {
        let mut tx = self.readers().begin().await?;
        let mut newest = BTreeMap::new();
        for number in special(&mut tx, model).await? {
            let standing = standing(&mut tx, (model, number)).await?;
            newest.insert(standing.stage, (number, standing));
        }
        if let Some(number) = newest_plain(&mut tx, model).await? {
            let standing = Standing { stage: Stage::None, rollout: None };
            let is_newer = newest.get(&Stage::None).is_none_or(|(other, _)| *other < number);
            if is_newer {
                newest.insert(Stage::None, (number, standing));
            }
        }
        let mut found = Vec::with_capacity(newest.len());
        for (number, standing) in newest.into_values() {
            found.push((load(&mut tx, (model, number)).await?, standing));
        }
        Ok(found)
    }

    /// Gives a version a stage, and the others of that stage another one where asked.
    pub async fn set_stage(
        &self,
        version: (&ModelName, VersionNumber),
        stage: Stage,
        others: Option<Stage>,
        now: Timestamp,
    ) -> Result<Version, Error> {
        let mut write = self.write().await?;
        models::touch(write.sql(), version, now).await?;
        if let Some(others) = others {
            sqlx::query(
                "UPDATE version SET client_stage = ?, updated_at = ?
                 WHERE model = ? AND client_stage = ? AND number <> ? AND deleted_at IS NULL",
            )
            .bind(others.as_str())
            .bind(now.as_micros())
            .bind(version.0.as_str())
            .bind(stage.as_str())
            .bind(int(version.1.0))
            .execute(write.sql())
            .await?;
        }
        sqlx::query("UPDATE version SET client_stage = ? WHERE model = ? AND number = ?")
            .bind(stage.as_str())
            .bind(version.0.as_str())
            .bind(int(version.1.0))
            .execute(write.sql())
            .await?;
        let staged = load(write.sql(), version).await?;
        write.commit().await?;
        Ok(staged)
    }
}

async fn standing(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
) -> Result<Standing, Error> {
    let found = of_all(sql, &[(model.as_str(), number.0)]).await?;
    found.into_iter().next().ok_or_else(|| Error::UnknownVersion(model.clone(), number))
}

/// The standings of versions that are there, in their order: one question for all.
async fn of_all(
    sql: &mut SqliteConnection,
    versions: &[(&str, u64)],
) -> Result<Vec<Standing>, storage::Error> {
    let rows = sqlx::query(
        "SELECT v.client_stage, v.lifecycle, r.phase, r.state,
                EXISTS (SELECT 1 FROM endpoint WHERE serving ->> 'model' = v.model
                        AND serving ->> 'number' = v.number) AS serves
         FROM json_each(?1) AS asked
         CROSS JOIN version AS v ON v.model = asked.value ->> 0 AND v.number = asked.value ->> 1
         LEFT JOIN rollout AS r
             ON r.id = (SELECT max(id) FROM rollout WHERE model = v.model AND number = v.number)
         ORDER BY asked.key",
    )
    .bind(to_json("versions", &versions)?)
    .fetch_all(sql)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<Standing, storage::Error> {
    let rollout: Option<Rollout> = row.maybe_json("state")?;
    let serves: bool = row.try_get("serves").map_err(storage::Error::from)?;
    let phase = row.maybe_text("phase")?;
    let stage = match phase.as_deref() {
        _ if serves => Stage::Production,
        Some("ended") => Stage::Archived,
        Some(_) => Stage::Staging,
        None if row.text("lifecycle")? == "retired" => Stage::Archived,
        None => row.parsed("client_stage")?,
    };
    let rollout = rollout.map(|rollout| InRollout {
        id: rollout.id,
        stage: rollout.stage.name().as_str().to_owned(),
        share: rollout.share(),
    });
    Ok(Standing { stage, rollout })
}

/// Versions that a rollout or a client gave a stage, the oldest first.
async fn special(
    sql: &mut SqliteConnection,
    model: &ModelName,
) -> Result<Vec<VersionNumber>, storage::Error> {
    let rows = sqlx::query(
        "SELECT number FROM version
         WHERE model = ?1 AND deleted_at IS NULL AND number IN (
             SELECT number FROM rollout WHERE model = ?1
             UNION SELECT number FROM version WHERE model = ?1 AND client_stage <> 'None')
         ORDER BY number",
    )
    .bind(model.as_str())
    .fetch_all(sql)
    .await?;
    rows.iter().map(|row| row.count("number").map(VersionNumber)).collect()
}

/// The newest version of no stage.
async fn newest_plain(
    sql: &mut SqliteConnection,
    model: &ModelName,
) -> Result<Option<VersionNumber>, storage::Error> {
    let row = sqlx::query(
        "SELECT number FROM version
         WHERE model = ?1 AND deleted_at IS NULL AND client_stage = 'None'
           AND number NOT IN (SELECT number FROM rollout WHERE model = ?1)
         ORDER BY number DESC LIMIT 1",
    )
    .bind(model.as_str())
    .fetch_optional(sql)
    .await?;
    row.map(|row| row.count("number").map(VersionNumber)).transpose()
}
