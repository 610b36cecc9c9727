//! The page that the table stands in, between two marks.

use super::table;

const BEGIN: &str = "<!-- calibration: begin, written by `calibrate table --write` -->\n";
const END: &str = "<!-- calibration: end -->\n";

/// A page that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the page lacks its marks")]
    Marks,
    #[error("the page does not have what the cells give:\n{0}")]
    Stale(String),
    #[error(transparent)]
    Table(#[from] table::Error),
}

/// The page with what is between its marks replaced.
pub(crate) fn filled(page: &str, table: &str) -> Result<String, Error> {
    let (before, rest) = page.split_once(BEGIN).ok_or(Error::Marks)?;
    let (_, after) = rest.split_once(END).ok_or(Error::Marks)?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

/// Plays the quick cells as published, and looks for each of their rows, and for the flags of every
/// other cell. Errors: [`Error::Stale`] with what is missing.
pub(crate) fn check(page: &str) -> Result<(), Error> {
    let wanted = table::quick()?.into_iter().chain(table::beginnings());
    let missing: Vec<String> = wanted.filter(|row| !page.contains(row.as_str())).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::Stale(missing.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_page_says_what_the_quick_cells_give() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/explanation/statistics.md");
        let page = std::fs::read_to_string(path).unwrap();
        check(&page).unwrap_or_else(|stale| panic!("{stale}"));
    }

    #[test]
    fn a_page_is_filled_between_its_marks_alone() {
        let page = format!("above\n{BEGIN}old\n{END}below\n");
        let new = filled(&page, "new").unwrap();
        assert!(new.starts_with("above\n") && new.ends_with("below\n"));
        assert!(new.contains("new") && !new.contains("old"));
        assert_eq!(filled(&new, "new").unwrap(), new);
        assert!(filled("no marks", "new").is_err());
    }
}
