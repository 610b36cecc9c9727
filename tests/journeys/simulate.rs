//! `simulate` and `policy plan`, which need no server.

use crate::harness::cli;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A policy file in a directory of its own.
fn policy(lines: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    std::fs::write(&path, format!("{head}\n  endpoint: e\n{lines}")).unwrap();
    (folder, path)
}

/// The blocks of a page, each with the language that it names.
fn blocks(page: &str) -> Vec<(String, String)> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    let block = fenced.map(|block| block.split_once('\n').unwrap());
    block.map(|(language, text)| (language.to_owned(), text.replace("\\\n", ""))).collect()
}

fn simulated(path: &Path, more: &[&str]) -> Value {
    let path = path.display().to_string();
    let all = [&["simulate", "-f", &path, "--rps", "500", "-o", "json"], more].concat();
    serde_json::from_str(&cli(&all).expect(0).stdout).unwrap()
}

#[test]
fn a_worse_candidate_is_rolled_back_in_every_simulated_rollout_and_a_copy_hardly_ever() {
    let (_folder, path) = policy("");
    let worse = ["--error-rate", "0.005", "--candidate-error-rate", "0.02", "--runs", "50"];
    let told = simulated(&path, &worse);
    assert_eq!(told["endings"][0]["outcome"], "rolled_back", "{told:#}");
    assert_eq!(told["rolled_back_by_statistics"]["runs"], 50, "{told:#}");
    // The exact interval of 50 of 50 ends at 0.025^(1/50).
    let lower = told["endings"][0]["part"]["lower_95"].as_f64().unwrap();
    assert!((lower - 0.025_f64.powf(0.02)).abs() < 1e-6, "{lower}");
    assert!(told["harmed"]["median"].as_f64().unwrap() > 0.0, "{told:#}");

    let told = simulated(&path, &["--error-rate", "0.005", "--runs", "50"]);
    assert_eq!(told["harmless"], true);
    assert!(told["rolled_back_by_statistics"]["runs"].as_u64().unwrap() <= 7, "{told:#}");
    assert_eq!(told["endings"][0]["outcome"], "completed", "{told:#}");
}

/// Checks of every kind, one of them by slice.
const ALL: &str = "  analysis: {slices: [{key: \"header:client\", values: [mobile], enforce: true}]}\n  \
    checks:\n    \
    - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.005}, weight: 0.4}\n    \
    - {name: revenue, kind: kpi, metric: revenue, margin: {ratio: 0.9}, weight: 0.4}\n    \
    - {name: said, kind: drift, by: class, weight: 0.2}\n";

#[test]
fn values_answers_and_slices_are_played_and_told() {
    let (folder, path) = policy(ALL);
    let report = folder.path().join("report.html");
    let shown = report.display().to_string();
    let all = ["--kpi", "revenue=lognormal:10,0.8", "--slice", "client:mobile=0.2", "--runs", "20"];
    let ended = |more: &[&str]| {
        let told = simulated(&path, &[&all[..], more].concat());
        (told["endings"][0]["by"].clone(), told["harmless"].clone())
    };
    let by = |check: &str| Value::from(format!("check {check}"));
    assert_eq!(ended(&["--candidate-kpi", "x0.7"]), (by("revenue"), false.into()));
    let classes = ["--classes", "cat:0.5,dog:0.5", "--candidate-classes", "cat:0.7,dog:0.3"];
    assert_eq!(ended(&classes), (by("said"), false.into()));
    let mut sliced = all;
    // One in a hundred fails everywhere, so that one in twenty requests moves the whole hardly at all.
    sliced[3] = "client:mobile=0.05,candidate-error-rate=0.1";
    let more = ["--error-rate", "0.01", "--report", &shown];
    let told = simulated(&path, &[&sliced[..], &more].concat());
    assert_eq!(told["endings"][0]["by"], by("errorRate[client=mobile]"), "{told:#}");
    let assumed = told["assumptions"].to_string();
    assert!(
        assumed.contains(sliced[3]) && assumed.contains("revenue=lognormal:10,0.8"),
        "{assumed}"
    );
    let page = std::fs::read_to_string(report).unwrap();
    assert!(page.contains("errorRate[client=mobile]") && page.contains("candidate-error-rate"));
    assert_eq!(ended(&[]).1, true);
}

