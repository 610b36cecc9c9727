//! An account in sentences, for people. The same in `explain`'s table and in its JSON.

use super::{Account, Answer, Answers, Confidence, Counted, GateAccount, Next, Range};
use crate::verdict::{CheckReport, CheckVerdict, Unit};

/// The account of the check that `report` is of.
pub(super) fn of(account: &Account, report: &CheckReport) -> Vec<String> {
    let mut sentences: Vec<String> = counts(account, report).into_iter().collect();
    sentences.extend(account.confidence.map(|of| confidence(of, report.unit)));
    sentences.extend(account.answers.as_ref().map(answers));
    sentences.push(budget(account, report));
    sentences.extend(needed(account, report));
    sentences.extend(change(account, report));
    sentences.extend(account.notes.iter().cloned());
    sentences
}

/// `at 5 %: 2 of 610 in error, the incumbent 31 of 11590; at 25 %: …`; of numbers
/// `at 5 %: 610 units with a mean of 18.2, the incumbent 11590 with one of 18.5`; of pairs
/// `700 of 2000 pairs in disagreement`
fn counts(account: &Account, report: &CheckReport) -> Option<String> {
    if account.of == Counted::Pairs {
        let (bad, pairs) = (report.counts.candidate_bad, report.counts.candidate_total);
        return (pairs > 0).then(|| format!("{bad} of {pairs} pairs {}", account.bad));
    }
    let gate = |of: &GateAccount| {
        let (counts, share) = (of.counts, percent(of.share));
        match report.unit {
            Unit::Ratio | Unit::Milliseconds => format!(
                "at {share}: {} of {} {}, the incumbent {} of {}",
                counts.candidate_bad,
                counts.candidate_total,
                account.bad,
                counts.incumbent_bad,
                counts.incumbent_total
            ),
            Unit::Own => format!(
                "at {share}: {} units with a mean of {}, the incumbent {} with one of {}",
                counts.candidate_total,
                mean(of.candidate),
                counts.incumbent_total,
                mean(of.incumbent)
            ),
        }
    };
    let gates: Vec<String> = account.gates.iter().map(gate).collect();
    (!gates.is_empty()).then(|| gates.join("; "))
}

fn mean(of: Option<f64>) -> String {
    of.map_or_else(|| "nothing".to_owned(), rounded)
}

/// `the difference is between -0.8 and 1.2 points: at every look at once, with 95 % confidence`
fn confidence(of: Confidence, unit: Unit) -> String {
    let (scale, points, part) = match unit {
        Unit::Ratio => (100.0, " points", (100.0, " %")),
        Unit::Milliseconds => (100.0, " points", (1.0, " ms")),
        Unit::Own => (1.0, "", (1.0, "")),
    };
    let quantile = |arm: &str, range: Option<Range>| {
        range.map(|range| format!("the {arm}'s is {}", between(range, part.0, part.1)))
    };
    let difference =
        of.difference.map(|range| format!("the difference is {}", between(range, scale, points)));
    let arms = [quantile("candidate", of.candidate), quantile("incumbent", of.incumbent)];
    let told: Vec<String> = difference.into_iter().chain(arms.into_iter().flatten()).collect();
    format!("{}: at every look at once, with {} confidence", told.join(", "), percent(of.level))
}

/// `cat 41 % vs 50 %, between -13.1 and -4.9 points apart; …; 3 more are closer: of each at every look at once,
/// with more than 95 % confidence`
fn answers(of: &Answers) -> String {
    let each = |it: &Answer| {
        let (candidate, incumbent) = (percent(it.candidate), percent(it.incumbent));
        let apart = between(it.difference, 100.0, " points");
        format!("{} {candidate} vs {incumbent}, {apart} apart", it.answer)
    };
    let mut told: Vec<String> = of.most_apart.iter().map(each).collect();
    told.extend((of.others > 0).then(|| format!("{} more are closer", of.others)));
    let level = percent(of.level);
    let told = told.join("; ");
    format!("{told}: of each at every look at once, with more than {level} confidence")
}

fn between(range: Range, scale: f64, unit: &str) -> String {
    let told = |end: f64| rounded(end * scale);
    match (range.lower, range.upper) {
        (Some(lower), Some(upper)) => {
            format!("between {} and {}{unit}", told(lower), told(upper))
        }
        (Some(lower), None) => format!("above {}{unit}", told(lower)),
        (None, Some(upper)) => format!("at most {}{unit}", told(upper)),
        (None, None) => "anything".to_owned(),
    }
}

