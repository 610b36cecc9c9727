//! In which order a search answers: the asked keys, then those that make the order total.

use super::{Error, Subject};

/// What is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderKey {
    Name,
    VersionNumber,
    ModelId,
    CreatedAt,
    UpdatedAt,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    Ascending,
    Descending,
}

/// One key of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderBy {
    pub key: OrderKey,
    pub direction: Direction,
}

/// Reads `key [ASC|DESC]` clauses. The answer is total: names, for versions numbers too, and for
/// logged models ids are always among its keys; without a clause it is MLflow's own default.
pub fn order_by(clauses: &[String], subject: Subject) -> Result<Vec<OrderBy>, Error> {
    let mut order: Vec<OrderBy> = Vec::new();
    for text in clauses {
        let by = clause(text, subject)?;
        if order.iter().any(|earlier| earlier.key == by.key) {
            return Err(Error::Repeated(text.clone()));
        }
        order.push(by);
    }
    let by = |key, direction| OrderBy { key, direction };
    let rest: &[OrderBy] = match subject {
        Subject::Models => &[by(OrderKey::Name, Direction::Ascending)],
        Subject::Versions if order.is_empty() => &[
            by(OrderKey::UpdatedAt, Direction::Descending),
            by(OrderKey::Name, Direction::Ascending),
            by(OrderKey::VersionNumber, Direction::Descending),
        ],
        Subject::Versions => &[
            by(OrderKey::Name, Direction::Ascending),
            by(OrderKey::VersionNumber, Direction::Descending),
        ],
        Subject::LoggedModels => &[
            by(OrderKey::CreatedAt, Direction::Descending),
            by(OrderKey::ModelId, Direction::Ascending),
        ],
    };
    for by in rest {
        if !order.iter().any(|earlier| earlier.key == by.key) {
            order.push(*by);
        }
    }
    Ok(order)
}

fn clause(text: &str, subject: Subject) -> Result<OrderBy, Error> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let direction = match words.next().map(str::to_ascii_uppercase).as_deref() {
        None | Some("ASC") => Direction::Ascending,
        Some("DESC") => Direction::Descending,
        Some(other) => return Err(misread(other, "ASC or DESC")),
    };
    if let Some(more) = words.next() {
        return Err(misread(more, "the end"));
    }
    let (key, allowed) = match subject {
        Subject::Models => (model_key(name), "name, timestamp, last_updated_timestamp"),
        Subject::Versions => {
            (version_key(name), "name, version_number, creation_timestamp, last_updated_timestamp")
        }
        Subject::LoggedModels => {
            (logged_model_key(name), "name, model_id, creation_timestamp, last_updated_timestamp")
        }
    };
    let key = key.ok_or_else(|| Error::UnknownKey { key: name.to_owned(), allowed })?;
    Ok(OrderBy { key, direction })
}

fn model_key(name: &str) -> Option<OrderKey> {
    match name {
        "name" => Some(OrderKey::Name),
        "timestamp" | "last_updated_timestamp" => Some(OrderKey::UpdatedAt),
        "creation_timestamp" => Some(OrderKey::CreatedAt),
        _ => None,
    }
}

fn version_key(name: &str) -> Option<OrderKey> {
    match name {
        "name" => Some(OrderKey::Name),
        "version_number" => Some(OrderKey::VersionNumber),
        "creation_timestamp" => Some(OrderKey::CreatedAt),
        "last_updated_timestamp" => Some(OrderKey::UpdatedAt),
        _ => None,
    }
}

fn logged_model_key(name: &str) -> Option<OrderKey> {
    match name {
        "name" => Some(OrderKey::Name),
        "model_id" => Some(OrderKey::ModelId),
        "creation_timestamp" | "creation_time" => Some(OrderKey::CreatedAt),
        "last_updated_timestamp" => Some(OrderKey::UpdatedAt),
        _ => None,
    }
}

fn misread(found: &str, expected: &'static str) -> Error {
    Error::Unexpected { at: 1, found: found.to_owned(), expected }
}
