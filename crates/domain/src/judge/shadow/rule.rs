//! The plan's comparisons by name.

use crate::judge::prepared::enforced;
use crate::plan::{CompareBy, Plan};
use crate::verdict::Enforced;

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) limit: f64,
    pub(super) enforced: Enforced,
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
        let enforced = enforced(&plan.analysis.dry_run, &name);
        rules.push(Rule { name, limit, enforced });
    }
    rules
}
