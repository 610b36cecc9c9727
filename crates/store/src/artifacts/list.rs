//! What is right below a directory of uploads. Directories are only ever in the paths of files.

use super::{ArtifactPath, end_of};
use crate::row::{Columns, int};
use crate::{Store, storage};

/// A name right below a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    File {
        name: String,
        /// Bytes.
        size: u64,
    },
    Directory {
        name: String,
    },
}

impl Store {
    /// At most `limit` names right below `directory`, or at the top, in order.
    pub async fn artifacts_in(
        &self,
        directory: Option<&ArtifactPath>,
        limit: u64,
    ) -> Result<Vec<Entry>, storage::Error> {
        let (prefix, end) = directory.map_or_else(
            || (String::new(), char::MAX.to_string()),
            |directory| (format!("{directory}/"), end_of(directory.as_str())),
        );
        let rows = sqlx::query(
            "SELECT CASE instr(rest, '/') WHEN 0 THEN rest
                    ELSE substr(rest, 1, instr(rest, '/') - 1) END AS name,
                    CASE instr(rest, '/') WHEN 0 THEN size END AS size
             FROM (SELECT substr(path, length(?1) + 1) AS rest, size FROM artifact
                   WHERE path > ?1 AND path < ?2)
             GROUP BY name ORDER BY name LIMIT ?3",
        )
        .bind(prefix)
        .bind(end)
        .bind(int(limit))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let entry = |row| {
            let name = Columns::text(row, "name")?;
            Ok(match Columns::maybe_count(row, "size")? {
                Some(size) => Entry::File { name, size },
                None => Entry::Directory { name },
            })
        };
        rows.iter().map(entry).collect()
    }
}
