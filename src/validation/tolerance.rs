//! Equality of answers: floats within |a − b| ≤ atol + rtol·|b|, everything else exactly.

use super::answer::{Elements, Output};
use super::brief::brief;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tolerance {
    pub(super) rtol: f64,
    pub(super) atol: f64,
}

impl Tolerance {
    pub(super) const EXACT: Self = Self { rtol: 0.0, atol: 0.0 };

    /// The first difference of `found` from `reference`, in words; every output of the reference
    /// is looked at, and one without outputs agrees with nothing.
    pub(super) fn check(self, found: &[Output], reference: &[Output]) -> Result<(), String> {
        if reference.is_empty() {
            return Err("the answer to compare with has no outputs".to_owned());
        }
        for wanted in reference {
            let name = &wanted.name;
            let output = found.iter().find(|output| &output.name == name);
            let output = output.ok_or_else(|| format!("output {name:?} is missing"))?;
            if (output.datatype, &output.shape) != (wanted.datatype, &wanted.shape) {
                let (got, wanted) = (output.describe(), wanted.describe());
                return Err(format!("output {name:?} is {got}, expected {wanted}"));
            }
            self.elements(name, &output.elements, &wanted.elements)?;
        }
        Ok(())
    }

    pub(super) fn elements(
        self,
        name: &str,
        found: &Elements,
        wanted: &Elements,
    ) -> Result<(), String> {
        let differs = |index: usize, got: String, wanted: String| {
            Err(format!("output {name:?}, element {index}: {got}, expected {wanted}"))
        };
        if found.len() != wanted.len() {
            let (got, wanted) = (found.len(), wanted.len());
            return Err(format!("output {name:?} has {got} elements, expected {wanted}"));
        }
        match (found, wanted) {
            (Elements::Real(got), Elements::Real(want)) => {
                let far = |(a, b): (&f64, &f64)| (a - b).abs() > self.atol + self.rtol * b.abs();
                match got.iter().zip(want).position(far) {
                    Some(at) => differs(at, show(got.get(at)), show(want.get(at))),
                    None => Ok(()),
                }
            }
            (Elements::Whole(got), Elements::Whole(want)) => {
                match got.iter().zip(want).position(|(a, b)| a != b) {
                    Some(at) => differs(at, show(got.get(at)), show(want.get(at))),
                    None => Ok(()),
                }
            }
            (Elements::Text(got), Elements::Text(want)) => {
                match got.iter().zip(want).position(|(a, b)| a != b) {
                    Some(at) => differs(at, show(got.get(at)), show(want.get(at))),
                    None => Ok(()),
                }
            }
            (Elements::Real(_) | Elements::Whole(_) | Elements::Text(_), _) => {
                Err(format!("output {name:?} has elements of another kind"))
            }
        }
    }
}

fn show<T: std::fmt::Display>(element: Option<&T>) -> String {
    element.map_or_else(|| "nothing".to_owned(), |element| brief(&element.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_outputs_agrees_with_nothing() {
        assert!(Tolerance::EXACT.check(&[], &[]).is_err());
    }

    #[test]
    fn fewer_elements_agree_with_nothing() {
        let (two, one) = (Elements::Whole(vec![1, 2]), Elements::Whole(vec![1]));
        for (found, wanted) in [(&one, &two), (&two, &one)] {
            assert!(Tolerance::EXACT.elements("y", found, wanted).is_err());
        }
    }

    #[test]
    fn a_payload_is_told_by_its_beginning() {
        let text = |end: &str| Elements::Text(vec!["x".repeat(1 << 20) + end]);
        let told = Tolerance::EXACT.elements("y", &text("a"), &text("b")).unwrap_err();
        assert!(told.len() < 300, "{}", told.len());
    }
}
