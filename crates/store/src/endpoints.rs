//! Endpoints: their settings, and the version each answers with. Serving is moved by rollouts
//! alone (`rollouts`), never here.

use crate::page::{Page, Request};
use crate::row::{Columns, to_json};
use crate::{Store, journal, storage};
use seatrial_domain::endpoint::{Endpoint, Settings};
use seatrial_domain::{Actor, EndpointName, Timestamp};
use sqlx::sqlite::SqliteRow;

impl Store {
    /// Creates the endpoint, or changes its settings. The change applies to the next rollout.
    /// Equal settings change nothing.
    pub async fn set_endpoint(
        &self,
        name: &EndpointName,
        settings: &Settings,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Endpoint, storage::Error> {
        let mut write = self.write().await?;
        let before = sqlx::query("SELECT * FROM endpoint WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(write.sql())
            .await?;
        let before = before.as_ref().map(read).transpose()?;
        if let Some(same) = before.as_ref().filter(|before| before.settings == *settings) {
            return Ok(same.clone());
        }
        let json = to_json("settings", settings)?;
        sqlx::query(
            "INSERT INTO endpoint (name, settings, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)
             ON CONFLICT (name) DO UPDATE SET settings = ?2, updated_at = ?3",
        )
        .bind(name.as_str())
        .bind(&json)
        .bind(now.as_micros())
        .execute(write.sql())
        .await?;
        let event = if before.is_some() { "endpoint_set" } else { "endpoint_created" };
        let subject = format!("endpoint {name}");
        write
            .journal(journal::New::about(&subject, event, actor, now).on(name).because(json))
            .await?;
        write.commit().await?;
        let serving = before.and_then(|before| before.serving);
        Ok(Endpoint { name: name.clone(), settings: settings.clone(), serving })
    }

    /// The endpoint, if there is one of this name.
    pub async fn endpoint(&self, name: &EndpointName) -> Result<Option<Endpoint>, storage::Error> {
        let row = sqlx::query("SELECT * FROM endpoint WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Endpoints by name.
    pub async fn endpoints_page(
        &self,
        page: &Request<EndpointName>,
    ) -> Result<Page<Endpoint, EndpointName>, storage::Error> {
        let rows = sqlx::query("SELECT * FROM endpoint WHERE name > ? ORDER BY name LIMIT ?")
            .bind(page.after.as_ref().map_or("", EndpointName::as_str))
            .bind(page.rows())
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let endpoints = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(endpoints, page, |endpoint| endpoint.name.clone()))
    }

    /// Every endpoint, by name: there are as many as a server runs.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, storage::Error> {
        let rows = sqlx::query("SELECT * FROM endpoint ORDER BY name")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<Endpoint, storage::Error> {
    Ok(Endpoint {
        name: row.parsed("name")?,
        settings: row.json("settings")?,
        serving: row.maybe_json("serving")?,
    })
}