#[test]
fn what_nobody_describes_is_refused_with_the_flag_that_does() {
    let (_folder, path) = policy(ALL);
    let path = path.display().to_string();
    let kpi = ["--kpi", "normal:10,2"];
    let slice = ["--slice", "client:mobile=0.2"];
    for (more, why) in [
        (&slice[..], "check revenue of kind kpi can't be simulated"),
        (&kpi[..], "the enforcing slice client can't be simulated"),
        (&[&kpi[..], &["--slice", "client:tablet=0.2"]].concat(), "no value tablet"),
        (&[&kpi[..], &["--slice", "region:eu=0.2"]].concat(), "--slice"),
        (&[&kpi[..], &["--slice", "client:mobile=1.2"]].concat(), "--slice"),
        (&[&slice[..], &["--kpi", "clicks=normal:10,2"]].concat(), "no metric of kind kpi clicks"),
        (&[&slice[..], &["--kpi", "x2"]].concat(), "--kpi: a multiple"),
        (&[&slice[..], &["--candidate-kpi", "x2"]].concat(), "give --kpi"),
        (&["--classes", "cat"], "CLASS:PART"),
    ] {
        let ran = cli(&[&["simulate", "-f", &path], more].concat()).expect(2);
        assert!(ran.stderr.contains(why), "{more:?}: {ran:#?}");
    }
}

#[test]
fn threads_leave_no_trace_and_a_seed_repeats() {
    let (_folder, path) = policy("");
    let on = |threads: &str, seed: &str| {
        let more = ["--runs", "20", "--threads", threads, "--seed", seed];
        simulated(&path, &[&more[..], &["--error-rate", "0.01"]].concat())
    };
    assert_eq!(on("1", "7"), on("3", "7"));
    assert_ne!(on("1", "7"), on("1", "8"));
}

/// The queue is told, and an incident that nobody meets; one rollout is no plural.
#[test]
fn a_frozen_start_and_an_incident_after_the_end_are_told() {
    let (_folder, path) = policy(
        "  windows: [{kind: deny, schedule: \"0 17 * * 5\", duration: 64h, timeZone: UTC}]\n",
    );
    let path = path.display().to_string();
    let all = ["simulate", "-f", &path, "--rps", "500", "--runs", "1", "--incident", "10m@6d"];
    let table = |start: &[&str]| cli(&[&all[..], start].concat()).expect(0).stdout;
    let frozen = table(&["--start", "2024-01-01T00:00:00Z"]);
    assert!(frozen.contains("1 rollout of up to 7d"), "{frozen}");
    assert!(
        frozen.lines().any(|line| line.starts_with("queued") && line.ends_with("9h")),
        "{frozen}"
    );
    let incident = frozen.lines().find(|line| line.starts_with("incident 10m@6d"));
    let unmet = "met by none: every rollout was over before";
    assert!(incident.is_some_and(|line| line.ends_with(unmet)), "{frozen}");
    // A Tuesday at nine, where none is given.
    let free = table(&[]);
    assert!(free.contains("3d 2h") && !free.contains("queued"), "{free}");
}

#[test]
fn a_report_is_one_page_that_loads_nothing() {
    let (folder, path) = policy("");
    let report = folder.path().join("report.html");
    let shown = report.display().to_string();
    simulated(&path, &["--runs", "20", "--report", &shown, "--incident", "10m@40m"]);
    let page = std::fs::read_to_string(report).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.matches("<svg").count() >= 5, "{page}");
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"));
}

#[test]
fn what_is_out_of_range_is_refused_by_its_flag() {
    let (_folder, path) = policy("");
    let path = path.display().to_string();
    for (flag, value, why) in [
        ("--rps", "0", "--rps"),
        ("--error-rate", "2", "--error-rate: the error rate must be from 0 to 1, not 2"),
        ("--candidate-error-rate", "1.5", "--candidate-error-rate"),
        ("--latency", "x2", "--latency"),
        ("--latency", "weibull:3ms", "lognormal:MEDIAN,SIGMA"),
        ("--incident", "10m", "SPAN@START"),
        ("--users", "0", "--users"),
        ("--runs", "0", "--runs"),
        ("--span", "91d", "--span"),
        ("--traffic", "weekly", "diurnal"),
        ("--start", "noon", "2024-01-02T09:00:00Z"),
    ] {
        let ran = cli(&["simulate", "-f", &path, flag, value]).expect(2);
        assert!(ran.stderr.contains(why), "{flag} {value}: {ran:#?}");
    }
    let ran = cli(&["simulate", "-f", "/no/such/policy.yaml"]).expect(2);
    assert!(ran.stderr.contains("/no/such/policy.yaml"), "{ran:#?}");
}

