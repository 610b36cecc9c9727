//! Models as registry clients are told of them: each with the newest version of each of its stages,
//! which take their part of an answer too.

use super::{Error, Found, Search, mark_of_model, token_after};
use crate::Store;
use crate::fill::PAGE_BYTES;
use crate::models::Model;
use crate::versions::{Listed, Newest, Stage};
use std::collections::BTreeMap;

/// A model, and the newest version of each of its stages.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    pub model: Model,
    pub newest: BTreeMap<Stage, Listed>,
}

impl Store {
    /// As [`Store::search_models`]; a page ends early also where its versions would take too much.
    pub async fn search_described(&self, search: &Search) -> Result<Found<Described>, Error> {
        let Found { items: models, next } = self.search_models(search).await?;
        let own = models.iter().map(Model::bytes).fold(0, u64::saturating_add);
        let (newest, whole) = self.newest_of(&models, PAGE_BYTES.saturating_sub(own)).await?;
        let next = match models.get(..whole).and_then(<[Model]>::last) {
            Some(last) if whole < models.len() => Some(token_after(last, search, mark_of_model)),
            Some(_) | None => next,
        };
        let mut newest = newest;
        let described = models.into_iter().take(whole).map(|model| {
            let newest = newest.remove(&model.name).unwrap_or_default();
            Described { model, newest }
        });
        Ok(Found { items: described.collect(), next })
    }

    /// The versions of the first models, as many as have room, and how many models these are: one at
    /// least. All are asked for at once; where they are too many, fewer at a time.
    async fn newest_of(&self, models: &[Model], room: u64) -> Result<(Newest, usize), Error> {
        let (mut newest, mut whole) = (Newest::new(), 0);
        let (mut left, mut step) = (room, models.len());
        while let Some(rest) = models.get(whole..).filter(|rest| !rest.is_empty()) {
            let asked = rest.get(..step.min(rest.len())).unwrap_or(rest);
            let names = asked.iter().filter(|model| model.latest.is_some());
            let names: Vec<_> = names.map(|model| &model.name).collect();
            let most = if whole == 0 && asked.len() == 1 { u64::MAX } else { left };
            match self.newest_within(&names, most).await? {
                Some((found, bytes)) => {
                    newest.extend(found);
                    left = left.saturating_sub(bytes);
                    whole += asked.len();
                }
                None if asked.len() > 1 => step = asked.len() / 2,
                None => break,
            }
        }
        Ok((newest, whole))
    }
}
