//! The rows of "healthy": how soon a candidate within its margin passes, and how seldom one at it.

use super::{Row, quick, slow};

pub(super) const HEALTHY: &[Row] = &[
    slow(
        "errors .5 %, margin × 2, share 1 %",
        "--metric errors --base 0.005 --healthy 2 --share 1 --max-units 10000000",
    ),
    slow(
        "errors .5 %, margin × 2, share 5 %",
        "--metric errors --base 0.005 --healthy 2 --share 5 --max-units 10000000",
    ),
    slow(
        "errors .5 %, margin × 2, share 50 %",
        "--metric errors --base 0.005 --healthy 2 --share 50 --max-units 10000000",
    ),
    slow(
        "errors .5 %, margin × 1.5, share 1 %",
        "--metric errors --base 0.005 --healthy 1.5 --share 1 --max-units 20000000",
    ),
    slow(
        "feedback 9 %, margin 2 points, share 5 %",
        "--metric feedback --base 0.09 --healthy 0.02 --share 5 --max-units 10000000",
    ),
    slow(
        "p99 within 20 %, share 1 %",
        "--metric latency --healthy 1.2 --share 1 --max-units 10000000 --from 25000 --growth 0.02",
    ),
    slow(
        "p99 within 20 %, share 5 %",
        "--metric latency --healthy 1.2 --share 5 --max-units 10000000 --from 5000 --growth 0.02",
    ),
    slow(
        "p99 within 20 %, three tiers, share 5 %",
        "--metric latency --shape tiers --healthy 1.2 --share 5 --max-units 10000000 --from 5000 --growth 0.02",
    ),
    slow(
        "p99 within 20 %, pauses, share 5 %",
        "--metric latency --shape pauses --healthy 1.2 --share 5 --max-units 10000000 --from 5000 --growth 0.02",
    ),
    slow(
        "KPI, log-normal, margin 5 %, share 5 %",
        "--metric kpi --healthy 0.95 --share 5 --max-units 10000000 --from 20000 --growth 0.02",
    ),
    slow(
        "KPI, log-normal, margin 2 %, share 50 %",
        "--metric kpi --healthy 0.98 --share 50 --max-units 10000000 --from 2000 --growth 0.02",
    ),
    slow(
        "KPI, zero-inflated, margin 5 %, share 50 %",
        "--metric kpi --shape zero-inflated --healthy 0.95 --share 50 --max-units 10000000 --from 2000 --growth 0.02",
    ),
    quick(
        "p99 limit, nothing beyond it, share 5 %",
        "--metric latency --limit 10 --healthy limit --share 5 --growth 0.02",
    ),
    slow(
        "p99 limit, half of the allowed answers beyond it, share 5 %",
        "--metric latency --limit 1.133 --healthy limit --share 5 --max-units 10000000 --growth 0.02",
    ),
];

pub(super) const FALSE_HEALTHY: &[Row] = &[
    slow(
        "errors 1 %, margin × 2, share 5 %",
        "--metric errors --base 0.005 --effect 2 --healthy 2 --share 5",
    ),
    slow(
        "errors 1 %, margin × 2, base rate times 8",
        "--metric errors --base 0.005 --effect 2 --healthy 2 --share 5 --traffic ramp",
    ),
    slow(
        "feedback 11 %, margin 2 points, share 5 %",
        "--metric feedback --base 0.09 --effect 0.02 --healthy 0.02 --share 5 --max-units 200000",
    ),
    slow(
        "p99 + 20 %, margin 20 %, share 5 %",
        "--metric latency --effect 1.2 --healthy 1.2 --share 5 --max-units 200000 --from 5000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, margin 2 %, share 50 %",
        "--metric kpi --shape normal --effect 0.98 --healthy 0.98 --share 50 --max-units 50000 --growth 0.02",
    ),
    slow(
        "KPI − 2 % winsorised, log-normal, margin 2 %, share 50 %",
        "--metric kpi --effect 0.97898 --healthy 0.98 --share 50 --max-units 200000 --growth 0.02",
    ),
    slow(
        "p99 exactly at its limit, share 5 %",
        "--metric latency --limit 1.2 --effect 1.2 --healthy limit --share 5 --max-units 200000 --growth 0.02",
    ),
    slow(
        "errors .6 %, margin × 2, sticky users, last of three gates",
        "--metric errors --base 0.003 --effect 2 --healthy 2 --traffic users --gates 5,25,50 --max-units 20000 --growth 0.02",
    ),
    slow(
        "errors 2 %, margin × 2, all more of them with returning users, last of two gates",
        "--metric errors --base 0.01 --effect 2 --healthy 2 --traffic returning --gates 25,50 --max-units 40000 --growth 0.02",
    ),
    slow(
        "feedback 11 %, margin 2 points, all more of them with returning users",
        "--metric feedback --base 0.09 --effect 0.02 --healthy 0.02 --traffic returning --gates 25,50 --max-units 40000 --growth 0.02",
    ),
    slow(
        "p99 exactly at its limit, new users quicker",
        "--metric latency --limit 1.2 --effect 1.2 --healthy limit --traffic returning --gates 25,50 --max-units 40000 --growth 0.02",
    ),
    slow(
        "p99 + 20 %, margin 20 %, new users quicker",
        "--metric latency --effect 1.2 --healthy 1.2 --traffic returning --gates 25,50 --max-units 40000 --growth 0.02",
    ),
];