#[test]
fn a_plan_tells_what_each_gate_finds() {
    let (_folder, path) = policy("  canary: {maxDuration: 1h}\n");
    let path = path.display().to_string();
    let plan = ["policy", "plan", &path, "--rps", "50", "--error-rate", "0.005", "-o", "json"];
    let told: Value = serde_json::from_str(&cli(&plan).expect(0).stdout).unwrap();
    let canary = &told["steps"][3];
    assert_eq!(canary["stage"], "canary", "{told:#}");
    let finds = &canary["checks"][0]["finds"];
    let (at_80, at_90) = (finds["at_80"].as_f64().unwrap(), finds["at_90"].as_f64().unwrap());
    assert!(0.005 < at_80 && at_80 < at_90 && at_90 < 0.01, "{finds}");
}

#[test]
fn a_plan_tells_what_a_kpi_needs_and_finds_where_its_values_are_given() {
    let (_folder, path) = policy(&format!("{ALL}  canary: {{maxDuration: 1h}}\n"));
    let path = path.display().to_string();
    let planned = |more: &[&str]| -> Value {
        let plan = ["policy", "plan", &path, "--rps", "50", "-o", "json"];
        let told = cli(&[&plan[..], more].concat()).expect(0).stdout;
        let told: Value = serde_json::from_str(&told).unwrap();
        told["steps"][3]["checks"][1].clone()
    };
    let unknown = planned(&[]);
    assert!(unknown["units"].is_null(), "{unknown:#}");
    assert!(unknown["unknown"].as_str().unwrap().contains("--kpi"), "{unknown:#}");
    assert!(unknown["finds"]["unknown"].as_str().unwrap().contains("--kpi"), "{unknown:#}");
    let told = planned(&["--kpi", "lognormal:10,0.8"]);
    // Half of the units have a value, and a mean needs a thousand of them to speak at all.
    assert!(told["units"].as_u64().unwrap() >= 2_000, "{told:#}");
    assert_eq!(told["finds"]["measure"], "mean_worse_by", "{told:#}");
    assert!(told["finds"]["at_90"].as_f64().unwrap() < 0.1, "{told:#}");
    let ran = cli(&["policy", "plan", &path, "--latency", "x1.2"]).expect(2);
    assert!(ran.stderr.contains("--latency: a multiple"), "{ran:#?}");
}

#[test]
fn what_was_played_is_told_also_where_its_page_cannot_be_written() {
    let (folder, path) = policy("");
    let (path, page) = (path.display().to_string(), folder.path().join("none/report.html"));
    let page = page.display().to_string();
    let told = cli(&["simulate", "-f", &path, "--runs", "1", "--report", &page, "-o", "json"]);
    let told = told.expect(2);
    let played: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(played["runs"], 1);
    assert!(told.stderr.contains(&page), "{}", told.stderr);
}

#[test]
fn every_line_that_its_page_shows_is_printed() {
    let (no_key, _) = policy("");
    let (keyed, _) = policy("  routing: {key: [header:x-user-id]}\n");
    std::fs::rename(no_key.path().join("policy.yaml"), keyed.path().join("no-key.yaml")).unwrap();
    let page = format!("{}/docs/how-to/simulate.md", env!("CARGO_MANIFEST_DIR"));
    let (mut printed, mut shown) = (String::new(), 0);
    for (language, text) in blocks(&std::fs::read_to_string(page).unwrap()) {
        if language == "sh no-run" {
            let in_folder = |word: &str| match word.rsplit_once('.') {
                Some((_, "yaml" | "html")) => keyed.path().join(word).display().to_string(),
                _ => word.to_owned(),
            };
            let words: Vec<_> = text.split_whitespace().skip(1).map(in_folder).collect();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            printed = cli(&words).expect(0).stdout;
        } else {
            let mut lines = printed.lines();
            for line in text.lines().filter(|line| !line.is_empty()) {
                assert!(lines.any(|printed| printed == line), "{line}\nis not in\n{printed}");
                shown += 1;
            }
        }
    }
    assert!(shown >= 20, "{shown}");
}
