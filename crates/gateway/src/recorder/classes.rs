//! What both of a pair answered, as classes, since the last flush: a bounded list.

use std::sync::Mutex;

use seatrial_domain::RolloutId;
use seatrial_domain::evidence::Labels;
use seatrial_domain::telemetry::ClassPair;

use crate::sync::lock;

#[derive(Debug)]
pub(super) struct Classes {
    rollout: RolloutId,
    cap: usize,
    list: Mutex<Vec<ClassPair>>,
}

/// No room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Classes {
    pub(super) fn new(rollout: RolloutId, cap: usize) -> Self {
        Self { rollout, cap, list: Mutex::default() }
    }

    /// Keeps one. Errors: [`Full`].
    pub(super) fn keep(
        &self,
        request: u64,
        [incumbent, candidate]: [String; 2],
        slices: Labels,
    ) -> Result<(), Full> {
        let mut list = lock(&self.list);
        if list.len() >= self.cap {
            return Err(Full);
        }
        list.push(ClassPair { request, rollout: self.rollout, incumbent, candidate, slices });
        Ok(())
    }

    /// The list, emptied.
    pub(super) fn take(&self) -> Vec<ClassPair> {
        std::mem::take(&mut *lock(&self.list))
    }
}
