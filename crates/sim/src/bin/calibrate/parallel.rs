//! Runs on every core, in the order of their numbers.

use seatrial_sim::calibrate::{Ending, Prepared};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// More would only wait for each other.
const THREADS_MAX: usize = 64;

/// The endings of runs 0..`runs`. Threads take the next run when they are done with one, so that
/// long runs do not make one of them late; where each was played leaves no trace.
pub(crate) fn play(prepared: &Prepared, runs: u64) -> Vec<Ending> {
    let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX));
    play_on(threads, prepared, runs)
}

fn play_on(threads: usize, prepared: &Prepared, runs: u64) -> Vec<Ending> {
    let next = AtomicU64::new(0);
    let worker = || {
        let mut played = Vec::new();
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs {
                return played;
            }
            played.push((run, prepared.run(run)));
        }
    };
    let mut all: Vec<(u64, Ending)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    all.sort_unstable_by_key(|(run, _)| *run);
    all.into_iter().map(|(_, ending)| ending).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_sim::calibrate::Cell;

    #[test]
    fn endings_do_not_depend_on_the_number_of_threads() {
        let cell = Cell { effect: 2.0, base: 0.05, max_units: 20_000, ..Cell::default() };
        let prepared = Prepared::new(&cell).unwrap();
        let one = play_on(1, &prepared, 200);
        assert_eq!(one, play_on(3, &prepared, 200));
        assert_eq!(one.len(), 200);
        assert_eq!(one, (0..200).map(|run| prepared.run(run)).collect::<Vec<_>>());
    }
}
