//! The plan's comparisons by name. `dryRun` names live checks; these are none of them, whatever they
//! are called.

use crate::plan::{CompareBy, Plan};

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) limit: f64,
}

/// Rules by name: `disagreement` of classes, `numeric disagreement`; with the output's name where
/// it is not all of them, and numbered where that is not enough.
pub(super) fn rules(plan: &Plan) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (number, compare) in (1..).zip(&plan.shadow.compare) {
        let (kind, limit) = match compare.by {
            CompareBy::Class { max_disagreement } => ("disagreement", max_disagreement),
            CompareBy::Numeric { max_exceed, .. } => ("numeric disagreement", max_exceed),
        };
        let name = match compare.output.as_str() {
            "*" => kind.to_owned(),
            output => format!("{kind} of {output}"),
        };
        let taken = rules.iter().any(|rule| rule.name == name);
        let name = if taken { format!("{name} (rule {number})") } else { name };
        rules.push(Rule { name, limit });
    }
    rules
}
