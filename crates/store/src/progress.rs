//! A body that must get on: whoever sends a byte now and then would hold for ever what others wait
//! for.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The least that must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Bytes a second, on average of each span.
    pub rate: u64,
    pub within: Duration,
}

impl Pace {
    fn least(self) -> u64 {
        let millis = u64::try_from(self.within.as_millis()).unwrap_or(u64::MAX);
        (self.rate.saturating_mul(millis) / 1000).max(1)
    }
}

/// Too little came, in words for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("less than {rate} bytes a second came for {within:?}", rate = .0.rate, within = .0.within)]
pub struct TooSlow(pub Pace);

/// A body on its way.
#[derive(Debug)]
pub struct Arriving<S> {
    body: S,
    pace: Pace,
    /// Bytes of the span that is running.
    came: u64,
    /// When it is over; none before anybody asks for bytes.
    over: Option<Pin<Box<Sleep>>>,
}

impl<E, S: Stream<Item = Result<Bytes, E>> + Unpin> Arriving<S> {
    pub const fn new(body: S, pace: Pace) -> Self {
        Self { body, pace, came: 0, over: None }
    }

    /// The next bytes, none at the end. What is here already is never too late.
    pub async fn next(&mut self) -> Result<Option<S::Item>, TooSlow> {
        let within = self.pace.within;
        let over = self.over.get_or_insert_with(|| Box::pin(sleep(within)));
        let next = tokio::select! {
            biased;
            next = self.body.next() => next,
            () = over => return Err(TooSlow(self.pace)),
        };
        if let Some(Ok(bytes)) = &next {
            self.came = self.came.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
        if self.came >= self.pace.least() {
            (self.came, self.over) = (0, None);
        }
        Ok(next)
    }

    /// Reads on for as long at most, and keeps nothing.
    pub async fn discard(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.body.next().await {} };
        // Who sends for longer is cut off.
        let _over = tokio::time::timeout(self.pace.within, rest).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;

    const PACE: Pace = Pace { rate: 100, within: Duration::from_secs(30) };

    /// So many chunks of `bytes` each, one every `every`.
    fn chunks(
        count: usize,
        bytes: usize,
        every: Duration,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::iter(0..count).then(move |_| async move {
            sleep(every).await;
            Ok(Bytes::from(vec![0; bytes]))
        })
    }

    /// Bytes that came, until the end or until it was too slow.
    async fn read(body: impl Stream<Item = Result<Bytes, Infallible>>) -> (usize, Option<TooSlow>) {
        let body = std::pin::pin!(body);
        let mut body = Arriving::new(body, PACE);
        let mut came = 0;
        loop {
            match body.next().await {
                Ok(Some(Ok(bytes))) => came += bytes.len(),
                Ok(None) => return (came, None),
                Err(slow) => return (came, Some(slow)),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_too_slow_however_steady_it_is() {
        let (came, slow) = read(chunks(1_000, 10, Duration::from_secs(1))).await;
        assert_eq!(
            slow.map(|slow| slow.to_string()).as_deref(),
            Some("less than 100 bytes a second came for 30s")
        );
        assert!(came <= 300, "{came}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_earns_no_leave_to_trickle_afterwards() {
        let burst = chunks(1, 1_000_000, Duration::from_secs(1));
        let (came, slow) = read(burst.chain(chunks(1_000, 10, Duration::from_secs(1)))).await;
        assert!(slow.is_some());
        assert!(came <= 1_000_300, "{came}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_keeps_the_pace_takes_as_long_as_it_takes() {
        let (came, slow) = read(chunks(10_000, 200, Duration::from_secs(1))).await;
        assert_eq!((came, slow), (2_000_000, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_body_that_ends_in_time_needs_no_pace() {
        assert_eq!(read(chunks(1, 1, Duration::from_secs(29))).await, (1, None));
        assert_eq!(read(stream::empty()).await, (0, None));
        let (came, slow) = read(chunks(1, 1, Duration::from_secs(31))).await;
        assert_eq!((came, slow), (0, Some(TooSlow(PACE))));
    }
}
