//! How far a version has come, in the words of MLflow's stages: what rollouts did with it decides;
//! where none did, what a client said.

use super::Error;
use super::listed::{self, Listed};
use crate::row::int;
use crate::{Store, models, storage};
use seatrial_domain::rollout::Rollout;
use seatrial_domain::{ModelName, RolloutId, Share, Timestamp, VersionNumber};
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

/// How far a version has come, as the store has it.
#[derive(Debug)]
pub(super) struct Came<'a> {
    /// Whether an endpoint answers with it.
    pub(super) serves: bool,
    /// Of its last rollout.
    pub(super) phase: Option<&'a str>,
    pub(super) lifecycle: &'a str,
    /// As a client says.
    pub(super) client_stage: &'a str,
    pub(super) rollout: Option<Rollout>,
}

impl Came<'_> {
    pub(super) fn read(self) -> Result<Standing, storage::Error> {
        let stage = match self.phase {
            _ if self.serves => Stage::Production,
            Some("ended") => Stage::Archived,
            Some(_) => Stage::Staging,
            None if self.lifecycle == "retired" => Stage::Archived,
            None => {
                let stage = self.client_stage.parse();
                stage.map_err(|odd: String| storage::Error::corrupt("client_stage", &odd))?
            }
        };
        let rollout = self.rollout.map(|rollout| InRollout {
            id: rollout.id,
            stage: rollout.stage.name().as_str().to_owned(),
            share: rollout.share(),
        });
        Ok(Standing { stage, rollout })
    }
}
