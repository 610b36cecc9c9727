//! What is asked on the command line.

mod number;

use clap::{Args, Parser, Subcommand, ValueEnum};
use number::{Margin, from_one, margin, number, references, whole};
use seatrial_sim::calibrate::{Cell, Method, Metric, Mistake, Question, Shape, Traffic};
use std::path::PathBuf;

/// Plays many seeded runs of one cell through the product's own tests and tells how often, and
/// after how many units, they decided.
///
/// `mean_units` and `median_units` are over all runs, undecided ones with all their units; the
/// bounds are the exact central 95 % interval. `kl_units` is ln(1/alpha)/I, with I the information
/// of a unit's arm and outcome: no test that is valid at every look needs fewer on average.
/// `over_kl` is `mean_units` as its multiple. Without an effect, or one for the better, both are null. Over gates, a ramp or days `kl_units` is the units that
/// bring ln(1/alpha), and `over_kl` the mean information until the decision as a multiple of that.
/// For bursty traffic and for users, whose truth no one level tells, there is none.
#[derive(Debug, Parser)]
#[command(name = "calibrate", version)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Command {
    #[command(subcommand)]
    pub(crate) table: Option<Table>,
    #[command(flatten)]
    pub(crate) cell: Option<Arguments>,
}

/// The published table instead of one cell.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Table {
    /// Play every cell of the published table, and print it or write it between a page's marks
    Table {
        /// The page; left out: standard output
        #[arg(long, conflicts_with = "check")]
        write: Option<PathBuf>,
        /// Play the quick cells alone, and fail where this page does not say what they give
        #[arg(long)]
        check: Option<PathBuf>,
        /// Fewer runs than the published ones, to see how it will look
        #[arg(long, conflicts_with = "check", allow_hyphen_values = true, value_parser = from_one)]
        runs: Option<u64>,
        /// Only the rows whose flags contain this
        #[arg(long, conflicts_with_all = ["check", "write"], allow_hyphen_values = true)]
        only: Option<String>,
    },
}

