//! Searching logged models. A page ends early where its rows would take too much of one answer.

use super::{Columns, Error, Found, Mark, Search, finish, page};
use crate::Store;
use crate::row::Columns as _;
use crate::tracking::{ExperimentId, LoggedModel, logged_models};
use seatrial_domain::search::{OrderKey, Subject};
use sqlx::QueryBuilder;

/// Bytes of tags, parameters and metrics that one page holds, its first model's excepted.
const PAGE_BYTES: u64 = 16 << 20;

impl Store {
    /// Logged models of these experiments.
    pub async fn search_logged_models(
        &self,
        experiments: &[ExperimentId],
        search: &Search,
    ) -> Result<Found<LoggedModel>, Error> {
        let mut query = QueryBuilder::new(
            "SELECT l.*, coalesce((SELECT bytes FROM tracked_size WHERE owner = l.id), 0) AS bytes
             FROM logged_model AS l WHERE l.experiment IN (",
        );
        for (place, experiment) in experiments.iter().enumerate() {
            query.push(if place == 0 { "" } else { ", " }).push_bind(i64::from(experiment.0));
        }
        query.push(")");
        finish(&mut query, search, Columns::of(Subject::LoggedModels))?;
        let mut tx = self.readers().begin().await?;
        let rows = query.build().fetch_all(&mut *tx).await?;
        let (mut found, mut bytes, mut limit) = (Vec::new(), 0_u64, 0_u32);
        for row in &rows {
            found.push(logged_models::read(&mut tx, row).await?);
            bytes = bytes.saturating_add(row.count("bytes")?);
            if limit > 0 && bytes > PAGE_BYTES {
                break;
            }
            limit += 1;
        }
        let search = Search { limit: limit.min(search.limit), ..search.clone() };
        Ok(page(found, &search, |model, key| match key {
            OrderKey::Name => Mark::Text(model.name.clone()),
            OrderKey::ModelId => Mark::Text(model.id.to_string()),
            OrderKey::CreatedAt => Mark::Number(model.created_at.as_micros()),
            OrderKey::UpdatedAt => Mark::Number(model.updated_at.as_micros()),
            OrderKey::VersionNumber => Mark::Number(0),
        }))
    }
}
