//! A backend whose model can be exchanged for one with more sessions while requests run.

use arc_swap::ArcSwapOption;
use futures_util::future::BoxFuture;
use seatrial_domain::tensor::{Signature, Tensor};
use seatrial_runtime::{Backend, OnnxModel, WarmUp, infer};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// A place for a model: empty until it is loaded. Requests that run keep the model they began on.
#[derive(Debug, Default)]
pub(super) struct Swap {
    model: ArcSwapOption<OnnxModel>,
    signature: OnceLock<Signature>,
    empty: Signature,
}

impl Swap {
    /// Puts `model` in; the one before it is unloaded once its last request ends.
    pub(super) fn put(&self, model: Arc<OnnxModel>) {
        self.signature.get_or_init(|| model.signature().clone());
        self.model.store(Some(model));
    }
}

/// What a model made of zeros: whether it is known to answer them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zeros {
    Answered,
    /// They need not be an input that it takes.
    Unproven,
}

impl Swap {
    /// What the model that is in made of them.
    pub(super) fn zeros(&self) -> Zeros {
        match self.model.load().as_ref().map(|model| model.warm_up()) {
            Some(WarmUp::Took { .. }) => Zeros::Answered,
            Some(WarmUp::Skipped | WarmUp::Failed { .. }) | None => Zeros::Unproven,
        }
    }
}

impl Backend for Swap {
    fn signature(&self) -> &Signature {
        self.signature.get().unwrap_or(&self.empty)
    }

    fn ready(&self) -> bool {
        self.model.load().as_ref().is_some_and(|model| model.ready())
    }

    fn sessions(&self) -> usize {
        self.model.load().as_ref().map_or(0, |model| model.sessions())
    }

    fn infer(
        &self,
        inputs: Vec<Tensor>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        let model = self.model.load_full();
        Box::pin(async move { loaded(model)?.infer(inputs, deadline).await })
    }

    fn infer_apart(
        &self,
        inputs: Vec<Tensor>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        let model = self.model.load_full();
        Box::pin(async move { loaded(model)?.infer_apart(inputs, deadline).await })
    }
}

fn loaded(model: Option<Arc<OnnxModel>>) -> Result<Arc<OnnxModel>, infer::Error> {
    model.ok_or_else(|| infer::Error::Unavailable { detail: "it is not loaded".to_owned() })
}
