"""Checks the report of `seatrial demo` against what must happen. Exit status 0: it did."""

import json
import sys


def main(path: str) -> None:
    try:
        with open(path, encoding="utf-8") as file:
            expectations = checked(json.load(file))
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.exit(f"{path} is no whole report of the demo: {type(error).__name__}: {error}")
    for claim, holds in expectations.items():
        print(("ok      " if holds else "NOT SO  ") + claim)
    if not all(expectations.values()):
        sys.exit(1)


def checked(report: dict) -> dict[str, bool]:
    one, two, three, four = report["acts"]
    return {
        "act 1: v2 is rolled back in the canary": (
            one["act"] == 1
            and one["candidate"] == 2
            and one["outcome"] == "rolled_back"
            and one["stage"] == "canary"
            and one["candidate_units"] > 0
            and 0 <= one["decision_to_zero_ms"] < 5000
        ),
        "act 2: v3 is rejected in validation, unseen by clients": (
            two["act"] == 2
            and two["candidate"] == 3
            and two["outcome"] == "rejected"
            and two["stage"] == "validating"
            and two["live_requests_to_candidate"] == 0
        ),
        "act 3: v4 climbs to everything": (
            three["act"] == 3
            and three["candidate"] == 4
            and three["outcome"] == "stabilizing"
            and three["shares"] == [500, 1000, 2500, 5000, 10000]
        ),
        "act 4: one word brings v1 back": (
            four["act"] == 4
            and four["outcome"] == "rolled_back"
            and four["to_version"] == 1
            and 0 <= four["decision_to_zero_ms"] < 1000
        ),
        "no client request failed": (
            report["requests"]["failed"] == 0 and report["requests"]["served"] > 10_000
        ),
        "the journal verifies": report["journal_verified"] is True,
    }


if __name__ == "__main__":
    main(sys.argv[1])
