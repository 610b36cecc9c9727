"""Where MLflow's own server differs: declared by claims, listed in docs/reference/mlflow.md."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/reference/mlflow.md"


def is_declared(claim):
    return hasattr(claim, "differs")


def occurs(claim):
    """Fails if the claim holds after all: then the difference is none, and is to be removed.

    Only what a claim asserts may fail; an answer of the server that it did not reckon with ends the run.
    """
    try:
        claim()
    except AssertionError as found:
        print("        ", str(found)[:160])
        return
    raise AssertionError(f"{claim.__name__} is declared to differ and does not")


def are_documented(claims):
    """Fails unless the page's table has exactly the declared differences."""
    declared = {claim.differs for claim in claims if is_declared(claim)}
    listed = rows(PAGE.read_text())
    undocumented, undeclared = declared - set(listed), set(listed) - declared
    assert not undocumented, f"differences missing in {PAGE.name}: {sorted(undocumented)}"
    assert not undeclared, f"differences of {PAGE.name} that no claim has: {sorted(undeclared)}"
    assert len(listed) == len(set(listed)), f"{PAGE.name} lists a difference twice"


def rows(page):
    """The cells of the table whose head is `here | there`."""
    lines = iter(page.splitlines())
    for line in lines:
        if line == "| here | there |":
            break
    next(lines)
    found = []
    for line in lines:
        if not line.startswith("| "):
            break
        here, there = line.strip("| ").split(" | ")
        found.append((here, there))
    return found
