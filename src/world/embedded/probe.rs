//! Readiness that is tested, not assumed: warm-up requests, and the standby's probes.

use super::Embedded;
use super::deployment::Deployment;
use super::swap::Zeros;
use crate::clock;
use anyhow::Context as _;
use seatrial_domain::tensor::{DataType, Signature, Tensor, TensorData, TensorSpec};
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
    let inputs = zero_inputs(backend.signature())?;
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

fn zero_inputs(signature: &Signature) -> anyhow::Result<Vec<Tensor>> {
    signature.inputs.iter().map(zero_tensor).collect()
}

/// One row: every variable dimension is one.
fn zero_tensor(spec: &TensorSpec) -> anyhow::Result<Tensor> {
    let shape: Vec<usize> =
        spec.shape.iter().map(|dim| usize::try_from(*dim).unwrap_or(1)).collect();
    let length = shape.iter().product();
    Ok(Tensor::new(spec.name.clone(), shape, zero_data(spec.datatype, length))?)
}

fn zero_data(datatype: DataType, length: usize) -> TensorData {
    match datatype {
        DataType::Bool => TensorData::Bool(vec![false; length]),
        DataType::Uint8 => TensorData::Uint8(vec![0; length]),
        DataType::Uint16 => TensorData::Uint16(vec![0; length]),
        DataType::Uint32 => TensorData::Uint32(vec![0; length]),
        DataType::Uint64 => TensorData::Uint64(vec![0; length]),
        DataType::Int8 => TensorData::Int8(vec![0; length]),
        DataType::Int16 => TensorData::Int16(vec![0; length]),
        DataType::Int32 => TensorData::Int32(vec![0; length]),
        DataType::Int64 => TensorData::Int64(vec![0; length]),
        DataType::Fp16 => TensorData::Fp16(vec![0; length]),
        DataType::Fp32 => TensorData::Fp32(vec![0.0; length]),
        DataType::Fp64 => TensorData::Fp64(vec![0.0; length]),
        DataType::Bytes => TensorData::Bytes(vec![Vec::new(); length]),
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
mod standing_by {
    use super::*;
    use futures_util::future::BoxFuture;
    use seatrial_domain::tensor::Tensor;

    /// A standby whose model fails whatever it is asked.
    #[derive(Debug)]
    struct Failing(Signature);

    impl Backend for Failing {
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
            Box::pin(async { Err(infer::Error::Model { detail: "broken".to_owned() }) })
        }
    }

    #[tokio::test]
    async fn a_standby_that_fails_what_it_once_answered_is_not_verified() {
        let standby = Failing(Signature::default());
        let probed = async |zeros| infer_zeros(&standby, Duration::from_secs(1), zeros).await;
        assert!(probed(Zeros::Answered).await.is_err());
        assert!(probed(Zeros::Unproven).await.is_ok(), "it may never have taken zeros");
    }
}
