//! Searching logged models, each of which is read by questions of its own.

use super::{Columns, Error, Found, Mark, Search, finish, page};
use crate::Store;
use crate::fill::{Filling, Room};
use crate::row::Columns as _;
use crate::tracking::{ExperimentId, LoggedModel, logged_models};
use seatrial_domain::search::{OrderKey, Subject};
use sqlx::Connection as _;
use sqlx::QueryBuilder;

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
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let rows = query.build().fetch_all(&mut *tx).await?;
        let mut filling = Filling::new();
        for row in &rows {
            let model = logged_models::read(&mut tx, row).await?;
            if filling.add(model, row.count("bytes")?) == Room::None {
                break;
            }
        }
        Ok(page(filling.end(), search, |model, key| match key {
            OrderKey::Name => Mark::Text(model.name.clone()),
            OrderKey::ModelId => Mark::Text(model.id.to_string()),
            OrderKey::CreatedAt => Mark::Number(model.created_at.as_micros()),
            OrderKey::UpdatedAt => Mark::Number(model.updated_at.as_micros()),
            OrderKey::VersionNumber => Mark::Number(0),
        }))
    }
}
