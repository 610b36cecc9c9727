//! Who asks, with which picture: an endless, seeded sequence of requests. Pure.

use super::draw::Draw;
use super::pictures::Picture;

/// One request in ten comes from somebody who was here before.
const ONE_RETURNS_IN: u64 = 10;
/// How many of the last writers may come back.
const REMEMBERED: u64 = 2000;

/// One request, before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// The routing key: the writer, who stays on one arm.
    pub(super) writer: String,
    pub(super) picture: Picture,
}

/// The sequence.
#[derive(Debug)]
pub(super) struct Visitors {
    pictures: Vec<Picture>,
    draw: Draw,
    writers: u64,
}

impl Visitors {
    pub(super) const fn new(pictures: Vec<Picture>, seed: u64) -> Self {
        Self { pictures, draw: Draw::seeded(seed), writers: 0 }
    }

    fn writer(&mut self) -> u64 {
        let returns = self.writers > 0 && self.draw.below(ONE_RETURNS_IN) == 0;
        if returns {
            self.writers - self.draw.below(self.writers.min(REMEMBERED))
        } else {
            self.writers += 1;
            self.writers
        }
    }
}

impl Iterator for Visitors {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let count = u64::try_from(self.pictures.len()).ok()?;
        let index = usize::try_from(self.draw.below(count)).ok()?;
        let picture = self.pictures.get(index)?.clone();
        Some(Request { writer: format!("writer-{}", self.writer()), picture })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::traffic::pictures;
    use std::collections::BTreeSet;

    fn visitors() -> Visitors {
        Visitors::new(pictures::read("pixel_0,label,client\n1,0,web\n2,1,mobile\n").unwrap(), 7)
    }

    #[test]
    fn about_one_request_in_ten_comes_from_a_returning_writer() {
        let writers: BTreeSet<String> =
            visitors().take(10_000).map(|request| request.writer).collect();
        assert!((8_900..9_100).contains(&writers.len()), "{} writers", writers.len());
    }

    #[test]
    fn the_same_seed_gives_the_same_requests() {
        assert_eq!(visitors().nth(99), visitors().nth(99));
    }

    #[test]
    fn without_pictures_nobody_asks() {
        assert_eq!(Visitors::new(Vec::new(), 7).next(), None);
    }
}
