//! Lines over time.

use super::markup::escaped;
use std::fmt::Write as _;

/// What a chart is of.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    /// A value that means something, drawn across.
    pub(super) bound: Option<f64>,
}

pub(super) struct Line {
    pub(super) label: String,
    pub(super) class: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

const LEFT: f64 = 70.0;
const TOP: f64 = 12.0;
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;

/// Where values lie on the picture.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn around(chart: &Chart<'_>, lines: &[Line]) -> Self {
        let all = || lines.iter().flat_map(|line| &line.points);
        let span = |values: &mut dyn Iterator<Item = f64>| {
            let (low, high) = values.fold((0.0, 0.0), |(low, high): (f64, f64), value| {
                (low.min(value), high.max(value))
            });
            (low, if high > low { high } else { low + 1.0 })
        };
        Self {
            x: span(&mut all().map(|(x, _)| *x)),
            y: span(&mut all().map(|(_, y)| *y).chain(chart.bound.map(|bound| 1.05 * bound))),
        }
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let part = |value: f64, (low, high): (f64, f64)| (value - low) / (high - low);
        (LEFT + WIDTH * part(x, self.x), TOP + HEIGHT * (1.0 - part(y, self.y)))
    }

    /// Four values along each axis, and the axes.
    fn axes(&self, chart: &Chart<'_>) -> String {
        let (bottom, right) = (TOP + HEIGHT, LEFT + WIDTH);
        let mut drawn = format!(
            "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\
             <text x=\"{right}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <text x=\"{}\" y=\"{TOP}\">{}</text>\n",
            bottom + 36.0,
            escaped(chart.x),
            LEFT + 6.0,
            escaped(chart.y),
        );
        for quarter in 0..=4 {
            let part = f64::from(quarter) / 4.0;
            let (x, y) = (between(self.x, part), between(self.y, part));
            let (at_x, at_y) = self.at((x, y));
            let _infallible = writeln!(
                drawn,
                "<text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                bottom + 18.0,
                short(x),
                LEFT - 8.0,
                at_y + 4.0,
                short(y),
            );
        }
        drawn
    }
}

fn between((low, high): (f64, f64), part: f64) -> f64 {
    low + part * (high - low)
}

/// A value for an axis.
fn short(value: f64) -> String {
    if value.abs() >= 1e6 {
        format!("{:.1}M", value / 1e6)
    } else if value.abs() >= 1e4 {
        format!("{:.0}k", value / 1e3)
    } else if value.abs() >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// A picture of these lines, which says in words what it shows.
pub(super) fn svg(chart: &Chart<'_>, lines: &[Line]) -> String {
    let frame = Frame::around(chart, lines);
    let mut drawn = frame.axes(chart);
    if let Some(bound) = chart.bound {
        let (_, y) = frame.at((0.0, bound));
        let _infallible =
            writeln!(drawn, "<path class=\"bound\" d=\"M{LEFT} {y:.1}H{}\"/>", LEFT + WIDTH);
    }
    for (index, line) in lines.iter().enumerate() {
        let mut path = String::new();
        for (number, point) in line.points.iter().enumerate() {
            let (x, y) = frame.at(*point);
            let _infallible = write!(path, "{}{x:.1} {y:.1}", if number == 0 { 'M' } else { 'L' });
        }
        let below = TOP + 16.0 * f64::from(u32::try_from(index).unwrap_or(u32::MAX));
        let _infallible = writeln!(
            drawn,
            "<path class=\"{}\" d=\"{path}\"/><rect class=\"{}\" x=\"{}\" y=\"{below:.1}\" \
             width=\"10\" height=\"10\"/><text x=\"{}\" y=\"{:.1}\">{}</text>",
            line.class,
            line.class,
            LEFT + WIDTH + 12.0,
            LEFT + WIDTH + 28.0,
            below + 10.0,
            escaped(&line.label),
        );
    }
    let words = lines.iter().map(in_words).collect::<Vec<_>>().join("; ");
    format!(
        "<svg viewBox=\"0 0 860 {:.0}\" role=\"img\"><title>{}</title><desc>{}</desc>\n{drawn}</svg>\n",
        TOP + HEIGHT + 44.0,
        escaped(chart.title),
        escaped(&words)
    )
}

fn in_words(line: &Line) -> String {
    match (line.points.first(), line.points.last()) {
        (Some((from, first)), Some((to, last))) => format!(
            "{}: from {} at {} to {} at {}",
            line.label,
            short(*first),
            short(*from),
            short(*last),
            short(*to)
        ),
        (_, _) => format!("{}: nothing", line.label),
    }
}
