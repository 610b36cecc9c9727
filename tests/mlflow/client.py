"""Drives a server by the unmodified MLflow client. Usage: client.py SEATRIAL CONTROL-URL MODEL.

Each function of a subject's CLAIMS states a claim; the first that does not hold ends the run with
its name. With `-` for SEATRIAL the server is MLflow's own: there every step of a claim that is marked
as differing must not hold, and every other one must.
"""

import mlflow

import absent
import aliases
import differences
import downloads
import faults
import flavors
import paging
import registry
import searches
import tagging
import training
import transfers
import versioning
from world import OURS

SUBJECTS = [
    registry,
    versioning,
    aliases,
    tagging,
    searches,
    paging,
    faults,
    downloads,
    absent,
    flavors,
    training,
    transfers,
]

differing = 0
claims = [claim for subject in SUBJECTS for claim in subject.CLAIMS]
differences.are_documented(claims)
for claim in claims:
    words = claim.__name__.replace("_", " ")
    found = differences.proven(claim)
    if OURS or not found:
        print("ok     ", words, flush=True)
        continue
    differing += 1
    print("differs", words, flush=True)
    for step in found:
        print("        ", step[:160])
print(f"{len(claims) - differing} claims hold for mlflow {mlflow.__version__}, {differing} differ")
