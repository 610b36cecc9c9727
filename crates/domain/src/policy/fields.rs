//! The fields of one mapping. Remembers which names were asked for: the others are unknown, and
//! are refused with the nearest known one.

use super::fault::{Fault, Report, Spot};
use super::node::Entry;
use super::value::Value;
use std::cell::{Cell, RefCell};

/// Names less alike than this are no help.
const LIKENESS_MIN: f64 = 0.7;

/// A mapping being read.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) spot: Spot,
    pub(super) report: &'a Report,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    /// Whether every name that is known here was asked for.
    names: Cell<Names>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    All,
    Some,
}

impl<'a> Fields<'a> {
    pub(super) fn new(entries: &'a [Entry], spot: Spot, report: &'a Report) -> Self {
        Self { spot, report, entries, asked: RefCell::default(), names: Cell::new(Names::All) }
    }

    /// The field, if the file has it.
    pub(super) fn find(&self, name: &'static str) -> Option<Value<'a>> {
        self.asked.borrow_mut().push(name);
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        let spot = Spot { at: entry.value.at, path: self.path(name) };
        Some(Value::new(&entry.value, spot, self.report))
    }

    /// Where faults of the field are reported: its value, or the mapping that lacks it.
    pub(super) fn spot_of(&self, name: &'static str) -> Spot {
        match self.find(name) {
            Some(value) => value.spot,
            None => Spot { at: self.spot.at, path: self.path(name) },
        }
    }

    /// The field's value; its default where it is absent or wrong.
    pub(super) fn or<T>(
        &self,
        name: &'static str,
        default: T,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> T {
        self.find(name).and_then(|value| read(&value)).unwrap_or(default)
    }

    /// A field whose default is null.
    pub(super) fn nullable<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Option<T> {
        self.find(name).filter(|value| !value.is_null()).and_then(|value| read(&value))
    }

    /// A field without a default.
    pub(super) fn required<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.find(name);
        if value.is_none() {
            let missing = Spot { at: self.spot.at, path: self.path(name) };
            self.report.refuse(&missing, "is required", None);
        }
        value.and_then(|value| read(&value))
    }

    /// A field without a default that says which others there are.
    pub(super) fn kind<T: Copy>(&self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let kind = self.required(name, |value| value.choice(choices));
        if kind.is_none() {
            self.leave_open();
        }
        kind
    }

    /// A mapping of which every field has a default; so it may be absent as a whole.
    pub(super) fn section<T>(&self, name: &'static str, read: impl Fn(&Fields<'a>) -> T) -> T {
        let present = self.find(name).and_then(|value| value.fields(|fields| Some(read(fields))));
        present.unwrap_or_else(|| {
            let spot = Spot { at: self.spot.at, path: self.path(name) };
            read(&Fields::new(&[], spot, self.report))
        })
    }

    /// Which names are known depends on a field that is wrong: none of the others is unknown.
    fn leave_open(&self) {
        self.names.set(Names::Some);
    }

    /// Reports every name that nobody asked for.
    pub(super) fn close(self) {
        if self.names.get() == Names::Some {
            return;
        }
        let known = self.asked.borrow();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            self.report.add(Fault {
                at: entry.at,
                field: self.path(&entry.key),
                what: "unknown field".to_owned(),
                allowed: None,
                nearest: nearest(&entry.key, &known),
            });
        }
    }

    fn path(&self, name: &str) -> String {
        let short: String = name.chars().take(60).collect();
        if self.spot.path.is_empty() { short } else { format!("{}.{short}", self.spot.path) }
    }
}

fn nearest(name: &str, known: &[&'static str]) -> Option<String> {
    let short: String = name.to_lowercase().chars().take(60).collect();
    let likeness = |known: &&str| strsim::jaro_winkler(&short, &known.to_lowercase());
    known
        .iter()
        .map(|known| (likeness(known), *known))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}
