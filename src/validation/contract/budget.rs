//! Latency and memory budgets, where the policy sets them.

use super::super::report::Check;
use super::{Trial, named};
use std::time::Duration;
use tokio::time::Instant;

const REQUESTS: usize = 500;
const REQUESTS_MIN: usize = 30;
const WARM_UP: usize = 10;
/// A slow model is measured by fewer requests.
const TIME_MAX: Duration = Duration::from_secs(20);

/// The 99th percentile of requests of one row, one after another.
pub(super) async fn latency(trial: &Trial<'_>) -> Check {
    let Some(limit_ms) = trial.request.plan.contract.latency_p99_ms else {
        return named("latencyP99").skip("no budget in the policy");
    };
    let limit = Duration::from_millis(limit_ms);
    match measure(trial).await {
        Ok(took) => judge(took, limit),
        Err(fault) => named("latencyP99").limit(limit.as_secs_f64() * 1e3).fail(fault),
    }
}

fn judge(mut took: Vec<Duration>, limit: Duration) -> Check {
    let naming = named("latencyP99").limit(limit.as_secs_f64() * 1e3);
    took.sort_unstable();
    let rank = (took.len() * 99).div_ceil(100);
    let Some(p99) = took.get(rank.saturating_sub(1)).copied() else {
        return naming.fail("no request was measured");
    };
    let ms = p99.as_secs_f64() * 1e3;
    let detail = format!("{ms:.1} ms, budget {} ms (n={})", limit.as_millis(), took.len());
    naming.value(ms).judge(if p99 <= limit { Ok(detail) } else { Err(detail) })
}

async fn measure(trial: &Trial<'_>) -> Result<Vec<Duration>, String> {
    let rows = trial.feed.rows().min(REQUESTS);
    let requests: Vec<_> = (0..rows).map(|row| trial.rows(row..row + 1)).collect();
    for inputs in requests.iter().cycle().take(WARM_UP) {
        trial.client.infer(inputs).await.map_err(|error| error.to_string())?;
    }
    let begun = Instant::now();
    let mut took = Vec::with_capacity(REQUESTS);
    for inputs in requests.iter().cycle().take(REQUESTS) {
        let asked = Instant::now();
        trial.client.infer(inputs).await.map_err(|error| error.to_string())?;
        took.push(asked.elapsed());
        if took.len() >= REQUESTS_MIN && begun.elapsed() > TIME_MAX {
            break;
        }
    }
    Ok(took)
}

/// What loading the model added to the process.
pub(super) fn memory(trial: &Trial<'_>) -> Check {
    let Some(limit) = trial.request.plan.contract.memory_bytes else {
        return named("memory").skip("no budget in the policy");
    };
    let naming = named("memory").limit(bytes(limit));
    let Some(used) = trial.request.memory_bytes else {
        return naming.fail(format!("not measured, budget {limit} bytes"));
    };
    let detail = format!("{used} bytes, budget {limit} bytes");
    naming.value(bytes(used)).judge(if used <= limit { Ok(detail) } else { Err(detail) })
}

#[expect(clippy::cast_precision_loss, reason = "sizes of memory are below 2^53")]
const fn bytes(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::super::super::report::Verdict;
    use super::*;

    #[test]
    fn the_99th_percentile_fails_above_its_budget() {
        let took = |slow: usize| {
            let ms = |index| Duration::from_millis(if index < slow { 30 } else { 3 });
            (0..200).map(ms).collect::<Vec<_>>()
        };
        let budget = Duration::from_millis(20);
        assert_eq!(judge(took(2), budget).verdict, Verdict::Passed);
        let late = judge(took(3), budget);
        assert_eq!(late.verdict, Verdict::Failed);
        assert_eq!(late.detail, "30.0 ms, budget 20 ms (n=200)");
    }
}
