//! Searching the registry: a filter and an order of `domain::search` as SQL, page after page. A
//! page's token names the last row's keys, so that what is registered meanwhile shifts nothing. A
//! page ends early where its rows would take too much of one answer.

mod conditions;
mod logged_models;
mod newest;
mod token;

use crate::fill::{self, Filled, PAGE_BYTES};
use crate::models::{self, Model};
use crate::row::Columns as _;
use crate::versions::listed::{self, Listed, listed};
use crate::{Store, storage};
use conditions::Columns;
pub use newest::Described;
use seatrial_domain::search::{Direction, Filter, OrderBy, OrderKey, Subject};
use sqlx::QueryBuilder;
pub use token::{Mark, Token};

/// What is looked for, and which part of it.
#[derive(Debug, Clone)]
pub struct Search {
    pub filter: Filter,
    /// Total, as `domain::search::order_by` gives it.
    pub order: Vec<OrderBy>,
    /// The token of the page before.
    pub after: Option<Token>,
    pub limit: u32,
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    pub items: Vec<T>,
    /// None: this was the last page.
    pub next: Option<Token>,
}

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token is of another search, or none at all.
    #[error("the page token is none of this search's")]
    Token,
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// A smaller page of versions is handed over by the database's thread at once: row by row, two threads
/// would wake each other for each.
const AT_ONCE: u32 = 512;

/// Begins a selection of the page's versions, as `page`, and of what their texts take: of `bytes`.
const PAGE_OF_VERSIONS: &str = "
    WITH page AS MATERIALIZED (
        SELECT v.rowid AS id, v.model AS model, v.number AS number,
               octet_length(v.description) + octet_length(coalesce(v.source, ''))
                   + octet_length(coalesce(v.run_link, '')) AS bytes
        FROM version AS v WHERE deleted_at IS NULL";
/// Ends it, and begins the selection of the versions as one row, unless they take too much.
const UNLESS_TOO_MUCH: &str = "), told AS MATERIALIZED (
        SELECT (SELECT coalesce(sum(bytes), 0) FROM page)
             + (SELECT coalesce(sum(octet_length(t.value)), 0) FROM page AS p
                CROSS JOIN version_tag AS t ON t.model = p.model AND t.number = p.number)
            AS bytes)
    SELECT bytes, CASE WHEN bytes <= ";
const AT_ONCE_FROM: &str = concat!(
    " THEN (SELECT '[' || group_concat(listed, ',') || ']' FROM (",
    listed!(),
    " WHERE v.rowid IN (SELECT id FROM page)"
);

impl Store {
    /// Models that are not deleted.
    pub async fn search_models(&self, search: &Search) -> Result<Found<Model>, Error> {
        let mut query = QueryBuilder::new(concat!(
            models::whole!(),
            " WHERE m.rowid IN (SELECT m.rowid FROM model AS m WHERE deleted_at IS NULL"
        ));
        of_page(&mut query, search, Columns::of(Subject::Models))?;
        let mut reader = self.reader().await?;
        let filled = fill::from(query.build().fetch(&mut *reader), models::read, Model::bytes);
        Ok(page(filled.await?, search, mark_of_model))
    }

    /// Versions that are not deleted.
    pub async fn search_versions(&self, search: &Search) -> Result<Found<Listed>, Error> {
        let at_once =
            if search.limit < AT_ONCE { self.versions_at_once(search).await? } else { None };
        let filled = match at_once {
            Some(filled) => filled,
            None => self.versions_one_by_one(search).await?,
        };
        Ok(page(filled, search, |version, key| match key {
            OrderKey::Name => Mark::Text(version.reference.model.to_string()),
            OrderKey::VersionNumber => Mark::Number(crate::row::int(version.reference.number.0)),
            OrderKey::CreatedAt => Mark::Number(version.created_at.as_micros()),
            OrderKey::UpdatedAt => Mark::Number(version.updated_at.as_micros()),
            OrderKey::ModelId => Mark::Number(0),
        }))
    }

