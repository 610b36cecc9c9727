//! The port through which a request reaches a model, wherever the model runs.

use std::fmt;

use futures_util::future::BoxFuture;
use seatrial_domain::tensor::{Signature, Tensor};
use tokio::time::Instant;

use crate::infer;

/// A deployed version, ready to answer.
pub trait Backend: Send + Sync + fmt::Debug {
    /// What the model takes and answers.
    fn signature(&self) -> &Signature;

    /// Whether it can take requests now.
    fn ready(&self) -> bool;

    /// How many requests it can run at once: its capacity.
    fn sessions(&self) -> usize;

    /// Runs one inference. The caller has checked `inputs` against the signature. Answers
    /// [`infer::Error::Deadline`] at `deadline` even where the model itself goes on.
    fn infer(
        &self,
        inputs: Vec<Tensor>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>>;

    /// The same for work that no client waits for: never on the caller's own thread, which may
    /// have clients to serve meanwhile.
    fn infer_apart(
        &self,
        inputs: Vec<Tensor>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        self.infer(inputs, deadline)
    }
}
