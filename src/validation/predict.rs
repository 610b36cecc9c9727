//! A version's answers to all rows of a table, in requests that fit the endpoint's limits: what the
//! endpoint refuses as too large or too slow for its deadline is asked again in smaller parts, down
//! to single rows, because neither is the model's fault.

use super::answer::Output;
use super::client::{Client, Error, body_of};
use super::pace::{Manner, Pace};
use super::report::Failure;
use super::request::Limits;
use crate::dataset::{Batch, Feed};
use futures_util::future::join_all;
use std::ops::Range;
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) async fn predict(
    client: &Client,
    feed: &Feed<'_>,
    limits: &Limits,
    manner: Manner,
) -> Result<Vec<Output>, Failure> {
    let rows = feed.rows();
    let mut pace = Pace::new(manner, rows_of_one(feed, limits));
    let mut all: Option<Vec<Output>> = None;
    let mut done = 0;
    while done < rows {
        let requests = pace.requests(done..rows);
        let answers = join_all(requests.iter().map(|range| ask(client, feed, range.clone()))).await;
        let mut rest = Duration::ZERO;
        for (range, (answer, took)) in requests.into_iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    append(&mut all, answer).map_err(Failure::of_candidate)?;
                    done = range.end;
                    rest = pace.answered(took);
                }
                Err(error) if error.is_too_much() && range.len() > 1 => {
                    pace.too_much(range.len());
                    break;
                }
                Err(error) => return Err(failure(&range, &error)),
            }
        }
        if !rest.is_zero() {
            sleep(rest).await;
        }
    }
    all.ok_or_else(|| Failure::of_surroundings("there are no rows"))
}

/// Rows that one body holds, if all are as long as the first.
fn rows_of_one(feed: &Feed<'_>, limits: &Limits) -> usize {
    match feed.batch() {
        Batch::Any => {
            let row_bytes = body_of(&feed.request(&(0..feed.rows().min(1)))).len().max(1);
            let body_bytes = usize::try_from(limits.body_bytes).unwrap_or(usize::MAX);
            limits.batch_rows.min(body_bytes / row_bytes).max(1)
        }
        Batch::One => 1,
    }
}

async fn ask(
    client: &Client,
    feed: &Feed<'_>,
    rows: Range<usize>,
) -> (Result<Vec<Output>, Error>, Duration) {
    let inputs = feed.request(&rows);
    let asked = Instant::now();
    let answer = client.infer_patiently(&inputs, rows.len()).await;
    (answer, asked.elapsed())
}

/// A row that does not fit a body is the dataset's fault and the endpoint's.
fn failure(rows: &Range<usize>, error: &Error) -> Failure {
    let why = format!("rows {} to {}: {error}", rows.start + 1, rows.end);
    match error {
        Error::TooLarge { .. } => Failure::of_surroundings(why),
        Error::Transport(_)
        | Error::Shed { .. }
        | Error::Late { .. }
        | Error::Status { .. }
        | Error::Answer(_) => Failure::of_candidate(why),
    }
}

fn append(all: &mut Option<Vec<Output>>, answer: Vec<Output>) -> Result<(), String> {
    let Some(before) = all else {
        *all = Some(answer);
        return Ok(());
    };
    if before.len() != answer.len() {
        return Err("two batches were answered with different outputs".to_owned());
    }
    before.iter_mut().zip(answer).try_for_each(|(output, next)| output.append(next))
}
