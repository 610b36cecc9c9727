//! `analysis.slices`: what of the live traffic is judged apart, and whether it can roll back.
//!
//! Owns the split of the error budget, which is fixed here, before any unit is seen: a slice that
//! enforces names its values, and each has the same part whatever comes.

use super::fields::Fields;
use super::quantity::OPEN_UNIT;
use super::traffic::key_source;
use super::value::Value;
use crate::evidence::Slices;
use crate::plan::{KeySource, LiveSlice};

/// Together the slices of a plan take less than the whole of a check's budget.
const WEIGHTS_MAX: f64 = 0.9;

/// Slices that enforce without a weight share so much of what those with one leave.
const SHARED: f64 = 0.5;

/// 0.1 + 0.2 is 0.3 as people count.
const ROUNDING: f64 = 1e-9;

/// A slice as written.
struct Draft {
    key: KeySource,
    values: Vec<String>,
    acts: Acts,
}

#[derive(Clone, Copy, PartialEq)]
enum Acts {
    Warns,
    /// It can roll back, with this part of the budget if it says which.
    Enforces(Option<f64>),
}

pub(super) fn slices(value: &Value<'_>) -> Option<Vec<LiveSlice>> {
    let drafts = value.list(slice)?;
    if drafts.len() > Slices::COLUMNS {
        let what = format!("{} slices are too many", drafts.len());
        return value.refuse(what, &format!("at most {}", Slices::COLUMNS));
    }
    for (index, draft) in drafts.iter().enumerate() {
        if drafts.iter().take(index).any(|earlier| earlier.key == draft.key) {
            return value.refuse("a header or parameter is given twice", "each once");
        }
    }
    let given: f64 = drafts.iter().filter_map(Draft::weight).sum();
    if given > WEIGHTS_MAX + ROUNDING {
        let what = format!("the slices' weights sum to {given:.3}");
        return value.refuse(what, &format!("at most {WEIGHTS_MAX}: the rest is the whole's"));
    }
    let shared = drafts.iter().filter(|draft| draft.acts == Acts::Enforces(None)).count();
    let each = (1.0 - given) * SHARED / f64::from(u32::try_from(shared.max(1)).unwrap_or(u32::MAX));
    Some(drafts.into_iter().map(|draft| draft.settled(each)).collect())
}

/// A header or parameter that warns, or a mapping that says more.
fn slice(item: &Value<'_>) -> Option<Draft> {
    if item.is_scalar() {
        let key = key_source(item)?;
        return Some(Draft { key, values: Vec::new(), acts: Acts::Warns });
    }
    item.fields(|fields| {
        let key = fields.required("key", key_source);
        let values = fields.or("values", Vec::new(), values);
        let acts = acts(fields, &values)?;
        Some(Draft { key: key?, values, acts })
    })
}

fn acts(fields: &Fields<'_>, values: &[String]) -> Option<Acts> {
    let enforce = [("true", Acts::Enforces(None)), ("false", Acts::Warns)];
    let acts = fields.or("enforce", Acts::Warns, |value| value.choice(&enforce));
    let weight = fields.find("weight").filter(|value| !value.is_null());
    match (acts, weight) {
        (Acts::Warns, Some(weight)) => {
            weight.refuse("a slice that only warns takes no error budget", "with `enforce: true`")
        }
        (Acts::Warns, None) => Some(acts),
        (Acts::Enforces(_), _) if values.is_empty() => {
            let spot = fields.spot_of("values");
            let allowed = "the values that are judged, known before the first is seen";
            let what = "a slice that enforces names its values";
            fields.report.refuse(&spot, what, Some(allowed.to_owned()));
            None
        }
        (Acts::Enforces(_), Some(weight)) => {
            weight.number(OPEN_UNIT).map(|it| Acts::Enforces(Some(it)))
        }
        (Acts::Enforces(_), None) => Some(acts),
    }
}

fn values(value: &Value<'_>) -> Option<Vec<String>> {
    let values = value.list(|item| item.text(Slices::VALUE_CHARS).map(str::to_owned))?;
    if values.len() > Slices::VALUES {
        let what = format!("{} values are too many", values.len());
        return value.refuse(what, &format!("at most {}", Slices::VALUES));
    }
    let twice = |(index, one): &(usize, &String)| values.iter().take(*index).any(|it| it == *one);
    match values.iter().enumerate().find(twice) {
        Some((_, value_twice)) => {
            value.refuse(format!("{value_twice:?} is given twice"), "each once")
        }
        None => Some(values),
    }
}

impl Draft {
    const fn weight(&self) -> Option<f64> {
        match self.acts {
            Acts::Enforces(weight) => weight,
            Acts::Warns => None,
        }
    }

    fn settled(self, each: f64) -> LiveSlice {
        let weight = match self.acts {
            Acts::Warns => None,
            Acts::Enforces(weight) => Some(weight.unwrap_or(each)),
        };
        LiveSlice { key: self.key, values: self.values, weight }
    }
}
