//! How answers are distributed: counts by gate. It knows no bad unit, so nothing is told of the next.

use super::super::drift::{Drift, most_apart};
use super::super::look::Look;
use super::super::reading::Shown;
use super::Told;
use crate::evidence::GateIndex;
use crate::verdict::Outlook;

impl Drift {
    pub(in crate::judge) fn told(&self) -> Told {
        Told {
            bad: "with the answer that differs most there".to_owned(),
            confidence: None,
            outlook: Outlook::default(),
            notes: vec![
                "a difference of answers is all it finds: it never holds a gate up".to_owned(),
            ],
        }
    }

    pub(in crate::judge) fn counted_in(&self, look: &Look<'_>, gate: GateIndex) -> Shown {
        most_apart(&self.under(look, gate)).map(|most| most.shown).unwrap_or_default()
    }
}
