//! One run of a cell: traffic comes, looks are taken, and the first decision of each rule is kept.

use super::cell::{Method, Mistake, Question};
use super::outcomes::{Block, Outcomes, float};
use super::prepared::Setting;
use super::rival::Rule;
use super::timeline::{Segment, next_look};
use crate::rng::Rng;
use seatrial_analysis::{Pi, Stratum};
use std::collections::BTreeMap;

/// Units when something was found, or when a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Over both arms.
    pub units: u64,
    pub candidate_units: u64,
}

/// How one run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// By rule, what it had seen when it decided; none where it did not.
    pub found: BTreeMap<Method, Option<Found>>,
    pub end: Found,
}

/// What has happened in a run so far.
pub(super) struct Run<'a, O: Outcomes> {
    setting: &'a Setting<O>,
    rules: Vec<(Method, Rule)>,
    found: BTreeMap<Method, Option<Found>>,
    pub(super) at: Found,
    pub(super) strata: Vec<Stratum<O::Counts>>,
    gates: usize,
    /// Where the strata of the latest gate begin.
    gate_begin: usize,
}

impl<'a, O: Outcomes> Run<'a, O> {
    pub(super) fn new(setting: &'a Setting<O>) -> Self {
        let rules = setting.rules();
        let found = rules.iter().map(|(method, _)| (*method, None)).collect();
        Self {
            setting,
            rules,
            found,
            at: Found::default(),
            strata: Vec::new(),
            gates: 0,
            gate_begin: 0,
        }
    }

    /// The strata that are opened from here on are the next gate's.
    pub(super) fn begin_gate(&mut self) {
        self.gates += 1;
        self.gate_begin = self.strata.len();
    }

    /// Opens a stratum of the gate, and tells where it is.
    pub(super) fn open_at(&mut self, pi: Pi) -> usize {
        self.strata.push(Stratum { pi, counts: self.setting.outcomes.none() });
        self.strata.len() - 1
    }

    pub(super) fn is_over(&self) -> bool {
        self.found.values().all(Option::is_some)
    }

    /// What is asked about: harm in all gates, and the pass of the last one by its own evidence.
    fn asked(&self) -> Option<&[Stratum<O::Counts>]> {
        match self.setting.cell.question {
            Question::Rollback => Some(&self.strata),
            Question::Healthy { .. } if self.gates < self.setting.cell.shares.len() => None,
            Question::Healthy { .. } => self.strata.get(self.gate_begin..),
        }
    }

    /// Every rule that has not decided yet looks.
    pub(super) fn look(&mut self) {
        let Some(asked) = self.asked() else { return };
        let pooled = match self.setting.cell.mistake {
            Mistake::Pooled => self.pooled(asked),
            Mistake::None | Mistake::PerRequest | Mistake::Redrawn => None,
        };
        let strata = pooled.as_ref().map_or(asked, std::slice::from_ref);
        let (outcomes, candidate) = (&self.setting.outcomes, self.at.candidate_units);
        let decides = |(method, rule): &&(Method, Rule)| {
            let open = self.found.get(method).is_none_or(Option::is_none);
            open && rule.at_look(outcomes, strata, candidate)
        };
        let decided: Vec<Method> = self.rules.iter().filter(decides).map(|it| it.0).collect();
        let at = Some(self.at);
        self.found.extend(decided.into_iter().map(|method| (method, at)));
    }

    /// A window ended with these counts.
    fn close_window(&mut self, window: &O::Counts) {
        let values = self.setting.outcomes.values(window);
        let threshold = self.setting.outcomes.threshold();
        for (method, rule) in &mut self.rules {
            let found = self.found.entry(*method).or_default();
            if found.is_none() && rule.at_window(values, threshold) {
                *found = Some(self.at);
            }
        }
    }

    /// All of them as one, at the mean share.
    fn pooled(&self, strata: &[Stratum<O::Counts>]) -> Option<Stratum<O::Counts>> {
        let mut counts = self.setting.outcomes.none();
        strata.iter().for_each(|it| self.setting.outcomes.merge(&it.counts, &mut counts));
        let share = float(self.at.candidate_units) / float(self.at.units);
        Pi::new(share).ok().map(|pi| Stratum { pi, counts })
    }

    pub(super) fn finish(self) -> Ending {
        Ending { found: self.found, end: self.at }
    }
}

/// One run in blocks: from look to look, cut where the truth changes or a window ends.
pub(super) fn play<O: Outcomes>(setting: &Setting<O>, run: u64) -> Ending {
    let mut rng = Rng::of_run(setting.cell.seed, run);
    let segments = setting.timeline.segments(&mut rng);
    let mut run = Run::new(setting);
    let windowed = run.rules.iter().any(|(_, rule)| rule.has_windows());
    let mut window = windowed.then(|| setting.outcomes.none());
    let mut look_at = setting.cell.first_look.max(1);
    for segment in segments {
        if run.strata.len() <= segment.gate
            && let Ok(pi) = Pi::new(setting.share(segment.gate))
        {
            run.begin_gate();
            run.open_at(pi);
        }
        while run.at.units < segment.end && !run.is_over() {
            let closes = setting.timeline.window_end(run.at.units);
            let until = window.as_ref().map_or(u64::MAX, |_| closes);
            run.advance(&mut rng, segment, look_at.min(until).min(segment.end), window.as_mut());
            if run.at.units >= look_at {
                look_at = next_look(run.at.units, setting.cell.growth);
                run.look();
            }
            if let Some(window) = window.as_mut().filter(|_| run.at.units == closes) {
                run.close_window(window);
                *window = setting.outcomes.none();
            }
        }
    }
    run.look();
    run.finish()
}

impl<O: Outcomes> Run<'_, O> {
    /// Draws the units up to `end`.
    fn advance(
        &mut self,
        rng: &mut Rng,
        segment: Segment,
        end: u64,
        window: Option<&mut O::Counts>,
    ) {
        let outcomes = &self.setting.outcomes;
        let block = Block { level: segment.level, units: end - self.at.units };
        let pi = self.setting.share(segment.gate);
        let Some(stratum) = self.strata.last_mut() else { return };
        self.at.candidate_units += match window {
            None => outcomes.draw_both(rng, pi, block, &mut stratum.counts),
            Some(window) => {
                let mut fresh = outcomes.none();
                let candidate = outcomes.draw_both(rng, pi, block, &mut fresh);
                outcomes.merge(&fresh, &mut stratum.counts);
                outcomes.merge(&fresh, window);
                candidate
            }
        };
        self.at.units = end;
    }
}
