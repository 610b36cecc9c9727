//! Horizontal bars of probabilities, each with its interval.

use super::markup::escaped;
use std::fmt::Write as _;

pub(super) struct Bar {
    pub(super) label: String,
    pub(super) class: &'static str,
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

const LEFT: f64 = 260.0;
const SCALE: f64 = 500.0;
const ROW: f64 = 30.0;

/// A picture of these bars, which says in words what it shows.
pub(super) fn svg(title: &str, bars: &[Bar]) -> String {
    let words = bars.iter().map(|bar| format!("{} {:.1} %", bar.label, 100.0 * bar.value));
    let words = words.collect::<Vec<_>>().join("; ");
    let mut drawn = String::new();
    let mut y = 8.0;
    for bar in bars {
        let (width, middle) = (SCALE * bar.value, y + 0.4 * ROW);
        let (low, high) = (LEFT + SCALE * bar.low, LEFT + SCALE * bar.high);
        let _infallible = writeln!(
            drawn,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>\
             <path class=\"axis\" d=\"M{low:.1} {middle:.1}H{high:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{:.1} %</text>",
            LEFT - 10.0,
            middle + 5.0,
            escaped(&bar.label),
            bar.class,
            0.8 * ROW,
            high + 8.0,
            middle + 5.0,
            100.0 * bar.value,
        );
        y += ROW;
    }
    format!(
        "<svg viewBox=\"0 0 840 {:.0}\" role=\"img\"><title>{}</title><desc>{}</desc>\n{drawn}</svg>\n",
        y + 8.0,
        escaped(title),
        escaped(&words)
    )
}
