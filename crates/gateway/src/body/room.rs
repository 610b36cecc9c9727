//! Memory for bodies and the tensors in them: one budget for all requests at once, so that many that
//! are each within their bound cannot fill the machine together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fault::Fault;

/// What is counted at once.
const UNIT_BYTES: u64 = 1024;

/// The budget. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(crate) fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))))
    }

    /// Room for nothing yet.
    pub(crate) fn room(&self) -> Room {
        Room { budget: self.clone(), units: 0, held: None }
    }
}

/// What one request holds of the budget, until it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    budget: Budget,
    units: u32,
    held: Option<OwnedSemaphorePermit>,
}

/// The budget has no room left.
#[derive(Debug)]
pub(crate) struct Full;

impl From<Full> for Fault {
    fn from(_: Full) -> Self {
        Self::Busy("too many bytes of requests at once; try again".to_owned())
    }
}

impl Room {
    /// Holds room for `bytes` altogether. Only what has arrived is covered: a length that was
    /// declared and is never sent keeps nobody out.
    pub(crate) fn cover(&mut self, bytes: u64) -> Result<(), Full> {
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).map_err(|_beyond| Full)?;
        let more = units.saturating_sub(self.units);
        if more == 0 {
            return Ok(());
        }
        let budget = Arc::clone(&self.budget.0);
        let permit = budget.try_acquire_many_owned(more).map_err(|_none_left| Full)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            none => *none = Some(permit),
        }
        self.units = units;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn what_one_body_holds_another_cannot_until_it_is_gone() {
        let budget = Budget::new(4096);
        let (mut first, mut second) = (budget.room(), budget.room());
        assert!(first.cover(1).is_ok() && first.cover(3000).is_ok());
        assert!(second.cover(1025).is_err());
        assert!(second.cover(1024).is_ok());
        drop(first);
        assert!(second.cover(4096).is_ok());
        assert!(budget.room().cover(1).is_err());
    }
}
