//! Where artifacts are kept: in the data directory, or in a bucket of an S3-compatible server.
//!
//! Refuses what would send artifacts over plain HTTP to another machine unless that is said, and
//! credentials that others on this machine can read.

use super::{Environment, Error, Limits};
use seatrial_store::blobs::Place;
use seatrial_store::blobs::s3::{BLOB_BYTES_MAX, Credentials, Settings, Transport};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// S3 takes no smaller part, except the last one.
const PART_BYTES_MIN: u32 = 5 * 1024 * 1024;

/// Kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    #[default]
    Local,
    S3,
}

/// What follows `store` is about `s3`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blobs {
    pub store: StoreKind,
    pub bucket: Option<String>,
    /// Before every key.
    pub prefix: String,
    /// None: AWS, by the region.
    pub endpoint: Option<String>,
    pub region: String,
    /// Plain HTTP also to other machines.
    pub allow_http: bool,
    /// A file as AWS's tools keep it; none: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`.
    pub credentials: Option<PathBuf>,
    /// As they were found at start.
    #[serde(skip)]
    pub found: Option<Credentials>,
}

impl Default for Blobs {
    fn default() -> Self {
        Self {
            store: StoreKind::Local,
            bucket: None,
            prefix: String::new(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            allow_http: false,
            credentials: None,
            found: None,
        }
    }
}

impl Blobs {
    /// Finds the credentials.
    pub(super) fn find(&mut self, environment: &Environment) -> Result<(), Error> {
        self.found = match (self.store, &self.credentials) {
            (StoreKind::Local, _) => None,
            (StoreKind::S3, Some(path)) => Some(read(path)?),
            (StoreKind::S3, None) => environment.object_store.clone(),
        };
        Ok(())
    }

    pub(super) fn check(&self, limits: &Limits) -> Result<(), Error> {
        if self.store == StoreKind::Local {
            return Ok(());
        }
        self.place(limits)?;
        let range = |field: &str, value: u64, range| Error::Range {
            field: field.to_owned(),
            value: value.to_string(),
            range,
        };
        if limits.blobs.part < PART_BYTES_MIN {
            let part = limits.blobs.part.into();
            return Err(range("limits.blobs.part", part, "at least 5 MiB (5_242_880)"));
        }
        if limits.blobs.cache < limits.uploads.max_file.min(BLOB_BYTES_MAX) {
            let needed = "at least limits.uploads.max_file, or what is pushed can't be read again";
            return Err(range("limits.blobs.cache", limits.blobs.cache, needed));
        }
        Ok(())
    }

    /// As the store takes it.
    pub fn place(&self, limits: &Limits) -> Result<Place, Error> {
        if self.store == StoreKind::Local {
            return Ok(Place::Local);
        }
        let bucket = self.bucket.clone().filter(|bucket| !bucket.is_empty());
        let bucket = bucket.ok_or_else(|| fault("bucket", "is missing"))?;
        let credentials = self.found.clone().ok_or_else(|| {
            fault(
                "credentials",
                "is not set, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY neither",
            )
        })?;
        Ok(Place::S3(Box::new(Settings {
            bucket,
            prefix: self.prefix.clone(),
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            transport: self.transport()?,
            credentials,
            limits: limits.blobs.s3(),
        })))
    }

