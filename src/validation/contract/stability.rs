//! The same rows get the same answer: alone or in a batch, now or again.

use super::super::answer::Output;
use super::super::report::Check;
use super::super::tolerance::Tolerance;
use super::{Trial, named, switched_off};
use crate::dataset::Batch;

/// Kernels differ by batch size in the order of their sums, single precision being 1.2e-7.
const BATCH: Tolerance = Tolerance { rtol: 1e-4, atol: 1e-5 };
const ROWS: usize = 8;

/// Rows one by one are answered as in a batch.
pub(super) async fn batch_invariance(trial: &Trial<'_>) -> Check {
    let naming = named("batchInvariance").limit(format!("rtol {:e}", BATCH.rtol));
    if switched_off(trial.request.plan.contract.batch_invariance) {
        return naming.skip("switched off in the policy");
    }
    if trial.feed.batch() == Batch::One {
        return naming.skip("the model takes one row at a time");
    }
    let (rows, together) = match trial.ask_first(ROWS).await {
        Ok((1, _)) if trial.feed.rows() > 1 => {
            return naming.skip("no two rows fit the endpoint's maxBody and deadline");
        }
        Ok(asked) => asked,
        Err(fault) => return naming.fail(fault),
    };
    let found = async {
        let mut apart: Option<Vec<Output>> = None;
        for row in 0..rows {
            let answer = trial.ask(row..row + 1).await?;
            match &mut apart {
                None => apart = Some(answer),
                Some(before) => {
                    for (output, next) in before.iter_mut().zip(answer) {
                        output.append(next)?;
                    }
                }
            }
        }
        BATCH.check(&apart.unwrap_or_default(), &together)?;
        Ok(format!("{rows} rows alike alone and in a batch"))
    };
    naming.judge(found.await)
}

/// The same request gets the same answer, bit for bit.
pub(super) async fn determinism(trial: &Trial<'_>) -> Check {
    let naming = named("determinism");
    if switched_off(trial.request.plan.contract.determinism) {
        return naming.skip("switched off in the policy");
    }
    let found = async {
        let (rows, first) = trial.ask_first(ROWS).await?;
        let again = trial.ask(0..rows).await?;
        Tolerance::EXACT.check(&again, &first)?;
        Ok("the same request twice, the same answer".to_owned())
    };
    naming.judge(found.await)
}
