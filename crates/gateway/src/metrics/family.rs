//! The text format's lines. Values of labels here are names and numbers: nothing to escape.

use std::fmt::{self, Display, Write};

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// `a="1",b="2"`.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels(String);

impl Labels {
    pub(super) fn and(mut self, name: &str, value: impl Display) -> Self {
        let comma = if self.0.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _written = write!(self.0, "{comma}{name}=\"{value}\"");
        self
    }
}

impl Family {
    pub(super) fn head(self, f: &mut impl Write, help: &str) -> fmt::Result {
        let kind = match self.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        writeln!(f, "# HELP {} {help}\n# TYPE {} {kind}", self.name, self.name)
    }

    pub(super) fn sample(self, f: &mut impl Write, labels: &Labels, value: u64) -> fmt::Result {
        line(f, format_args!("{}", self.name), labels, value)
    }

    /// Written in seconds, cumulative.
    pub(super) fn histogram(
        self,
        f: &mut impl Write,
        labels: &Labels,
        histogram: &Histogram<'_>,
    ) -> fmt::Result {
        let mut below = 0;
        let bounds = histogram.bounds_micros.iter().copied().map(Some).chain([None]);
        for (bound, count) in bounds.zip(histogram.buckets) {
            below += count;
            let le = bound.map_or_else(|| "+Inf".to_owned(), |b| seconds(b).to_string());
            let labels = labels.clone().and("le", le);
            line(f, format_args!("{}_bucket", self.name), &labels, below)?;
        }
        let sum = seconds(histogram.sum_micros);
        line(f, format_args!("{}_sum", self.name), labels, sum)?;
        line(f, format_args!("{}_count", self.name), labels, below)
    }
}

/// Counts by latency: one bucket more than bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Histogram<'a> {
    pub(super) bounds_micros: &'a [u64],
    pub(super) buckets: &'a [u64],
    pub(super) sum_micros: u64,
}

fn line(
    f: &mut impl Write,
    name: fmt::Arguments<'_>,
    labels: &Labels,
    value: impl Display,
) -> fmt::Result {
    if labels.0.is_empty() {
        writeln!(f, "{name} {value}")
    } else {
        writeln!(f, "{name}{{{}}} {value}", labels.0)
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
