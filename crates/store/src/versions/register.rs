//! Sealing a version: number, manifest, tags, aliases and journal row in one transaction.

use super::{Error, Listed, Stage, Standing, Version, load};
use crate::aliases::{self, By};
use crate::batch::Batch;
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
                let (mut batch, origin) = (Batch::default(), Origin::default());
                let said = (&origin, "");
                insert((&mut write, &mut batch), (new, number), &new.lineage, said).await?;
                batch.run(write.sql()).await?;
                number
            }
        };
        let key = (&new.model, number);
        let by = By { actor: &new.actor, cause: "given at registration", now: new.now };
        let tags = tags::set(&mut write, key, &new.tags).await?;
        let mut changed = Changed { tags, ..Changed::default() };
        for alias in &new.aliases {
            if aliases::give(&mut write, key, alias, by).await? {
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
    /// one of the same bytes: so registry clients expect it. Where its lineage names no code, the
    /// commit that its run was started from is that. Who has verified its blobs holds them
    /// until then. Errors: [`Error::UnknownModel`], [`Error::Lineage`].
    pub async fn register_numbered(
        &self,
        new: &New,
        origin: &Origin,
        description: &str,
    ) -> Result<Listed, Error> {
        let (write, batch, version) = number(self, new, origin, description).await?;
        write.commit_with(batch).await?;
        Ok(version)
    }

    async fn have_all(&self, manifest: &Manifest) -> Result<(), Error> {
        for file in manifest.files() {
            if !self.blobs().has(&file.digest, file.size).await? {
                let (path, digest) = (file.path.clone(), file.digest.clone());
                return Err(Error::MissingBlob { path, digest });
            }
        }
        Ok(())
    }
}

/// Begins what registers a version as [`Store::register_numbered`] does: it is there once the batch is
/// committed.
pub(crate) async fn number<'a>(
    store: &'a Store,
    new: &New,
    origin: &Origin,
    description: &str,
) -> Result<(Write<'a>, Batch, Listed), Error> {
    let of = (&new.model, run_id(new, origin));
    let (mut write, number, code) = models::write_numbering(store, of, new.now).await?;
    let mut batch = Batch::default();
    let lineage = match new.lineage.code_ref() {
        Some(_) => None,
        // One that is no line is no commit, and no reason to refuse the version.
        None => code.and_then(|code| new.lineage.clone().by_code(Some(&code)).ok()),
    };
    let lineage = lineage.as_ref().unwrap_or(&new.lineage);
    let said = (origin, description);
    let reference = insert((&mut write, &mut batch), (new, number), lineage, said).await?;
    tags::give_in(&mut batch, (&new.model, number), &new.tags, write.tag_limits())?;
    let version = Listed {
        reference,
        standing: Standing { stage: Stage::None, rollout: None },
        tags: new.tags.clone(),
        aliases: Vec::new(),
        source: new.source.clone(),
        origin: Origin { run_id: run_id(new, origin).map(str::to_owned), ..origin.clone() },
        description: description.to_owned(),
        created_at: new.now,
        updated_at: new.now,
        created_by: new.actor.clone(),
    };
    Ok((write, batch, version))
}

fn run_id<'a>(new: &'a New, origin: &'a Origin) -> Option<&'a str> {
    origin.run_id.as_deref().or(new.lineage.run_id())
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

/// Adds what inserts the version, seals its lineage and journals it.
async fn insert(
    (write, batch): (&mut Write<'_>, &mut Batch),
    (new, number): (&New, VersionNumber),
    lineage: &Lineage,
    (origin, description): (&Origin, &str),
) -> Result<VersionRef, Error> {
    let digest = new.manifest.digest();
    let manifest = String::from_utf8(new.manifest.to_bytes())
        .map_err(|error| storage::Error::corrupt("manifest", &error))?;
    batch
        .add(
            "INSERT INTO version (model, number, digest, manifest, signature, source, lifecycle,
                                  created_at, updated_at, created_by, run_id, run_link, model_id,
                                  flavors, description)
             VALUES (?, ?, ?, ?, ?, ?, 'registered', ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.model.as_str())
        .bind(int(number.0))
        .bind(digest.as_str())
        .bind(manifest)
        .bind(to_json("signature", &new.signature)?)
        .bind(&new.source)
        .bind(new.now.as_micros())
        .bind(new.now.as_micros())
        .bind(to_json("actor", &new.actor)?)
        .bind(run_id(new, origin))
        .bind(&origin.run_link)
        .bind(&origin.model_id)
        .bind(to_json("flavors", &new.flavors)?)
        .bind(description);
    let key = (&new.model, number);
    lineage::seal((write.sql(), batch), key, &digest, lineage).await?;
    // On a version that was not there before, everything is new.
    let changed = Changed { aliases: new.aliases.clone(), tags: new.tags.clone() };
    let version = VersionRef { model: new.model.clone(), number, digest };
    let (subject, said) = (version.to_string(), format!("sealed as {}", version.digest));
    let evidence = Named { version: version.clone(), changed }.evidence()?;
    let row = journal::New::about(&subject, "registered", &new.actor, new.now).because(said);
    write.journal_in(batch, row.with(evidence.as_ref())).await?;
    Ok(version)
}