fn budget(account: &Account, report: &CheckReport) -> String {
    let budget = account.budget;
    let share = format!(
        "budget: {} of alpha {}, that is {}",
        percent(budget.weight),
        percent(budget.alpha),
        percent(budget.alpha * budget.weight)
    );
    match report.verdict {
        CheckVerdict::Fail => {
            format!("{share}; spent: a harmless candidate gets here with at most that probability")
        }
        CheckVerdict::Pass | CheckVerdict::Inconclusive | CheckVerdict::Error
            if budget.spent == 0.0 =>
        {
            format!("{share}; nothing of it is spent: there is no evidence against the candidate")
        }
        CheckVerdict::Pass | CheckVerdict::Inconclusive | CheckVerdict::Error => format!(
            "{share}; the evidence has gone {} of the way to a fail, where a harmless candidate \
             gets with a probability of at most {}",
            percent(budget.spent),
            percent(budget.p)
        ),
    }
}

const fn noun(account: &Account) -> &'static str {
    match account.of {
        Counted::Units => "candidate units",
        Counted::Pairs => "pairs",
    }
}

fn needed(account: &Account, report: &CheckReport) -> Option<String> {
    let units = report.units_needed?;
    let pace = account.pace.and_then(|pace| {
        let time = account.time_needed()?;
        Some(format!(", {time} at {} a second", rounded(pace.per_second)))
    });
    let (at, noun) = ("at the rates so far", noun(account));
    Some(format!("needs about {units} more {noun} {at}{}", pace.unwrap_or_default()))
}

fn change(account: &Account, report: &CheckReport) -> Vec<String> {
    let (bad, noun) = (&account.bad, noun(account));
    let next = |of: Next| format!("{} of the next {} {noun} are {bad}", of.bad, of.of);
    let outlook = account.outlook;
    let sentences = match report.verdict {
        CheckVerdict::Fail if account.of == Counted::Pairs => [
            outlook
                .healthy_after
                .map(|pairs| format!("no longer a fail after {pairs} more pairs if none is {bad}")),
            None,
        ],
        CheckVerdict::Fail => {
            [Some("failed for good: no later unit takes evidence back".to_owned()), None]
        }
        CheckVerdict::Error => [None, None],
        CheckVerdict::Inconclusive => [
            outlook
                .healthy_after
                .map(|units| format!("healthy after {units} more {noun} if none is {bad}")),
            outlook.fails_at.map(|of| format!("fails if {}", next(of))),
        ],
        CheckVerdict::Pass => [
            outlook.unhealthy_at.map(|of| format!("no longer healthy if {}", next(of))),
            outlook.fails_at.map(|of| format!("fails if {}", next(of))),
        ],
    };
    sentences.into_iter().flatten().collect()
}

/// `about 26 s`, `about 7 min`, `about 3 h`, `about 12 days`.
pub fn span(seconds: f64) -> String {
    let (value, unit) = match seconds {
        _ if seconds < 1.0 => return "less than a second".to_owned(),
        _ if seconds < 120.0 => (seconds, "s"),
        _ if seconds < 2.0 * 3_600.0 => (seconds / 60.0, "min"),
        _ if seconds < 48.0 * 3_600.0 => (seconds / 3_600.0, "h"),
        _ => (seconds / 86_400.0, "days"),
    };
    format!("about {:.0} {unit}", value.ceil())
}

/// `5 %`: three digits that count.
pub(in crate::verdict) fn percent(part: f64) -> String {
    format!("{} %", rounded(100.0 * part))
}

/// Three digits that count, and no noughts behind them.
fn rounded(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.1 => 3,
        _ => return format!("{value:.1e}"),
    };
    let text = format!("{value:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits_that_count() {
        for (value, told) in [
            (5.0, "5"),
            (0.05, "5.0e-2"),
            (12.34, "12.3"),
            (123.4, "123"),
            (0.0, "0"),
            (0.5, "0.5"),
        ] {
            assert_eq!(rounded(value), told);
        }
        assert_eq!(percent(0.05), "5 %");
    }

    #[test]
    fn spans_are_told_in_the_unit_people_would_use() {
        for (seconds, told) in [
            (0.2, "less than a second"),
            (25.1, "about 26 s"),
            (420.0, "about 7 min"),
            (10_800.0, "about 3 h"),
            (1_000_000.0, "about 12 days"),
        ] {
            assert_eq!(span(seconds), told);
        }
    }
}
