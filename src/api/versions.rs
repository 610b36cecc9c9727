//! A model's versions.

mod flavors;

use super::models::check_alias;
use super::problem::Result;
use super::request::{Body, By, PageQuery, Path, Query};
use super::wire::{self, Change, FileChange, FileCheck, FileState, Page, Problem, SealedFile};
use super::{State, lineage, tags};
use crate::clock;
use crate::registry::{NewModel, UploadId};
use axum::Json;
use axum::http::StatusCode;
use seatrial_domain::manifest::File;
use seatrial_domain::tensor::{Signature, TensorSpec};
use seatrial_domain::{ModelName, VersionNumber};
use seatrial_store::changed::Changed;
use seatrial_store::page::Request;
use seatrial_store::versions::{Diff, Fault, Registered, Version};
use seatrial_store::{aliases, blobs};

/// Lists a model's versions, the newest first.
#[utoipa::path(get, path = "/models/{model}/versions", tag = "models",
    params(("model" = String, Path), PageQuery),
    responses((status = 200, body = Page<wire::Version>), (status = 404, body = Problem)))]
pub(super) async fn list(
    api: State,
    Path(name): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<wire::Version>>> {
    let model = ModelName::new(&name)?;
    api.app.store.model(&model).await?;
    let request = Request { after: page.after()?, limit: page.limit() };
    let found = api.app.store.versions(&model, &request).await?;
    let next = found.next.map(|number: VersionNumber| number.0.to_string());
    Ok(Json(Page { items: found.items.iter().map(view).collect(), next }))
}

/// Seals an upload as a new version. The same bytes again are answered with the version they are.
#[utoipa::path(post, path = "/models/{model}/versions", tag = "models",
    params(("model" = String, Path)), request_body = wire::Register,
    responses((status = 201, body = wire::Version, description = "Registered."),
        (status = 200, body = wire::Version, description = "Registered before."),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
pub(super) async fn register(
    api: State,
    Path(name): Path<String>,
    By(actor): By,
    Body(register): Body<wire::Register>,
) -> Result<(StatusCode, Json<wire::Version>)> {
    let model = ModelName::new(&name)?;
    check_aliases(&api, &model, register.alias.as_ref()).await?;
    let lineage = lineage::said(&register)?;
    let upload = UploadId::claimed(&register.upload);
    tags::check(&register.tags)?;
    let wire::Register { tags, alias, source, .. } = register;
    let required = api.app.driver.required_signatures(&model).await?;
    let set = Changed { aliases: alias.iter().cloned().collect(), tags: tags.clone() };
    // A rollout may have begun to move it meanwhile.
    let allowed = check_aliases(&api, &model, alias.as_ref());
    let (model, alias) = (model.clone(), alias.clone());
    let new = NewModel { model, tags, alias, source, lineage, actor, required };
    let registered = api.registry.register_model(&upload, new, allowed).await?;
    let status = match &registered {
        Registered::New(_) => StatusCode::CREATED,
        Registered::Existing(_) => StatusCode::OK,
    };
    api.app.driver.caught_up(&set).await;
    Ok((status, Json(view(&registered.into_version()))))
}

async fn check_aliases(api: &super::Api, model: &ModelName, alias: Option<&String>) -> Result<()> {
    match alias {
        Some(alias) => check_alias(api, model, alias).await,
        None => Ok(()),
    }
}

/// Shows one version.
#[utoipa::path(get, path = "/models/{model}/versions/{version}", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path)),
    responses((status = 200, body = wire::Version), (status = 404, body = Problem)))]
pub(super) async fn show(
    api: State,
    Path((name, number)): Path<(String, u64)>,
) -> Result<Json<wire::Version>> {
    let version = api.app.store.version(&ModelName::new(&name)?, VersionNumber(number)).await?;
    Ok(Json(view(&version)))
}

/// Deletes a version and its aliases. Its number is never given again, and its files go once nothing
/// has them.
#[utoipa::path(delete, path = "/models/{model}/versions/{version}", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn remove(
    api: State,
    Path((name, number)): Path<(String, u64)>,
    By(actor): By,
) -> Result<StatusCode> {
    let (model, number) = (ModelName::new(&name)?, VersionNumber(number));
    api.app.store.delete_version((&model, number), &actor, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows how version `other` differs from `version`.
#[utoipa::path(get, path = "/models/{model}/versions/{version}/diff/{other}", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path), ("other" = u64, Path)),
    responses((status = 200, body = wire::Diff), (status = 404, body = Problem)))]
pub(super) async fn diff(
    api: State,
    Path((name, from, to)): Path<(String, u64, u64)>,
) -> Result<Json<wire::Diff>> {
    let model = ModelName::new(&name)?;
    let before = api.app.store.version(&model, VersionNumber(from)).await?;
    let after = api.app.store.version(&model, VersionNumber(to)).await?;
    let diff = Diff::between(&before, &after);
    Ok(Json(wire::Diff { from, to, files: files(&diff), signature: words(&diff) }))
}

