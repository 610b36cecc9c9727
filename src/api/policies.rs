//! Policies.

use super::State;
use super::problem::{Failure, Kind, Result};
use super::request::{Body, By, PageQuery, Path, Query};
use super::wire::{self, Applied, Checked, Page, PolicyText, Problem};
use crate::clock;
use axum::Json;
use seatrial_domain::policy::{self, Planned};
use seatrial_store::page::Request;
use seatrial_store::policies::{New, Policy};

/// Lists the policies in force, by name.
#[utoipa::path(get, path = "/policies", tag = "policies", params(PageQuery),
    responses((status = 200, body = Page<wire::Policy>), (status = 400, body = Problem)))]
pub(super) async fn list(
    api: State,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<wire::Policy>>> {
    let request = Request { after: page.after()?, limit: page.limit() };
    let found = api.app.store.policies_page(&request).await?;
    Ok(Json(Page { items: found.items.into_iter().map(view).collect(), next: found.next }))
}

/// Shows the policy in force.
#[utoipa::path(get, path = "/policies/{policy}", tag = "policies",
    params(("policy" = String, Path)),
    responses((status = 200, body = wire::Policy), (status = 404, body = Problem)))]
pub(super) async fn show(api: State, Path(name): Path<String>) -> Result<Json<wire::Policy>> {
    let found = api.app.store.policy(&name).await?;
    let missing = || Failure::not_found("policy", &name).hint("seatrial policy show");
    found.map(|policy| Json(view(policy))).ok_or_else(missing)
}

/// Finds every fault of a policy.
#[utoipa::path(post, path = "/policies/check", tag = "policies", request_body = PolicyText,
    responses((status = 200, body = Checked), (status = 422, body = Problem)))]
pub(super) async fn check(Body(policy): Body<PolicyText>) -> Result<Json<Checked>> {
    let policy = parse(&policy.text)?;
    let endpoint = policy.endpoint().to_string();
    Ok(Json(Checked { name: policy.name().to_owned(), endpoint }))
}

/// Applies a policy: it rules the next rollout of its endpoint.
#[utoipa::path(put, path = "/policies/{policy}", tag = "policies",
    params(("policy" = String, Path)), request_body = PolicyText,
    responses((status = 200, body = Applied), (status = 422, body = Problem)))]
pub(super) async fn apply(
    api: State,
    Path(name): Path<String>,
    By(actor): By,
    Body(text): Body<PolicyText>,
) -> Result<Json<Applied>> {
    let policy = parse(&text.text)?;
    if policy.name() != name {
        let detail = format!("the policy is called {}, not {name}", policy.name());
        return Err(Failure::new(Kind::Invalid, detail));
    }
    let new = New {
        name,
        endpoint: policy.endpoint().clone(),
        yaml: text.text,
        actor,
        now: clock::now(),
    };
    let applied = api.app.store.apply_policy(&new).await?;
    Ok(Json(Applied {
        name: applied.name,
        endpoint: applied.endpoint.to_string(),
        revision: applied.number,
        digest: applied.digest.to_string(),
    }))
}

/// A policy without faults that uses nothing that is only planned.
fn parse(text: &str) -> Result<policy::Policy> {
    let hint = "`seatrial policy check FILE` names every fault";
    let refused = |detail: String| Failure::new(Kind::Refused, detail).hint(hint);
    let policy = policy::parse(text).map_err(|error| refused(error.to_string()))?;
    if policy.planned().is_empty() {
        return Ok(policy);
    }
    let planned = policy.planned().iter().map(Planned::to_string).collect::<Vec<_>>();
    Err(refused(planned.join("\n")))
}

fn view(policy: Policy) -> wire::Policy {
    wire::Policy {
        name: policy.name,
        endpoint: policy.endpoint.to_string(),
        revision: policy.number,
        text: policy.yaml,
        applied_at: policy.created_at.to_string(),
    }
}
