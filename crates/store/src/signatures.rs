//! Signatures of sealed files. They are kept by the version's digest: what is signed once is signed
//! under every number and name. Never replaced, since a bundle may claim any key; counted instead.

use crate::row::{Columns, to_json};
use crate::write::Write;
use crate::{Store, journal, storage, versions};
use seatrial_domain::signing::{Bundle, KeyId};
use seatrial_domain::{Actor, Digest, ModelName, Timestamp, VersionNumber, VersionRef};
use sqlx::sqlite::SqliteRow;

/// A kept signature.
#[derive(Debug, Clone)]
pub struct Signature {
    pub bundle: Bundle,
    pub at: Timestamp,
    pub by: Actor,
}

/// A signature to keep.
#[derive(Debug, Clone)]
pub struct New {
    pub bundle: Bundle,
    /// How many the version may have then.
    pub most: u32,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    New,
    /// The very bundle was there.
    Before,
}

impl Store {
    /// Keeps a signature of a version that is registered. Errors: unknown version, too many.
    pub async fn sign_version(
        &self,
        (model, number): (&ModelName, VersionNumber),
        new: &New,
        (actor, now): (&Actor, Timestamp),
    ) -> Result<Kept, versions::Error> {
        let mut write = self.write().await?;
        let version = versions::load(write.sql(), (model, number)).await?.reference;
        let kept = keep(&mut write, &version, new, (actor, now)).await?;
        write.commit().await?;
        Ok(kept)
    }

    /// The signatures of these bytes, the oldest first.
    pub async fn signatures(&self, digest: &Digest) -> Result<Vec<Signature>, storage::Error> {
        let rows = sqlx::query("SELECT * FROM version_signature WHERE digest = ? ORDER BY at, id")
            .bind(digest.as_str())
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(read).collect()
    }

    /// One signature of these bytes.
    pub async fn signature(
        &self,
        digest: &Digest,
        id: &Digest,
    ) -> Result<Option<Signature>, storage::Error> {
        let row = sqlx::query("SELECT * FROM version_signature WHERE digest = ? AND id = ?")
            .bind(digest.as_str())
            .bind(id.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The signatures of these bytes that say they are of this key, or do not say whose they are.
    pub async fn signatures_of(
        &self,
        digest: &Digest,
        key: &KeyId,
    ) -> Result<Vec<Signature>, storage::Error> {
        let rows = sqlx::query(
            "SELECT * FROM version_signature
             WHERE digest = ? AND (made_by = ? OR made_by IS NULL) ORDER BY at, id",
        )
        .bind(digest.as_str())
        .bind(key.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter().map(read).collect()
    }
}

pub(crate) async fn keep(
    write: &mut Write<'_>,
    version: &VersionRef,
    new: &New,
    (actor, now): (&Actor, Timestamp),
) -> Result<Kept, versions::Error> {
    let (digest, id) = (&version.digest, new.bundle.id());
    let row = sqlx::query(
        "SELECT count(*) AS kept, coalesce(sum(id = ?2), 0) AS same
         FROM version_signature WHERE digest = ?1",
    )
    .bind(digest.as_str())
    .bind(id.as_str())
    .fetch_one(write.sql())
    .await?;
    if row.count("same")? > 0 {
        return Ok(Kept::Before);
    }
    if row.count("kept")? >= u64::from(new.most) {
        return Err(versions::Error::TooManySignatures { most: new.most });
    }
    let made_by = new.bundle.made_by();
    sqlx::query(
        "INSERT INTO version_signature (digest, id, made_by, bundle, at, actor)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(digest.as_str())
    .bind(id.as_str())
    .bind(made_by.map(KeyId::as_str))
    .bind(new.bundle.as_str())
    .bind(now.as_micros())
    .bind(to_json("actor", actor)?)
    .execute(write.sql())
    .await?;
    let key = made_by.map_or("a key it does not name", KeyId::as_str);
    let subject = version.to_string();
    let row = journal::New::about(&subject, "signed", actor, now)
        .because(format!("{digest} by {key}, bundle {id}"));
    write.journal(row).await?;
    Ok(Kept::New)
}

fn read(row: &SqliteRow) -> Result<Signature, storage::Error> {
    let bundle = Bundle::parse(row.text("bundle")?.as_bytes());
    Ok(Signature {
        bundle: bundle.map_err(|error| storage::Error::corrupt("bundle", &error))?,
        at: row.time("at")?,
        by: row.json("actor")?,
    })
}
