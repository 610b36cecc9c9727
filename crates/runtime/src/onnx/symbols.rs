//! Named dimensions: a model that calls two dimensions by one name takes them of one size. The
//! protocol's signature cannot say so, and the runtime finds out only while it runs.

use std::collections::BTreeMap;

use seatrial_domain::tensor::Tensor;

use crate::infer;

/// The symbols, each with the dimensions that have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symbols(BTreeMap<String, Vec<Place>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    input: String,
    axis: usize,
}

impl Symbols {
    pub(super) fn add(&mut self, symbol: &str, input: &str, axis: usize) {
        let places = self.0.entry(symbol.to_owned()).or_default();
        places.push(Place { input: input.to_owned(), axis });
    }

    /// Without those that only one dimension has: they are of any size.
    pub(super) fn shared(mut self) -> Self {
        self.0.retain(|_, places| places.len() > 1);
        self
    }

    /// Whether every symbol has one size in a request that fits the signature.
    ///
    /// # Errors
    /// [`infer::Error::Input`] names the first input that differs from one before it.
    pub fn check(&self, inputs: &[Tensor]) -> Result<(), infer::Error> {
        for (symbol, places) in &self.0 {
            let mut sizes = places.iter().filter_map(|place| Some((place, place.size(inputs)?)));
            let Some((first, size)) = sizes.next() else { continue };
            if let Some((other, differs)) = sizes.find(|(_, other)| *other != size) {
                let Place { input, axis } = first;
                return Err(infer::Error::Input {
                    name: other.input.clone(),
                    detail: format!(
                        "dimension {} is {differs}; the model takes it as long as dimension {axis} \
                         of {input:?}, which is {size} ({symbol:?})",
                        other.axis
                    ),
                });
            }
        }
        Ok(())
    }
}

impl Place {
    fn size(&self, inputs: &[Tensor]) -> Option<usize> {
        let input = inputs.iter().find(|input| input.name == self.input)?;
        input.shape.get(self.axis).copied()
    }
}
