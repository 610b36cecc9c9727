//! Foreign text in a report's lines: payloads have no bound, and the journal keeps every line.

/// The text's beginning, marked where it was cut.
pub(super) fn brief(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    if text.chars().nth(CHARS_MAX).is_none() {
        return text.to_owned();
    }
    text.chars().take(CHARS_MAX).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(brief("short"), "short");
        assert_eq!(brief(&"ä".repeat(80)), "ä".repeat(80));
        assert_eq!(brief(&"ä".repeat(81)), format!("{}…", "ä".repeat(80)));
    }
}
