//! Whether a request's tensors fit a signature.

use super::{Dims, Error, Signature, Tensor, TensorSpec};

impl Signature {
    /// Checks that `inputs` are exactly the declared ones, in any order: each present once, of the
    /// declared type, with as many dimensions, the fixed ones equal
    /// and the variable ones at least 1: what a model makes of no rows is undefined.
    ///
    /// # Errors
    /// The first fault, in the request's order; missing inputs last.
    pub fn check_inputs(&self, inputs: &[Tensor]) -> Result<(), Error> {
        for (index, input) in inputs.iter().enumerate() {
            let spec = self.input(&input.name)?;
            if inputs.iter().take(index).any(|earlier| earlier.name == input.name) {
                return Err(Error::Duplicate { name: input.name.clone() });
            }
            spec.check(input)?;
        }
        let missing =
            self.inputs.iter().find(|spec| inputs.iter().all(|input| input.name != spec.name));
        missing.map_or(Ok(()), |spec| {
            Err(Error::Missing {
                name: spec.name.clone(),
                datatype: spec.datatype,
                shape: Dims::declared(&spec.shape),
            })
        })
    }

    fn input(&self, name: &str) -> Result<&TensorSpec, Error> {
        self.inputs.iter().find(|spec| spec.name == name).ok_or_else(|| Error::Unknown {
            name: name.to_owned(),
            expected: self
                .inputs
                .iter()
                .map(|spec| format!("{:?}", spec.name))
                .collect::<Vec<_>>()
                .join(", "),
        })
    }
}

impl TensorSpec {
    /// Whether a tensor of `shape` has as many dimensions as declared, the fixed ones equal.
    #[must_use]
    pub fn admits_shape(&self, shape: &[usize]) -> bool {
        self.shape.len() == shape.len()
            && self.shape.iter().zip(shape).all(|(declared, actual)| {
                *declared < 0 || usize::try_from(*declared).is_ok_and(|fixed| fixed == *actual)
            })
    }

    fn check(&self, input: &Tensor) -> Result<(), Error> {
        if input.datatype() != self.datatype {
            return Err(Error::Datatype {
                name: input.name.clone(),
                expected: self.datatype,
                got: input.datatype(),
            });
        }
        if !self.admits_shape(&input.shape) {
            return Err(Error::Shape {
                name: input.name.clone(),
                expected: Dims::declared(&self.shape),
                got: Dims::from_sizes(&input.shape),
            });
        }
        if self.shape.iter().zip(&input.shape).any(|(declared, size)| *declared < 0 && *size == 0) {
            return Err(Error::Empty {
                name: input.name.clone(),
                expected: Dims::declared(&self.shape),
                got: Dims::from_sizes(&input.shape),
            });
        }
        Ok(())
    }
}
