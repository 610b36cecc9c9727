//! What a registry client's words say of a version's origin.

use super::error::Result;
use seatrial_domain::lineage::{Cited, Lineage};
use seatrial_domain::{ModelName, VersionRef};
use seatrial_store::tracking::COMMIT_TAG;
use std::collections::BTreeMap;

/// What is said of a version: a copy descends from its original; the commit that it is tagged with is
/// the code. Of its run's, the store knows.
pub(super) fn of(
    original: Option<&VersionRef>,
    tags: &BTreeMap<String, String>,
) -> Result<Lineage> {
    let parent = original.map(|of| Cited::Numbered(of.model.clone(), of.number));
    said(parent, tags.get(COMMIT_TAG).map(String::as_str))
}

fn said(parent: Option<Cited<ModelName>>, commit: Option<&str>) -> Result<Lineage> {
    let said = Lineage::new(parent.into_iter().collect())?;
    // One that is no line is no commit, and no reason to refuse the version.
    Ok(said.clone().by_code(commit).unwrap_or(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_the_code_and_what_is_none_is_left_out() {
        let code = |text: &str| {
            let said = said(None, Some(text)).unwrap();
            said.code_ref().map(str::to_owned)
        };
        assert_eq!(code("4f2a1c"), Some("4f2a1c".to_owned()));
        assert_eq!(code("a\nb"), None);
    }
}
