//! The registry's search language, as MLflow's clients speak it: conditions joined by AND, and an
//! order. Owns the grammar; the store answers by it. Refuses what it does not know, with its place.

mod lexer;
mod order;
mod parser;
#[cfg(test)]
mod tests;

pub use order::{Direction, OrderBy, OrderKey, order_by};
pub use parser::filter;

/// Characters of a filter, and of one order clause.
pub const TEXT_LIMIT: usize = 10_000;
/// Conditions of one filter.
pub const CONDITIONS_LIMIT: usize = 50;
/// Values of one IN list.
pub const LIST_LIMIT: usize = 1_000;

/// What is searched; each has keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Models,
    Versions,
    /// What clients log before they register it.
    LoggedModels,
}

/// Conditions that must all hold; none: everything is found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter(pub Vec<Condition>);

/// One key's test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub key: Key,
    pub test: Test,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Name,
    /// Of a logged model: the run that made it.
    RunId,
    ModelId,
    SourcePath,
    VersionNumber,
    /// A tag, by its key. One that is absent is unequal to every value.
    Tag(String),
}

/// How a key's value is tested. Patterns are SQL's: `%` any text, `_` any character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    Equal(String),
    NotEqual(String),
    Like(String),
    /// Like, ASCII letters of either case being alike.
    ILike(String),
    In(Vec<String>),
    Number(Comparison, u64),
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    /// As written, in the language and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// Why a search was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("longer than {TEXT_LIMIT} characters")]
    TooLong,
    #[error("more than {0}")]
    TooMany(&'static str),
    #[error("at character {at}: {found}; expected {expected}")]
    Unexpected { at: usize, found: String, expected: &'static str },
    #[error("{key:?} is no key here; allowed: {allowed}")]
    UnknownKey { key: String, allowed: &'static str },
    #[error("{key} takes {allowed}, not {operator}")]
    Operator { key: String, operator: String, allowed: &'static str },
    #[error("{0:?} orders twice")]
    Repeated(String),
}
