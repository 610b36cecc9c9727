//! What a version was made from, and what was made from it.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::State;
use super::problem::{Failure, Kind, Result};
use super::request::{Path, Query};
use super::wire::{self, Problem};
use axum::Json;
use seatrial_domain::lineage::{Cited, Error, Lineage};
use seatrial_domain::{ModelName, VersionNumber};
use seatrial_store::lineage::{Bounds, Descent, Kin, Whereabouts};
use serde::Deserialize;
use std::str::FromStr;
use utoipa::IntoParams;

const DEPTH_DEFAULT: u32 = 8;
const DEPTH_MAX: u32 = 64;
const VERSIONS_MAX: usize = 200;

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Depth {
    /// Generations of ancestors, at most 64 [default: 8].
    depth: Option<u32>,
}

/// Shows what a version was made from, and what was made from it.
#[utoipa::path(get, path = "/models/{model}/versions/{version}/lineage", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path), Depth),
    responses((status = 200, body = wire::Lineage), (status = 404, body = Problem)))]
pub(super) async fn show(
    api: State,
    Path((name, number)): Path<(String, u64)>,
    Query(depth): Query<Depth>,
) -> Result<Json<wire::Lineage>> {
    let model = ModelName::new(&name)?;
    let depth = depth.depth.unwrap_or(DEPTH_DEFAULT).min(DEPTH_MAX);
    let bounds = Bounds { depth, versions: VERSIONS_MAX };
    let family = api.app.store.family((&model, VersionNumber(number)), bounds).await?;
    Ok(Json(wire::Lineage {
        line: family.line.into_iter().map(descent).collect(),
        children: family.children.into_iter().map(kin).collect(),
        cut: family.is_cut,
    }))
}

/// What a registration says.
pub(super) fn said(register: &wire::Register) -> Result<Lineage> {
    let parents = register.parents.iter().map(|text| cited(text));
    let dataset = register.trained_on.as_deref().map(cited).transpose()?;
    let lineage = Lineage::new(parents.collect::<Result<_>>()?)?.trained_on(dataset);
    Ok(lineage.by_code(register.code_ref.as_deref())?.in_run(register.run_id.as_deref())?)
}

fn cited<N>(text: &str) -> Result<Cited<N>>
where
    Cited<N>: FromStr<Err = Error>,
{
    Ok(text.parse::<Cited<N>>()?)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Kind::Invalid, error.to_string())
    }
}

fn descent(descent: Descent) -> wire::Descent {
    wire::Descent {
        version: kin(descent.kin),
        parents: descent.parents.into_iter().map(kin).collect(),
        trained_on: descent.dataset.map(|trained| wire::TrainedOn {
            digest: trained.digest.to_string(),
            name: trained.dataset.map(|(name, number)| format!("{name}@{}", number.0)),
        }),
        code_ref: descent.code_ref,
        run_id: descent.origin.run_id,
        run_link: descent.origin.run_link,
        model_id: descent.origin.model_id,
    }
}

fn kin(kin: Kin) -> wire::Kin {
    wire::Kin {
        digest: kin.digest.to_string(),
        name: kin.version.map(|(model, number)| format!("{model}@{}", number.0)),
        whereabouts: match kin.whereabouts {
            Whereabouts::Here => wire::Whereabouts::Here,
            Whereabouts::Deleted => wire::Whereabouts::Deleted,
            Whereabouts::Elsewhere => wire::Whereabouts::Elsewhere,
        },
    }
}
