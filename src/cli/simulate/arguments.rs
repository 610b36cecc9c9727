//! What `simulate` is told, with its defaults and limits.

use super::Assumption;
use super::besides::{self, Named, Parts, SliceFlag};
use super::latency::{self, Latency, number};
use crate::cli::exit::usage;
use clap::Args;
use seatrial_domain::Timestamp;
use seatrial_domain::plan::Plan;
use seatrial_domain::policy::quantity;
use seatrial_sim::simulate::load::{self, Answers, Incident, Load, Rhythm};
use seatrial_sim::simulate::{Mode, Setup};
use std::path::PathBuf;
use std::time::Duration;

/// Runs at most: a quarter of a million take hours.
const RUNS_MAX: u64 = 250_000;
/// More threads would only wait for each other.
const THREADS_MAX: u64 = 64;
/// The part of the average by which traffic swings over a day, where none is given.
const SWING: f64 = 0.5;
/// Where no start is given: a Tuesday, outside of the freezes that are common.
const START: &str = "2024-01-02T09:00:00Z";

#[derive(Debug, Args)]
pub struct Simulate {
    /// The policy file.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Requests a second on the endpoint, on average.
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", default_value_t = 100.0, value_parser = number)]
    rps: f64,
    /// How requests are spread over the day: constant, diurnal, or diurnal:SWING (0 to below 1).
    #[arg(long, allow_hyphen_values = true, value_name = "SHAPE", default_value = "constant", value_parser = rhythm)]
    traffic: Rhythm,
    /// Users who send them, each as often as any other; without: each request is a unit.
    #[arg(long, allow_hyphen_values = true, value_name = "N", value_parser = whole)]
    users: Option<u64>,
    /// The incumbent's rate of failed answers, 0 to 1.
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", default_value_t = 0.0, value_parser = number)]
    error_rate: f64,
    /// The candidate's [default: the incumbent's].
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", value_parser = number)]
    candidate_error_rate: Option<f64>,
    /// How long the incumbent's answers take: lognormal:MEDIAN,SIGMA, gamma:MEAN,SHAPE,
    /// exponential:MEAN, bimodal:MEDIAN,SIGMA,MEDIAN,SIGMA,PART or fixed:TIME.
    #[arg(long, allow_hyphen_values = true, value_name = "SHAPE", default_value = latency::DEFAULT, value_parser = latency::parse)]
    latency: Latency,
    /// The candidate's, as a shape or as a multiple of the incumbent's: x1.2 [default: the incumbent's].
    #[arg(long, allow_hyphen_values = true, value_name = "SHAPE", value_parser = latency::parse)]
    candidate_latency: Option<Latency>,
    /// The rate at which labels have the value that is wanted, on the incumbent, 0 to 1.
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", default_value_t = 0.9, value_parser = number)]
    label_rate: f64,
    /// On the candidate [default: the incumbent's].
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", value_parser = number)]
    candidate_label_rate: Option<f64>,
    /// The part of units that get a label, 0 to 1; of requests, for checks with perUnit any or mean.
    #[arg(long, allow_hyphen_values = true, value_name = "PART", default_value_t = 1.0, value_parser = number)]
    labelled: f64,
    /// The values of a KPI on the incumbent, in its unit: normal:MEAN,SD, lognormal:MEDIAN,SIGMA,
    /// gamma:MEAN,SHAPE, exponential:MEAN, or zero:PART,SHAPE where a part of the units is worth nothing.
    /// May be given for each metric.
    #[arg(long, allow_hyphen_values = true, value_name = "[METRIC=]SHAPE", value_parser = besides::values)]
    kpi: Vec<Named<Latency>>,
    /// The candidate's, as a shape or as a multiple: x0.98 [default: the incumbent's].
    #[arg(long, allow_hyphen_values = true, value_name = "[METRIC=]SHAPE", value_parser = besides::values)]
    candidate_kpi: Vec<Named<Latency>>,
    /// What the incumbent's answers say, for checks of drift: cat:0.7,dog:0.3. May be given for each
    /// check [default: all say the same].
    #[arg(long, allow_hyphen_values = true, value_name = "[CHECK=]CLASS:PART,…", value_parser = besides::classes)]
    classes: Vec<Named<Parts>>,
    /// The candidate's [default: the incumbent's].
    #[arg(long, allow_hyphen_values = true, value_name = "[CHECK=]CLASS:PART,…", value_parser = besides::classes)]
    candidate_classes: Vec<Named<Parts>>,
    /// A part of the traffic with a value of a slice in analysis.slices, and how it fares:
    /// client:mobile=0.3,candidate-error-rate=0.02. Further: error-rate, label-rate,
    /// candidate-label-rate, latency=xFACTOR, candidate-latency=xFACTOR, kpi=xFACTOR,
    /// candidate-kpi=xFACTOR. May be given several times.
    #[arg(long, allow_hyphen_values = true, value_name = "COLUMN:VALUE=PART[,…]", value_parser = besides::slice)]
    slice: Vec<SliceFlag>,
    /// The part of mirrored requests on which the versions disagree, 0 to 1.
    #[arg(long, allow_hyphen_values = true, value_name = "PART", default_value_t = 0.05, value_parser = number)]
    disagreement: f64,
    /// A time in which both versions fail alike: 10m@2h lasts ten minutes from two hours after the
    /// start on. May be given several times.
    #[arg(long, allow_hyphen_values = true, value_name = "SPAN@START", value_parser = incident)]
    pub(super) incident: Vec<(Duration, Duration)>,
    /// The rate of failed answers during incidents, 0 to 1.
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", default_value_t = 0.4, value_parser = number)]
    incident_error_rate: f64,
    /// The endpoint's deadline of an answer: later ones have failed.
    #[arg(long, allow_hyphen_values = true, value_name = "SPAN", default_value = "1s", value_parser = span)]
    deadline: Duration,
    /// When rollouts start: freeze windows and the traffic of a day follow the calendar. By default a
    /// Tuesday at nine, so that freezes over nights and weekends are not met by a rollout of three days.
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", default_value = START, value_parser = instant)]
    start: Timestamp,
    /// Rollouts that are not over by then are told as running, up to 90d.
    #[arg(long, allow_hyphen_values = true, value_name = "SPAN", default_value = "7d", value_parser = span)]
    span: Duration,
    /// The seed: the same one gives the same rollouts, on any number of threads.
    #[arg(long, allow_hyphen_values = true, default_value_t = 1, value_parser = whole)]
    seed: u64,
    /// Rollouts to play.
    #[arg(long, allow_hyphen_values = true, value_name = "N", default_value_t = 1000, value_parser = runs)]
    pub(super) runs: u64,
    /// Threads [default: one for each core].
    #[arg(long, allow_hyphen_values = true, value_name = "N", value_parser = threads)]
    threads: Option<u64>,
    /// Write a page with charts as well.
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
}

