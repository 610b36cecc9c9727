//! A model's files: listed to a bounded depth and number, read as they stream.

use super::wire::{File, Files};
use super::{Client, Error};
use bytes::Bytes;
use reqwest::{Method, Response, header};
use seatrial_domain::Digest;
use seatrial_domain::manifest::{self, FilePath};
use sha2::{Digest as _, Sha256};

const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// A file that the server says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Below the directory that was listed.
    pub path: FilePath,
    /// Bytes, where the server says it.
    pub size: Option<u64>,
}

impl Client {
    /// Every file below `root`, sorted by path. Refuses more files, bytes or depth than allowed.
    pub async fn files(&self, root: &FilePath) -> Result<Vec<Found>, Error> {
        let limit = u64::from(self.bounds.files.max_files).min(FILES_LIMIT);
        let mut found = Vec::new();
        let mut waiting = vec![(String::new(), 0)];
        let (mut seen, mut bytes) = (0, 0_u64);
        while let Some((directory, depth)) = waiting.pop() {
            let place = if directory.is_empty() {
                root.clone()
            } else {
                FilePath::new(&format!("{root}/{directory}"))?
            };
            for child in self.children(&place).await? {
                seen += 1;
                if seen > limit {
                    return Err(Error::TooMany { what: "files and directories", limit });
                }
                let path = self.below(&directory, &child.path)?;
                if child.is_dir {
                    waiting.push((path.to_string(), self.deeper(depth)?));
                    continue;
                }
                bytes = self.counted(bytes, child.file_size.unwrap_or(0))?;
                found.push(Found { path, size: child.file_size });
            }
        }
        if found.is_empty() {
            return Err(Error::Empty(root.to_string()));
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// What is right below a directory.
    pub(super) async fn children(&self, directory: &FilePath) -> Result<Vec<File>, Error> {
        let request = self.request(Method::GET, ARTIFACTS);
        let found: Files = self.json(request.query(&[("path", directory.as_str())])).await?;
        Ok(found.files)
    }

    /// A child's own path: its name is one part, and cannot lead elsewhere.
    fn below(&self, directory: &str, name: &str) -> Result<FilePath, Error> {
        let child = FilePath::new(name)?;
        if child.parents().next().is_some() {
            return Err(self.protocol(format!("{name:?} is no name within a directory")));
        }
        let path = if directory.is_empty() {
            child
        } else {
            FilePath::new(&format!("{directory}/{child}"))?
        };
        Ok(path)
    }

    fn deeper(&self, depth: u32) -> Result<u32, Error> {
        let limit = self.bounds.answers.max_depth;
        if depth >= limit {
            return Err(Error::TooMany {
                what: "directories within each other",
                limit: limit.into(),
            });
        }
        Ok(depth + 1)
    }

    fn counted(&self, sum: u64, size: u64) -> Result<u64, Error> {
        let limits = &self.bounds.files;
        if size > limits.max_file {
            return Err(Error::TooMany { what: "bytes in one file", limit: limits.max_file });
        }
        let sum = sum.saturating_add(size);
        if sum > limits.max_total {
            return Err(Error::TooMany { what: "bytes in one model", limit: limits.max_total });
        }
        Ok(sum)
    }

    /// Begins to read a file below `root`.
    pub async fn open(&self, root: &FilePath, file: &Found) -> Result<Body<'_>, Error> {
        let path = format!("{ARTIFACTS}/{}", escaped(&format!("{root}/{}", file.path)));
        let response = self.answer(self.request(Method::GET, &path)).await?;
        let announced = file.size.or_else(|| response.content_length());
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        // Some servers name a file by its digest.
        let digest = tag.and_then(|tag| tag.trim_matches('"').parse::<Digest>().ok());
        let path = file.path.to_string();
        let hash = digest.map(|digest| (Sha256::new(), digest));
        Ok(Body { client: self, response, path, announced, hash, size: 0 })
    }
}

const FILES_LIMIT: u64 = 10_000;
const _: () = assert!(manifest::FILES_LIMIT == 10_000, "no more than a manifest may name");

/// A file on its way: given out chunk by chunk, and compared at its end with what was announced.
#[derive(Debug)]
pub struct Body<'a> {
    client: &'a Client,
    response: Response,
    path: String,
    announced: Option<u64>,
    hash: Option<(Sha256, Digest)>,
    size: u64,
}

impl Body<'_> {
    /// The next bytes; none: the file arrived whole.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(chunk) = self.client.chunk(&mut self.response).await? else {
            self.check()?;
            return Ok(None);
        };
        self.size = self.size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        self.client.counted(0, self.size)?;
        if self.announced.is_some_and(|announced| self.size > announced) {
            self.check()?;
        }
        if let Some((hash, _)) = &mut self.hash {
            hash.update(&chunk);
        }
        Ok(Some(chunk))
    }

    fn check(&self) -> Result<(), Error> {
        let (path, found) = (self.path.clone(), self.size);
        if let Some(announced) = self.announced.filter(|announced| *announced != found) {
            return Err(Error::Size { path, announced, found });
        }
        if let Some((hash, announced)) = &self.hash {
            let found = Digest::from_sha256(&hash.clone().finalize().into());
            if found != *announced {
                return Err(Error::Digest { path, announced: announced.clone(), found });
            }
        }
        Ok(())
    }
}

/// A path within a URL, its parts escaped.
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    let escape =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(escape).collect()
}
