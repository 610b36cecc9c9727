//! What a version is: the tensors of what is served, and what its author says of it.

use super::place::Place;
use super::trials::{Outcome, lacks_data};
use super::{Error, Registry, tried};
use seatrial_domain::manifest::{File, Manifest};
use seatrial_domain::mlmodel::{self, Flavors};
use seatrial_domain::tensor::Signature;

/// What a version is registered as.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The tensors of what is served; empty where nothing of it can be.
    pub signature: Signature,
    pub flavors: Flavors,
}

impl Registry {
    /// Reads what a version of these stored files is, and tries what would be served. The files it
    /// reads are verified; the others are not looked at.
    pub async fn describe(&self, manifest: &Manifest) -> Result<Described, Error> {
        self.describe_at(manifest, &Place::Stored(self.store.blobs())).await
    }

    pub(super) async fn describe_at(
        &self,
        manifest: &Manifest,
        place: &Place<'_>,
    ) -> Result<Described, Error> {
        let said = mlmodel::find(manifest).map_err(Error::MlModels)?;
        let flavors = match said {
            Some(said) => flavors(said, place).await?,
            None => Flavors::default(),
        };
        let Some(main) = main_file(manifest, said, &flavors)? else {
            return Ok(Described { signature: Signature::default(), flavors });
        };
        let found = self.signature(manifest, main, place).await?;
        if let (Some(said), Some(signature)) = (said, &flavors.signature) {
            let (path, model) = (said.path.clone(), main.path.clone());
            let checked = signature.check(&found);
            checked.map_err(|source| {
                let source = Box::new(source);
                Error::Contradiction { path, model, source }
            })?;
        }
        Ok(Described { signature: found, flavors })
    }

    /// What a trial finds of the model, or has found of the very same files. Most models need none of
    /// the files beside them, and are tried without.
    async fn signature(
        &self,
        manifest: &Manifest,
        main: &File,
        place: &Place<'_>,
    ) -> Result<Signature, Error> {
        let (alone, whole) = (tried::alone(&main.digest), tried::key(manifest, main));
        let known = self.trials.tried.of(&alone).or_else(|| self.trials.tried.of(&whole));
        if let Some(found) = known {
            return Ok(found);
        }
        let refused = |source| Error::Model { path: main.path.clone(), source };
        let is_all = |found: &Outcome| alone == whole || !lacks_data(found);
        if let Some(found) = self.trials.joined(&main.digest).await.filter(is_all) {
            return found.map_err(refused);
        }
        let _turn = match place {
            Place::Stored(_) => Some(self.turn()?),
            // Who takes it in has the turn.
            Place::Upload(_) => None,
        };
        let file = place.alone(main).await?;
        let found = self.trials.now(alone.clone(), &file.files).await;
        if is_all(&found) {
            return found.map_err(refused);
        }
        let all = place.trial(manifest, file).await?;
        self.trials.now(whole, &all.files).await.map_err(refused)
    }
}

/// What the `MLmodel` says.
async fn flavors(said: &File, place: &Place<'_>) -> Result<Flavors, Error> {
    let refused = |source| Error::MlModel { path: said.path.clone(), source };
    // Before it is read.
    if said.size > mlmodel::SIZE_MAX {
        return Err(refused(mlmodel::Error::TooLong));
    }
    let bytes = place.read(said, mlmodel::SIZE_MAX).await?;
    mlmodel::read(&said.path, &bytes).map_err(refused)
}

/// The file that will be loaded: what the door lets in as an ONNX model, a server can load. None: its
/// `MLmodel` names other flavors.
fn main_file<'a>(
    manifest: &'a Manifest,
    said: Option<&File>,
    flavors: &Flavors,
) -> Result<Option<&'a File>, Error> {
    if let Some(main) = flavors.served(manifest) {
        return Ok(Some(main));
    }
    if let (Some(said), Some(data)) = (said, &flavors.onnx) {
        return Err(Error::NoData { path: said.path.clone(), data: data.clone() });
    }
    if !flavors.named.is_empty() {
        return Ok(None);
    }
    let names = |files: &[&File]| {
        let names = files.iter().take(5).map(|file| file.path.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let several = manifest.files().iter().filter(|file| file.is_onnx()).collect::<Vec<_>>();
    if several.is_empty() {
        let all = manifest.files().iter().collect::<Vec<_>>();
        return Err(Error::NoModel { found: names(&all) });
    }
    Err(Error::SeveralModels { found: names(&several) })
}
