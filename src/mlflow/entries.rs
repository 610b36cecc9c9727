//! Keys and values as MLflow's clients may log them: the rules of its own server, which cuts values
//! that are too long rather than stop a training.

use super::error::{Error, Result};
use super::wire::Tag;
use seatrial_store::tracking::Pairs;

const KEY_MAX: usize = 250;
const PARAM_MAX: usize = 6000;
const TAG_MAX: usize = 8000;
/// Of a logged model's tag or parameter: its clients keep lists of versions there.
const MODEL_VALUE_MAX: usize = 100_000;
/// Entries of one request about a logged model.
const MODEL_ENTRIES_MAX: usize = 1000;

/// The first so many characters.
fn cut(text: String, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}

/// A name that could be a relative path: of a metric, a parameter or a tag.
pub(super) fn check_key(key: &str) -> Result<()> {
    let fits = |c: char| c.is_alphanumeric() || "_-. :/".contains(c);
    if !key.chars().all(fits) {
        return Err(Error::invalid(format!(
            "Invalid value {key:?} for parameter 'key' supplied: Names may only contain \
             alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and \
             slashes (/)."
        )));
    }
    let climbs = key.split('/').any(|part| matches!(part, "" | "." | ".."));
    if climbs || key.starts_with("..") {
        return Err(Error::invalid(format!(
            "Invalid value {key:?} for parameter 'key' supplied: a name is no path that resolves \
             to another one"
        )));
    }
    check_length("key", key, KEY_MAX)
}

/// At most so many characters.
pub(super) fn check_length(what: &str, text: &str, max: usize) -> Result<()> {
    let length = text.chars().count();
    if length > max {
        return Err(Error::invalid(format!(
            "'{what}' exceeds the maximum length of {max} characters: it has {length}"
        )));
    }
    Ok(())
}

/// At most so many of one request.
pub(super) fn check_count(what: &str, count: usize, max: usize) -> Result<()> {
    if count > max {
        return Err(Error::invalid(format!(
            "A batch logging request can contain at most {max} {what}. Got {count} {what}. Please \
             split up {what} across multiple requests and try again."
        )));
    }
    Ok(())
}

/// Parameters of a run; each key once.
pub(super) fn params(given: Vec<Tag>) -> Result<Pairs> {
    let mut params = Pairs::new();
    for Tag { key, value } in given {
        check_key(&key)?;
        if params.insert(key.clone(), cut(value, PARAM_MAX)).is_some() {
            return Err(Error::invalid(format!(
                "Duplicate parameter keys have been submitted: {key:?}. Please ensure the request \
                 contains only one param value per param key."
            )));
        }
    }
    Ok(params)
}

/// Tags of a run or an experiment; of one key, the last.
pub(super) fn tags(given: Vec<Tag>) -> Result<Pairs> {
    let tag = |Tag { key, value }: Tag| {
        check_key(&key)?;
        Ok((key, cut(value, TAG_MAX)))
    };
    given.into_iter().map(tag).collect()
}

/// Tags or parameters of a logged model; of one key, the last.
pub(super) fn of_model(what: &str, given: Vec<Tag>) -> Result<Pairs> {
    check_count(what, given.len(), MODEL_ENTRIES_MAX)?;
    let entry = |Tag { key, value }: Tag| {
        if key.is_empty() || key.contains(char::is_control) {
            return Err(Error::invalid(format!("Invalid key {key:?} among {what}")));
        }
        check_length("key", &key, KEY_MAX)?;
        check_length(&key, &value, MODEL_VALUE_MAX)?;
        Ok((key, value))
    };
    given.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_relative_path_of_plain_characters() {
        for key in ["a", "a b:c", "a/b.c", "-/é", "a..b", "val/loss_1"] {
            assert!(check_key(key).is_ok(), "{key:?}");
        }
        for key in ["", "a\tb", "/a", "a/", "a//b", "a/../b", "./a", "..", "..a", "a\\b", "a%b"] {
            assert!(check_key(key).is_err(), "{key:?}");
        }
        assert!(check_key(&"é".repeat(KEY_MAX)).is_ok());
        assert!(check_key(&"k".repeat(KEY_MAX + 1)).is_err());
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let tag = |value: String| vec![Tag { key: "k".to_owned(), value }];
        assert_eq!(params(tag("é".repeat(9000))).unwrap()["k"], "é".repeat(PARAM_MAX));
        assert_eq!(tags(tag("é".repeat(9000))).unwrap()["k"], "é".repeat(TAG_MAX));
        assert_eq!(of_model("tags", tag("é".repeat(9000))).unwrap()["k"], "é".repeat(9000));
        assert!(of_model("tags", tag("x".repeat(MODEL_VALUE_MAX + 1))).is_err());
    }

    #[test]
    fn a_parameter_is_given_once_and_of_a_tag_the_last_counts() {
        let twice = || {
            let entry = |value: &str| Tag { key: "k".to_owned(), value: value.to_owned() };
            vec![entry("1"), entry("2")]
        };
        assert!(params(twice()).is_err());
        assert_eq!(tags(twice()).unwrap()["k"], "2");
    }
}
