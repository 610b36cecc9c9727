//! The story in words. Pure: numbers come in, lines go out.

mod ending;
mod opening;

pub(super) use ending::{Summary, summary};
pub(super) use opening::{ACTS, OPENING, Opening, SETTING, opening};

use super::screen::WIDTH;
use seatrial_domain::evidence::ShadowCounts;

/// A line that opens an act.
pub(super) fn heading(title: &str) -> String {
    let rule = WIDTH.saturating_sub(title.chars().count() + 4);
    format!("\n── {title} {}", "─".repeat(rule))
}

/// Breaks `text` between words so that no line is longer than `width`, if its words allow.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// `12,345`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in words; a dash where there is none.
pub(super) fn millis(time: Option<u64>) -> String {
    time.map_or_else(|| "-".to_owned(), |ms| format!("{} ms", grouped(ms)))
}

/// Why the holdout was fooled, and who was not.
pub(super) fn why_fooled(
    shadow: Option<&ShadowCounts>,
    units: u64,
    zero_ms: Option<u64>,
) -> String {
    let rate = |client: &str| {
        let rules = shadow?.slices.get("client")?.get(client)?;
        Some(format!("{:.0} %", rules.first()?.candidate.rate()? * 100.0))
    };
    let slices = match (rate("mobile"), rate("web")) {
        (Some(mobile), Some(web)) => format!(
            "The shadow saw it first: v2 and v1 disagree on {mobile} of the mobile pictures, and \
             on {web} of the others. But disagreeing is not being wrong, and it stayed within its \
             limit: v4 will disagree, too. "
        ),
        (_, _) => String::new(),
    };
    format!(
        "Why was the holdout fooled? Nobody had scanned a page by phone when it was collected. \
         {slices}What decided were the labels that clients send back: after {} units on v2 they \
         were beyond doubt worse, and {} later nobody was on v2 any more.",
        grouped(units),
        millis(zero_ms),
    )
}

/// What was found at the door.
pub(super) fn why_rejected(why: &str, live: u64) -> String {
    format!(
        "The notebook scaled the pixels before it asked the model; the file that was exported does \
         not. Found by asking the candidate itself, over the protocol clients use: {why}. Live \
         requests that v3 has answered: {live}."
    )
}

/// v4's climb, as the clients saw it.
pub(super) fn climbed(by_candidate: u64, of: u64) -> String {
    format!(
        "Every step was left on evidence of its own: errors, latency and labels each had to rule \
         out being worse by the margin. Of the last {} answers v4 gave {}; v1 stands by, loaded \
         and probed.",
        grouped(of),
        grouped(by_candidate),
    )
}

/// The way back.
pub(super) fn returned(zero_ms: Option<u64>, typed_ms: Option<u64>, of: u64) -> String {
    format!(
        "From the decision to 0 %: {}. From the moment the command was typed: {}. The last {} \
         answers all came from v1 again, and no client noticed a thing.",
        millis(zero_ms),
        millis(typed_ms),
        grouped(of),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::evidence::{CompareCount, PairCount};
    use std::collections::BTreeMap;

    fn shadow() -> ShadowCounts {
        let rate = |disagree| {
            let candidate = PairCount { pairs: 1000, disagree };
            vec![CompareCount { candidate, noise: PairCount::default() }]
        };
        let values = [("mobile".to_owned(), rate(361)), ("web".to_owned(), rate(106))];
        let slices = BTreeMap::from([("client".to_owned(), BTreeMap::from(values))]);
        ShadowCounts { slices, ..ShadowCounts::default() }
    }

    #[test]
    fn the_fooled_holdout_is_explained_by_the_slice() {
        let told = wrap(&why_fooled(Some(&shadow()), 301, Some(12)), WIDTH);
        assert!(told.contains("36 % of the mobile pictures"), "{told}");
        assert!(told.contains("11 % of the others"), "{told}");
        assert!(told.contains("after 301 units on v2"), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= WIDTH), "{told}");
    }

    #[test]
    fn without_a_shadow_nothing_is_claimed_of_it() {
        assert!(!why_fooled(None, 301, None).contains("shadow"));
    }

    #[test]
    fn headings_fill_the_line() {
        assert_eq!(heading("Act 1").trim().chars().count(), WIDTH);
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn words_are_kept_whole() {
        assert_eq!(wrap("one two  three", 8), "one two\nthree");
    }
}
