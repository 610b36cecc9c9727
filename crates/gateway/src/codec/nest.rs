//! Nested JSON arrays into a flat list: flat as they are, or nested exactly as a shape says.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// A JSON scalar, its number still as exact as it was written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
}

/// What a message says of a scalar that is no element; the caller knows what is expected.
pub(super) const NOT_AN_ELEMENT: &str = "is not an element";

/// The elements of `text` in row-major order. A nest deeper than its shape, ragged, or mixing
/// elements and arrays is refused; whether a flat list fills the shape is for the tensor to say.
pub(super) fn collect<T>(
    text: &str,
    shape: &[usize],
    element: fn(Scalar<'_>) -> Option<T>,
) -> Result<Vec<T>, String> {
    let mut nest = Nest { shape, element, elements: Vec::new(), element_depth: None, arrays: 0 };
    let mut reader = serde_json::Deserializer::from_str(text);
    Node { nest: &mut nest, depth: 0 }.deserialize(&mut reader).map_err(|error| plain(&error))?;
    Ok(nest.elements)
}

/// serde's message without the position, which counts from within `data`.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

struct Nest<'a, T> {
    shape: &'a [usize],
    element: fn(Scalar<'_>) -> Option<T>,
    elements: Vec<T>,
    /// How many arrays enclose the elements: the same for all.
    element_depth: Option<usize>,
    /// How many arrays were seen inside the outermost.
    arrays: usize,
}

impl<T> Nest<'_, T> {
    fn push<E: Error>(&mut self, depth: usize, scalar: Scalar<'_>) -> Result<(), E> {
        if depth == 0 {
            return Err(E::custom("expected an array"));
        }
        let flat = depth == 1 && self.arrays == 0;
        let innermost = depth == self.shape.len();
        if self.element_depth.is_some_and(|other| other != depth) || !(flat || innermost) {
            return Err(E::custom("the nesting is neither flat nor that of the shape"));
        }
        self.element_depth = Some(depth);
        let element = (self.element)(scalar)
            .ok_or_else(|| E::custom(format_args!("{scalar} {NOT_AN_ELEMENT}")))?;
        self.elements.push(element);
        Ok(())
    }

    fn open<E: Error>(&mut self, depth: usize) -> Result<(), E> {
        let nested = depth > 0;
        if nested && depth >= self.shape.len() {
            return Err(E::custom("nested deeper than its shape"));
        }
        if nested && self.element_depth == Some(depth) {
            return Err(E::custom("elements and arrays are mixed"));
        }
        self.arrays += usize::from(nested);
        Ok(())
    }

    fn close<E: Error>(&self, depth: usize, length: usize) -> Result<(), E> {
        let expected = self.shape.get(depth).copied().unwrap_or(length);
        if self.arrays > 0 && expected != length {
            return Err(E::custom(format_args!(
                "dimension {depth} has {length} entries where the shape says {expected}"
            )));
        }
        Ok(())
    }
}

/// A scalar or an array, enclosed by `depth` arrays.
struct Node<'n, 's, T> {
    nest: &'n mut Nest<'s, T>,
    depth: usize,
}

impl<'de, T> DeserializeSeed<'de> for Node<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T> Visitor<'de> for Node<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of elements")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.nest.push(self.depth, Scalar::Bool(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.nest.push(self.depth, Scalar::Unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.nest.push(self.depth, Scalar::Signed(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.nest.push(self.depth, Scalar::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.nest.push(self.depth, Scalar::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { nest, depth } = self;
        nest.open(depth)?;
        let mut length = 0;
        while list.next_element_seed(Node { nest: &mut *nest, depth: depth + 1 })?.is_some() {
            length += 1;
        }
        nest.close(depth, length)
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(flag) => flag.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(text) => write!(f, "{:?}", text.chars().take(40).collect::<String>()),
        }
    }
}
