//! From words to conditions: `key operator value`, joined by AND.

use super::lexer::{Token, tokens};
use super::{
    CONDITIONS_LIMIT, Comparison, Condition, Error, Filter, Key, LIST_LIMIT, Subject, Test,
};
use std::iter::Peekable;
use std::vec::IntoIter;

const MODEL_KEYS: &str = "name, tag.KEY";
const VERSION_KEYS: &str = "name, run_id, version_number, source_path, tag.KEY";
const LOGGED_MODEL_KEYS: &str = "name, model_id, source_run_id, tag.KEY";
const TEXT_OPERATORS: &str = "=, !=, LIKE, ILIKE";

/// Reads a filter; text without a word in it finds everything.
pub fn filter(text: &str, subject: Subject) -> Result<Filter, Error> {
    let end = text.chars().count() + 1;
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), subject, end };
    let mut conditions = Vec::new();
    if parser.tokens.peek().is_none() {
        return Ok(Filter::default());
    }
    loop {
        conditions.push(parser.condition()?);
        if conditions.len() > CONDITIONS_LIMIT {
            return Err(Error::TooMany("50 conditions"));
        }
        match parser.tokens.next() {
            None => return Ok(Filter(conditions)),
            Some((_, Token::Word(word))) if word.eq_ignore_ascii_case("and") => {}
            Some((at, token)) => return Err(unexpected(at, &token, "AND, or the end")),
        }
    }
}

struct Parser {
    tokens: Peekable<IntoIter<(usize, Token)>>,
    subject: Subject,
    end: usize,
}

impl Parser {
    fn condition(&mut self) -> Result<Condition, Error> {
        let (key, shown) = self.key()?;
        let test = match key {
            Key::VersionNumber => self.number(&shown)?,
            Key::Name | Key::RunId | Key::ModelId => self.text(&shown, Lists::Allowed)?,
            Key::SourcePath | Key::Tag(_) => self.text(&shown, Lists::Refused)?,
        };
        Ok(Condition { key, test })
    }

    fn key(&mut self) -> Result<(Key, String), Error> {
        let shown = match self.next("a key")? {
            (_, Token::Word(word)) => word,
            (_, Token::Quoted(name) | Token::Text(name)) => name,
            (at, token) => return Err(unexpected(at, &token, "a key")),
        };
        let is_tag = matches!(shown.as_str(), "tag" | "tags");
        if is_tag && self.tokens.next_if(|(_, token)| *token == Token::Dot).is_some() {
            let key = self.tag_key()?;
            let shown = format!("tag.{key}");
            return Ok((Key::Tag(key), shown));
        }
        let known = match self.subject {
            Subject::Models => model_key(&shown).ok_or(MODEL_KEYS),
            Subject::Versions => version_key(&shown).ok_or(VERSION_KEYS),
            Subject::LoggedModels => logged_model_key(&shown).ok_or(LOGGED_MODEL_KEYS),
        };
        let key = known.map_err(|allowed| Error::UnknownKey { key: shown.clone(), allowed })?;
        Ok((key, shown))
    }

    /// A tag's key, whose bare form may have dots.
    fn tag_key(&mut self) -> Result<String, Error> {
        let mut key = match self.next("a tag's key")? {
            (_, Token::Quoted(name) | Token::Text(name)) => return Ok(name),
            (_, Token::Word(word)) => word,
            (_, Token::Number(number)) => number.to_string(),
            (at, token) => return Err(unexpected(at, &token, "a tag's key")),
        };
        while self.tokens.next_if(|(_, token)| *token == Token::Dot).is_some() {
            match self.next("the rest of a tag's key")? {
                (_, token @ (Token::Word(_) | Token::Number(_))) => {
                    key = format!("{key}.{}", token.shown());
                }
                (at, token) => return Err(unexpected(at, &token, "the rest of a tag's key")),
            }
        }
        Ok(key)
    }

