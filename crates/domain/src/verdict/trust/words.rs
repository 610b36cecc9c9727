//! Trust in sentences, for people.

use super::{Labelled, Split, SplitStratum};
use crate::evidence::ArmCount;
use crate::mix::rate;
use crate::verdict::account::words::percent;
use crate::verdict::{Budget, Next};

pub(super) fn of_split(split: &Split) -> Vec<String> {
    let mut words: Vec<String> = counted(&split.strata).into_iter().collect();
    words.push(budget(&split.budget, "a split as asked for"));
    if !split.is_plausible() {
        words.push(
            "passes are void, and no later unit restores them: the rollout can only go back"
                .to_owned(),
        );
    }
    words.extend(split.mismatch_at.map(|next| {
        format!("a mismatch if {} of the next {} units are the candidate's", next.bad, next.of)
    }));
    words.extend(split.mismatch_below.map(|Next { bad, of }| {
        let few = if bad == 0 { "none".to_owned() } else { format!("no more than {bad}") };
        format!("a mismatch if {few} of the next {of} units are the candidate's")
    }));
    words
}

pub(super) fn of_labels(labels: &Labelled) -> Vec<String> {
    let Labelled { due, labelled, missing, .. } = labels;
    let least = percent(labels.least);
    if due.total() == 0 {
        return vec![format!("no label is due yet; {least} must come on each arm")];
    }
    let mut words = vec![format!(
        "{} of {} of the candidate's units whose label is due have one, {} of {} of the incumbent's; \
         the least is {least} on each arm",
        labelled.candidate, due.candidate, labelled.incumbent, due.incumbent
    )];
    words.push(budget(&labels.budget, "what comes alike on both arms"));
    if missing.total() > 0 {
        words.push(format!(
            "passes are void until {} more of the candidate's and {} more of the incumbent's units \
             have a label",
            missing.candidate, missing.incumbent
        ));
    }
    if labels.depend_on_arm() {
        words.push("labels depend on the arm: passes are void while they do".to_owned());
    }
    words
}

/// `at 5 %: 610 of 12200 units are the candidate's, 5 %; at 25 %: …`
fn counted(strata: &[SplitStratum]) -> Option<String> {
    let one = |SplitStratum { share, units, .. }: &SplitStratum| {
        let ArmCount { candidate, .. } = units;
        let found = rate(*candidate, units.total())?;
        let (share, found) = (percent(*share), percent(found));
        Some(format!(
            "at {share}: {candidate} of {} units are the candidate's, {found}",
            units.total()
        ))
    };
    let told: Vec<String> = strata.iter().filter_map(one).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The budget of a test that no check has a part of; `null` gets so far with at most `p`.
fn budget(budget: &Budget, null: &str) -> String {
    let alpha = percent(budget.alpha);
    if budget.spent == 0.0 {
        return format!("budget of its own: {alpha}; nothing of it is spent");
    }
    format!(
        "budget of its own: {alpha}; the evidence is {} of the way, where {null} gets with a \
         probability of at most {}",
        percent(budget.spent),
        percent(budget.p)
    )
}