    fn transport(&self) -> Result<Transport, Error> {
        let Some(endpoint) = &self.endpoint else { return Ok(Transport::Tls) };
        let url = reqwest::Url::parse(endpoint);
        let url = url.map_err(|error| fault("endpoint", &format!("is no URL: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault(
                "endpoint",
                "carries credentials; they belong in a file of their own",
            ));
        }
        match url.scheme() {
            "https" => Ok(Transport::Tls),
            "http" if self.allow_http || is_loopback(&url) => Ok(Transport::Plain),
            "http" => Err(fault(
                "endpoint",
                "is plain HTTP to another machine; use https, or set blobs.allow_http",
            )),
            _ => Err(fault("endpoint", "is neither https nor http")),
        }
    }
}

fn fault(field: &'static str, fault: &str) -> Error {
    Error::Blobs { field, fault: fault.to_owned() }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The profile `default` of a file such as `~/.aws/credentials`. Faults never quote the file.
fn read(path: &Path) -> Result<Credentials, Error> {
    let unread = |source| Error::Read { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(unread)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(fault("credentials", "is a file that others can read; chmod 600 it"));
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    parse(&text).ok_or_else(|| {
        let needed = "has no [default] with aws_access_key_id and aws_secret_access_key";
        fault("credentials", needed)
    })
}

fn parse(text: &str) -> Option<Credentials> {
    let lines = text.lines().map(str::trim).skip_while(|line| *line != "[default]").skip(1);
    let profile: Vec<_> = lines.take_while(|line| !line.starts_with('[')).collect();
    let value = |name: &str| {
        let mut pairs = profile.iter().filter_map(|line| line.split_once('='));
        let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    Some(Credentials {
        access_key_id: value("aws_access_key_id")?,
        secret_access_key: value("aws_secret_access_key")?,
        session_token: value("aws_session_token"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        let text = |text: &str| text.to_owned();
        let (access_key_id, secret_access_key) = (text("AKIA1"), text("hush"));
        Credentials { access_key_id, secret_access_key, session_token: None }
    }

    fn s3() -> Blobs {
        let bucket = Some("models".to_owned());
        Blobs { store: StoreKind::S3, bucket, found: Some(credentials()), ..Blobs::default() }
    }

    fn refused(blobs: &Blobs, limits: &Limits) -> String {
        blobs.check(limits).unwrap_err().to_string()
    }

    #[test]
    fn plain_http_reaches_other_machines_only_where_that_is_said() {
        let to = |endpoint: &str| Blobs { endpoint: Some(endpoint.to_owned()), ..s3() };
        for endpoint in ["http://127.0.0.1:9000", "http://[::1]:9000", "https://s3.example.com"] {
            assert!(to(endpoint).check(&Limits::default()).is_ok(), "{endpoint}");
        }
        for endpoint in
            ["http://10.0.0.1:9000", "http://s3.example.com", "ftp://a", "https://k:s@a"]
        {
            assert!(to(endpoint).check(&Limits::default()).is_err(), "{endpoint}");
        }
        let said = Blobs { allow_http: true, ..to("http://10.0.0.1:9000") };
        assert!(said.check(&Limits::default()).is_ok());
    }

    #[test]
    fn a_bucket_and_credentials_are_needed() {
        let limits = Limits::default();
        assert!(refused(&Blobs { bucket: None, ..s3() }, &limits).contains("blobs.bucket"));
        let nobody = refused(&Blobs { found: None, ..s3() }, &limits);
        assert!(nobody.contains("AWS_ACCESS_KEY_ID"), "{nobody}");
    }

    #[test]
    fn what_could_not_be_sent_or_read_again_is_refused() {
        let mut limits = Limits::default();
        limits.blobs.part = PART_BYTES_MIN - 1;
        assert!(refused(&s3(), &limits).contains("limits.blobs.part"));
        limits = Limits::default();
        limits.blobs.cache = limits.uploads.max_file.min(BLOB_BYTES_MAX) - 1;
        assert!(refused(&s3(), &limits).contains("limits.blobs.cache"));
    }

    #[test]
    fn the_default_profile_of_a_credentials_file_is_read_and_others_may_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        let text = "[other]\naws_access_key_id = no\n\n[default]\naws_access_key_id = AKIA1\n\
                    aws_secret_access_key=hush\n[more]\naws_session_token = no\n";
        std::fs::write(&path, text).unwrap();
        let mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(0o600);
        assert_eq!(read(&path).unwrap(), credentials());
        mode(0o640);
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
        mode(0o600);
        std::fs::write(&path, "[default]\naws_access_key_id = AKIA1\n").unwrap();
        let fault = read(&path).unwrap_err().to_string();
        assert!(fault.contains("aws_secret_access_key") && !fault.contains("AKIA1"), "{fault}");
    }
}
