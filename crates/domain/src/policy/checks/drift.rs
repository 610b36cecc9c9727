//! `kind: drift`: how the answers themselves are distributed.

use crate::plan::{DriftBy, Rule};
use crate::policy::fields::Fields;
use crate::policy::quantity::NUMBER;
use crate::policy::value::Value;

/// Edges of score buckets; with the bucket beyond the last they are as many as classes told apart.
const EDGES_MAX: usize = 49;

#[derive(Debug, Clone, Copy)]
enum By {
    Class,
    Score,
}

pub(super) fn drift(fields: &Fields<'_>) -> Option<Rule> {
    let output = fields.or("output", "*".to_owned(), |value| value.text(128).map(str::to_owned));
    let by = fields
        .or("by", By::Class, |value| value.choice(&[("class", By::Class), ("score", By::Score)]));
    let by = match by {
        By::Class => Some(DriftBy::Class),
        By::Score => match fields.find("edges") {
            None => Some(DriftBy::Score { edges: twenty() }),
            Some(value) => edges(&value).map(|edges| DriftBy::Score { edges }),
        },
    };
    Some(Rule::Drift { output, by: by? })
}

/// Of probabilities: 0.05, 0.1, …, 0.95.
fn twenty() -> Vec<f64> {
    (1..20_u8).map(|step| f64::from(step) / 20.0).collect()
}

fn edges(value: &Value<'_>) -> Option<Vec<f64>> {
    let edges = value.list(|item| item.number(NUMBER))?;
    let rising = edges.windows(2).all(|pair| matches!(pair, [low, high] if low < high));
    if rising && (1..=EDGES_MAX).contains(&edges.len()) {
        Some(edges)
    } else {
        let allowed = format!("1 to {EDGES_MAX} numbers, each above the one before");
        value.refuse("makes no buckets", &allowed)
    }
}
