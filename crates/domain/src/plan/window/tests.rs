//! What `window` promises, as tests.

use super::*;

fn window(kind: WindowKind, schedule: &str, hours: u64, time_zone: &str) -> Window {
    Window {
        kind,
        schedule: schedule.to_owned().into(),
        duration: Duration::from_secs(hours * 3600),
        time_zone: time_zone.to_owned(),
        blocks: vec![Blocks::Start, Blocks::Advance],
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn until(windows: &[Window], now: &str) -> Option<Option<Timestamp>> {
    blocked(windows, Blocks::Advance, at(now)).map(|freeze| freeze.until)
}

#[test]
fn a_deny_window_blocks_from_its_start_to_its_end() {
    // Friday 17:00 for 64 hours: until Monday 09:00.
    let weekend = [window(WindowKind::Deny, "0 17 * * 5", 64, "UTC")];
    let monday = at("2026-07-06T09:00:00Z");
    assert_eq!(until(&weekend, "2026-07-03T16:59:59.999Z"), None);
    assert_eq!(until(&weekend, "2026-07-03T17:00:00Z"), Some(Some(monday)));
    assert_eq!(until(&weekend, "2026-07-05T03:00:00.5Z"), Some(Some(monday)));
    assert_eq!(until(&weekend, "2026-07-06T08:59:59.999999Z"), Some(Some(monday)));
    assert_eq!(until(&weekend, "2026-07-06T09:00:00Z"), None);
}

#[test]
fn only_the_moves_it_names_are_blocked() {
    let mut starts = window(WindowKind::Deny, "0 0 * * *", 24, "UTC");
    starts.blocks = vec![Blocks::Start];
    let now = at("2026-07-03T12:00:00Z");
    assert!(blocked(&[starts.clone()], Blocks::Start, now).is_some());
    assert_eq!(blocked(&[starts], Blocks::Advance, now), None);
}

#[test]
fn an_allow_window_blocks_while_closed_and_deny_wins_inside_it() {
    let office = window(WindowKind::Allow, "0 9 * * 1-5", 8, "UTC");
    let lunch = window(WindowKind::Deny, "0 12 * * *", 1, "UTC");
    let windows = [office, lunch];
    let cases = [
        ("2026-07-03T10:00:00Z", None),
        ("2026-07-03T12:30:00Z", Some("2026-07-03T13:00:00Z")),
        ("2026-07-03T17:00:00Z", Some("2026-07-06T09:00:00Z")),
        // Saturday's lunch ends in a closed office.
        ("2026-07-04T12:30:00Z", Some("2026-07-06T09:00:00Z")),
    ];
    for (now, end) in cases {
        assert_eq!(until(&windows, now), end.map(|end| Some(at(end))), "{now}");
    }
}

#[test]
fn a_start_follows_the_wall_clock_of_its_zone_over_daylight_saving() {
    // Berlin leaves summer time on 25 October 2026 at 03:00.
    let nine = [window(WindowKind::Deny, "0 9 * * *", 1, "Europe/Berlin")];
    assert_eq!(until(&nine, "2026-10-24T07:30:00Z"), Some(Some(at("2026-10-24T08:00:00Z"))));
    assert_eq!(until(&nine, "2026-10-25T07:30:00Z"), None);
    assert_eq!(until(&nine, "2026-10-25T08:30:00Z"), Some(Some(at("2026-10-25T09:00:00Z"))));
}

#[test]
fn a_duration_is_elapsed_time_over_daylight_saving() {
    // 4 hours from 22:00 UTC, whatever the clocks in between show (spring: 29 March 2026).
    let night = [window(WindowKind::Deny, "0 23 28 3 *", 4, "Europe/Berlin")];
    assert_eq!(until(&night, "2026-03-29T01:30:00Z"), Some(Some(at("2026-03-29T02:00:00Z"))));
    assert_eq!(until(&night, "2026-03-29T02:00:00Z"), None);
}

#[test]
fn a_start_within_the_skipped_hour_still_freezes() {
    // 02:30 does not exist in Berlin on 29 March 2026.
    let gap = [window(WindowKind::Deny, "30 2 * * *", 2, "Europe/Berlin")];
    assert!(until(&gap, "2026-03-29T01:45:00Z").is_some());
}

#[test]
fn windows_without_a_gap_are_one_freeze() {
    let windows = [
        window(WindowKind::Deny, "0 0 1 7 *", 24, "UTC"),
        window(WindowKind::Deny, "0 12 1 7 *", 24, "UTC"),
        window(WindowKind::Deny, "0 12 2 7 *", 1, "UTC"),
    ];
    assert_eq!(until(&windows, "2026-07-01T01:00:00Z"), Some(Some(at("2026-07-02T13:00:00Z"))));
}

#[test]
fn a_freeze_without_end_says_so() {
    let always = [window(WindowKind::Deny, "0 * * * *", 2, "UTC")];
    assert_eq!(until(&always, "2026-07-01T01:00:00Z"), Some(None));
}

#[test]
fn a_window_that_cannot_be_evaluated_blocks() {
    for kind in [WindowKind::Deny, WindowKind::Allow] {
        let broken = [window(kind, "0 17 * * 5", 1, "Mars/Olympus")];
        assert_eq!(until(&broken, "2026-07-01T01:00:00Z"), Some(None));
    }
}

#[test]
fn bad_schedules_and_zones_are_named() {
    let check = |schedule, zone| window(WindowKind::Deny, schedule, 1, zone).check();
    assert_eq!(check("0 17 * * 5", "Europe/Berlin"), Ok(()));
    assert!(matches!(check("0 17 * * 5", "Mars/Olympus"), Err(Error::TimeZone(_))));
    assert!(matches!(check("0 0 30 2 *", "UTC"), Err(Error::Never(_))));
    for wrong in ["61 * * * *", "@daily", "* * * *", "0 0 0 * * *", "a b c d e", ""] {
        assert!(matches!(check(wrong, "UTC"), Err(Error::Schedule(..))), "{wrong:?}");
    }
}
