//! The OpenAPI document, made from the routes themselves.

use super::wire::Problem;
use utoipa::OpenApi;

#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Seatrial control API",
        description = "Registers model versions, and takes them to production and back.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    tags(
        (name = "models", description = "Registered models and their immutable versions."),
        (name = "uploads", description = "Files on their way to become a version."),
        (name = "datasets", description = "Holdouts, expected predictions, golden requests."),
        (name = "policies", description = "How rollouts of an endpoint go."),
        (name = "endpoints", description = "The names clients call."),
        (name = "rollouts", description = "The way of one version to production."),
        (name = "audit", description = "The journal, its proof, and the quarantine."),
        (name = "server", description = "The server itself."),
    )
)]
pub(super) struct Base;

/// The whole document, as pretty JSON.
pub fn document() -> String {
    super::routes::openapi().to_pretty_json().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_changes_only_on_purpose() {
        insta::assert_snapshot!("openapi", super::document());
    }
}
