//! Whether the chain holds: every hash recomputed, every link followed.

use super::canonical::{Stored, genesis};
use crate::Store;
use crate::row::{Columns, int};
use crate::storage::Error;
use seatrial_domain::Digest;
use serde::Serialize;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteRow;

/// An unbroken chain. Rows cut off at its end show only in `head` and `rows`: compare them with
/// those printed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    pub rows: u64,
    /// The last row's hash; of an empty journal, what its first row would name as previous.
    pub head: Digest,
}

/// What following the chain has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Verified(Verified),
    /// The first row that does not hold.
    Broken {
        seq: u64,
        why: String,
    },
}

const ROWS_AT_ONCE: i64 = 1000;

impl Store {
    /// Recomputes the whole chain.
    pub async fn verify_journal(&self) -> Result<Verdict, Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let mut chain = Verified { rows: 0, head: genesis() };
        loop {
            let rows = sqlx::query("SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind(int(chain.rows))
                .bind(ROWS_AT_ONCE)
                .fetch_all(&mut *tx)
                .await?;
            if rows.is_empty() {
                return Ok(Verdict::Verified(chain));
            }
            for row in &rows {
                if let Err(why) = follow(&mut chain, row) {
                    return Ok(Verdict::Broken { seq: chain.rows + 1, why });
                }
            }
        }
    }
}

/// Takes the next row into the chain, or says why it does not fit.
fn follow(chain: &mut Verified, row: &SqliteRow) -> Result<(), String> {
    let stored = Stored::read(row).map_err(|error| error.to_string())?;
    let expected = chain.rows + 1;
    if stored.seq != expected {
        return Err(format!("row {expected} is missing"));
    }
    if stored.previous != chain.head.as_str() {
        return Err("it does not name the hash of the row before".to_owned());
    }
    let hash = stored.hash().map_err(|error| error.to_string())?;
    let written = row.text("hash").map_err(|error| error.to_string())?;
    if hash.as_str() != written {
        return Err("its content does not have its hash".to_owned());
    }
    *chain = Verified { rows: expected, head: hash };
    Ok(())
}
