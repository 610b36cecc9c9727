//! Inputs made from a signature alone, for contract tests without a dataset: a row of zeros, then
//! small seeded values, the same for every candidate.

use crate::dataset::{Column, Table, Values};
use seatrial_domain::tensor::{DataType, Signature, TensorSpec};

/// Rows of a made table.
const ROWS: usize = 16;
const SEED: u64 = 0x5ea7_71a1;

/// A table with a column of each input's name; a variable dimension of a row is 1.
pub(super) fn table(signature: &Signature) -> Table {
    let columns = signature.inputs.iter().enumerate().map(|(index, spec)| column(index, spec));
    Table::of(columns.collect(), ROWS)
}

fn column(index: usize, spec: &TensorSpec) -> Column {
    let dims = spec.shape.get(1..).unwrap_or_default();
    let row_shape: Vec<usize> = dims.iter().map(|dim| usize::try_from(*dim).unwrap_or(1)).collect();
    let elements = ROWS * row_shape.iter().product::<usize>();
    let zeros = elements / ROWS;
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
