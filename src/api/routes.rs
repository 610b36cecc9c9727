//! Which path leads where.

use super::{
    Api, audit, blobs, catalogue, datasets, endpoints, events, garbage, guard, history, lineage,
    metrics, models, past, policies, quarantine, rollouts, scrub, signatures, status, to_end,
    unavailable, uploads, versions,
};
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware;
use axum::routing::get;
use axum::{Router, response::IntoResponse};
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) const BASE: &str = "/api/v1";

/// Every route, documented.
fn documented() -> OpenApiRouter<Arc<Api>> {
    let registry = OpenApiRouter::new()
        .routes(routes!(models::list))
        .routes(routes!(models::show, models::remove))
        .routes(routes!(versions::list, versions::register))
        .routes(routes!(versions::show, versions::remove))
        .routes(routes!(versions::diff))
        .routes(routes!(versions::verify))
        .routes(routes!(versions::tag))
        .routes(routes!(blobs::read))
        .routes(routes!(lineage::show))
        .routes(routes!(history::list))
        .routes(routes!(history::at))
        .routes(routes!(garbage::plan, garbage::run))
        .routes(routes!(models::set_alias, models::remove_alias))
        .routes(routes!(uploads::begin))
        .routes(routes!(uploads::discard))
        .routes(routes!(datasets::list))
        .routes(routes!(datasets::latest))
        .routes(routes!(datasets::register))
        .routes(routes!(datasets::show));
    let rollouts = OpenApiRouter::new()
        .routes(routes!(policies::list))
        .routes(routes!(policies::check))
        .routes(routes!(policies::show, policies::apply))
        .routes(routes!(endpoints::list))
        .routes(routes!(endpoints::show, endpoints::set))
        .routes(routes!(endpoints::roll_back))
        .routes(routes!(rollouts::list, rollouts::start))
        .routes(routes!(rollouts::show))
        .routes(routes!(rollouts::explain))
        .routes(routes!(rollouts::history))
        .routes(routes!(past::list))
        .routes(routes!(rollouts::command));
    let journal = OpenApiRouter::new()
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::at))
        .routes(routes!(past::replay))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::show))
        .routes(routes!(quarantine::lift))
        .routes(routes!(scrub::show))
        .routes(routes!(status::show));
    let routes = registry.merge(rollouts).merge(journal);
    OpenApiRouter::with_openapi(catalogue::Base::openapi()).nest(BASE, routes)
}

/// The file upload: bounded by its own limit while it streams, not by the limit of JSON bodies.
fn streamed() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().nest(BASE, OpenApiRouter::new().routes(routes!(uploads::receive)))
}

/// Signatures: bounded by the limit of a bundle.
fn signed() -> OpenApiRouter<Arc<Api>> {
    let routes = OpenApiRouter::new()
        .routes(routes!(signatures::list, signatures::add))
        .routes(routes!(signatures::export))
        .routes(routes!(signatures::receive));
    OpenApiRouter::new().nest(BASE, routes)
}

/// Outside `/api/v1`.
fn others() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(events::stream)).routes(routes!(metrics::show))
}

/// The document alone.
pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    documented().merge(signed()).merge(streamed()).merge(others()).into_openapi()
}

/// Everything the control listener answers.
pub(super) fn router(api: Arc<Api>) -> Router {
    let limits = &api.app.config.limits;
    let body = |most: u64| DefaultBodyLimit::max(usize::try_from(most).unwrap_or(usize::MAX));
    let bodies = body(limits.control.max_body);
    let mlflow_bodies = body(limits.control.max_mlflow_body);
    let bundles = body(limits.uploads.max_signature);
    let time_limit = limits.control.request_timeout;
    // Inside the time limit: what is not done in time is still carried to its end.
    let to_end = middleware::from_fn_with_state(Arc::clone(&api), to_end::to_end);
    let signed = signed().layer(bundles).layer(to_end.clone()).layer(middleware::from_fn(
        move |request, next| unavailable::in_time(time_limit, request, next),
    ));
    let bounded = documented().layer(bodies).layer(to_end.clone()).layer(middleware::from_fn(
        move |request, next| unavailable::in_time(time_limit, request, next),
    ));
    let mlflow = crate::mlflow::router().layer(mlflow_bodies).layer(to_end).layer(
        middleware::from_fn(move |request, next| unavailable::in_time(time_limit, request, next)),
    );
    let uploads = crate::mlflow::streamed().layer(DefaultBodyLimit::disable());
    let streamed = streamed().layer(DefaultBodyLimit::disable());
    let (router, document) =
        bounded.merge(signed).merge(streamed).merge(others()).split_for_parts();
    let document = document.to_pretty_json().unwrap_or_default();
    let served = move || {
        let document = document.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], document).into_response() }
    };
    router
        .route("/api/v1/openapi.json", get(served))
        .route("/", get(unavailable::console))
        .merge(mlflow)
        .merge(uploads)
        .fallback(unavailable::nowhere)
        .method_not_allowed_fallback(unavailable::method)
        .layer(middleware::from_fn(guard::guard))
        .with_state(api)
}
