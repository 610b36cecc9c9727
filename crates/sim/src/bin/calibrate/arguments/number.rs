//! Numbers on the command line: what is none is refused with what is meant.

/// A number that is one.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    let value = value.filter(|value| value.is_finite());
    value.ok_or_else(|| "a number with a decimal point is meant, as 0.5".to_owned())
}

/// What a candidate must be within.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Margin {
    Number(f64),
    /// The absolute one that another flag gives.
    Limit,
}

pub(super) fn margin(text: &str) -> Result<Margin, String> {
    match text {
        "limit" => Ok(Margin::Limit),
        text => number(text).map(Margin::Number).map_err(|why| format!("{why}, or limit")),
    }
}

pub(super) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_no_number| "a whole number from 0 on is meant".to_owned())
}

pub(super) fn from_one(text: &str) -> Result<u64, String> {
    let number = whole(text).ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a whole number from 1 on is meant".to_owned())
}

pub(super) fn references(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_no_number| "a whole number from 0 to 1,000,000 is meant".to_owned())
}
