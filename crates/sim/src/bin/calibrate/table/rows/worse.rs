//! The rows of candidates that are worse: how soon they are found, by the product and by others' rules.

use super::{Row, quick, slow};

pub(super) const ROLLBACK: &[Row] = &[
    slow(
        "errors .5 → 1 %, share 1 %",
        "--metric errors --base 0.005 --effect 2 --share 1 --max-units 10000000",
    ),
    slow(
        "errors .5 → 1 %, share 5 %",
        "--metric errors --base 0.005 --effect 2 --share 5 --max-units 10000000",
    ),
    slow(
        "errors .5 → 1 %, share 50 %",
        "--metric errors --base 0.005 --effect 2 --share 50 --max-units 10000000",
    ),
    quick(
        "errors 1 → 3 %, share 1 %",
        "--metric errors --base 0.01 --effect 3 --share 1 --max-units 10000000",
    ),
    quick(
        "errors 1 → 3 %, share 5 %",
        "--metric errors --base 0.01 --effect 3 --share 5 --max-units 10000000",
    ),
    quick(
        "errors 1 → 3 %, share 50 %",
        "--metric errors --base 0.01 --effect 3 --share 50 --max-units 10000000",
    ),
    quick(
        "feedback 9 → 15.7 %, share 5 %",
        "--metric feedback --base 0.09 --effect 0.067 --share 5",
    ),
    slow(
        "latency × 1.2, log-normal, share 1 %",
        "--metric latency --effect 1.2 --share 1 --growth 0.02",
    ),
    slow(
        "latency × 1.2, log-normal, share 5 %",
        "--metric latency --effect 1.2 --share 5 --growth 0.02",
    ),
    quick(
        "latency × 1.2, log-normal, share 50 %",
        "--metric latency --effect 1.2 --share 50 --growth 0.02",
    ),
    slow(
        "latency × 1.2, gamma, share 5 %",
        "--metric latency --shape gamma --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, bimodal, share 5 %",
        "--metric latency --shape bimodal --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, two narrow peaks, share 5 %",
        "--metric latency --shape peaks --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, pauses, share 5 %",
        "--metric latency --shape pauses --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, cached, share 5 %",
        "--metric latency --shape cached --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "latency × 1.2, three tiers, share 5 %",
        "--metric latency --shape tiers --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 1 %",
        "--metric latency --shape tail --effect 1.2 --share 1 --growth 0.02 --max-units 10000000",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 5 %",
        "--metric latency --shape tail --effect 1.2 --share 5 --growth 0.02",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 50 %",
        "--metric latency --shape tail --effect 1.2 --share 50 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, normal, share 5 %",
        "--metric kpi --shape normal --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, exponential, share 5 %",
        "--metric kpi --shape exponential --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, share 1 %",
        "--metric kpi --effect 0.98 --share 1 --max-units 20000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, share 5 %",
        "--metric kpi --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, share 50 %",
        "--metric kpi --effect 0.98 --share 50 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, zero-inflated, share 5 %",
        "--metric kpi --shape zero-inflated --effect 0.98 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "KPI − 2 %, log-normal, scores from 200 values",
        "--metric kpi --effect 0.98 --share 5 --max-units 10000000 --growth 0.02 --reference 200",
    ),
    slow(
        "KPI − 2 %, exponential, scores from 200 values",
        "--metric kpi --shape exponential --effect 0.98 --share 5 --max-units 10000000 --growth 0.02 --reference 200",
    ),
    quick("labelled pairs, wrong 9 → 12 %", "--metric pairs --base 0.09 --effect 0.03"),
    slow(
        "disagreement 30 % of a budget of 25 %",
        "--metric disagreement --base 0.25 --effect 0.05",
    ),
    quick("a tenth of the candidate's units lost", "--metric srm --effect 0.9 --share 5"),
    slow(
        "p99 limit, 2 % of answers beyond it, share 1 %",
        "--metric latency --limit 1.2 --effect 1.375 --share 1 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "p99 limit, 2 % of answers beyond it, share 5 %",
        "--metric latency --limit 1.2 --effect 1.375 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "p99 limit, 2 % of answers beyond it, share 50 %",
        "--metric latency --limit 1.2 --effect 1.375 --share 50 --max-units 10000000 --growth 0.02",
    ),
    quick(
        "p99 limit, p99 at twice of it, share 5 %",
        "--metric latency --limit 1.2 --effect 2.4 --share 5 --growth 0.02",
    ),
    slow(
        "drift, a class 10 → 15 %, share 1 %",
        "--metric drift --effect 0.05 --share 1 --max-units 10000000 --growth 0.02",
    ),
    slow(
        "drift, a class 10 → 15 %, share 5 %",
        "--metric drift --effect 0.05 --share 5 --growth 0.02",
    ),
    quick(
        "drift, a class 10 → 15 %, share 50 %",
        "--metric drift --effect 0.05 --share 50 --growth 0.02",
    ),
    slow(
        "errors .5 → 1 %, share 1 %, the mixture for late faults",
        "--metric errors --base 0.005 --effect 2 --share 1 --max-units 10000000 --late 1800000",
    ),
    quick(
        "errors 1 → 3 %, share 1 %, the mixture for late faults",
        "--metric errors --base 0.01 --effect 3 --share 1 --max-units 10000000 --late 1800000",
    ),
    slow(
        "errors .5 → 1 %, share 5 %, the mixture for late faults",
        "--metric errors --base 0.005 --effect 2 --share 5 --max-units 10000000 --late 36000",
    ),
    quick(
        "errors .5 → 1 % after six hours of 36,000 units, share 5 %, the mixture",
        "--metric errors --base 0.005 --effect 2 --share 5 --max-units 10000000 --late 36000 --onset 216000",
    ),
    slow(
        "errors .5 → 1 % after 216,000 units, share 5 %, without the mixture",
        "--metric errors --base 0.005 --effect 2 --share 5 --max-units 10000000 --onset 216000",
    ),
];

