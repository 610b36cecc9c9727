"""Where MLflow's own server differs: declared by claims, listed in docs/reference/mlflow.md."""

from pathlib import Path

from world import steps

PAGE = Path(__file__).parents[2] / "docs/reference/mlflow.md"


def is_declared(claim):
    return hasattr(claim, "differs")


def proven(claim):
    """Runs it; what its differing steps found. Fails unless it has them exactly if it is declared to differ."""
    steps.clear()
    claim()
    if is_declared(claim):
        assert steps, f"{claim.__name__} is declared to differ, and no step of it does"
    else:
        assert not steps, f"{claim.__name__} has a step that differs, and is not declared to"
    return list(steps)


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