/// One cell.
#[derive(Debug, Clone, Args)]
pub(crate) struct Arguments {
    /// What is measured of each unit
    #[arg(long, value_enum)]
    metric: MetricName,
    /// The incumbent's: rate of bad outcomes (errors, feedback, pairs); median in milliseconds
    /// (latency); mean (kpi); part of the class that the effect moves (drift). For disagreement: the
    /// budget. Joint: of errors. Srm has none
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    base: Option<f64>,
    /// The candidate's: a ratio for errors, latency, kpi and srm, a difference for feedback,
    /// pairs, disagreement and drift. Worse is more, of a KPI less. Left out: none
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    effect: Option<f64>,
    /// The candidate's share, percent
    #[arg(long, default_value_t = 5.0, allow_hyphen_values = true, value_parser = number)]
    share: f64,
    /// A whole ramp instead of the one share, which it overrides: percent, rising, with equal units
    /// in each gate
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_parser = number)]
    gates: Vec<f64>,
    /// The probability of a false decision that is accepted; .001 for srm, as in the product
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    alpha: Option<f64>,
    /// Units, over both arms, after which a run ends undecided; of `--traffic users` how many there are, each
    /// a unit of every gate that learns of its arm
    #[arg(long, default_value_t = 1_000_000, allow_hyphen_values = true, value_parser = from_one)]
    max_units: u64,
    #[arg(long, default_value_t = 10_000, allow_hyphen_values = true, value_parser = from_one)]
    pub(crate) runs: u64,
    #[arg(long, default_value_t = 1, allow_hyphen_values = true, value_parser = whole)]
    seed: u64,
    /// The law of latencies or values; left out: lognormal
    #[arg(long, value_enum)]
    shape: Option<ShapeName>,
    /// How the base changes in time, on both arms alike; users: sticky, ten requests each
    #[arg(long, value_enum, default_value_t = TrafficName::Constant)]
    traffic: TrafficName,
    /// Who decides; several are played side by side on the same traffic
    #[arg(long, value_enum, value_delimiter = ',', default_value = "e-process")]
    method: Vec<MethodName>,
    /// Ask for healthy instead of rollback, against this margin: a ratio (errors; kpi, below one;
    /// latency at the p99) or a difference (feedback); `limit`: against that of --limit. Over gates, of the
    /// last one by its own evidence
    #[arg(long, allow_hyphen_values = true, value_parser = margin)]
    healthy: Option<Margin>,
    /// Latency alone: an absolute limit of the p99, as a multiple of the incumbent's, instead of a
    /// comparison. The base is moved a little, so that the limit is an edge of the product's buckets
    #[arg(long, allow_hyphen_values = true, value_parser = number)]
    limit: Option<f64>,
    /// Errors alone: the mixture for late faults, as in a rollout that has so many units an hour
    #[arg(long, allow_hyphen_values = true, value_parser = from_one)]
    late: Option<u64>,
    /// Errors alone: units after which the effect begins
    #[arg(long, default_value_t = 0, allow_hyphen_values = true, value_parser = whole)]
    onset: u64,
    /// A mistake in the analysis, to see what it costs
    #[arg(long, value_enum, default_value_t = MistakeName::None)]
    mistake: MistakeName,
    /// A look when the counts grew by this part; 0: at every unit. Errors alone are looked at at
    /// every unit whatever this is
    #[arg(long, default_value_t = 0.01, allow_hyphen_values = true, value_parser = number)]
    growth: f64,
    /// Units before the first look
    #[arg(long, default_value_t = 1, allow_hyphen_values = true, value_parser = from_one)]
    from: u64,
    /// The incumbent's values and answers from which the scores of a KPI and of latencies are frozen
    #[arg(long, default_value_t = 20_000, allow_hyphen_values = true, value_parser = references)]
    reference: u32,
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Output {
    Table,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricName {
    Errors,
    Latency,
    Kpi,
    Feedback,
    /// Labelled shadow pairs
    Pairs,
    /// Shadow pairs without labels, against a budget
    Disagreement,
    Srm,
    /// Errors, latency and feedback of the same units, by weight
    Joint,
    /// Predictions of ten classes
    Drift,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShapeName {
    Lognormal,
    Gamma,
    Bimodal,
    /// Two peaks that don't meet
    Peaks,
    Pauses,
    Cached,
    Tiers,
    /// Log-normal, of which the effect stretches only the slowest twentieth; it is that of the p99
    Tail,
    /// Of values: shifted by the effect
    Normal,
    Exponential,
    /// Of values: seven in ten are nought
    ZeroInflated,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TrafficName {
    Constant,
    Ramp,
    Diurnal,
    Bursty,
    Users,
    /// Half of a gate's units were there in all gates before, and fare worse than the new ones
    Returning,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodName {
    EProcess,
    ZTest,
    Windows,
    MannWhitney,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MistakeName {
    None,
    /// Each request of a sticky user is a unit
    PerRequest,
    /// All gates are one stratum
    Pooled,
    /// Users of earlier gates are counted as if assigned anew
    Redrawn,
}

impl Command {
    /// The cell of a row of the table, from its flags.
    pub(crate) fn of_flags(flags: &str) -> Result<Arguments, clap::Error> {
        let words = ["calibrate"].into_iter().chain(flags.split_whitespace());
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingRequiredArgument);
        Self::try_parse_from(words)?.cell.ok_or_else(missing)
    }
}

impl Arguments {
    /// Why what is asked makes no sense; none where the cell itself tells.
    pub(crate) const fn refused(&self) -> Option<&'static str> {
        match (self.healthy, self.limit) {
            (Some(Margin::Limit), None) => Some("--healthy limit: there is none; give --limit too"),
            (Some(Margin::Number(_)), Some(_)) => {
                Some("--healthy: a limit is its own margin; take --healthy limit")
            }
            (None, _) | (Some(Margin::Number(_)), None) | (Some(Margin::Limit), Some(_)) => None,
        }
    }

    /// What is given and means nothing for this metric.
    pub(crate) fn unused(&self) -> Vec<&'static str> {
        let base = self.base.filter(|_| !self.metric.has_base());
        let shape = self.shape.filter(|_| !self.metric.has_shape());
        let base = base.map(|_| "--base: an assignment has none");
        let shape = shape.map(|_| "--shape: only latencies and values have one");
        base.into_iter().chain(shape).collect()
    }

    pub(crate) fn cell(&self) -> Cell {
        let metric = self.metric.known();
        let shares = if self.gates.is_empty() { vec![self.share] } else { self.gates.clone() };
        Cell {
            metric,
            base: self.base.filter(|_| self.metric.has_base()).unwrap_or(self.metric.base()),
            effect: self.metric.effect(self.effect.unwrap_or(metric.no_effect())),
            shares: shares.into_iter().map(|percent| percent / 100.0).collect(),
            alpha: self.alpha.unwrap_or(self.metric.alpha()),
            max_units: self.max_units,
            seed: self.seed,
            shape: self.shape.unwrap_or(ShapeName::Lognormal).known(),
            traffic: self.traffic.known(),
            question: match (self.healthy, self.limit) {
                (None, _) => Question::Rollback,
                (Some(Margin::Number(margin)), _) | (Some(Margin::Limit), Some(margin)) => {
                    Question::Healthy { margin }
                }
                // Refused.
                (Some(Margin::Limit), None) => Question::Rollback,
            },
            methods: self.method.iter().map(|method| method.known()).collect(),
            mistake: self.mistake.known(),
            growth: self.growth,
            first_look: self.from,
            reference: self.reference,
            limit: self.limit,
            late: self.late,
            onset: self.onset,
        }
    }
}

impl MetricName {
    const fn known(self) -> Metric {
        match self {
            Self::Errors => Metric::Errors,
            Self::Latency => Metric::Latency,
            Self::Kpi => Metric::Kpi,
            Self::Feedback => Metric::Feedback,
            Self::Pairs => Metric::Pairs,
            Self::Disagreement => Metric::Disagreement,
            Self::Srm => Metric::SampleRatio,
            Self::Joint => Metric::Joint,
            Self::Drift => Metric::Drift,
        }
    }

    const fn has_base(self) -> bool {
        match self {
            Self::Errors
            | Self::Latency
            | Self::Kpi
            | Self::Feedback
            | Self::Pairs
            | Self::Disagreement
            | Self::Joint
            | Self::Drift => true,
            Self::Srm => false,
        }
    }

    const fn has_shape(self) -> bool {
        match self {
            Self::Latency | Self::Kpi => true,
            Self::Errors
            | Self::Feedback
            | Self::Pairs
            | Self::Disagreement
            | Self::Srm
            | Self::Joint
            | Self::Drift => false,
        }
    }

    /// Where none is given.
    const fn base(self) -> f64 {
        match self {
            Self::Errors | Self::Joint => 0.005,
            Self::Latency => 20.0,
            Self::Feedback | Self::Pairs => 0.09,
            Self::Disagreement => 0.25,
            Self::Drift => 0.1,
            Self::Kpi | Self::Srm => 1.0,
        }
    }

    const fn alpha(self) -> f64 {
        match self {
            Self::Errors
            | Self::Latency
            | Self::Kpi
            | Self::Feedback
            | Self::Pairs
            | Self::Disagreement
            | Self::Joint
            | Self::Drift => 0.05,
            Self::Srm => seatrial_analysis::sample_ratio::ALPHA,
        }
    }

    /// An assignment has no difference of nothing, so there 0 too is none.
    fn effect(self, given: f64) -> f64 {
        match self {
            Self::Srm if given == 0.0 => 1.0,
            Self::Errors
            | Self::Latency
            | Self::Kpi
            | Self::Feedback
            | Self::Pairs
            | Self::Disagreement
            | Self::Srm
            | Self::Joint
            | Self::Drift => given,
        }
    }
}

impl ShapeName {
    const fn known(self) -> Shape {
        match self {
            Self::Lognormal => Shape::LogNormal,
            Self::Gamma => Shape::Gamma,
            Self::Bimodal => Shape::Bimodal,
            Self::Peaks => Shape::Peaks,
            Self::Pauses => Shape::Pauses,
            Self::Cached => Shape::Cached,
            Self::Tiers => Shape::Tiers,
            Self::Tail => Shape::Tail,
            Self::Normal => Shape::Normal,
            Self::Exponential => Shape::Exponential,
            Self::ZeroInflated => Shape::ZeroInflated,
        }
    }
}

impl TrafficName {
    const fn known(self) -> Traffic {
        match self {
            Self::Constant => Traffic::Constant,
            Self::Ramp => Traffic::Ramp,
            Self::Diurnal => Traffic::Diurnal,
            Self::Bursty => Traffic::Bursty,
            Self::Users => Traffic::Users,
            Self::Returning => Traffic::Returning,
        }
    }
}

impl MethodName {
    const fn known(self) -> Method {
        match self {
            Self::EProcess => Method::EProcess,
            Self::ZTest => Method::ZTest,
            Self::Windows => Method::Windows,
            Self::MannWhitney => Method::MannWhitney,
        }
    }
}

impl MistakeName {
    const fn known(self) -> Mistake {
        match self {
            Self::None => Mistake::None,
            Self::PerRequest => Mistake::PerRequest,
            Self::Pooled => Mistake::Pooled,
            Self::Redrawn => Mistake::Redrawn,
        }
    }
}

#[cfg(test)]
mod tests;
