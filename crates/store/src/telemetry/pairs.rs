//! Pairs of the shadow whose right class a label tells: which of the two was right.
//!
//! Owns that a pair counts once, whichever comes first: the label of the client's request, or the pair,
//! which is there only when the copy was answered as well. Keeps classes and no payload, for requests whose
//! assignment is kept, and as long as that.

use crate::row::{Columns, int, to_json};
use crate::write::Write;
use crate::{feedback, storage};
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::{Evidence, LabelledPairs, Labels, ShadowCounts};
use seatrial_domain::plan::Plan;
use seatrial_domain::telemetry::{ClassPair, Telemetry};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

/// Pairs of the list `?1` that are not known, of requests that are.
const NEW: &str = "
    SELECT value ->> 'request' AS request FROM json_each(?1)
    WHERE EXISTS (SELECT 1 FROM assignment WHERE request = value ->> 'request')
      AND NOT EXISTS (SELECT 1 FROM shadow_pair WHERE request = value ->> 'request')";

/// What is told already of the requests in the list `?1`.
const TOLD: &str = "
    SELECT request, metric, value FROM feedback
    WHERE request IN (SELECT value ->> 'request' FROM json_each(?1))";

const PUT: &str = "
    INSERT OR IGNORE INTO shadow_pair (request, rollout, incumbent, candidate, slices)
    SELECT value ->> 'request', value ->> 'rollout', value ->> 'incumbent', value ->> 'candidate',
           coalesce(value -> 'slices', '{}')
    FROM json_each(?1)";

const COUNT: &str = "
    INSERT INTO shadow_label (rollout, both, candidate_only, incumbent_only, neither)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (rollout) DO UPDATE SET both = both + ?2, candidate_only = candidate_only + ?3,
        incumbent_only = incumbent_only + ?4, neither = neither + ?5";

const COUNT_SLICE: &str = "
    INSERT INTO shadow_slice_label (rollout, slice, label, both, candidate_only, incumbent_only, neither)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (rollout, slice, label) DO UPDATE SET both = both + ?4,
        candidate_only = candidate_only + ?5, incumbent_only = incumbent_only + ?6,
        neither = neither + ?7";

/// One element of the statements' JSON array.
#[derive(Debug, Serialize)]
struct Element<'a> {
    request: i64,
    rollout: u64,
    incumbent: &'a str,
    candidate: &'a str,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    slices: &'a Labels,
}

/// Keeps the pairs of a flush, and counts those whose label was there before.
pub(super) async fn put(
    sql: &mut SqliteConnection,
    from: &Telemetry,
) -> Result<(), storage::Error> {
    if from.pairs.is_empty() {
        return Ok(());
    }
    let list = to_json("pairs", &from.pairs.iter().map(element).collect::<Vec<_>>())?;
    let mut new: BTreeMap<i64, &ClassPair> = BTreeMap::new();
    let known: BTreeMap<i64, &ClassPair> =
        from.pairs.iter().map(|pair| (pair.request.cast_signed(), pair)).collect();
    for row in sqlx::query(NEW).bind(&list).fetch_all(&mut *sql).await? {
        let request: i64 = row.try_get("request")?;
        new.extend(known.get(&request).map(|pair| (request, *pair)));
    }
    let list = to_json("pairs", &new.values().map(|pair| element(pair)).collect::<Vec<_>>())?;
    let told = sqlx::query(TOLD).bind(&list).fetch_all(&mut *sql).await?;
    sqlx::query(PUT).bind(&list).execute(&mut *sql).await?;
    let mut plans: BTreeMap<RolloutId, Option<Plan>> = BTreeMap::new();
    for row in &told {
        let Some(pair) = new.get(&row.try_get::<i64, _>("request")?) else { continue };
        if let std::collections::btree_map::Entry::Vacant(unread) = plans.entry(pair.rollout) {
            unread.insert(feedback::plan(sql, pair.rollout.0).await?);
        }
        let plan = plans.get(&pair.rollout).and_then(Option::as_ref);
        let metric = row.text("metric")?;
        if plan.is_some_and(|plan| plan.tells_right_class(&metric)) {
            count(sql, pair, row.try_get("value")?).await?;
        }
    }
    Ok(())
}

/// A label that tells the right class of a request: it counts where its pair is there.
pub(crate) async fn label(
    write: &mut Write<'_>,
    request: i64,
    class: f64,
) -> Result<(), storage::Error> {
    let row = sqlx::query(
        "SELECT rollout, incumbent, candidate, slices FROM shadow_pair WHERE request = ?",
    )
    .bind(request)
    .fetch_optional(write.sql())
    .await?;
    let Some(row) = row else { return Ok(()) };
    let pair = ClassPair {
        request: request.cast_unsigned(),
        rollout: RolloutId(row.count("rollout")?),
        incumbent: row.text("incumbent")?,
        candidate: row.text("candidate")?,
        slices: row.json("slices")?,
    };
    count(write.sql(), &pair, class).await
}

async fn count(
    sql: &mut SqliteConnection,
    pair: &ClassPair,
    class: f64,
) -> Result<(), storage::Error> {
    let rollout = int(pair.rollout.0);
    let found = LabelledPairs::of(pair, class);
    let LabelledPairs { both, candidate_only, incumbent_only, neither } = found;
    let cells = [both, candidate_only, incumbent_only, neither].map(int);
    let mut query = sqlx::query(COUNT).bind(rollout);
    for one in cells {
        query = query.bind(one);
    }
    query.execute(&mut *sql).await?;
    for (column, value) in &pair.slices {
        let known = known_values(sql, rollout, column).await?;
        let mut query = sqlx::query(COUNT_SLICE).bind(rollout).bind(column);
        query = query.bind(ShadowCounts::name_among(&known, value));
        for one in cells {
            query = query.bind(one);
        }
        query.execute(&mut *sql).await?;
    }
    Ok(())
}

/// The values of a column that are told apart: each start of a gateway tells its own, and more would
/// be more rows and tests than were reckoned with.
async fn known_values(
    sql: &mut SqliteConnection,
    rollout: i64,
    column: &str,
) -> Result<BTreeMap<String, ()>, storage::Error> {
    let rows = sqlx::query("SELECT label FROM shadow_slice_label WHERE rollout = ? AND slice = ?")
        .bind(rollout)
        .bind(column)
        .fetch_all(sql)
        .await?;
    rows.iter().map(|row| Ok((row.text("label")?, ()))).collect()
}

pub(super) async fn read(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let row = sqlx::query("SELECT * FROM shadow_label WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_optional(&mut *sql)
        .await?;
    if let Some(row) = row {
        into.shadow.labelled = labelled(&row)?;
    }
    let rows = sqlx::query("SELECT * FROM shadow_slice_label WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let values = into.shadow.paired_slices.entry(row.text("slice")?).or_default();
        values.entry(row.text("label")?).or_default().labelled = labelled(row)?;
    }
    Ok(())
}

fn labelled(row: &SqliteRow) -> Result<LabelledPairs, storage::Error> {
    Ok(LabelledPairs {
        both: row.count("both")?,
        candidate_only: row.count("candidate_only")?,
        incumbent_only: row.count("incumbent_only")?,
        neither: row.count("neither")?,
    })
}

fn element(pair: &ClassPair) -> Element<'_> {
    Element {
        request: pair.request.cast_signed(),
        rollout: pair.rollout.0,
        incumbent: &pair.incumbent,
        candidate: &pair.candidate,
        slices: &pair.slices,
    }
}
