//! The limit of information of one cell: how many units bring ln(1/α), and how much some bring.
//!
//! Where each unit tells as much as any other, the two are one. Where shares or the base change they
//! are not: a test stops sooner in some runs and later in others, and units of a late gate tell more
//! than those of an early one. What no test valid at every look can have less of than ln(1/α), on
//! average, is information.

use super::outcomes::float;

/// Information along a run, which is the same in each of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limit {
    /// Nats: ln(1/α).
    needed: f64,
    units: f64,
    /// The first unit of each, and nats a unit from there on; the last goes on for ever.
    pieces: Vec<(u64, f64)>,
}

impl Limit {
    /// From the end of each piece and its nats a unit. None where there is never enough.
    pub(super) fn new(needed: f64, pieces: impl IntoIterator<Item = (u64, f64)>) -> Option<Self> {
        let (mut begin, mut missing, mut units, mut begun) = (0, needed, None, Vec::new());
        for (end, rate) in pieces {
            begun.push((begin, rate));
            let nats = rate * float(end - begin);
            if units.is_none() && rate > 0.0 && missing <= nats {
                units = Some(float(begin) + missing / rate);
            }
            missing -= nats;
            begin = end;
        }
        // The last goes on where a run has too little.
        let beyond = begun.last().filter(|(_, rate)| units.is_none() && *rate > 0.0);
        let units = units.or(beyond.map(|(_, rate)| float(begin) + missing / rate))?;
        Some(Self { needed, units, pieces: begun })
    }

    /// Units that bring what is needed.
    pub(super) const fn units(&self) -> f64 {
        self.units
    }

    /// What so many units bring, as a multiple of what is needed.
    pub(super) fn multiple(&self, units: u64) -> f64 {
        let ends = self.pieces.iter().skip(1).map(|(begin, _)| *begin).chain([u64::MAX]);
        let nats = self.pieces.iter().zip(ends).map(|((begin, rate), end)| {
            let within = units.min(end).saturating_sub(*begin);
            rate * float(within)
        });
        nats.sum::<f64>() / self.needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_bring_what_is_needed_where_each_tells_as_much_and_where_not() {
        for (pieces, units) in [
            (vec![(100, 0.1)], 30.0),
            (vec![(10, 0.1)], 30.0),
            (vec![(10, 0.1), (20, 0.5)], 14.0),
            (vec![(10, 0.1), (12, 0.5)], 14.0),
            (vec![(10, 0.3), (12, 0.0)], 10.0),
        ] {
            let limit = Limit::new(3.0, pieces.clone()).unwrap();
            assert!((limit.units() - units).abs() < 1e-9, "{pieces:?} {}", limit.units());
        }
        assert_eq!(Limit::new(3.0, [(10, 0.0)]), None);
        assert_eq!(Limit::new(3.0, [(10, 0.2), (20, 0.0)]), None);
    }

    #[test]
    fn what_units_bring_adds_up_over_the_pieces() {
        let limit = Limit::new(3.0, [(10, 0.1), (20, 0.5)]).unwrap();
        for (units, multiple) in [(0, 0.0), (10, 1.0 / 3.0), (14, 1.0), (20, 2.0), (40, 16.0 / 3.0)]
        {
            assert!((limit.multiple(units) - multiple).abs() < 1e-12, "{units}");
        }
    }
}
