//! Datasets.

use super::State;
use super::problem::{Failure, Kind, Result};
use super::request::{Body, By, PageQuery, Path, Query};
use super::wire::{self, Page, Problem};
use crate::registry::{NewDataset, UploadId};
use axum::Json;
use axum::http::StatusCode;
use seatrial_domain::VersionNumber;
use seatrial_domain::ids::DatasetName;
use seatrial_store::datasets::{Dataset, Registered};
use seatrial_store::page::Request;

/// Lists every version of every dataset, by name and number.
#[utoipa::path(get, path = "/datasets", tag = "datasets", params(PageQuery),
    responses((status = 200, body = Page<wire::Dataset>), (status = 400, body = Problem)))]
pub(super) async fn list(
    api: State,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<wire::Dataset>>> {
    let after = page.after::<String>()?.map(|cursor| key(&cursor)).transpose()?;
    let found = api.app.store.datasets(&Request { after, limit: page.limit() }).await?;
    let next = found.next.map(|(name, number)| format!("{name}@{}", number.0));
    Ok(Json(Page { items: found.items.iter().map(view).collect(), next }))
}

fn key(cursor: &str) -> Result<(DatasetName, VersionNumber)> {
    let Some((name, number)) = cursor.split_once('@') else {
        let detail = format!("cursor {cursor:?} is none of this listing's");
        return Err(Failure::new(Kind::Invalid, detail));
    };
    Ok((name.parse()?, number.parse()?))
}

/// Shows a dataset's newest version.
#[utoipa::path(get, path = "/datasets/{dataset}", tag = "datasets",
    params(("dataset" = String, Path)),
    responses((status = 200, body = wire::Dataset), (status = 404, body = Problem)))]
pub(super) async fn latest(api: State, Path(name): Path<String>) -> Result<Json<wire::Dataset>> {
    let dataset = api.app.store.dataset(&DatasetName::new(&name)?, None).await?;
    Ok(Json(view(&dataset)))
}

/// Registers the one file of an upload as a new version. The same file again is answered with the
/// version it is.
#[utoipa::path(post, path = "/datasets/{dataset}/versions", tag = "datasets",
    params(("dataset" = String, Path)), request_body = wire::RegisterDataset,
    responses((status = 201, body = wire::Dataset, description = "Registered."),
        (status = 200, body = wire::Dataset, description = "Registered before."),
        (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
pub(super) async fn register(
    api: State,
    Path(name): Path<String>,
    By(actor): By,
    Body(register): Body<wire::RegisterDataset>,
) -> Result<(StatusCode, Json<wire::Dataset>)> {
    let name = DatasetName::new(&name)?;
    let upload = UploadId::claimed(&register.upload);
    let new = NewDataset { name, label: register.label, actor };
    let registered = api.registry.register_dataset(&upload, new).await?;
    let status = match &registered {
        Registered::New(_) => StatusCode::CREATED,
        Registered::Existing(_) => StatusCode::OK,
    };
    Ok((status, Json(view(&registered.into_dataset()))))
}

/// Shows one version.
#[utoipa::path(get, path = "/datasets/{dataset}/versions/{version}", tag = "datasets",
    params(("dataset" = String, Path), ("version" = u64, Path)),
    responses((status = 200, body = wire::Dataset), (status = 404, body = Problem)))]
pub(super) async fn show(
    api: State,
    Path((name, number)): Path<(String, u64)>,
) -> Result<Json<wire::Dataset>> {
    let name = DatasetName::new(&name)?;
    let dataset = api.app.store.dataset(&name, Some(VersionNumber(number))).await?;
    Ok(Json(view(&dataset)))
}

fn view(dataset: &Dataset) -> wire::Dataset {
    wire::Dataset {
        name: dataset.name.to_string(),
        version: dataset.number.0,
        digest: dataset.blob.digest.to_string(),
        format: dataset.format.to_string(),
        columns: dataset.columns.clone(),
        rows: dataset.rows,
        label: dataset.label.clone(),
        size: dataset.blob.size,
        created_at: dataset.created_at.to_string(),
    }
}
