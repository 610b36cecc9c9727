//! Many requests in flight at once are each answered as they are alone.

use super::super::client::Error;
use super::super::report::Check;
use super::super::tolerance::Tolerance;
use super::{Trial, named, switched_off};
use futures_util::future::join_all;
use seatrial_domain::plan::Switch;

/// Each of `concurrency` requests at once, or of as many as the endpoint lets in, asks about a row
/// of its own. Some may be turned away for load, and half of them have to be answered; one that was
/// let in and is late for the endpoint's deadline fails, for a client would be.
pub(super) async fn check(trial: &Trial<'_>) -> Check {
    let contract = &trial.request.plan.contract;
    let let_in = contract.concurrency.min(trial.request.limits.concurrency);
    let flights = usize::try_from(let_in).unwrap_or(usize::MAX).min(1_024);
    let naming = named("concurrency").limit(f64::from(contract.concurrency));
    if flights == 0 {
        return naming.skip("0 in the policy");
    }
    naming.judge(fly(trial, flights, contract.determinism).await)
}

async fn fly(trial: &Trial<'_>, flights: usize, determinism: Switch) -> Result<String, String> {
    let rows = trial.feed.rows().min(flights);
    let mut serial = Vec::with_capacity(rows);
    for row in 0..rows {
        serial.push(trial.ask(row..row + 1).await?);
    }
    let requests: Vec<_> = (0..rows).map(|row| trial.rows(row..row + 1)).collect();
    let flying = requests.iter().cycle().take(flights).map(|inputs| trial.client.infer(inputs));
    let (mut answered, mut shed) = (0, 0);
    for (answer, alone) in join_all(flying).await.into_iter().zip(serial.iter().cycle()) {
        match answer {
            Ok(_) if switched_off(determinism) => answered += 1,
            Ok(answer) => {
                let differs = |fault| format!("with {flights} in flight, {fault}");
                Tolerance::EXACT.check(&answer, alone).map_err(differs)?;
                answered += 1;
            }
            Err(Error::Shed { .. }) => shed += 1,
            Err(error) => return Err(format!("with {flights} in flight, {error}")),
        }
    }
    match (answered, shed) {
        _ if answered * 2 < flights => {
            Err(format!("{answered} of {flights} in flight were answered, {shed} turned away"))
        }
        (_, 0) => Ok(format!("{answered} in flight, each as alone")),
        (_, _) => Ok(format!("{answered} of {flights} in flight as alone, {shed} turned away")),
    }
}
