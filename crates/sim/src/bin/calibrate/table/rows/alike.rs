//! The rows of candidates that must not be rolled back, and of what mistakes would make of them.

use super::{Row, quick, slow};

pub(super) const SIDE_BY_SIDE: &[Row] = &[
    slow(
        "errors .5 %, share 1 %",
        "--metric errors --base 0.005 --share 1 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors .5 %, share 5 %",
        "--metric errors --base 0.005 --share 5 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors .5 %, share 50 %",
        "--metric errors --base 0.005 --share 50 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 %, share 1 %",
        "--metric errors --base 0.01 --share 1 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 %, share 5 %",
        "--metric errors --base 0.01 --share 5 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "errors 1 %, share 50 %",
        "--metric errors --base 0.01 --share 50 --max-units 1000000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "feedback 9 %, share 5 %",
        "--metric feedback --base 0.09 --share 5 --max-units 200000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency, share 1 %",
        "--metric latency --share 1 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency, share 5 %",
        "--metric latency --share 5 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "latency, share 50 %",
        "--metric latency --share 50 --max-units 50000 --growth 0.02 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "KPI, heavy-tailed, share 1 %",
        "--metric kpi --share 1 --max-units 500000 --method e-process,z-test,windows,mann-whitney",
    ),
    slow(
        "KPI, heavy-tailed, share 50 %",
        "--metric kpi --share 50 --max-units 50000 --method e-process,z-test,windows,mann-whitney",
    ),
];

pub(super) const TRAFFIC: &[Row] = &[
    quick("errors .5 %, share 1 %", "--metric errors --base 0.005 --share 1"),
    slow("errors .5 %, share 5 %", "--metric errors --base 0.005 --share 5"),
    slow("errors .5 %, share 50 %", "--metric errors --base 0.005 --share 50"),
    slow(
        "errors, base rate times 8, four gates",
        "--metric errors --traffic ramp --gates 1,5,25,50",
    ),
    slow("errors, seven days, four gates", "--metric errors --traffic diurnal --gates 1,5,25,50"),
    slow(
        "errors, incidents on both arms, four gates",
        "--metric errors --traffic bursty --gates 1,5,25,50",
    ),
    slow("errors, sticky users", "--metric errors --traffic users --max-units 5000"),
    slow(
        "errors, sticky users over ten gates",
        "--metric errors --traffic users --gates 20,21,22,23,24,25,26,27,28,29 --max-units 3000",
    ),
    slow(
        "errors, sticky users over four gates",
        "--metric errors --traffic users --gates 5,10,25,50 --max-units 5000",
    ),
    slow("latency, gamma", "--metric latency --shape gamma --max-units 50000 --growth 0.02"),
    slow("latency, bimodal", "--metric latency --shape bimodal --max-units 50000 --growth 0.02"),
    slow("latency, pauses", "--metric latency --shape pauses --max-units 50000 --growth 0.02"),
    slow(
        "latency, two narrow peaks",
        "--metric latency --shape peaks --max-units 50000 --growth 0.02",
    ),
    slow("latency, cached", "--metric latency --shape cached --max-units 50000 --growth 0.02"),
    slow("latency, three tiers", "--metric latency --shape tiers --max-units 50000 --growth 0.02"),
    slow(
        "latency, seven days, four gates",
        "--metric latency --traffic diurnal --gates 1,5,25,50 --max-units 50000 --growth 0.02",
    ),
    slow(
        "latency, sticky users",
        "--metric latency --traffic users --max-units 5000 --growth 0.02",
    ),
    slow(
        "feedback, base rate times 8, four gates",
        "--metric feedback --traffic ramp --gates 1,5,25,50 --max-units 200000",
    ),
    quick("feedback, sticky users", "--metric feedback --traffic users --max-units 5000"),
    slow("KPI, normal", "--metric kpi --shape normal --max-units 1000000"),
    slow("KPI, exponential", "--metric kpi --shape exponential --max-units 1000000"),
    slow("KPI, zero-inflated", "--metric kpi --shape zero-inflated --max-units 1000000"),
    slow(
        "KPI, mean times 8, four gates",
        "--metric kpi --traffic ramp --gates 1,5,25,50 --max-units 1000000",
    ),
    slow("KPI, sticky users", "--metric kpi --traffic users --max-units 50000 --growth 0.02"),
    slow("labelled shadow pairs", "--metric pairs --base 0.09 --max-units 100000"),
    slow(
        "shadow pairs at their budget of 25 %",
        "--metric disagreement --base 0.25 --max-units 100000",
    ),
    slow(
        "sample ratio, at its α of .001",
        "--metric srm --share 5 --max-units 1000000 --runs 50000",
    ),
    slow(
        "joint: errors, latency, feedback; four gates",
        "--metric joint --gates 5,10,25,50 --max-units 50000 --growth 0.02",
    ),
    slow(
        "joint, base rates times 8, four gates",
        "--metric joint --traffic ramp --gates 5,10,25,50 --max-units 50000 --growth 0.02",
    ),
    slow(
        "joint, sticky users, four gates",
        "--metric joint --traffic users --gates 5,10,25,50 --max-units 3000 --growth 0.02",
    ),
    slow(
        "p99 exactly at its limit, 20 % slower than the incumbent",
        "--metric latency --limit 1.2 --effect 1.2 --max-units 200000 --growth 0.02",
    ),
    slow(
        "p99 limit, a copy, twice the allowed answers beyond it",
        "--metric latency --limit 0.87 --max-units 200000 --growth 0.02",
    ),
    slow(
        "p99 limit, a copy beyond it, seven days, four gates",
        "--metric latency --limit 0.87 --traffic diurnal --gates 1,5,25,50 --max-units 200000 --growth 0.02",
    ),
    slow("drift over ten classes, share 1 %", "--metric drift --share 1 --growth 0.02"),
    slow("drift over ten classes, share 5 %", "--metric drift --share 5 --growth 0.02"),
    slow("drift over ten classes, share 50 %", "--metric drift --share 50 --growth 0.02"),
    slow("drift over ten classes, four gates", "--metric drift --gates 1,5,25,50 --growth 0.02"),
    slow(
        "drift, a class times 8, four gates",
        "--metric drift --traffic ramp --gates 1,5,25,50 --growth 0.02",
    ),
    quick("errors, the mixture for late faults", "--metric errors --late 36000"),
    slow(
        "errors, the mixture for late faults, four gates",
        "--metric errors --gates 1,5,25,50 --late 36000",
    ),
];

pub(super) const MISTAKES: &[Row] = &[
    slow(
        "gates pooled while the base rate rises",
        "--metric errors --traffic ramp --gates 1,5,25,50 --mistake pooled",
    ),
    slow(
        "each request of sticky users a unit",
        "--metric errors --traffic users --share 50 --max-units 5000 --mistake per-request",
    ),
    slow(
        "sticky users drawn anew at each of ten gates",
        "--metric errors --traffic users --gates 20,21,22,23,24,25,26,27,28,29 --max-units 3000 --mistake redrawn",
    ),
    slow(
        "a pass of all histories added up: p99 at its limit, new users quicker",
        "--metric latency --limit 1.2 --effect 1.2 --healthy limit --traffic returning --gates 25,50 --max-units 40000 --growth 0.02 --mistake pooled",
    ),
];
