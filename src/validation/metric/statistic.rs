//! Metrics that are no mean of rows, computed from how often each row is drawn.

use super::float;

#[derive(Debug)]
pub(in super::super) enum Statistic {
    F1 { pairs: Vec<(usize, usize)>, classes: usize },
    Auc(Vec<Ranked>),
    Rmse { squares: Vec<f64> },
}

/// One class against the rest, its rows sorted by score once for all resamples.
#[derive(Debug)]
pub(in super::super) struct Ranked {
    /// Row indices by rising score; rows of one inner vector tie.
    ties: Vec<Vec<usize>>,
    positive: Vec<bool>,
}

impl Ranked {
    pub(super) fn new(scores: &[f64], positive: Vec<bool>) -> Self {
        let mut order: Vec<(f64, usize)> =
            scores.iter().enumerate().map(|(row, score)| (*score, row)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let tied = order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq());
        let ties = tied.map(|tie| tie.iter().map(|(_, row)| *row).collect()).collect();
        Self { ties, positive }
    }

    /// P(a positive row scores higher than a negative one), ties counting half (Mann & Whitney,
    /// Annals of Mathematical Statistics 18, 1947). None without rows of both kinds.
    fn area(&self, draws: &[u32]) -> Option<f64> {
        let (mut below, mut positives, mut area) = (0.0, 0.0, 0.0);
        for tie in &self.ties {
            let (mut up, mut down) = (0.0, 0.0);
            for row in tie {
                let drawn = f64::from(draws.get(*row).copied().unwrap_or(0));
                match self.positive.get(*row) {
                    Some(true) => up += drawn,
                    Some(false) | None => down += drawn,
                }
            }
            area += up * (below + 0.5 * down);
            below += down;
            positives += up;
        }
        (positives > 0.0 && below > 0.0).then(|| area / (positives * below))
    }
}

impl Statistic {
    pub(super) const fn f1(pairs: Vec<(usize, usize)>, classes: usize) -> Self {
        Self::F1 { pairs, classes }
    }

    pub(super) const fn auc(ranked: Vec<Ranked>) -> Self {
        Self::Auc(ranked)
    }

    pub(super) fn rmse(errors: &[f64]) -> Self {
        Self::Rmse { squares: errors.iter().map(|error| error * error).collect() }
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::F1 { pairs, .. } => pairs.len(),
            Self::Auc(ranked) => ranked.first().map_or(0, |one| one.positive.len()),
            Self::Rmse { squares } => squares.len(),
        }
    }

    /// Operations of one evaluation.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::F1 { .. } | Self::Rmse { .. } => self.rows(),
            Self::Auc(ranked) => self.rows().saturating_mul(ranked.len()),
        }
    }

    /// Row i counts `draws[i]` times. None where it is undefined on these draws.
    pub(super) fn value(&self, draws: &[u32]) -> Option<f64> {
        match self {
            Self::F1 { pairs, classes } => f1(pairs, *classes, draws),
            Self::Auc(ranked) => {
                let areas: Vec<f64> = ranked.iter().filter_map(|one| one.area(draws)).collect();
                mean(&areas)
            }
            Self::Rmse { squares } => {
                let drawn = || draws.iter().map(|drawn| f64::from(*drawn));
                let sum: f64 = squares.iter().zip(drawn()).map(|(square, n)| square * n).sum();
                let n: f64 = drawn().sum();
                (n > 0.0).then(|| (sum / n).sqrt())
            }
        }
    }
}

/// Of class 1 where there are two, else the mean over the classes that occur.
fn f1(pairs: &[(usize, usize)], classes: usize, draws: &[u32]) -> Option<f64> {
    let mut hits = vec![0.0; classes];
    let mut named = vec![0.0; classes];
    for ((truth, predicted), drawn) in pairs.iter().zip(draws) {
        let drawn = f64::from(*drawn);
        for class in [truth, predicted] {
            if let Some(count) = named.get_mut(*class) {
                *count += drawn;
            }
        }
        if let Some(count) = hits.get_mut(*truth).filter(|_| truth == predicted) {
            *count += drawn;
        }
    }
    let mut scores = hits.iter().zip(&named).map(|(hits, named)| {
        // 2·TP / (2·TP + FP + FN): `named` counts a hit twice and a miss once for each class.
        (*named > 0.0).then(|| 2.0 * hits / named)
    });
    if classes == 2 {
        return scores.next_back().flatten();
    }
    mean(&scores.flatten().collect::<Vec<_>>())
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / float(values.len()))
}
