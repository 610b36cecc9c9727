//! Which requests run on the caller's own thread: those of a model so fast that handing them to
//! another thread would cost more than they do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seatrial_domain::tensor::Tensor;
use tokio::time::Instant;

use crate::convert;
use crate::session::{Measured, WarmUp};

/// A bound on the weight of such requests; 0 for a model that is too slow or was not measured.
#[derive(Debug)]
pub(super) struct Inline {
    weight_max: AtomicUsize,
    below: Duration,
}

/// A request that takes this many times what was expected of it shows that its model's time does
/// not follow from its request's size.
const SURPRISE: u32 = 20;

impl Inline {
    /// The weight expected to take `below`, if time grows with weight as the warm-up measured it.
    pub(super) fn new(measured: &Measured, below: Duration) -> Self {
        let weight_max = match measured.warm_up {
            WarmUp::Took { duration_ns } => {
                let requests = below.as_nanos() / u128::from(duration_ns.max(1));
                let weight = u128::try_from(measured.weight.max(1)).unwrap_or(1);
                usize::try_from(weight.saturating_mul(requests)).unwrap_or(usize::MAX)
            }
            WarmUp::Skipped | WarmUp::Failed { .. } => 0,
        };
        Self { weight_max: AtomicUsize::new(weight_max), below }
    }

    pub(super) fn is_never(&self) -> bool {
        self.weight_max.load(Ordering::Relaxed) == 0
    }

    pub(super) fn admits(&self, inputs: &[Tensor]) -> bool {
        !self.is_never() && convert::weight(inputs) <= self.weight_max.load(Ordering::Relaxed)
    }

    /// Runs a request; one that surprises is the model's last on a caller's thread.
    pub(super) fn timed<T>(&self, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let answer = run();
        let took = start.elapsed();
        if took > self.below.saturating_mul(SURPRISE) {
            tracing::info!(took_ms = took.as_millis(), "an inference was a surprise");
            self.end();
        }
        answer
    }

    /// From now on every request runs on the model's own threads.
    pub(super) fn end(&self) {
        if self.weight_max.swap(0, Ordering::Relaxed) > 0 {
            tracing::info!("the model runs on its own threads from now");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use seatrial_domain::tensor::TensorData;

    use super::*;

    fn request(elements: usize) -> Vec<Tensor> {
        let data = TensorData::Fp32(vec![0.0; elements]);
        vec![Tensor::new("x".into(), vec![elements], data).unwrap()]
    }

    fn inline(duration_ns: u64, below: Duration) -> Inline {
        Inline::new(&Measured { warm_up: WarmUp::Took { duration_ns }, weight: 64 }, below)
    }

    #[test]
    fn a_fast_models_small_requests_run_on_the_callers_thread() {
        let inline = inline(100_000, Duration::from_millis(1));
        assert!(inline.admits(&request(64)));
        assert!(inline.admits(&request(640)));
        assert!(!inline.admits(&request(641)));
    }

    #[test]
    fn a_slow_model_gets_not_even_an_empty_request() {
        let inline = inline(2_000_000, Duration::from_millis(1));
        assert!(inline.is_never());
        assert!(!inline.admits(&[]));
    }

    #[test]
    fn one_surprise_is_enough() {
        let inline = inline(1, Duration::from_nanos(10));
        assert!(inline.admits(&request(1)));
        inline.timed(thread::yield_now);
        assert!(!inline.admits(&request(1)));
    }
}
