//! Fetches the library, once, on a machine that has none.
//!
//! The Python package of the same name holds it, and pip is what fetches it: it knows the user's
//! proxy, mirror and certificates. Only the archive is used; no Python runs when models do.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::pin::Pin;
use super::{Error, VERSION, advice, io_error, locate, wheel};

/// A step of provisioning, as a person wants to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The download begins.
    Downloading,
    /// The download is being checked against its pinned SHA-256.
    Verifying,
    /// The library is in the cache.
    Installed(PathBuf),
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Downloading => {
                write!(f, "ONNX Runtime {VERSION} is not on this machine; downloading it once")
            }
            Self::Verifying => f.write_str("checking its SHA-256"),
            Self::Installed(path) => write!(f, "ONNX Runtime is at {}", path.display()),
        }
    }
}

/// What fetches the library.
#[derive(Debug)]
pub(super) struct Provisioner {
    pin: Pin,
    /// The ways to call pip, in the order they are tried.
    commands: Vec<Vec<OsString>>,
}

impl Provisioner {
    pub(super) fn new(pin: Pin) -> Self {
        let commands: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];
        let commands =
            commands.into_iter().map(|words| words.iter().map(OsString::from).collect()).collect();
        Self { pin, commands }
    }

    #[cfg(test)]
    pub(super) const fn with_commands(pin: Pin, commands: Vec<Vec<OsString>>) -> Self {
        Self { pin, commands }
    }

    /// Puts the library into the cache. Processes that do so at once wait for the first one.
    pub(super) fn provision(
        &self,
        cache: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, Error> {
        let directory = locate::cached(cache);
        let target = directory.join(self.pin.file);
        fs::create_dir_all(&directory).map_err(io_error(&directory))?;
        let lock_path = directory.join("lock");
        let lock = File::create(&lock_path).map_err(io_error(&lock_path))?;
        lock.lock().map_err(io_error(&lock_path))?;
        if target.is_file() {
            return Ok(target);
        }
        progress(Progress::Downloading);
        let scratch = tempfile::tempdir_in(&directory).map_err(io_error(&directory))?;
        let archive = self.download(scratch.path(), cache)?;
        progress(Progress::Verifying);
        wheel::install(&archive, &self.pin, &target, &advice(self.pin.file, cache))?;
        progress(Progress::Installed(target.clone()));
        Ok(target)
    }

    /// The wheel, by the first command that works.
    fn download(&self, scratch: &Path, cache: &Path) -> Result<PathBuf, Error> {
        let mut attempts = Vec::new();
        for command in &self.commands {
            match self.attempt(command, scratch) {
                Ok(archive) => return Ok(archive),
                Err(fault) => attempts.push(fault),
            }
        }
        let advice = advice(self.pin.file, cache);
        Err(Error::Download { attempts: attempts.join("; "), advice })
    }

    fn attempt(&self, words: &[OsString], scratch: &Path) -> Result<PathBuf, String> {
        let named = words.join(" ".as_ref()).to_string_lossy().into_owned();
        let fault = |what: &str| format!("{named}: {what}");
        let (program, leading) = words.split_first().ok_or_else(|| fault("no command"))?;
        let output = Command::new(program)
            .args(leading)
            .args(self.arguments(scratch))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| fault(&error.to_string()))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
            return Err(fault(last.map_or_else(|| "failed".to_owned(), crate::one_line).as_str()));
        }
        wheel::only_one_in(scratch).ok_or_else(|| fault("it left no wheel"))
    }

    /// The same wheel whatever Python pip itself runs on: the library inside is the same for all.
    fn arguments(&self, scratch: &Path) -> Vec<OsString> {
        let fixed = "download --quiet --disable-pip-version-check --no-input --no-deps \
                     --only-binary=:all: --retries 2 --timeout 20 \
                     --implementation cp --python-version 3.11 --abi cp311";
        let mut arguments = fixed.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        for platform in self.pin.platforms {
            arguments.extend(["--platform".into(), platform.into()]);
        }
        arguments.extend(["--dest".into(), scratch.into()]);
        arguments.push(format!("onnxruntime=={VERSION}").into());
        arguments
    }
}
