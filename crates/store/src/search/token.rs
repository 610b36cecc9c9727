//! A page's token: the last row's keys, and which search they are of. Opaque to clients; one that
//! was made up or belongs to another search is refused.

use super::{Query, Search};
use seatrial_domain::Digest;
use serde::{Deserialize, Serialize};

/// One key of the last row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mark {
    Number(i64),
    Text(String),
}

impl Mark {
    pub(super) fn push(&self, query: &mut Query) {
        match self {
            Self::Number(number) => query.push_bind(*number),
            Self::Text(text) => query.push_bind(text.clone()),
        };
    }
}

/// Where a search goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    of: String,
    marks: Vec<Mark>,
}

/// Characters of a token's text: two for each byte, of which a logged model's name has up to 2000.
const LENGTH_MAX: usize = 8192;

impl Token {
    pub(super) fn new(search: &Search, marks: Vec<Mark>) -> Self {
        Self { of: of(search), marks }
    }

    /// Reads a client's text.
    pub fn parse(text: &str) -> Option<Self> {
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        if text.len() > LENGTH_MAX || !text.len().is_multiple_of(2) {
            return None;
        }
        let bytes = text.as_bytes().chunks(2).map(byte).collect::<Option<Vec<u8>>>()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// The marks, if they are of this search.
    pub(super) fn marks(&self, search: &Search) -> Option<&[Mark]> {
        let fits = self.of == of(search) && self.marks.len() == search.order.len();
        fits.then_some(&self.marks)
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let json = serde_json::to_vec(self).unwrap_or_default();
        json.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Tells searches apart.
fn of(search: &Search) -> String {
    let text = format!("{:?} {:?}", search.filter, search.order);
    Digest::of(text.as_bytes()).as_str().chars().skip("sha256:".len()).take(16).collect()
}
