//! From text to words: names, quoted names, strings, numbers, operators.

use super::{Comparison, Error, TEXT_LIMIT};

/// One word of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare word, with its dots: a key, an operator's name.
    Word(String),
    /// A name in back-ticks or double quotes.
    Quoted(String),
    /// A value in single or double quotes is a string; which it is depends on its place.
    Text(String),
    Number(u64),
    Operator(Comparison),
    Open,
    Close,
    Comma,
    Dot,
}

impl Token {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Quoted(name) => format!("`{name}`"),
            Self::Text(text) => format!("'{text}'"),
            Self::Number(number) => number.to_string(),
            Self::Operator(comparison) => comparison.as_str().to_owned(),
            Self::Open => "(".to_owned(),
            Self::Close => ")".to_owned(),
            Self::Comma => ",".to_owned(),
            Self::Dot => ".".to_owned(),
        }
    }
}

/// The words, each with the place of its first character, counted from 1.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Error> {
    let characters: Vec<char> = text.chars().take(TEXT_LIMIT + 1).collect();
    if characters.len() > TEXT_LIMIT {
        return Err(Error::TooLong);
    }
    let mut reader = Reader { characters: &characters, next: 0 };
    let mut tokens = Vec::new();
    loop {
        reader.skip_spaces();
        let at = reader.next + 1;
        let Some(first) = reader.peek() else { return Ok(tokens) };
        tokens.push((at, reader.token(first, at)?));
    }
}

struct Reader<'a> {
    characters: &'a [char],
    next: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.next).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next += 1;
        }
    }

    fn token(&mut self, first: char, at: usize) -> Result<Token, Error> {
        let single = match first {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            '.' => Some(Token::Dot),
            _ => None,
        };
        if let Some(token) = single {
            self.next += 1;
            return Ok(token);
        }
        match first {
            '`' => self.quoted('`', at).map(Token::Quoted),
            '\'' | '"' => self.quoted(first, at).map(Token::Text),
            '=' | '!' | '<' | '>' => self.operator(at),
            _ if is_word(first) => self.word(at),
            _ => Err(unexpected(at, &first.to_string(), "a key, an operator or a value")),
        }
    }

    /// Up to the closing quote; a doubled one stands for itself.
    fn quoted(&mut self, quote: char, at: usize) -> Result<String, Error> {
        let mut text = String::new();
        self.next += 1;
        while let Some(found) = self.peek() {
            self.next += 1;
            if found != quote {
                text.push(found);
            } else if self.peek() == Some(quote) {
                self.next += 1;
                text.push(quote);
            } else {
                return Ok(text);
            }
        }
        Err(unexpected(at, &quote.to_string(), "its closing quote"))
    }

    fn operator(&mut self, at: usize) -> Result<Token, Error> {
        const LONGEST_FIRST: [Comparison; 6] = [
            Comparison::NotEqual,
            Comparison::GreaterOrEqual,
            Comparison::LessOrEqual,
            Comparison::Equal,
            Comparison::Greater,
            Comparison::Less,
        ];
        let rest = self.characters.get(self.next..).unwrap_or_default();
        let starts = |comparison: &&Comparison| {
            let operator = comparison.as_str();
            operator.chars().eq(rest.iter().copied().take(operator.len()))
        };
        match LONGEST_FIRST.iter().find(starts) {
            Some(comparison) => {
                self.next += comparison.as_str().len();
                Ok(Token::Operator(*comparison))
            }
            None => Err(unexpected(at, "!", "=, !=, >, >=, < or <=")),
        }
    }

    fn word(&mut self, at: usize) -> Result<Token, Error> {
        let start = self.next;
        while self.peek().is_some_and(is_word) {
            self.next += 1;
        }
        let word: String =
            self.characters.get(start..self.next).unwrap_or_default().iter().collect();
        if word.chars().all(|c| c.is_ascii_digit()) {
            let number = word.parse().map_err(|_beyond| unexpected(at, &word, "a smaller number"));
            return number.map(Token::Number);
        }
        Ok(Token::Word(word))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '/')
}

fn unexpected(at: usize, found: &str, expected: &'static str) -> Error {
    Error::Unexpected { at, found: found.to_owned(), expected }
}