impl Simulate {
    pub(super) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let asked = self.threads.and_then(|threads| usize::try_from(threads).ok());
        asked.unwrap_or_else(cores)
    }

    /// What is to be played. Errors: a multiple as the incumbent's latency, and a rate that no incident
    /// has.
    pub(super) fn setup(&self, plan: Plan) -> anyhow::Result<Setup> {
        // Also where there is no incident to have it.
        if !(0.0..=1.0).contains(&self.incident_error_rate) {
            let rate = self.incident_error_rate;
            let why = "an incident's error rate must be from 0 to 1";
            return Err(usage(format!("--incident-error-rate: {why}, not {rate}")));
        }
        let old = self.latency.law(None).ok_or_else(|| usage(latency::NO_MULTIPLE))?;
        let new = self.candidate_latency.as_ref().and_then(|shape| shape.law(Some(&old)));
        let incumbent =
            Answers { error_rate: self.error_rate, latency: old, wanted: self.label_rate };
        let candidate = Answers {
            error_rate: self.candidate_error_rate.unwrap_or(self.error_rate),
            latency: new.unwrap_or_else(|| incumbent.latency.clone()),
            wanted: self.candidate_label_rate.unwrap_or(self.label_rate),
        };
        let incident = |(lasts, from): &(Duration, Duration)| Incident {
            from: *from,
            lasts: *lasts,
            error_rate: self.incident_error_rate,
        };
        let values = besides::of_metrics(&plan, (&self.kpi, &self.candidate_kpi))?;
        let classes = besides::of_drift(&plan, (&self.classes, &self.candidate_classes))?;
        let slices = self.slice.iter().map(|slice| slice.assumed(&incumbent, &candidate)).collect();
        let load = Load {
            rate: self.rps,
            rhythm: self.traffic,
            users: self.users,
            incumbent,
            candidate,
            disagreement: self.disagreement,
            labelled: self.labelled,
            incidents: self.incident.iter().map(incident).collect(),
            values,
            classes,
            slices,
        };
        let Self { deadline, start, span, seed, .. } = *self;
        Ok(Setup { plan, load, deadline, start, span, seed, mode: Mode::Aggregated })
    }

    /// Whether users were given to a policy that cannot tell them apart.
    pub(super) fn users_are_no_units(&self, plan: &Plan) -> bool {
        self.users.is_some() && plan.routing.key.is_empty()
    }

    /// Who is a unit.
    fn who(&self, plan: &Plan) -> String {
        match self.users {
            Some(users) if self.users_are_no_units(plan) => {
                format!("{users}, but the policy has no routing.key: each request is a unit")
            }
            Some(users) => users.to_string(),
            None => "each request is a unit".to_owned(),
        }
    }

    /// Every assumption that makes a difference, in words.
    pub(super) fn assumptions(&self, plan: &Plan) -> Vec<Assumption> {
        let told = |name, value: String| Assumption { name, value };
        let as_incumbent = "as the incumbent's".to_owned();
        let rate = |rate: Option<f64>| rate.map(|rate| rate.to_string());
        let slow = self.candidate_latency.as_ref().map(ToString::to_string);
        let mut all = vec![
            told("requests a second", self.rps.to_string()),
            told("traffic", shown(self.traffic)),
            told("users", self.who(plan)),
            told("error rate", self.error_rate.to_string()),
            told(
                "candidate's error rate",
                rate(self.candidate_error_rate).unwrap_or_else(|| as_incumbent.clone()),
            ),
            told("latency", self.latency.to_string()),
            told("candidate's latency", slow.unwrap_or_else(|| as_incumbent.clone())),
            told("rate of wanted labels", self.label_rate.to_string()),
            told(
                "candidate's rate of wanted labels",
                rate(self.candidate_label_rate).unwrap_or(as_incumbent),
            ),
            told("units with a label", self.labelled.to_string()),
            told("copies that disagree", self.disagreement.to_string()),
            told("deadline of an answer", format!("{:?}", self.deadline)),
            told("start", self.start.to_string()),
        ];
        all.extend(self.incident.iter().map(|(lasts, from)| {
            let rate = self.incident_error_rate;
            told("incident", format!("{lasts:?} from {from:?} on, error rate {rate} on both"))
        }));
        all.extend(self.besides());
        all
    }

    /// What was given for values, answers and slices, in words.
    fn besides(&self) -> impl Iterator<Item = Assumption> {
        let told = |name, value: String| Assumption { name, value };
        let kpi = self.kpi.iter().map(move |it| told("values", it.to_string()));
        let new_kpi =
            self.candidate_kpi.iter().map(move |it| told("candidate's values", it.to_string()));
        let classes = self.classes.iter().map(move |it| told("answers", it.to_string()));
        let new_classes = self
            .candidate_classes
            .iter()
            .map(move |it| told("candidate's answers", it.to_string()));
        let slices = self.slice.iter().map(move |it| told("slice", it.to_string()));
        kpi.chain(new_kpi).chain(classes).chain(new_classes).chain(slices)
    }
}

