//! What a registry client's words say of a version's origin.

use super::error::Result;
use seatrial_domain::VersionNumber;
use seatrial_domain::lineage::{Cited, Lineage};
use seatrial_store::tracking::COMMIT_TAG;
use std::collections::BTreeMap;

/// What is said of a version made from `source`: a copy (`models:/NAME/NUMBER`) descends from its
/// original; the commit that it is tagged with is the code. Of its run's, the store knows.
pub(super) fn of(source: &str, tags: &BTreeMap<String, String>) -> Result<Lineage> {
    said(source, tags.get(COMMIT_TAG).map(String::as_str))
}

fn said(source: &str, commit: Option<&str>) -> Result<Lineage> {
    let said = Lineage::new(original(source).into_iter().collect())?;
    // One that is no line is no commit, and no reason to refuse the version.
    Ok(said.clone().by_code(commit).unwrap_or(said))
}

fn original(source: &str) -> Option<Cited<seatrial_domain::ModelName>> {
    let path = source.strip_prefix("models:")?.trim_matches('/');
    let (name, number) = path.split_once('/')?;
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some(Cited::Numbered(name.parse().ok()?, VersionNumber(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parents(source: &str) -> Vec<String> {
        let said = said(source, None).unwrap();
        said.parents().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_a_copy_says_its_parent() {
        assert_eq!(parents("models:/digits/3"), ["digits@3"]);
        for source in ["models:/m-0123", "models:/digits@best", "runs:/r/model", "models:/a/0"] {
            assert_eq!(parents(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn a_commit_is_the_code_and_what_is_none_is_left_out() {
        let code = |text: &str| {
            let said = said("runs:/r/model", Some(text)).unwrap();
            said.code_ref().map(str::to_owned)
        };
        assert_eq!(code("4f2a1c"), Some("4f2a1c".to_owned()));
        assert_eq!(code("a\nb"), None);
    }
}