    /// None: they take more than one answer should hold.
    pub(crate) async fn versions_at_once(
        &self,
        search: &Search,
    ) -> Result<Option<Filled<Listed>>, Error> {
        let columns = Columns::of(Subject::Versions);
        let mut query = QueryBuilder::new(PAGE_OF_VERSIONS);
        finish(&mut query, search, columns)?;
        query.push(UNLESS_TOO_MUCH).push_bind(crate::row::int(PAGE_BYTES)).push(AT_ONCE_FROM);
        push_order(&mut query, &columns, &search.order);
        query.push(")) END AS listed FROM told");
        let row = query.build().fetch_one(&mut *self.reader().await?).await?;
        if row.count("bytes")? > PAGE_BYTES {
            return Ok(None);
        }
        let items = listed::read_all(&row)?;
        Ok(Some(Filled { fits: items.len(), items }))
    }

    async fn versions_one_by_one(&self, search: &Search) -> Result<Filled<Listed>, Error> {
        let mut query = QueryBuilder::new(concat!(
            listed!(),
            " WHERE v.rowid IN (SELECT v.rowid FROM version AS v WHERE deleted_at IS NULL"
        ));
        of_page(&mut query, search, Columns::of(Subject::Versions))?;
        let mut reader = self.reader().await?;
        let rows = query.build().fetch(&mut *reader);
        Ok(fill::from(rows, listed::read, Listed::bytes).await?)
    }
}

type Query = QueryBuilder<sqlx::Sqlite>;

/// Ends a selection of the page's rows, begun as such, and the query of what is told of them: what is
/// told of a row is looked for only where the row is on the page.
fn of_page(query: &mut Query, search: &Search, columns: Columns) -> Result<(), Error> {
    finish(query, search, columns)?;
    query.push(")");
    push_order(query, &columns, &search.order);
    Ok(())
}

/// The conditions, the place to go on from, the order, and one row more than the page.
fn finish(query: &mut Query, search: &Search, columns: Columns) -> Result<(), Error> {
    for condition in &search.filter.0 {
        query.push(" AND ");
        columns.push(query, condition);
    }
    if let Some(token) = &search.after {
        let marks = token.marks(search).ok_or(Error::Token)?;
        push_after(query, &columns, &search.order, marks);
    }
    push_order(query, &columns, &search.order);
    // A bare argument here has the database plan the statement anew for each of its values.
    query.push(" LIMIT ").push_bind(i64::from(search.limit) + 1).push(" + 0");
    Ok(())
}

fn push_order(query: &mut Query, columns: &Columns, order: &[OrderBy]) {
    query.push(" ORDER BY ");
    for (place, by) in order.iter().enumerate() {
        query.push(if place == 0 { "" } else { ", " }).push(columns.order(by.key));
        query.push(match by.direction {
            Direction::Ascending => " ASC",
            Direction::Descending => " DESC",
        });
    }
}

/// Rows beyond the marks: beyond in the first key, or equal there and beyond in the next.
fn push_after(query: &mut Query, columns: &Columns, order: &[OrderBy], marks: &[Mark]) {
    query.push(" AND (");
    for (depth, (by, mark)) in order.iter().zip(marks).enumerate() {
        query.push(if depth == 0 { "(" } else { " OR (" });
        for (by, mark) in order.iter().zip(marks).take(depth) {
            query.push(columns.order(by.key)).push(" = ");
            mark.push(query);
            query.push(" AND ");
        }
        let beyond = match by.direction {
            Direction::Ascending => " > ",
            Direction::Descending => " < ",
        };
        query.push(columns.order(by.key)).push(beyond);
        mark.push(query);
        query.push(")");
    }
    query.push(")");
}

fn mark_of_model(model: &Model, key: OrderKey) -> Mark {
    match key {
        OrderKey::Name => Mark::Text(model.name.to_string()),
        OrderKey::CreatedAt => Mark::Number(model.created_at.as_micros()),
        OrderKey::UpdatedAt => Mark::Number(model.updated_at.as_micros()),
        OrderKey::VersionNumber | OrderKey::ModelId => Mark::Number(0),
    }
}

fn page<T>(filled: Filled<T>, search: &Search, mark: fn(&T, OrderKey) -> Mark) -> Found<T> {
    let (items, more) = filled.cut(search.limit);
    let next = items.last().filter(|_| more).map(|last| token_after(last, search, mark));
    Found { items, next }
}

fn token_after<T>(last: &T, search: &Search, mark: fn(&T, OrderKey) -> Mark) -> Token {
    Token::new(search, search.order.iter().map(|by| mark(last, by.key)).collect())
}
