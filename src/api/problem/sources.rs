//! How the product's errors become problems.

use super::{Failure, Kind};
use crate::dataset::child;
use crate::driver::command::{self, Missing};
use crate::registry;
use crate::signatures::Refusal;
use seatrial_domain::{ids, manifest};
use seatrial_runtime::{load, probe};
use seatrial_store::{blobs, datasets, gc, lineage, storage, versions};
use std::sync::Arc;

impl From<ids::Error> for Failure {
    fn from(error: ids::Error) -> Self {
        Self::new(Kind::Invalid, error.to_string())
    }
}

impl From<manifest::Error> for Failure {
    fn from(error: manifest::Error) -> Self {
        Self::new(Kind::Invalid, error.to_string())
    }
}

impl From<command::Error> for Failure {
    fn from(error: command::Error) -> Self {
        use command::Error;
        let detail = error.to_string();
        match error {
            Error::NotFound { what, .. } => {
                Self::new(Kind::NotFound, detail).hint(where_listed(what))
            }
            Error::Conflict { id, .. } => {
                Self::new(Kind::Stale, detail).hint(format!("seatrial rollout show {id}"))
            }
            Error::Refused(_) => Self::new(Kind::Conflict, detail),
            Error::Quarantined { rollout, .. } => {
                let hint = "add --override-quarantine --reason WHY to roll it out all the same";
                let see = rollout.map(|id| format!("; see `seatrial rollout explain {id}`"));
                let detail = format!("{detail}{}", see.unwrap_or_default());
                Self::new(Kind::Quarantined, detail).hint(hint)
            }
            Error::Busy { running, .. } => {
                Self::new(Kind::Conflict, detail).hint(format!("seatrial rollout watch {running}"))
            }
            Error::Running { id, .. } => {
                Self::new(Kind::Conflict, detail).hint(format!("seatrial rollout watch {id}"))
            }
            Error::NotKnownGood { endpoint, .. } => {
                let hint = format!("`seatrial endpoint show {endpoint}` says what it serves");
                Self::new(Kind::Conflict, detail).hint(hint)
            }
            Error::QueueFull { endpoint, .. } => {
                let hint = format!("seatrial rollout list --endpoint {endpoint}");
                Self::new(Kind::Busy, detail).hint(hint)
            }
            Error::NotServed { .. } => Self::new(Kind::Refused, detail)
                .hint("export it to ONNX, save that by mlflow.onnx, and register it as a version"),
            Error::Invalid { .. } => Self::new(Kind::Refused, detail),
            Error::Signature { version, refusal } => {
                Self::from(*refusal).after(&version.to_string())
            }
            Error::Unstored(error) => Self::from(error)
                .after(&detail)
                .hint("`seatrial rollout list` shows held(storage) until then"),
            Error::Storage(error) => match error.downcast::<storage::Error>() {
                Ok(error) => error.into(),
                Err(error) => Self::internal(&error),
            },
        }
    }
}

/// The command that lists what there is of a kind.
const fn where_listed(what: Missing) -> &'static str {
    match what {
        Missing::Endpoint => "seatrial endpoint list",
        Missing::KnownGood => "`seatrial audit` lists what served when",
        Missing::Policy => "seatrial policy show",
        Missing::Rollout => "seatrial rollout list",
        Missing::Version => "seatrial model list",
    }
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Full(_) => Self::new(Kind::Storage, error.to_string()),
            storage::Error::Busy(_) | storage::Error::Late | storage::Error::Closed => {
                Self::new(Kind::Unavailable, error.to_string())
            }
            storage::Error::Corrupt { .. } | storage::Error::Sql(_) => {
                Self::internal(&error.into())
            }
        }
    }
}

impl From<blobs::Error> for Failure {
    fn from(error: blobs::Error) -> Self {
        match error {
            blobs::Error::Full(_) => Self::new(Kind::Storage, error.to_string()),
            blobs::Error::TooLarge { .. } => Self::new(Kind::TooLarge, error.to_string()),
            blobs::Error::Unreachable(_) => {
                tracing::warn!(%error, "a blob is out of reach");
                Self::new(Kind::Unavailable, error.to_string()).hint("seatrial doctor")
            }
            blobs::Error::Mismatch { .. }
            | blobs::Error::Denied(_)
            | blobs::Error::Missing(_)
            | blobs::Error::Altered { .. }
            | blobs::Error::Io(_) => Self::internal(&error.into()),
        }
    }
}

impl From<versions::Error> for Failure {
    fn from(error: versions::Error) -> Self {
        let detail = error.to_string();
        match error {
            versions::Error::UnknownModel(_) => {
                Self::new(Kind::NotFound, detail).hint("seatrial model list")
            }
            versions::Error::UnknownVersion(model, _) => {
                Self::new(Kind::NotFound, detail).hint(format!("seatrial model list {model}"))
            }
            versions::Error::Referenced { .. } | versions::Error::TooManySignatures { .. } => {
                Self::new(Kind::Conflict, detail)
            }
            versions::Error::Limit { .. } => Self::new(Kind::Refused, detail)
                .hint("see limits.models in docs/reference/config.md"),
            versions::Error::MissingBlob { .. } => Self::internal(&error.into()),
            versions::Error::Lineage(error) => error.into(),
            versions::Error::Blobs(error) => error.into(),
            versions::Error::Storage(error) => error.into(),
        }
    }
}

