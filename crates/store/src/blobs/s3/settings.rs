//! Where the object store is, who asks, and how much of everything.

use super::fault;
use crate::blobs::Error;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut, S3CopyIfNotExists};
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One bucket of one S3-compatible server.
#[derive(Debug, Clone)]
pub struct Settings {
    pub bucket: String,
    /// Before every key; may be empty.
    pub prefix: String,
    /// None: AWS, by the region.
    pub endpoint: Option<String>,
    pub region: String,
    pub transport: Transport,
    pub credentials: Credentials,
    pub limits: Limits,
}

/// What the bytes may travel on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Tls,
    /// Also plain HTTP: whoever is on the way reads and alters everything.
    Plain,
}

/// Who asks. Never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

/// How much, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one part of an upload; a smaller blob is sent at once.
    pub part_bytes: usize,
    /// Parts of one upload on their way at once.
    pub parts: usize,
    /// Bytes of all blobs kept on this machine.
    pub cache_bytes: u64,
    /// Blobs fetched at once.
    pub fetches: usize,
    pub connect_timeout: Duration,
    /// Silence of the other end.
    pub timeout: Duration,
    /// A request is tried again at most so often, and only within `retry_for`.
    pub retries: usize,
    pub retry_for: Duration,
    /// Bytes of a blob that must come in a second, on average of each `timeout`.
    pub min_rate: u64,
    /// How often a blob is sent or fetched whose bytes do not arrive as they were.
    pub attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            part_bytes: 8 << 20,
            parts: 2,
            cache_bytes: 32 << 30,
            fetches: 4,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            retries: 4,
            retry_for: Duration::from_secs(60),
            min_rate: 16 << 10,
            attempts: 3,
        }
    }
}

impl Settings {
    /// Errors: the bucket does not answer, or not to these credentials.
    pub async fn reach(&self) -> Result<(), Error> {
        let nothing = object_store::path::Path::from(self.prefix.as_str()).join("blobs/none");
        match self.connect()?.get(&nothing).await {
            Ok(_) => Ok(()),
            Err(error) if fault::is_absent(&error) => Ok(()),
            Err(error) => Err(fault::of(&error)),
        }
    }

    pub(crate) fn connect(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        let limits = &self.limits;
        let client = ClientOptions::new()
            // A large blob takes as long as it takes; silence does not.
            .with_timeout_disabled()
            .with_read_timeout(limits.timeout)
            .with_connect_timeout(limits.connect_timeout)
            .with_allow_http(self.transport == Transport::Plain);
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: limits.retries,
            retry_timeout: limits.retry_for,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(&self.credentials.access_key_id)
            .with_secret_access_key(&self.credentials.secret_access_key)
            .with_client_options(client)
            .with_retry(retry)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_copy_if_not_exists(S3CopyIfNotExists::Multipart);
        if let Some(token) = &self.credentials.session_token {
            builder = builder.with_token(token);
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        Ok(Arc::new(builder.build().map_err(|error| fault::of(&error))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let credentials = Credentials {
            access_key_id: "AKIA1".to_owned(),
            secret_access_key: "hush".to_owned(),
            session_token: Some("token".to_owned()),
        };
        let shown = format!("{credentials:?}");
        assert!(!["AKIA1", "hush", "token"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
