//! A blob's bytes as the object store sends them. One that sends a few now and then is out of reach:
//! it would hold for ever a turn that others wait for.

use super::{S3, fault};
use crate::blobs::Error;
use crate::blobs::reader;
use crate::progress::{Arriving, Pace};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::GetResult;

pub(super) type Sent = Arriving<BoxStream<'static, object_store::Result<Bytes>>>;

impl S3 {
    /// The bytes, of which this side asks for no more than at its own pace.
    pub(super) fn arriving(&self, got: GetResult, own: reader::Pace) -> Sent {
        let limits = &self.limits;
        let rate = match own {
            reader::Pace::Full => limits.min_rate,
            reader::Pace::BytesPerSecond(rate) => limits.min_rate.min(rate / 2),
        };
        Arriving::new(got.into_stream(), Pace { rate, within: limits.timeout })
    }
}

/// The next bytes, none at the end.
pub(super) async fn next(arriving: &mut Sent) -> Result<Option<Bytes>, Error> {
    let next = arriving.next().await.map_err(|slow| Error::Unreachable(slow.to_string()))?;
    next.transpose().map_err(|error| fault::of(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt as _, stream};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn an_object_store_that_only_drips_is_out_of_reach() {
        let drop = || async {
            tokio::time::sleep(Duration::from_secs(29)).await;
            Ok(Bytes::from_static(b"x"))
        };
        let drip = stream::repeat_with(drop).then(|drop| drop).boxed();
        let within = Duration::from_secs(30);
        let mut arriving = Arriving::new(drip, Pace { rate: 16 << 10, within });
        let refused = loop {
            if let Err(refused) = next(&mut arriving).await {
                break refused;
            }
        };
        assert!(matches!(refused, Error::Unreachable(_)), "{refused}");
    }
}