impl From<lineage::Error> for Failure {
    fn from(error: lineage::Error) -> Self {
        let detail = error.to_string();
        match error {
            lineage::Error::UnknownParent(model, _) => {
                Self::new(Kind::Refused, detail).hint(format!("seatrial model list {model}"))
            }
            lineage::Error::UnknownDataset(..) => {
                Self::new(Kind::Refused, detail).hint("seatrial dataset list")
            }
            lineage::Error::Loop(_) => Self::new(Kind::Refused, detail),
            lineage::Error::Sealed(model, number) => {
                let hint = format!("seatrial model show {model}@{} --lineage", number.0);
                Self::new(Kind::Conflict, detail).hint(hint)
            }
            lineage::Error::Storage(error) => error.into(),
        }
    }
}

impl From<gc::Error> for Failure {
    fn from(error: gc::Error) -> Self {
        match error {
            gc::Error::Blobs(error) => error.into(),
            gc::Error::Storage(error) => error.into(),
        }
    }
}

impl From<datasets::Error> for Failure {
    fn from(error: datasets::Error) -> Self {
        let detail = error.to_string();
        match error {
            datasets::Error::Unknown(..) => {
                Self::new(Kind::NotFound, detail).hint("seatrial dataset list")
            }
            datasets::Error::MissingBlob(_) => Self::internal(&error.into()),
            datasets::Error::Blobs(error) => error.into(),
            datasets::Error::Storage(error) => error.into(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::UnknownKey { key } => Self::new(Kind::Denied, detail).hint(format!(
                "add [keys.{key}] to the server's configuration, and start it again"
            )),
            Refusal::Unsigned { .. } | Refusal::Forged { .. } => Self::new(Kind::Denied, detail)
                .hint("sign it: seatrial model push PATH --name N --sign-key KEY.pem"),
            Refusal::Exchanged { .. } => Self::new(Kind::Denied, detail),
            Refusal::Storage(error) => error.into(),
        }
    }
}

impl From<registry::Error> for Failure {
    fn from(error: registry::Error) -> Self {
        use registry::Error;
        let detail = error.to_string();
        match error {
            Error::UnknownUpload(_) => {
                Self::new(Kind::NotFound, detail).hint("seatrial model push PATH --name N")
            }
            Error::TooManyUploads { .. } | Error::TooManyChecks { .. } => {
                Self::new(Kind::Busy, detail)
            }
            Error::TooManyFiles { .. } | Error::TooLarge { .. } => {
                Self::new(Kind::TooLarge, detail)
            }
            Error::Different(_) => Self::new(Kind::Conflict, detail),
            Error::BrokenOff(_) | Error::Slow(_) | Error::Manifest(_) => {
                Self::new(Kind::Invalid, detail)
            }
            Error::NoModel { .. } | Error::SeveralModels { .. } | Error::NotOneFile { .. } => {
                Self::new(Kind::Refused, detail)
            }
            Error::MlModels(_) | Error::MlModel { .. } | Error::NoData { .. } => {
                Self::new(Kind::Refused, detail)
                    .hint("let mlflow's save_model write the directory anew, and push it again")
            }
            Error::Contradiction { .. } => Self::new(Kind::Refused, detail)
                .hint("save it again with its ONNX file's signature, or with none, and push it"),
            Error::Bundle(_) | Error::Mismatch(_) => Self::new(Kind::Refused, detail),
            Error::Signature(refusal) => refusal.into(),
            Error::Model { path, source } => refused_model(&path, source),
            Error::Full(_) => Self::new(Kind::Storage, detail),
            Error::Dataset(child::Error::Unreadable { .. }) | Error::Io(_) => {
                Self::internal(&error.into())
            }
            Error::Format(_) | Error::Dataset(_) => Self::new(Kind::Refused, detail),
            Error::Blobs(error) => error.into(),
            Error::Versions(error) => error.into(),
            Error::Datasets(error) => error.into(),
        }
    }
}

/// What is wrong with the model is its pusher's to mend; a child that cannot be started is not.
fn refused_model(path: &manifest::FilePath, error: Arc<probe::Error>) -> Failure {
    match *error {
        probe::Error::Refused(load::Error::Library { .. } | load::Error::Io { .. })
        | probe::Error::Process(_) => Failure::internal(&error.into()),
        probe::Error::Refused(_) | probe::Error::Crashed { .. } | probe::Error::TimedOut { .. } => {
            Failure::new(Kind::Refused, format!("{path}: {error}"))
                .hint("nothing was stored; mend the model and push again")
        }
    }
}