/// Reads every file of a version, and compares it with the sealed manifest.
#[utoipa::path(post, path = "/models/{model}/versions/{version}/verify", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path)),
    responses((status = 200, body = wire::Verification), (status = 404, body = Problem)))]
pub(super) async fn verify(
    api: State,
    Path((name, number)): Path<(String, u64)>,
) -> Result<Json<wire::Verification>> {
    let (model, number) = (ModelName::new(&name)?, VersionNumber(number));
    let version = api.app.store.version(&model, number).await?;
    let found = api.app.store.verify_version(&model, number).await?;
    let state = |file: &File| {
        let fault = found.faults.iter().find(|fault| fault.path == file.path);
        let state = fault.map_or(FileState::Intact, file_state);
        FileCheck { path: file.path.to_string(), state }
    };
    Ok(Json(wire::Verification {
        digest: version.reference.digest.to_string(),
        files: version.manifest.files().iter().map(state).collect(),
    }))
}

/// Sets tags; others stay.
#[utoipa::path(patch, path = "/models/{model}/versions/{version}/tags", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path)), request_body = wire::Tags,
    responses((status = 200, body = wire::Version), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn tag(
    api: State,
    Path((name, number)): Path<(String, u64)>,
    By(actor): By,
    Body(set): Body<wire::Tags>,
) -> Result<Json<wire::Version>> {
    let (model, number) = (ModelName::new(&name)?, VersionNumber(number));
    tags::check(&set.tags)?;
    let by = aliases::By { actor: &actor, cause: "set by hand", now: clock::now() };
    api.app.store.tag_version((&model, number), &set.tags, by).await?;
    let tagged = api.app.store.version(&model, number).await?;
    api.app.driver.caught_up(&Changed { tags: set.tags, ..Changed::default() }).await;
    Ok(Json(view(&tagged)))
}

fn file_state(fault: &Fault) -> FileState {
    match fault.error {
        blobs::Error::Missing(_) => FileState::Missing,
        blobs::Error::Altered { .. }
        | blobs::Error::Full(_)
        | blobs::Error::TooLarge { .. }
        | blobs::Error::Mismatch { .. }
        | blobs::Error::Unreachable(_)
        | blobs::Error::Denied(_)
        | blobs::Error::Io(_) => FileState::Corrupt,
    }
}

fn view(version: &Version) -> wire::Version {
    let file = |file: &File| SealedFile {
        path: file.path.to_string(),
        size: file.size,
        digest: file.digest.to_string(),
    };
    wire::Version {
        model: version.reference.model.to_string(),
        version: version.reference.number.0,
        digest: version.reference.digest.to_string(),
        files: version.manifest.files().iter().map(file).collect(),
        size: version.manifest.size(),
        signature: serde_json::to_value(&version.signature).unwrap_or_default(),
        served_file: version.served().map(|file| file.path.to_string()),
        mlmodel: flavors::view(&version.flavors),
        tags: version.tags.clone(),
        aliases: version.aliases.clone(),
        source: version.source.clone(),
        lifecycle: version.lifecycle.to_string(),
        created_at: version.created_at.to_string(),
    }
}

fn files(diff: &Diff) -> Vec<FileChange> {
    let change = |change, from: Option<&File>, to: Option<&File>| FileChange {
        path: from.or(to).map(|file| file.path.to_string()).unwrap_or_default(),
        change,
        from_size: from.map(|file| file.size),
        to_size: to.map(|file| file.size),
    };
    let removed = diff.removed.iter().map(|file| change(Change::Removed, Some(file), None));
    let added = diff.added.iter().map(|file| change(Change::Added, None, Some(file)));
    let changed = diff.changed.iter();
    let changed = changed.map(|(from, to)| change(Change::Changed, Some(from), Some(to)));
    removed.chain(added).chain(changed).collect()
}

/// Tensors, flavors and tags that differ.
fn words(diff: &Diff) -> Vec<String> {
    let mut words = Vec::new();
    if let Some((before, after)) = &diff.signature {
        words.push(format!("- {}", in_words(before)));
        words.push(format!("+ {}", in_words(after)));
    }
    if let Some((before, after)) = &diff.flavors {
        words.extend(flavors::changes(before, after));
    }
    for (key, (before, after)) in &diff.tags {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        words.push(format!("~ tag {key}  {} -> {}", shown(before), shown(after)));
    }
    words
}

fn in_words(signature: &Signature) -> String {
    let one = |spec: &TensorSpec| {
        let shape = spec.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        format!("{} {}[{shape}]", spec.name, spec.datatype)
    };
    let all = |specs: &[TensorSpec]| specs.iter().map(one).collect::<Vec<_>>().join(", ");
    format!("inputs {}; outputs {}", all(&signature.inputs), all(&signature.outputs))
}
