//! The user's own command: what it is told, what it may do, and that nothing of it stays.

use super::super::command::check as run_command;
use super::super::report::Findings;
use super::fake::{Breach, beside, signature};
use super::*;
use crate::config::UserCommand;
use std::time::Duration;

fn shell(script: &str) -> UserCommand {
    UserCommand {
        argv: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        env: [("GREETING".to_owned(), "hello".to_owned())].into(),
        timeout: Duration::from_secs(20),
        max_output: 64,
    }
}

/// A version of the model `digits` at the endpoint `scans`.
fn staging() -> Subject {
    let subject = subject("http://127.0.0.1:9".to_owned(), 7, signature());
    Subject { model: EndpointName::new("scans").unwrap(), ..subject }
}

async fn run(command: &UserCommand) -> (Check, Output) {
    let mut findings = Findings::default();
    run_command(command, &staging(), &mut findings).await;
    (findings.checks.remove(0), findings.command.expect("it was started").output())
}

#[tokio::test]
async fn it_is_told_where_and_what_to_test_and_nothing_else() {
    let script = "echo $SEATRIAL_STAGING_URL $SEATRIAL_ENDPOINT $SEATRIAL_MODEL $SEATRIAL_VERSION $GREETING [$HOME]";
    let (check, output) = run(&shell(script)).await;
    assert_eq!(check.verdict, Verdict::Passed);
    assert_eq!(output.stdout, "http://127.0.0.1:9 scans digits 7 hello []\n");
}

#[tokio::test]
async fn a_status_other_than_zero_fails_with_its_last_line() {
    let (check, _) = run(&shell("echo three of four rows are wrong >&2; exit 3")).await;
    assert_eq!(check.verdict, Verdict::Failed);
    assert_eq!(check.detail, "exit status: 3, expected 0: three of four rows are wrong");
}

#[tokio::test]
async fn its_output_is_bounded_and_the_rest_counted() {
    let (check, output) = run(&shell("head -c 200000 /dev/zero | tr '\\0' x")).await;
    assert_eq!(check.verdict, Verdict::Passed);
    assert_eq!((output.stdout.len(), output.dropped_bytes), (64, 200_000 - 64));
}

#[tokio::test]
async fn a_late_command_is_killed_with_everything_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("alive");
    // Both the shell and the process it started hold the pipe open until they are gone.
    let script = format!("mkfifo {0}; exec 3<>{0}; sleep 600 & echo $!; wait", fifo.display());
    let command = UserCommand { timeout: Duration::from_millis(500), ..shell(&script) };
    let (check, output) = run(&command).await;
    assert_eq!(check.detail, "killed after 0.5 s, its limit");
    assert!(is_gone(output.stdout.trim()), "{output:?}");
}

#[tokio::test]
async fn a_command_that_is_no_longer_waited_for_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let note = directory.path().join("pid");
    let command = shell(&format!("echo $$ > {0}.new; mv {0}.new {0}; sleep 600", note.display()));
    let mut running = Box::pin(run(&command));
    while !note.exists() {
        let turn = timeout(Duration::from_millis(5), &mut running).await;
        assert!(turn.is_err(), "it ended early");
    }
    drop(running);
    assert!(is_gone(std::fs::read_to_string(&note).unwrap().trim()));
}

#[tokio::test]
async fn what_a_hanging_command_printed_is_told_when_validations_time_is_up() {
    let report = beside(Breach::None, async |candidate| {
        let contract = "{batchInvariance: false, determinism: false, malformed: false}";
        let validation = format!("{{contract: {contract}, timeout: 2s}}");
        let mut asked = request(plan(&validation), candidate);
        asked.command = Some(shell("echo row 7 is odd; echo still looking >&2; sleep 600"));
        validate(asked).await
    });
    let report = report.await;
    assert_eq!(failed(&report), ["timeout"]);
    let timeout = check(&report, "timeout");
    assert!(timeout.detail.ends_with("while the user's command ran"), "{timeout:?}");
    let output = report.command.expect("it was started");
    assert_eq!(
        (output.stdout.as_str(), output.stderr.as_str()),
        ("row 7 is odd\n", "still looking\n")
    );
}

/// A killed process is gone, or a zombie until it is reaped; it runs no more.
fn is_gone(pid: &str) -> bool {
    assert!(pid.parse::<u32>().is_ok(), "{pid:?}");
    (0..100_000).any(|_| match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X'])),
        Err(_) => true,
    })
}

#[tokio::test]
async fn a_program_that_is_not_there_is_no_pass() {
    let mut findings = Findings::default();
    let command = UserCommand { argv: vec!["/nowhere/to/be/found".to_owned()], ..shell("") };
    run_command(&command, &staging(), &mut findings).await;
    assert_eq!(findings.checks[0].verdict, Verdict::Error, "the candidate cannot help it");
    assert!(findings.checks[0].detail.contains("cannot be started"), "{findings:?}");
}
