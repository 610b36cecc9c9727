//! Applied policies, as their authors wrote them. Each application that changes what is in force is
//! a new number; none is lost.

use crate::page::{Page, Request};
use crate::row::{Columns, int};
use crate::{Store, journal, storage};
use seatrial_domain::{Actor, Digest, EndpointName, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;
use tokio::sync::RwLock;

/// Every policy's text in force, once it was read: each registration asks for them, and only this
/// store changes them.
#[derive(Debug, Default)]
pub(crate) struct Kept(RwLock<Option<Arc<[Policy]>>>);

/// What is applied. The text was checked by the domain already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    pub name: String,
    pub endpoint: EndpointName,
    pub yaml: String,
    pub actor: Actor,
    pub now: Timestamp,
}

/// One applied text of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub name: String,
    /// 1, 2, … with each application that changed something.
    pub number: u64,
    pub endpoint: EndpointName,
    pub yaml: String,
    /// Of the text.
    pub digest: Digest,
    pub created_at: Timestamp,
    pub created_by: Actor,
}

impl Store {
    /// Applies a policy. The text that is in force already, for its endpoint too, changes nothing.
    pub async fn apply_policy(&self, new: &New) -> Result<Policy, storage::Error> {
        let mut write = self.write().await?;
        let in_force = in_force(write.sql(), &new.endpoint).await?;
        let latest =
            sqlx::query("SELECT * FROM policy WHERE name = ? ORDER BY number DESC LIMIT 1")
                .bind(&new.name)
                .fetch_optional(write.sql())
                .await?;
        let latest = latest.as_ref().map(read).transpose()?;
        let same = latest.as_ref().filter(|policy| policy.yaml == new.yaml);
        if let Some(same) = same.filter(|policy| in_force.as_ref() == Some(policy)) {
            return Ok(same.clone());
        }
        let policy = Policy {
            name: new.name.clone(),
            number: latest.map_or(1, |policy| policy.number.saturating_add(1)),
            endpoint: new.endpoint.clone(),
            yaml: new.yaml.clone(),
            digest: Digest::of(new.yaml.as_bytes()),
            created_at: new.now,
            created_by: new.actor.clone(),
        };
        insert(write.sql(), &policy).await?;
        let subject = format!("policy {}@{}", policy.name, policy.number);
        let row = journal::New::about(&subject, "policy_applied", &new.actor, new.now)
            .on(&policy.endpoint)
            .because(format!("text {}", policy.digest));
        write.journal(row).await?;
        // Held over the commit, so that nobody reads what was before it and keeps that.
        let mut kept = self.inner.policies.0.write().await;
        *kept = None;
        write.commit().await?;
        drop(kept);
        Ok(policy)
    }

    /// The policy's text in force.
    pub async fn policy(&self, name: &str) -> Result<Option<Policy>, storage::Error> {
        let row = sqlx::query("SELECT * FROM policy WHERE name = ? ORDER BY number DESC LIMIT 1")
            .bind(name)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The policy of an endpoint: of those whose text in force names it, the last applied.
    pub async fn policy_of(
        &self,
        endpoint: &EndpointName,
    ) -> Result<Option<Policy>, storage::Error> {
        in_force(&mut *self.reader().await?, endpoint).await
    }

    /// Policies' texts in force, by name.
    pub async fn policies_page(
        &self,
        page: &Request<String>,
    ) -> Result<Page<Policy, String>, storage::Error> {
        let rows = sqlx::query(
            "SELECT * FROM policy AS p
             WHERE number = (SELECT max(number) FROM policy WHERE name = p.name) AND name > ?
             ORDER BY name LIMIT ?",
        )
        .bind(page.after.as_deref().unwrap_or_default())
        .bind(page.rows())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let policies = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(policies, page, |policy| policy.name.clone()))
    }

    /// Every policy's text in force, by name.
    pub async fn policies(&self) -> Result<Arc<[Policy]>, storage::Error> {
        if let Some(kept) = &*self.inner.policies.0.read().await {
            return Ok(Arc::clone(kept));
        }
        let mut kept = self.inner.policies.0.write().await;
        let rows = sqlx::query(
            "SELECT * FROM policy AS p
             WHERE number = (SELECT max(number) FROM policy WHERE name = p.name) ORDER BY name",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let policies = rows.iter().map(read).collect::<Result<Arc<_>, _>>()?;
        Ok(Arc::clone(kept.insert(policies)))
    }
}

async fn in_force(
    sql: &mut SqliteConnection,
    endpoint: &EndpointName,
) -> Result<Option<Policy>, storage::Error> {
    let row = sqlx::query(
        "SELECT * FROM policy AS p
         WHERE endpoint = ? AND number = (SELECT max(number) FROM policy WHERE name = p.name)
         ORDER BY rowid DESC LIMIT 1",
    )
    .bind(endpoint.as_str())
    .fetch_optional(sql)
    .await?;
    row.as_ref().map(read).transpose()
}

async fn insert(sql: &mut SqliteConnection, policy: &Policy) -> Result<(), storage::Error> {
    sqlx::query(
        "INSERT INTO policy (name, number, endpoint, yaml, digest, created_at, created_by)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&policy.name)
    .bind(int(policy.number))
    .bind(policy.endpoint.as_str())
    .bind(&policy.yaml)
    .bind(policy.digest.as_str())
    .bind(policy.created_at.as_micros())
    .bind(crate::row::to_json("actor", &policy.created_by)?)
    .execute(sql)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Policy, storage::Error> {
    Ok(Policy {
        name: row.text("name")?,
        number: row.count("number")?,
        endpoint: row.parsed("endpoint")?,
        yaml: row.text("yaml")?,
        digest: row.parsed("digest")?,
        created_at: row.time("created_at")?,
        created_by: row.json("created_by")?,
    })
}
