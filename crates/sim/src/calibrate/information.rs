//! The limit of information: no test that is valid at every look decides sooner on average.
//!
//! Wald's bound: a test of level α that ends with certainty needs ln(1/α)/I units on average, where
//! I is the information of one unit about the null: I(Z;Y), arm and outcome, for "no effect"; for a
//! margin the smallest divergence from the truth to any pair of rates at the margin.

/// I(Z;Y) in nats, where the arm is the candidate's with probability `pi` and the outcome has these
/// probabilities on the candidate and on the incumbent.
pub(super) fn mutual(pi: f64, cells: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    cells
        .into_iter()
        .map(|(candidate, incumbent)| {
            let both = pi * candidate + (1.0 - pi) * incumbent;
            pi * term(candidate, both) + (1.0 - pi) * term(incumbent, both)
        })
        .sum()
}

/// Cells of a continuous outcome: fine enough that what is lost in them does not show.
const CELLS: u32 = 20_000;
/// The natural logarithms of the multiples between which latencies and values lie.
const LOG_REACH: f64 = 8.0;

/// Edges of cells of equal width in the logarithm, around a typical value.
pub(super) fn logarithmic(typical: f64) -> Vec<f64> {
    linear(0.0, LOG_REACH).into_iter().map(|log| typical * log.exp()).collect()
}

/// The width of one of [`logarithmic`]'s cells.
pub(super) fn log_width() -> f64 {
    2.0 * LOG_REACH / f64::from(CELLS)
}

/// Edges of cells of equal width.
pub(super) fn linear(middle: f64, reach: f64) -> Vec<f64> {
    let at = |cell: u32| 2.0 * f64::from(cell) / f64::from(CELLS) - 1.0;
    (1..=CELLS).map(|cell| middle + reach * at(cell)).collect()
}

/// Probabilities of the cells on the candidate and on the incumbent.
pub(super) fn fine(
    edges: &[f64],
    candidate: impl Fn(f64) -> f64,
    incumbent: impl Fn(f64) -> f64,
) -> Vec<(f64, f64)> {
    let mut below = (0.0, 0.0);
    let within = |edge: &f64| {
        let at = (candidate(*edge), incumbent(*edge));
        let within = (at.0 - below.0, at.1 - below.1);
        below = at;
        within
    };
    edges.iter().map(within).collect()
}

/// What of it is left to a test that calls no candidate worse whose outcomes are stochastically no
/// worse: its score must not fall with badness, so neighbouring cells (which are in the order of
/// badness) whose ratios fall are one cell to it. It is the divergence to the pair of that null which is
/// hardest to tell from the truth, so Wald's bound holds with it for every such test, of scores or not.
pub(super) fn monotone(pi: f64, cells: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    mutual(pi, pools(cells).into_iter().map(|pool| pool.sums))
}

/// Cells that are one to a score that does not fall.
#[derive(Debug, Clone, Copy)]
struct Pool {
    sums: (f64, f64),
    cells: usize,
}

/// Pools adjacent violators.
fn pools(cells: impl IntoIterator<Item = (f64, f64)>) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for sums in cells.into_iter().filter(|cell| cell.0 + cell.1 > 0.0) {
        let mut pool = Pool { sums, cells: 1 };
        let falls =
            |before: &Pool, next: &Pool| before.sums.0 * next.sums.1 > next.sums.0 * before.sums.1;
        while let Some(before) = pools.pop_if(|before| falls(before, &pool)) {
            let sums = (before.sums.0 + pool.sums.0, before.sums.1 + pool.sums.1);
            pool = Pool { sums, cells: before.cells + pool.cells };
        }
        pools.push(pool);
    }
    pools
}

/// Divergence of two coins, in nats.
pub(super) fn coins(p: f64, from: f64) -> f64 {
    term(p, from) + term(1.0 - p, 1.0 - from)
}

fn term(p: f64, from: f64) -> f64 {
    if p <= 0.0 { 0.0 } else { p * (p / from).ln() }
}

/// The least of a function with one valley between two points, by golden section.
pub(super) fn least(low: f64, high: f64, value: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (low, high);
    for _ in 0..200 {
        let width = GOLDEN * (high - low);
        let (left, right) = (high - width, low + width);
        if value(left) < value(right) { high = right } else { low = left }
    }
    value(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn alike_arms_tell_nothing_and_certain_ones_the_arm_itself() {
        let coin = |p1: f64, p0: f64| mutual(0.3, [(p1, p0), (1.0 - p1, 1.0 - p0)]);
        assert!(coin(0.2, 0.2).abs() < 1e-15);
        let entropy = -(0.3_f64 * 0.3_f64.ln() + 0.7 * 0.7_f64.ln());
        assert!((coin(1.0, 0.0) - entropy).abs() < 1e-12);
    }

    /// Errors .5 → 1 % at 1 %: 223,413 units were published as 1.43 times the limit.
    #[test]
    fn the_limit_is_the_published_one() {
        let information = mutual(0.01, [(0.01, 0.005), (0.99, 0.995)]);
        let limit = 20.0_f64.ln() / information;
        assert!((223_413.0 / limit - 1.43).abs() < 0.01, "{limit}");
    }

    #[test]
    fn falling_ratios_are_lost_to_a_monotone_test_and_rising_ones_are_not() {
        let rising = [(0.1, 0.3), (0.3, 0.4), (0.6, 0.3)];
        assert!((monotone(0.2, rising) - mutual(0.2, rising)).abs() < 1e-15);
        let falling = [(0.1, 0.3), (0.6, 0.3), (0.3, 0.4)];
        let pooled = mutual(0.2, [(0.1, 0.3), (0.9, 0.7)]);
        assert!((monotone(0.2, falling) - pooled).abs() < 1e-15);
    }

    /// The least favourable pair: each cell over what the best bet of its pool pays there. It is a pair of
    /// laws, its candidate is stochastically no worse, and its divergence from the truth is the monotone
    /// information; so no test of that null, whatever it bets on, needs less than ln(1/α) of it.
    #[test]
    fn a_candidate_that_is_no_worse_is_as_near_as_the_monotone_information() {
        let mut rng = Rng::new(1);
        for pi in [0.01, 0.3, 0.5] {
            let arm = |rng: &mut Rng| {
                let parts: Vec<f64> = (0..12).map(|_| rng.unit() + 0.01).collect();
                let sum: f64 = parts.iter().sum();
                parts.into_iter().map(|part| part / sum).collect::<Vec<_>>()
            };
            let truth: Vec<(f64, f64)> = arm(&mut rng).into_iter().zip(arm(&mut rng)).collect();
            let pays = pools(truth.clone()).into_iter().flat_map(|Pool { sums, cells }| {
                let both = pi * sums.0 + (1.0 - pi) * sums.1;
                std::iter::repeat_n((sums.0 / both, sums.1 / both), cells)
            });
            let (mut divergence, mut below) = (0.0, (0.0, 0.0));
            for (cell, pay) in truth.iter().zip(pays) {
                divergence += pi * cell.0 * pay.0.ln() + (1.0 - pi) * cell.1 * pay.1.ln();
                below = (below.0 + cell.0 / pay.0, below.1 + cell.1 / pay.1);
                assert!(below.0 >= below.1 - 1e-12, "worse somewhere: {below:?}");
            }
            assert!((below.0 - 1.0).abs() < 1e-12 && (below.1 - 1.0).abs() < 1e-12, "{below:?}");
            assert!((divergence - monotone(pi, truth)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_valley_is_found() {
        assert!(least(-5.0, 9.0, |x| (x - 2.0).powi(2) + 1.0) - 1.0 < 1e-12);
    }
}
