//! One value of the tree, read as what its field means. Every reader reports its own fault with
//! the allowed range and gives nothing back, so that reading can go on.

use super::fault::{Report, Spot};
use super::fields::Fields;
use super::node::{Kind, Node};
use super::quantity::{self, Range};
use crate::Share;
use std::ops::{RangeBounds, RangeInclusive};
use std::time::Duration;

/// Items of any list.
const ITEMS_MAX: usize = 64;

/// A value with its path.
#[derive(Debug, Clone)]
pub(super) struct Value<'a> {
    pub(super) spot: Spot,
    pub(super) report: &'a Report,
    node: &'a Node,
}

impl<'a> Value<'a> {
    pub(super) const fn new(node: &'a Node, spot: Spot, report: &'a Report) -> Self {
        Self { spot, report, node }
    }

    pub(super) const fn is_null(&self) -> bool {
        matches!(self.node.kind, Kind::Null)
    }

    /// Whether it is a single word or number, not a list or mapping.
    pub(super) const fn is_scalar(&self) -> bool {
        matches!(self.node.kind, Kind::Plain(_) | Kind::Quoted(_))
    }

    pub(super) const fn is_empty_list(&self) -> bool {
        matches!(&self.node.kind, Kind::List(items) if items.is_empty())
    }

    pub(super) fn refuse<T>(&self, what: impl Into<String>, allowed: &str) -> Option<T> {
        let allowed = (!allowed.is_empty()).then(|| allowed.to_owned());
        self.report.refuse(&self.spot, what, allowed);
        None
    }

    fn wrong<T>(&self, allowed: &str) -> Option<T> {
        let what = match &self.node.kind {
            Kind::Null => "must not be null".to_owned(),
            Kind::Plain(text) | Kind::Quoted(text) => {
                format!("{:?} is not possible", text.chars().take(60).collect::<String>())
            }
            Kind::List(_) => "a list is not possible".to_owned(),
            Kind::Map(_) => "a mapping is not possible".to_owned(),
        };
        self.refuse(what, allowed)
    }

    /// Numbers are never in quotes.
    fn plain(&self) -> Option<&'a str> {
        match &self.node.kind {
            Kind::Plain(text) => Some(text),
            Kind::Null | Kind::Quoted(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    fn scalar(&self) -> Option<&'a str> {
        match &self.node.kind {
            Kind::Plain(text) | Kind::Quoted(text) => Some(text),
            Kind::Null | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// A text that is not blank, of at most `limit` characters.
    pub(super) fn text(&self, limit: usize) -> Option<&'a str> {
        let fits = |text: &&str| !text.trim().is_empty() && text.chars().count() <= limit;
        let text = self.scalar().filter(fits);
        text.or_else(|| self.wrong(&format!("a text of 1 to {limit} characters")))
    }

    /// A name: letters, digits, `-`, `_`, `.`.
    pub(super) fn word(&self) -> Option<String> {
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let good = |text: &&str| {
            (1..=128).contains(&text.len()) && text.chars().all(inside) && !text.starts_with('.')
        };
        let word = self.scalar().filter(good).map(str::to_owned);
        word.or_else(|| self.wrong("1 to 128 letters, digits, `-`, `_`, `.`"))
    }

    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.scalar();
        let chosen = choices.iter().find(|(name, _)| Some(*name) == text);
        chosen.map(|(_, value)| *value).or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.wrong(&names.join(" | "))
        })
    }

    pub(super) fn number(&self, range: Range) -> Option<f64> {
        let value = self.plain().and_then(quantity::number);
        let inside = value.filter(|value| range.contains(value));
        inside.or_else(|| self.wrong(&format!("a number {}", quantity::show_range(range))))
    }

    pub(super) fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.plain().and_then(quantity::digits);
        value.filter(|value| range.contains(value)).or_else(|| {
            self.wrong(&format!("a whole number from {} to {}", range.start(), range.end()))
        })
    }

    pub(super) fn count(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let range = u64::from(*range.start())..=u64::from(*range.end());
        self.whole(range).and_then(|count| u32::try_from(count).ok())
    }

    pub(super) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let value = self.scalar().and_then(quantity::duration);
        value.filter(|value| range.contains(value)).or_else(|| {
            let [low, high] = [range.start(), range.end()].map(|end| quantity::show_duration(*end));
            self.wrong(&format!(
                "a duration from {low} to {high}, such as 500ms, 30s, 15m, 24h, 400d"
            ))
        })
    }

    pub(super) fn size(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.scalar().and_then(quantity::size);
        value.filter(|value| range.contains(value)).or_else(|| {
            let [low, high] = [range.start(), range.end()].map(|end| quantity::show_size(*end));
            self.wrong(&format!("a size from {low} to {high}, such as 512KiB, 64MiB"))
        })
    }

    /// A percentage; the range is in basis points.
    pub(super) fn share(&self, range: RangeInclusive<u64>) -> Option<Share> {
        let value = self.plain().and_then(quantity::percent);
        let points = value.filter(|value| range.contains(value)).or_else(|| {
            let [low, high] = [range.start(), range.end()].map(|end| quantity::show_percent(*end));
            self.wrong(&format!("a percentage from {low} to {high}, at most two decimals"))
        })?;
        Share::new(u16::try_from(points).ok()?).ok()
    }

    /// The items that can be read.
    pub(super) fn list<T>(&self, read: impl Fn(&Value<'a>) -> Option<T>) -> Option<Vec<T>> {
        let Kind::List(items) = &self.node.kind else { return self.wrong("a list") };
        if items.len() > ITEMS_MAX {
            let what = format!("{} items are too many", items.len());
            return self.refuse(what, &format!("at most {ITEMS_MAX}"));
        }
        let value = |(index, node): (usize, &'a Node)| {
            let spot = Spot { at: node.at, path: format!("{}[{index}]", self.spot.path) };
            read(&Value::new(node, spot, self.report))
        };
        Some(items.iter().enumerate().filter_map(value).collect())
    }

    /// A mapping; unknown names are reported once `read` has asked for those it knows.
    pub(super) fn fields<T>(&self, read: impl FnOnce(&Fields<'a>) -> Option<T>) -> Option<T> {
        let Kind::Map(entries) = &self.node.kind else { return self.wrong("a mapping") };
        let fields = Fields::new(entries, self.spot.clone(), self.report);
        let value = read(&fields);
        fields.close();
        value
    }
}
