//! Garbage is shown before it goes, and goes whatever happens meanwhile; nothing else does.

use crate::harness::{PATIENCE, Server, age_blobs, cli, eventually, fixture};
use std::path::PathBuf;

fn blobs(server: &Server) -> PathBuf {
    server.data().join("blobs/sha256")
}

fn count(server: &Server) -> usize {
    std::fs::read_dir(blobs(server)).unwrap().count()
}

/// Blobs that nothing refers to, older than any grace.
fn litter(server: &Server, round: usize, count: usize) {
    for number in 0..count {
        let name = format!("{round:032x}{number:032x}");
        std::fs::write(blobs(server).join(name), "litter").unwrap();
    }
    age_blobs(server);
}

#[test]
fn garbage_is_listed_first_and_removed_on_demand() {
    let server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.push(&fixture("v2"), "digits");
    server.cli(&["model", "delete", "digits", "1"]).expect(0);
    server.cli(&["model", "delete", "digits"]).expect(2);
    let young = server.cli(&["model", "gc", "--delete"]).expect(0).stdout;
    assert!(young.starts_with("removed 0 blobs"), "it was stored just now: {young}");
    age_blobs(&server);

    let listed = server.cli(&["model", "gc"]).expect(0);
    assert!(
        listed.stdout.contains("would remove 1 blob (") && listed.stdout.contains("kept 1 blob")
    );
    assert!(listed.stderr.contains("nothing was removed"), "{listed:#?}");
    let listed = server.cli(&["model", "gc", "-o", "json"]).expect(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed:#}");
    litter(&server, 0, 3);
    let few = server.cli(&["model", "gc", "--limit", "2", "-o", "json"]).expect(0);
    assert_eq!(few.json()["items"].as_array().unwrap().len(), 2, "{few:#?}");
    assert_eq!(few.json()["garbage"]["blobs"], 4, "the totals are of all: {few:#?}");
    assert!(few.stderr.contains("and 2 more"), "{few:#?}");
    assert_eq!(count(&server), 5);
    server.cli(&["model", "gc", "--delete", "--grace", "5m"]).expect(2);

    let removed = server.cli(&["model", "gc", "--delete", "--grace", "36h"]).expect(0).stdout;
    assert!(removed.starts_with("removed 4 blobs ("), "{removed}");
    assert_eq!(count(&server), 1);
    server.cli(&["model", "verify", "digits", "2"]).expect(0);
    server.cli(&["model", "delete", "digits", "--all"]).expect(0);
    server.cli(&["model", "list", "digits"]).expect(3);
    assert_eq!(server.push(&fixture("v1"), "digits"), 3, "numbers never return");
    server.assert_journal_verifies();
}

#[test]
fn killed_at_any_instant_of_a_collection_it_loses_nothing_that_is_registered() {
    const LITTER: usize = 1500;
    let mut server = Server::start_with("[limits.gc]\nmax_removed = 400\nturn = 20\n");
    server.push(&fixture("v1"), "digits");
    for round in 0..5 {
        // Its bytes are garbage, and are pushed again while garbage is removed.
        let again = server.push(&fixture("v2"), "digits").to_string();
        server.cli(&["model", "delete", "digits", &again]).expect(0);
        litter(&server, round, LITTER);
        let before = count(&server);
        let control = server.control_origin();
        let ask = |arguments: &[&str]| {
            let arguments = [arguments, &["--server", &control]].concat();
            let arguments = arguments.into_iter().map(str::to_owned).collect::<Vec<_>>();
            std::thread::spawn(move || {
                cli(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).status
            })
        };
        let (one, two) = (ask(&["model", "gc", "--delete"]), ask(&["model", "gc", "--delete"]));
        let pushed = fixture("v2").display().to_string();
        let push = ask(&["model", "push", &pushed, "--name", "digits"]);
        // Another instant in each round: after so many have gone.
        let gone = [1, 37, 401, 900, 1499][round];
        eventually("some garbage has gone", PATIENCE, || {
            (count(&server) + gone <= before).then_some(())
        });
        server.kill9();
        for asked in [one, two, push] {
            asked.join().unwrap();
        }
        server.restart();

        let versions = server.get("/models/digits/versions");
        let versions = versions["items"].as_array().unwrap().clone();
        assert!(!versions.is_empty(), "version 1 is there");
        for version in versions {
            let number = version["version"].to_string();
            server.cli(&["model", "verify", "digits", &number]).expect(0);
        }
        let collected = server.cli(&["model", "gc", "--delete", "-o", "json"]).expect(0).json();
        assert_eq!(collected["left"]["blobs"], 0, "{collected:#}");
        assert!(count(&server) <= 2, "what is registered is left, and nothing else");
        server.assert_journal_verifies();
    }
    let last = server.push(&fixture("v2"), "digits").to_string();
    server.cli(&["model", "verify", "digits", &last]).expect(0);
}
