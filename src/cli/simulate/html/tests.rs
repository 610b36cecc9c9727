//! The page's structure, and that nothing in it is taken for markup.

use super::*;
use crate::cli::simulate::Assumption;
use crate::cli::simulate::met::Met;
use seatrial_domain::PlanHash;
use seatrial_sim::simulate::ended::{Cause, Exposure, Outcome, Reading, Seen, Visit};
use seatrial_sim::simulate::summary::{Summary, Truth};

fn run(outcome: Outcome, seconds: u64) -> Ended {
    let reading = Reading { check: "<b>&\"".to_owned(), fail: 0.5, pass: Some(0.1) };
    let seen = |at| Seen {
        at,
        stage: "canary".to_owned(),
        readings: vec![reading.clone()],
        requests: 25 * at,
    };
    Ended {
        outcome,
        seconds,
        stages: vec![
            Visit { stage: "canary".to_owned(), at: 10, frozen: 0 },
            Visit { stage: "completed".to_owned(), at: seconds, frozen: 0 },
        ],
        exposure: Exposure { units: 25 * seconds, requests: 25 * seconds, harmed: 3 },
        looks: 2,
        trail: vec![seen(20), seen(seconds)],
    }
}

fn told(runs: &[Ended]) -> Told {
    Told {
        policy: "</title><script>alert(1)</script>".to_owned(),
        endpoint: "e".to_owned(),
        plan_hash: PlanHash::of(b"plan"),
        seed: 7,
        span_s: 604_800,
        assumptions: vec![Assumption { name: "latency", value: "<i>\"x'".to_owned() }],
        incidents: vec![Met::of((Duration::from_secs(60), Duration::from_secs(3_600)), runs)],
        summary: Summary::of(runs, Truth::Harmless).unwrap(),
    }
}

#[test]
fn a_page_loads_nothing_runs_nothing_and_escapes_everything() {
    let failed = Outcome::RolledBack(Cause::Check("<img src=x>".to_owned()));
    let runs = [run(Outcome::Completed, 9_000), run(failed, 400)];
    let page = page(&told(&runs), &runs);
    for forbidden in ["<script", "<img", "<i>", "<b>", "http:", "https:", "url(", "@import", "<a "]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("&lt;/title&gt;&lt;script&gt;alert(1)"));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_chart_has_a_title_words_and_a_table_beside_it() {
    let runs = [run(Outcome::Completed, 9_000), run(Outcome::Completed, 9_500)];
    let page = page(&told(&runs), &runs);
    let count = |what: &str| page.matches(what).count();
    assert!(page.contains(": 2 rollouts</h1>"), "{page}");
    assert!(page.contains("<p>incident 1m@1h: met by 100.0 %"), "{page}");
    // Outcomes, times, exposure, and the evidence of each run that was traced.
    assert_eq!(count("<svg"), 5);
    for each in ["role=\"img\"><title>", "</title><desc>", "</desc>", "</svg>"] {
        assert_eq!(count(each), 5, "{each}");
    }
    // And one of the assumptions.
    assert_eq!((count("<table>"), count("</table>")), (6, 6));
    for element in ["tr", "td", "th", "svg", "text", "h2", "p"] {
        let opened = count(&format!("<{element}>")) + count(&format!("<{element} "));
        assert_eq!(opened, count(&format!("</{element}>")), "{element}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}

#[test]
fn long_lines_are_thinned_and_keep_their_ends() {
    let points: Vec<_> = (0..10_000).map(|x| (f64::from(x), 0.0)).collect();
    let kept = thinned(points);
    assert!(kept.len() <= POINTS_MAX + 1);
    assert_eq!((kept[0].0, kept[kept.len() - 1].0), (0.0, 9_999.0));
    assert!(thinned(Vec::new()).is_empty());
}
