//! How far a version has come, in the words of MLflow's stages: what rollouts did with it decides;
//! where none did, what a client said.

use super::Error;
use super::listed::{self, Listed};
use crate::row::{Columns, int};
use crate::{Store, models, storage};
use seatrial_domain::rollout::Rollout;
use seatrial_domain::{ModelName, RolloutId, Share, Timestamp, VersionNumber};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
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
    /// Gives a version a stage, and the others of that stage another one where asked.
    pub async fn set_stage(
        &self,
        version: (&ModelName, VersionNumber),
        stage: Stage,
        others: Option<Stage>,
        now: Timestamp,
    ) -> Result<Listed, Error> {
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
        let staged = listed::load(write.sql(), version).await?;
        write.commit().await?;
        Ok(staged)
    }
}

/// The standing of a version of a row of [`super::listed::listed!`].
pub(super) fn read(row: &SqliteRow) -> Result<Standing, storage::Error> {
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
