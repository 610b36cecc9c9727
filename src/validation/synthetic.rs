//! Inputs made from a signature alone, for contract tests without a dataset: a row of zeros, then
//! small seeded values, the same for every candidate.

use crate::dataset::{Column, Table, Values};
use seatrial_domain::tensor::{DataType, Signature, TensorSpec};

/// Rows of a made table, where they are small.
const ROWS: usize = 16;
/// Elements of a made table; a row of more is no sensible request.
const ELEMENTS_MAX: usize = 1 << 22;
const SEED: u64 = 0x5ea7_71a1;

/// A table with a column of each input's name; a variable dimension of a row is 1. The error says
/// that a row of the declared inputs is too large to be made up.
pub(super) fn table(signature: &Signature) -> Result<Table, String> {
    let shapes: Vec<Vec<usize>> = signature.inputs.iter().map(row_shape).collect();
    let row_len = shapes.iter().try_fold(0_usize, |sum, shape| sum.checked_add(len_of(shape)?));
    let row_len = row_len.filter(|len| *len <= ELEMENTS_MAX).ok_or_else(|| {
        format!("one row of the inputs has more than {ELEMENTS_MAX} elements; name a holdout")
    })?;
    let rows = (ELEMENTS_MAX / row_len.max(1)).clamp(1, ROWS);
    let specs = signature.inputs.iter().zip(shapes).enumerate();
    let columns = specs.map(|(index, (spec, shape))| column(index, spec, shape, rows));
    Ok(Table::of(columns.collect(), rows))
}

fn row_shape(spec: &TensorSpec) -> Vec<usize> {
    let dims = spec.shape.get(1..).unwrap_or_default();
    dims.iter().map(|dim| usize::try_from(*dim).unwrap_or(1)).collect()
}

fn len_of(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim))
}

fn column(index: usize, spec: &TensorSpec, row_shape: Vec<usize>, rows: usize) -> Column {
    let zeros: usize = row_shape.iter().product();
    let elements = rows * zeros;
    let mut noise = SplitMix(SEED.wrapping_add(u64::try_from(index).unwrap_or(0)));
    let steps = (0..elements).map(|at| if at < zeros { 0 } else { noise.below(17) });
    let values = match spec.datatype {
        DataType::Bool => Values::Integers(steps.map(|step| step % 2).collect()),
        DataType::Fp16 | DataType::Fp32 | DataType::Fp64 =>
        {
            #[expect(clippy::cast_precision_loss, reason = "between 0 and 16")]
            Values::Numbers(steps.map(|step| step as f64 / 8.0).collect())
        }
        DataType::Bytes => Values::Texts(steps.map(|step| format!("text {step}")).collect()),
        DataType::Uint8
        | DataType::Uint16
        | DataType::Uint32
        | DataType::Uint64
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64 => Values::Integers(steps.map(|step| step % 2).collect()),
    };
    Column { name: spec.name.clone(), row_shape, values }
}

/// Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Debug, Clone)]
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform below `bound`, by the high bits of a product.
    pub(super) fn below(&mut self, bound: u32) -> i64 {
        let high = (u128::from(self.next()) * u128::from(bound)) >> 64;
        i64::try_from(high).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(shape: &[i64]) -> Result<Table, String> {
        let spec =
            TensorSpec { name: "x".to_owned(), datatype: DataType::Fp32, shape: shape.to_vec() };
        table(&Signature { inputs: vec![spec], outputs: Vec::new() })
    }

    #[test]
    fn inputs_of_any_declared_size_are_made_or_refused_within_bounds() {
        assert_eq!(made(&[-1, 2]).unwrap().rows(), ROWS);
        assert_eq!(made(&[-1, 1 << 21]).unwrap().rows(), 2);
        assert!(made(&[1, 1 << 20, 1 << 20]).is_err());
        assert!(made(&[1, i64::MAX, i64::MAX]).is_err());
    }
}