pub(super) const OTHER_EFFECTS: &[Row] = &[
    slow(
        "errors .5 → .55 %",
        "--metric errors --base 0.005 --effect 1.1 --share 5 --max-units 100000000",
    ),
    slow(
        "errors .5 → .6 %",
        "--metric errors --base 0.005 --effect 1.2 --share 5 --max-units 100000000",
    ),
    quick("errors .5 → 5 %", "--metric errors --base 0.005 --effect 10 --share 5"),
    slow("errors .5 → 15 %", "--metric errors --base 0.005 --effect 30 --share 5"),
    slow("errors 20 → 40 %", "--metric errors --base 0.2 --effect 2 --share 5"),
    slow("latency × 1.5, log-normal", "--metric latency --effect 1.5 --share 5 --growth 0.02"),
    slow(
        "latency × 2, pauses",
        "--metric latency --shape pauses --effect 2 --share 5 --growth 0.02",
    ),
    slow(
        "p99 + 10 %, the tail alone",
        "--metric latency --shape tail --effect 1.1 --share 5 --max-units 10000000 --growth 0.02",
    ),
    slow("KPI − 5 %, log-normal", "--metric kpi --effect 0.95 --share 5 --growth 0.02"),
    slow("KPI − 10 %, normal", "--metric kpi --shape normal --effect 0.9 --share 5 --growth 0.02"),
];

pub(super) const DETECTION: &[Row] = &[
    slow(
        "errors .5 → 1 %, share 1 %",
        "--metric errors --base 0.005 --effect 2 --share 1 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors .5 → 1 %, share 5 %",
        "--metric errors --base 0.005 --effect 2 --share 5 --max-units 200000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 → 3 %, share 5 %",
        "--metric errors --base 0.01 --effect 3 --share 5 --max-units 50000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "feedback 9 → 15.7 %, share 5 %",
        "--metric feedback --base 0.09 --effect 0.067 --share 5 --max-units 50000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency × 1.2, log-normal, share 5 %",
        "--metric latency --effect 1.2 --share 5 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "p99 + 20 %, the tail alone, share 5 %",
        "--metric latency --shape tail --effect 1.2 --share 5 --max-units 200000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "KPI − 5 %, log-normal, share 50 %",
        "--metric kpi --effect 0.95 --share 50 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
];
