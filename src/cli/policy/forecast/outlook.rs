//! From the flags of `policy plan` to what is told: the outlook, the endpoint, the slices.

use super::finds::Finds;
use super::times::{Expected, Known};
use super::{Plan, Told};
use crate::cli::exit::usage;
use crate::cli::progress::Tell;
use crate::cli::simulate::besides::{self, SliceFlag};
use crate::cli::simulate::latency;
use seatrial_domain::plan::{self, Rule};
use seatrial_domain::policy::forecast::{self, Outlook};
use seatrial_sim::distribution::Law;
use seatrial_sim::simulate::detectable::{self, Endpoint};
use seatrial_sim::simulate::{expected, load, passing};

/// Why a candidate that differs is not planned for.
const EQUAL: &str = "times are those of a candidate like the incumbent; `simulate` plays others";

impl Plan {
    /// What is told of a plan; how far it is, is told to `tell`. Errors: what is assumed makes no sense.
    pub(super) fn told<'a>(
        &self,
        plan: &'a plan::Plan,
        tell: Tell<'_>,
    ) -> anyhow::Result<Told<'a>> {
        let latency = self.law()?;
        let values = besides::of_metrics(plan, (&self.kpi, &[]))?;
        let outlook = self.outlook(plan, (latency.as_ref(), &values))?;
        let steps = forecast::forecast(plan, &outlook).map_err(|error| usage(named(&error)))?;
        let endpoint = endpoint(self.rps, &outlook, (latency, values));
        let answers = passing::answers(plan, &endpoint);
        let slice = |slice: &SliceFlag| match slice.of_the_candidate() {
            Some(of) => Err(usage(format!("--slice: {of}: {EQUAL}"))),
            None => Ok(slice.assumed(&answers, &answers)),
        };
        let slices = self.slice.iter().map(slice).collect::<anyhow::Result<_>>()?;
        let known = Known { start: self.start, slices };
        let expected = Expected::of(plan, &steps, (&endpoint, known), tell)?;
        let finds = Finds::of(plan, &endpoint, tell)?;
        Ok(Told { plan, steps, expected, finds })
    }

    /// The incumbent's latency. Errors: a multiple of nothing.
    fn law(&self) -> anyhow::Result<Option<Law>> {
        let Some(shape) = &self.latency else { return Ok(None) };
        match shape.law(None) {
            Some(law) => Ok(Some(law)),
            None => Err(usage(latency::NO_MULTIPLE)),
        }
    }

    fn outlook(
        &self,
        plan: &plan::Plan,
        (latency, values): (Option<&Law>, &[load::Values]),
    ) -> anyhow::Result<Outlook> {
        let expected = |values: &load::Values| {
            let metric = values.metric.clone();
            let (reference, mean, deviation) = expected(&values.incumbent, 1)
                .map_err(|error| usage(format!("--kpi: {metric}: {error}")))?;
            Ok(forecast::Values { metric, reference, mean, deviation })
        };
        let slow = || latency.and_then(|law| slow_part(plan, law));
        Ok(Outlook {
            error_rate: self.error_rate,
            bad_label_rate: self.bad_label_rate,
            slow_rate: self.slow_rate.or_else(slow).unwrap_or(0.0),
            latency: latency.map(detectable::by_bucket),
            values: values.iter().map(expected).collect::<anyhow::Result<_>>()?,
        })
    }
}

/// An outlook out of range, by its flag.
fn named(error: &forecast::Error) -> String {
    let flag = match error {
        forecast::Error::Outlook { what: "the error rate", .. } => "--error-rate: ",
        forecast::Error::Outlook { what: "the rate of bad labels", .. } => "--bad-label-rate: ",
        forecast::Error::Outlook { .. } => "--slow-rate: ",
        forecast::Error::Check { .. } => "",
    };
    format!("{flag}{error}")
}

/// The part of answers above the smallest limit of the plan.
pub(super) fn slow_part(plan: &plan::Plan, law: &Law) -> Option<f64> {
    let limits = plan.checks().filter_map(|check| match check.rule {
        Rule::Latency { limit_ms, .. } => limit_ms,
        Rule::Errors { .. } | Rule::Feedback { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => None,
    });
    #[expect(clippy::cast_precision_loss, reason = "a limit in milliseconds")]
    let part = |limit_ms: u64| 1.0 - law.cdf(limit_ms as f64 * 1_000.0);
    limits.min().map(part)
}

/// The endpoint of the rollouts that are played.
pub(super) fn endpoint(
    rate: f64,
    outlook: &Outlook,
    (latency, values): (Option<Law>, Vec<load::Values>),
) -> Endpoint {
    Endpoint {
        rate,
        error_rate: outlook.error_rate,
        bad_label_rate: outlook.bad_label_rate,
        slow_rate: outlook.slow_rate,
        latency,
        values: values.into_iter().map(|it| (it.metric, it.incumbent)).collect(),
    }
}
