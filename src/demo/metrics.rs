//! Reads one number of the server's `/metrics`. Pure.

/// Attempts that `version` made to answer live requests on `endpoint`. None where `control`, which
/// certainly made some, has none: then these are not the numbers to look at.
pub(super) fn attempts_beside(
    text: &str,
    endpoint: &str,
    (version, control): (u64, u64),
) -> Option<u64> {
    (attempts(text, endpoint, control) > 0).then(|| attempts(text, endpoint, version))
}

/// None are told of a version that never had one.
fn attempts(text: &str, endpoint: &str, version: u64) -> u64 {
    let labels = [format!("endpoint=\"{endpoint}\""), format!("version=\"{version}\"")];
    text.lines()
        .filter_map(|line| line.strip_prefix("seatrial_requests_total{")?.split_once('}'))
        .filter(|(found, _)| labels.iter().all(|label| found.split(',').any(|one| one == label)))
        .filter_map(|(_, value)| value.trim().parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE seatrial_requests_total counter\n\
        seatrial_requests_total{endpoint=\"digits\",version=\"1\",outcome=\"ok\"} 70\n\
        seatrial_requests_total{endpoint=\"digits\",version=\"1\",outcome=\"error\"} 2\n\
        seatrial_requests_total{endpoint=\"digits\",version=\"11\",outcome=\"ok\"} 5\n\
        seatrial_in_flight{endpoint=\"digits\",version=\"1\"} 3\n";

    #[test]
    fn no_attempts_are_believed_only_beside_the_incumbents() {
        assert_eq!(attempts_beside(TEXT, "digits", (3, 1)), Some(0));
        assert_eq!(attempts_beside(TEXT, "letters", (3, 1)), None);
        assert_eq!(attempts_beside("", "digits", (3, 1)), None);
    }

    #[test]
    fn outcomes_are_added_up_and_other_versions_left_out() {
        assert_eq!(attempts(TEXT, "digits", 1), 72);
        assert_eq!(attempts(TEXT, "digits", 3), 0);
        assert_eq!(attempts(TEXT, "letters", 1), 0);
    }
}