/// An assumption out of range, by its flag.
pub(in crate::cli) fn named(error: &load::Error) -> String {
    let flag = match error.what {
        "the rate of requests" => "--rps",
        "the swing over a day" => "--traffic",
        "the number of users" => "--users",
        "the number of incidents" | "an incident's length" => "--incident",
        "the error rate" => "--error-rate",
        "the candidate's error rate" => "--candidate-error-rate",
        "an incident's error rate" => "--incident-error-rate",
        "the rate of wanted labels" => "--label-rate",
        "the candidate's rate of wanted labels" => "--candidate-label-rate",
        "the part of copies that disagree" => "--disagreement",
        "the part of units with a label" => "--labelled",
        "the candidate's latency" => "--candidate-latency",
        "the values of a metric" => "--kpi",
        "the number of classes" | "the parts of classes" => "--classes",
        "the number of slices"
        | "the parts of slices"
        | "a slice's rate"
        | "a slice's latency"
        | "a slice's values" => "--slice",
        _ => "--latency",
    };
    format!("{flag}: {error}")
}

fn shown(rhythm: Rhythm) -> String {
    match rhythm {
        Rhythm::Constant => "constant".to_owned(),
        Rhythm::Diurnal(swing) => format!("diurnal:{swing}"),
    }
}

fn rhythm(text: &str) -> Result<Rhythm, String> {
    match text.split_once(':') {
        None if text == "constant" => Ok(Rhythm::Constant),
        None if text == "diurnal" => Ok(Rhythm::Diurnal(SWING)),
        Some(("diurnal", swing)) => {
            let swing = swing.parse().map_err(|_no_number| format!("{swing:?} is no number"))?;
            Ok(Rhythm::Diurnal(swing))
        }
        Some(_) | None => Err("constant, diurnal or diurnal:SWING is meant".to_owned()),
    }
}

/// A count. Errors: what no whole number is, and one that is negative.
fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_no_number| "a whole number from 0 on is meant".to_owned())
}

fn up_to(text: &str, most: u64) -> Result<u64, String> {
    let number = whole(text).ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from 1 to {most} is meant"))
}

fn runs(text: &str) -> Result<u64, String> {
    up_to(text, RUNS_MAX)
}

fn threads(text: &str) -> Result<u64, String> {
    up_to(text, THREADS_MAX)
}

fn span(text: &str) -> Result<Duration, String> {
    quantity::duration(text)
        .ok_or_else(|| "a whole number with ms, s, m, h or d is meant".to_owned())
}

fn incident(text: &str) -> Result<(Duration, Duration), String> {
    let (lasts, from) = text.split_once('@').ok_or("SPAN@START is meant, as 10m@2h")?;
    Ok((span(lasts)?, span(from)?))
}

pub(in crate::cli) fn instant(text: &str) -> Result<Timestamp, String> {
    let instant: jiff::Timestamp =
        text.parse().map_err(|_no_time| format!("a time is meant, as {START}"))?;
    Ok(Timestamp::from_micros(instant.as_microsecond()))
}

#[cfg(test)]
mod tests;
