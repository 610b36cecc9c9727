//! Golden requests: recorded pairs of a request's body and the answer it must get.

use super::super::answer;
use super::super::report::Check;
use super::super::tolerance::Tolerance;
use super::{Trial, named};
use crate::dataset::{Table, Values};
use serde_json::Value;

pub(super) async fn check(trial: &Trial<'_>, golden: &Table) -> Check {
    let plan = &trial.request.plan.holdout;
    let tolerance = Tolerance { rtol: plan.rtol, atol: plan.atol };
    let found = async {
        let requests = objects(golden, "request")?;
        let responses = objects(golden, "response")?;
        for (index, (request, response)) in requests.iter().zip(responses).enumerate() {
            pair(trial, tolerance, request, response)
                .await
                .map_err(|fault| format!("pair {}: {fault}", index + 1))?;
        }
        Ok(format!("{} pairs agree", requests.len()))
    };
    named("golden").judge(found.await)
}

async fn pair(
    trial: &Trial<'_>,
    tolerance: Tolerance,
    request: &Value,
    response: &Value,
) -> Result<(), String> {
    let wanted = answer::decode(response.to_string().as_bytes())
        .map_err(|fault| format!("`response` is no inference answer: {fault}"))?;
    let raw = trial.client.post(request.to_string().into_bytes()).await;
    let found = raw.and_then(super::super::client::Raw::outputs).map_err(|e| e.to_string())?;
    tolerance.check(&found, &wanted)
}

fn objects<'a>(golden: &'a Table, name: &str) -> Result<&'a [Value], String> {
    match golden.column(name).map(|column| &column.values) {
        Some(Values::Objects(objects)) => Ok(objects),
        Some(Values::Integers(_) | Values::Numbers(_) | Values::Texts(_)) | None => {
            Err(format!("golden requests need a column {name:?} of JSON objects"))
        }
    }
}
