//! Readiness that is tested, not assumed: warm-up requests, and the standby's probes.

use super::Embedded;
use super::deployment::Deployment;
use super::swap::Zeros;
use crate::clock;
use anyhow::Context as _;
use seatrial_domain::{EndpointName, VersionRef};
use seatrial_runtime::{Backend, infer};
use std::time::Duration;
use tokio::time::Instant;

/// A probe or a warm-up request may take this many deadlines: the first calls are slow.
const PATIENCE: u32 = 10;

/// Warm-up ends early once it has taken this long: a slow model is warm by then.
const WARMUP_MAX: Duration = Duration::from_secs(5);

/// Sends up to `count` requests of zeros through `backend`.
pub(super) async fn replay(
    backend: &dyn Backend,
    count: u32,
    deadline: Duration,
) -> anyhow::Result<()> {
    let begun = clock::monotonic();
    for number in 1..=count {
        infer_zeros(backend, deadline, Zeros::Unproven)
            .await
            .with_context(|| format!("warm-up request {number} of {count}"))?;
        if begun.elapsed() > WARMUP_MAX {
            break;
        }
    }
    Ok(())
}

async fn infer_zeros(
    backend: &dyn Backend,
    deadline: Duration,
    zeros: Zeros,
) -> anyhow::Result<()> {
    // Zeros of a shape that no sensible request has are not made: they would take the memory of all.
    let inputs = backend.signature().inputs.iter().map(seatrial_runtime::zeros);
    let Some(inputs) = inputs.collect::<Option<Vec<_>>>() else { return Ok(()) };
    let until = Instant::now() + deadline * PATIENCE;
    match backend.infer(inputs, until).await {
        Ok(_answer) => Ok(()),
        // Zeros need not be an input this model takes; it has answered that much. One that took
        // them before has to take them now.
        Err(infer::Error::Model { .. } | infer::Error::Input { .. })
            if zeros == Zeros::Unproven =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

impl Embedded {
    /// Probes a ready deployment in the background, at most once in `every`.
    pub(super) fn probe(
        &self,
        endpoint: &EndpointName,
        version: &VersionRef,
        deployment: &mut Deployment,
        every: Duration,
    ) {
        let now = clock::monotonic();
        let due = deployment.probe.begun.is_none_or(|begun| now.duration_since(begun) >= every);
        if !due || !deployment.backend().ready() {
            return;
        }
        deployment.probe.begun = Some(now);
        let (world, backend) = (self.clone(), deployment.backend());
        let zeros = deployment.zeros();
        let (endpoint, version) = (endpoint.clone(), version.clone());
        self.inner.tasks.spawn("standby probe", async move {
            let ended = infer_zeros(backend.as_ref(), Duration::from_secs(1), zeros).await;
            let ended = ended.map_err(|error| format!("{error:#}"));
            world.with(&endpoint, |endpoint| {
                if let Some(deployment) = endpoint.deployments.get_mut(&version) {
                    deployment.probe.ended = Some(ended);
                }
            });
            world.inner.changed.notify_one();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::BoxFuture;
    use seatrial_domain::tensor::{DataType, Signature, Tensor, TensorSpec};

    /// Fails whatever it is asked, in its way.
    #[derive(Debug)]
    struct Broken(Signature, fn() -> infer::Error);

    impl Backend for Broken {
        fn signature(&self) -> &Signature {
            &self.0
        }

        fn ready(&self) -> bool {
            true
        }

        fn sessions(&self) -> usize {
            1
        }

        fn infer(
            &self,
            _inputs: Vec<Tensor>,
            _deadline: Instant,
        ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
            let error = (self.1)();
            Box::pin(async { Err(error) })
        }
    }

    async fn probed(shape: &[i64]) -> anyhow::Result<()> {
        let spec =
            TensorSpec { name: "x".to_owned(), datatype: DataType::Fp32, shape: shape.to_vec() };
        let signature = Signature { inputs: vec![spec], outputs: Vec::new() };
        let model = Broken(signature, || infer::Error::Deadline);
        replay(&model, 3, Duration::from_secs(1)).await
    }

    #[tokio::test]
    async fn zeros_beyond_any_sensible_request_are_not_made() {
        assert!(probed(&[1, 2]).await.is_err(), "it was asked");
        assert!(probed(&[1, 1 << 20, 1 << 20]).await.is_ok());
        assert!(probed(&[1, i64::MAX, i64::MAX]).await.is_ok());
    }

    #[tokio::test]
    async fn a_standby_that_fails_what_it_once_answered_is_not_verified() {
        let broken = || infer::Error::Model { detail: "broken".to_owned() };
        let standby = Broken(Signature::default(), broken);
        let probed = async |zeros| infer_zeros(&standby, Duration::from_secs(1), zeros).await;
        assert!(probed(Zeros::Answered).await.is_err());
        assert!(probed(Zeros::Unproven).await.is_ok(), "it may never have taken zeros");
    }
}