    fn text(&mut self, key: &str, lists: Lists) -> Result<Test, Error> {
        let (at, operator) = self.next("an operator")?;
        let refused = |operator: &str| Error::Operator {
            key: key.to_owned(),
            operator: operator.to_owned(),
            allowed: lists.operators(),
        };
        match &operator {
            Token::Operator(Comparison::Equal) => self.value().map(Test::Equal),
            Token::Operator(Comparison::NotEqual) => self.value().map(Test::NotEqual),
            Token::Operator(other) => Err(refused(other.as_str())),
            Token::Word(word) => match (word.to_ascii_uppercase().as_str(), lists) {
                ("LIKE", _) => self.value().map(Test::Like),
                ("ILIKE", _) => self.value().map(Test::ILike),
                ("IN", Lists::Allowed) => self.list().map(Test::In),
                (other, _) => Err(refused(other)),
            },
            Token::Quoted(_)
            | Token::Text(_)
            | Token::Number(_)
            | Token::Open
            | Token::Close
            | Token::Comma
            | Token::Dot => Err(unexpected(at, &operator, "an operator")),
        }
    }

    fn number(&mut self, key: &str) -> Result<Test, Error> {
        let (_, operator) = self.next("an operator")?;
        let Token::Operator(comparison) = operator else {
            let (key, operator) = (key.to_owned(), operator.shown());
            return Err(Error::Operator { key, operator, allowed: "=, !=, >, >=, <, <=" });
        };
        let (at, value) = self.next("a number")?;
        let number = match &value {
            Token::Number(number) => Some(*number),
            Token::Text(text) => text.parse().ok(),
            Token::Word(_)
            | Token::Quoted(_)
            | Token::Operator(_)
            | Token::Open
            | Token::Close
            | Token::Comma
            | Token::Dot => None,
        };
        let number = number.ok_or_else(|| unexpected(at, &value, "a number"))?;
        Ok(Test::Number(comparison, number))
    }

    fn value(&mut self) -> Result<String, Error> {
        match self.next("a value in quotes")? {
            (_, Token::Text(text)) => Ok(text),
            (at, token) => Err(unexpected(at, &token, "a value in quotes")),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        match self.next("( and values")? {
            (_, Token::Open) => {}
            (at, token) => return Err(unexpected(at, &token, "( and values")),
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if values.len() > LIST_LIMIT {
                return Err(Error::TooMany("1000 values in a list"));
            }
            match self.next("a comma or )")? {
                (_, Token::Comma) => {}
                (_, Token::Close) => return Ok(values),
                (at, token) => return Err(unexpected(at, &token, "a comma or )")),
            }
        }
    }

    fn next(&mut self, expected: &'static str) -> Result<(usize, Token), Error> {
        let missing = || Error::Unexpected { at: self.end, found: "the end".to_owned(), expected };
        self.tokens.next().ok_or_else(missing)
    }
}

fn model_key(word: &str) -> Option<Key> {
    (word == "name").then_some(Key::Name)
}

fn version_key(word: &str) -> Option<Key> {
    match word {
        "name" => Some(Key::Name),
        "run_id" => Some(Key::RunId),
        "source_path" => Some(Key::SourcePath),
        "version_number" => Some(Key::VersionNumber),
        _ => None,
    }
}

fn logged_model_key(word: &str) -> Option<Key> {
    match word {
        "name" => Some(Key::Name),
        "model_id" => Some(Key::ModelId),
        "source_run_id" => Some(Key::RunId),
        _ => None,
    }
}

/// Whether a key may be tested against a list.
#[derive(Debug, Clone, Copy)]
enum Lists {
    Allowed,
    Refused,
}

impl Lists {
    const fn operators(self) -> &'static str {
        match self {
            Self::Allowed => "=, !=, LIKE, ILIKE, IN",
            Self::Refused => TEXT_OPERATORS,
        }
    }
}

fn unexpected(at: usize, token: &Token, expected: &'static str) -> Error {
    Error::Unexpected { at, found: token.shown(), expected }
}
