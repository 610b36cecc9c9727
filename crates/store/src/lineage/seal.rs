//! Sealing a lineage with its version, in one transaction.

use super::{Error, Parent, Row, TrainedOn, load, parents};
use crate::batch::Batch;
use crate::row::{Columns, int, to_json};
use crate::storage;
use seatrial_domain::ids::DatasetName;
use seatrial_domain::lineage::{Cited, Lineage};
use seatrial_domain::{Digest, ModelName, VersionNumber};
use sqlx::SqliteConnection;

/// Adds what seals what is said of a version to the batch that inserts it. Errors: what is cited is not here, or
/// descends from it.
pub(crate) async fn seal(
    (sql, batch): (&mut SqliteConnection, &mut Batch),
    key: (&ModelName, VersionNumber),
    digest: &Digest,
    said: &Lineage,
) -> Result<(), Error> {
    // Its own row is not there yet.
    let parents = found(sql, said).await?;
    refuse_loops(sql, digest, &parents).await?;
    for (position, parent) in (0_i64..).zip(&parents) {
        let version = parent.version.as_ref();
        batch
            .add("INSERT INTO lineage_parent VALUES (?, ?, ?, ?, ?, ?)")
            .bind(key.0.as_str())
            .bind(int(key.1.0))
            .bind(position)
            .bind(parent.digest.as_str())
            .bind(version.map(|(model, _)| model.as_str()))
            .bind(version.map(|(_, number)| int(number.0)));
    }
    let row = row(sql, said).await?;
    let dataset = row.dataset.as_ref();
    let named = dataset.and_then(|trained| trained.dataset.as_ref());
    batch
        .add("INSERT INTO lineage VALUES (?, ?, ?, ?, ?, ?)")
        .bind(key.0.as_str())
        .bind(int(key.1.0))
        .bind(dataset.map(|trained| trained.digest.as_str()))
        .bind(named.map(|(name, _)| name.as_str()))
        .bind(named.map(|(_, number)| int(number.0)))
        .bind(&row.code_ref);
    Ok(())
}

/// Whether what is said of a registered version is nothing, or what was sealed. Errors: it is not.
pub(crate) async fn agrees(
    sql: &mut SqliteConnection,
    key: (&ModelName, VersionNumber),
    run_id: Option<&str>,
    said: &Lineage,
) -> Result<(), Error> {
    if said.is_empty() {
        return Ok(());
    }
    let (mut sealed, mut cited) = (parents(sql, key).await?, found(sql, said).await?);
    // A parent may have been renamed since.
    sealed.sort();
    cited.sort();
    let same = sealed == cited
        && load(sql, key).await? == row(sql, said).await?
        && run_id == said.run_id();
    if same { Ok(()) } else { Err(Error::Sealed(key.0.clone(), key.1)) }
}

/// The parents that are cited.
async fn found(sql: &mut SqliteConnection, said: &Lineage) -> Result<Vec<Parent>, Error> {
    let mut found = Vec::with_capacity(said.parents().len());
    for cited in said.parents() {
        found.push(match cited {
            Cited::Digest(digest) => Parent { digest: digest.clone(), version: None },
            Cited::Numbered(model, number) => {
                let digest = digest_of(sql, model, *number).await?;
                Parent { digest, version: Some((model.clone(), *number)) }
            }
        });
    }
    Ok(found)
}

async fn digest_of(
    sql: &mut SqliteConnection,
    model: &ModelName,
    number: VersionNumber,
) -> Result<Digest, Error> {
    let row = sqlx::query(
        "SELECT digest FROM version WHERE model = ? AND number = ? AND deleted_at IS NULL",
    )
    .bind(model.as_str())
    .bind(int(number.0))
    .fetch_optional(sql)
    .await?;
    let row = row.ok_or_else(|| Error::UnknownParent(model.clone(), number))?;
    Ok(row.parsed("digest")?)
}

async fn row(sql: &mut SqliteConnection, said: &Lineage) -> Result<Row, Error> {
    let dataset = match said.dataset() {
        None => None,
        Some(Cited::Digest(digest)) => Some(TrainedOn { digest: digest.clone(), dataset: None }),
        Some(Cited::Numbered(name, number)) => Some(trained_on(sql, name, *number).await?),
    };
    Ok(Row { dataset, code_ref: said.code_ref().map(str::to_owned) })
}

async fn trained_on(
    sql: &mut SqliteConnection,
    name: &DatasetName,
    number: VersionNumber,
) -> Result<TrainedOn, Error> {
    let row = sqlx::query("SELECT digest FROM dataset WHERE name = ? AND number = ?")
        .bind(name.as_str())
        .bind(int(number.0))
        .fetch_optional(sql)
        .await?;
    let row = row.ok_or_else(|| Error::UnknownDataset(name.clone(), number))?;
    Ok(TrainedOn { digest: row.parsed("digest")?, dataset: Some((name.clone(), number)) })
}

/// A version that is here is older than what cites it. Only a digest can be known beforehand, and so
/// be cited by what its own version will cite. A copy has its original's digest, and is no loop.
async fn refuse_loops(
    sql: &mut SqliteConnection,
    digest: &Digest,
    parents: &[Parent],
) -> Result<(), Error> {
    if parents.iter().any(|parent| parent.version.is_none() && parent.digest == *digest) {
        return Err(Error::Loop(digest.clone()));
    }
    let others = parents.iter().map(|parent| &parent.digest).filter(|other| *other != digest);
    let others = others.collect::<Vec<_>>();
    if others.is_empty() {
        return Ok(());
    }
    let row = sqlx::query(
        "WITH RECURSIVE ancestor (digest) AS (
             SELECT value FROM json_each(?1)
             UNION
             SELECT p.digest FROM ancestor AS a
             JOIN version AS v ON v.digest = a.digest
             JOIN lineage_parent AS p ON p.model = v.model AND p.number = v.number)
         SELECT 1 FROM ancestor WHERE digest = ?2",
    )
    .bind(to_json("parents", &others)?)
    .bind(digest.as_str())
    .fetch_optional(sql)
    .await
    .map_err(storage::Error::from)?;
    match row {
        Some(_) => Err(Error::Loop(digest.clone())),
        None => Ok(()),
    }
}
