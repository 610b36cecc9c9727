//! Signatures on their way in: with an upload, or for a version that is registered.

use super::{Error, Registry, UploadId};
use crate::clock;
use crate::signatures::Admitted;
use seatrial_domain::manifest::Manifest;
use seatrial_domain::plan::RequiredSignature;
use seatrial_domain::signing::Bundle;
use seatrial_domain::{Actor, ModelName, VersionNumber};
use seatrial_store::signatures::{self, Kept, Signature};

/// A version's signature, and whether there was none of its kind before.
#[derive(Debug)]
pub struct Signed {
    pub signature: Signature,
    pub kept: Kept,
}

impl Registry {
    /// Takes the signature of an upload's files in; the last one sent counts.
    pub fn receive_signature(&self, id: &UploadId, bytes: &[u8]) -> Result<Bundle, Error> {
        let bundle = Bundle::parse(bytes)?;
        let mut open = self.lock();
        let upload = open.get_mut(id).ok_or_else(|| Error::UnknownUpload(id.clone()))?;
        upload.signature = Some(bundle.clone());
        Ok(bundle)
    }

    /// Adds a signature to a version that is registered.
    pub async fn sign(
        &self,
        (model, number): (&ModelName, VersionNumber),
        bytes: &[u8],
        actor: &Actor,
    ) -> Result<Signed, Error> {
        let bundle = Bundle::parse(bytes)?;
        let manifest = self.store.version(model, number).await?.manifest;
        bundle.covers(&manifest)?;
        let most = self.limits.max_signatures;
        match self.signatures.admit(&manifest, bundle, most).await? {
            Admitted::Before(signature) => Ok(Signed { signature, kept: Kept::Before }),
            Admitted::New(new) => {
                let at = clock::now();
                let kept = self.store.sign_version((model, number), &new, (actor, at)).await?;
                let signature = Signature { bundle: new.bundle, at, by: actor.clone() };
                Ok(Signed { signature, kept })
            }
        }
    }

    /// Refuses files that are not signed as they must be, and a signature that is not of these
    /// files; gives what is to be kept.
    pub(super) async fn check_signed(
        &self,
        manifest: &Manifest,
        sent: Option<&Bundle>,
        required: &[RequiredSignature],
    ) -> Result<Option<signatures::New>, Error> {
        if let Some(bundle) = sent {
            bundle.covers(manifest)?;
        }
        for asked in required {
            self.signatures.check(manifest, asked, sent).await?;
        }
        let Some(bundle) = sent else { return Ok(None) };
        let most = self.limits.max_signatures;
        match self.signatures.admit(manifest, bundle.clone(), most).await? {
            Admitted::New(new) => Ok(Some(new)),
            Admitted::Before(_) => Ok(None),
        }
    }
}
