//! What a tag of a model or a version may be, whichever way it comes. Those that say how far a
//! rollout is are the rollout's alone.

/// Characters of a key.
const KEY_MAX: usize = 250;
/// Characters of a value.
const VALUE_MAX: usize = 100_000;
/// What a version's last rollout is shown as: no tags that are kept, so that none is searched for.
pub const READ_ONLY: [&str; 3] = ["rollout.id", "rollout.stage", "rollout.share"];

/// Why a tag is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(
        "Invalid tag key: {0:?}. Keys may only contain alphanumerics, underscores (_), dashes (-), \
         periods (.), spaces, colons (:) and slashes (/), 1 to {KEY_MAX} of them."
    )]
    Key(String),
    #[error("tag {key}: a value has at most {VALUE_MAX} characters, this one has {length}")]
    Value { key: String, length: usize },
    #[error("tag {0} is set by rollouts alone: seatrial rollout start MODEL VERSION")]
    Owned(String),
}

/// Refuses a tag that nobody may set.
pub fn check(key: &str, value: &str) -> Result<(), Error> {
    check_key(key)?;
    let length = value.chars().count();
    if length > VALUE_MAX { Err(Error::Value { key: key.to_owned(), length }) } else { Ok(()) }
}

/// Refuses a key that nobody may set or remove.
pub fn check_key(key: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_alphanumeric() || "_-. :/".contains(c);
    if key.is_empty() || key.chars().count() > KEY_MAX || !key.chars().all(fits) {
        return Err(Error::Key(key.to_owned()));
    }
    if READ_ONLY.contains(&key) { Err(Error::Owned(key.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_short_word_with_a_text_and_not_the_rollouts() {
        for key in ["team", "a.b c:d/e_f-g", "é", &"k".repeat(KEY_MAX)] {
            assert_eq!(check(key, "any\nthing\0"), Ok(()), "{key:?}");
        }
        for key in ["", "a*b", "a\nb", "a\0", &"k".repeat(KEY_MAX + 1)] {
            assert_eq!(check(key, "v"), Err(Error::Key(key.to_owned())));
        }
        for key in READ_ONLY {
            assert_eq!(check(key, "v"), Err(Error::Owned(key.to_owned())));
        }
        assert_eq!(check("k", &"é".repeat(VALUE_MAX)), Ok(()));
        let long = check("k", &"v".repeat(VALUE_MAX + 1));
        assert!(matches!(long, Err(Error::Value { length: 100_001, .. })));
    }
}
