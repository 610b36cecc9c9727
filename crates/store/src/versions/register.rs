//! Sealing a version: number, manifest, tags, aliases and journal row in one transaction.

use super::{Error, Version, load};
use crate::aliases::{self, By};
use crate::changed::{Changed, Named};
use crate::row::{Columns, int, to_json};
use crate::write::Write;
use crate::{Store, journal, lineage, models, signatures, storage, tags};
use seatrial_domain::lineage::Lineage;
use seatrial_domain::manifest::Manifest;
use seatrial_domain::mlmodel::Flavors;
use seatrial_domain::tensor::Signature;
use seatrial_domain::{Actor, Digest, ModelName, Timestamp, VersionNumber, VersionRef};
use std::collections::BTreeMap;

/// What a version is made of. Its blobs are in the store already.
#[derive(Debug, Clone)]
pub struct New {
    pub model: ModelName,
    pub manifest: Manifest,
    pub signature: Signature,
    pub flavors: Flavors,
    pub tags: BTreeMap<String, String>,
    pub aliases: Vec<String>,
    pub source: Option<String>,
    pub lineage: Lineage,
    pub actor: Actor,
    pub now: Timestamp,
}

/// What a registry client says of where a version came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub run_id: Option<String>,
    pub run_link: Option<String>,
    pub model_id: Option<String>,
}

/// The version, and whether it was there before.
#[derive(Debug, Clone, PartialEq)]
pub enum Registered {
    New(Version),
    /// The model has a version of exactly these bytes: it is answered, with the tags and aliases
    /// now asked for.
    Existing(Version),
}

impl Registered {
    /// The version, new or not.
    pub fn into_version(self) -> Version {
        match self {
            Self::New(version) | Self::Existing(version) => version,
        }
    }
}

impl Store {
    /// Registers a version; who stores its blobs holds them until then ([`crate::blobs::Hold`]).
    /// Errors: [`Error::MissingBlob`], [`Error::Lineage`].
    pub async fn register_version(&self, new: &New) -> Result<Registered, Error> {
        self.register_signed(new, None).await
    }

    /// As [`Store::register_version`], with a signature of it: both or neither.
    /// Errors: [`Error::MissingBlob`], [`Error::TooManySignatures`].
    pub async fn register_signed(
        &self,
        new: &New,
        signature: Option<&signatures::New>,
    ) -> Result<Registered, Error> {
        let _until_registered = self.blobs().hold();
        self.have_all(&new.manifest).await?;
        let digest = new.manifest.digest();
        let mut write = self.write().await?;
        let existing = find(&mut write, &new.model, &digest).await?;
        let number = match existing {
            Some(number) => {
                let before = load(write.sql(), (&new.model, number)).await?;
                let run_id = before.origin.run_id.as_deref();
                lineage::agrees(write.sql(), (&new.model, number), run_id, &new.lineage).await?;
                number
            }
            None => {
                let number = models::next_number(write.sql(), &new.model, new.now).await?;
                insert(&mut write, (new, number), &Origin::default(), "").await?;
                number
            }
        };
        let key = (&new.model, number);
        let by = By { actor: &new.actor, cause: "given at registration", now: new.now };
        let tags = tags::set(&mut write, key, &new.tags).await?;
        let mut changed = Changed { tags, ..Changed::default() };
        for alias in &new.aliases {
            if aliases::point(write.sql(), key, alias, by).await? {
                changed.aliases.push(alias.clone());
            }
        }
        let version = load(write.sql(), key).await?;
        if let Some(signature) = signature {
            let by = (&new.actor, new.now);
            signatures::keep(&mut write, &version.reference, signature, by).await?;
        }
        let registered = match existing {
            None => Registered::New(version),
            Some(_) => {
                let named = Named { version: version.reference.clone(), changed };
                named.journal(&mut write, by).await?;
                Registered::Existing(version)
            }
        };
        write.commit().await?;
        Ok(registered)
    }

    /// Registers a version of a model that is there, with a number of its own even if the model has
    /// one of the same bytes: so registry clients expect it. Who has its blobs holds them until
    /// then. Errors: [`Error::UnknownModel`], [`Error::MissingBlob`], [`Error::Lineage`].
    pub async fn register_numbered(
        &self,
        new: &New,
        origin: &Origin,
        description: &str,
    ) -> Result<VersionRef, Error> {
        let _until_registered = self.blobs().hold();
        self.have_all(&new.manifest).await?;
        let mut write = self.write().await?;
        let version = number(&mut write, new, origin, description).await?;
        write.commit().await?;
        Ok(version)
    }

    pub(crate) async fn have_all(&self, manifest: &Manifest) -> Result<(), Error> {
        for file in manifest.files() {
            if !self.blobs().has(&file.digest, file.size).await? {
                let (path, digest) = (file.path.clone(), file.digest.clone());
                return Err(Error::MissingBlob { path, digest });
            }
        }
        Ok(())
    }
}

/// As [`Store::register_numbered`], in a transaction of somebody else's.
pub(crate) async fn number(
    write: &mut Write<'_>,
    new: &New,
    origin: &Origin,
    description: &str,
) -> Result<VersionRef, Error> {
    let number = models::next_number_of(write.sql(), &new.model, new.now).await?;
    let version = insert(write, (new, number), origin, description).await?;
    tags::give(write, (&new.model, number), &new.tags).await?;
    Ok(version)
}

async fn find(
    write: &mut Write<'_>,
    model: &ModelName,
    digest: &Digest,
) -> Result<Option<VersionNumber>, storage::Error> {
    let row = sqlx::query(
        "SELECT number FROM version WHERE model = ? AND digest = ? AND deleted_at IS NULL
         ORDER BY number DESC LIMIT 1",
    )
    .bind(model.as_str())
    .bind(digest.as_str())
    .fetch_optional(write.sql())
    .await?;
    row.map(|row| row.count("number").map(VersionNumber)).transpose()
}

async fn insert(
    write: &mut Write<'_>,
    (new, number): (&New, VersionNumber),
    origin: &Origin,
    description: &str,
) -> Result<VersionRef, Error> {
    let digest = new.manifest.digest();
    let manifest = String::from_utf8(new.manifest.to_bytes())
        .map_err(|error| storage::Error::corrupt("manifest", &error))?;
    sqlx::query(
        "INSERT INTO version (model, number, digest, manifest, signature, source, lifecycle,
                              created_at, updated_at, created_by, run_id, run_link, model_id, flavors,
                              description)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'registered', ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )
    .bind(new.model.as_str())
    .bind(int(number.0))
    .bind(digest.as_str())
    .bind(manifest)
    .bind(to_json("signature", &new.signature)?)
    .bind(&new.source)
    .bind(new.now.as_micros())
    .bind(to_json("actor", &new.actor)?)
    .bind(origin.run_id.as_deref().or(new.lineage.run_id()))
    .bind(&origin.run_link)
    .bind(&origin.model_id)
    .bind(to_json("flavors", &new.flavors)?)
    .bind(description)
    .execute(write.sql())
    .await?;
    lineage::seal(write.sql(), (&new.model, number), &digest, &new.lineage).await?;
    // On a version that was not there before, everything is new.
    let changed = Changed { aliases: new.aliases.clone(), tags: new.tags.clone() };
    let version = VersionRef { model: new.model.clone(), number, digest };
    let (subject, said) = (version.to_string(), format!("sealed as {}", version.digest));
    let evidence = Named { version: version.clone(), changed }.evidence()?;
    let row = journal::New::about(&subject, "registered", &new.actor, new.now).because(said);
    write.journal(row.with(evidence.as_ref())).await?;
    Ok(version)
}
