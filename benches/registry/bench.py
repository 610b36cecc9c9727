"""Times two registries in turns. Usage: bench.py OURS THEIRS MODEL [--rounds N] [--write].

Both get the same requests in MLflow's JSON over one kept connection each, so that what is compared is
the servers and not a client. A round measures every operation on both, the first of them in turns; a
ratio is of one round, so that what slows the machine for a while slows both sides of it.
"""

import argparse
import http.client
import json
import os
import platform
import socket
import statistics
import time
from pathlib import Path
from urllib.parse import urlencode

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
VERSIONS = 300
MODELS = 100
CALLS = 20
BLOB_BYTES = 100_000_000
PAGE = Path(__file__).parents[2] / "docs/explanation/registry-benchmark.md"


class Registry:
    """One server, its model of many versions, and a run whose files make more of them."""

    def __init__(self, address, model):
        self.connection = http.client.HTTPConnection(address, timeout=120, blocksize=1 << 20)
        run = self.call("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]
        self.run = run["run_id"]
        self.root = run["artifact_uri"].split(":", 1)[1].lstrip("/")
        self.root = self.root[self.root.index("0/"):]
        self.put(f"{self.root}/model/model.onnx", Path(model).read_bytes())
        self.call("POST", "registered-models/create", {"name": "bench"})
        self.register()
        for number in range(2, VERSIONS + 1):
            self.create(rank="tenth" if number % 10 == 0 else "other")
        for number in range(MODELS):
            self.call("POST", "registered-models/create", {"name": f"other-{number}"})
        alias = {"name": "bench", "alias": "best", "version": str(VERSIONS // 2)}
        self.call("POST", "registered-models/alias", alias)

    def connect(self):
        """Anew, since a server closes what is idle while the other one is measured."""
        self.connection.close()
        self.model()

    def request(self, method, path, body=None, kind="application/json"):
        self.connection.request(method, path, body, {"content-type": kind})
        # Else a server that answers in two pieces waits 40 ms for us to acknowledge the first.
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        answer = self.connection.getresponse()
        read = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {method} {path}: {read[:300]}")
        return read

    def call(self, method, path, arguments):
        path = f"{API}/{path}"
        if method == "GET":
            return json.loads(self.request("GET", f"{path}?{urlencode(arguments)}"))
        return json.loads(self.request(method, path, json.dumps(arguments)))

    def put(self, path, data):
        self.request("PUT", f"{ARTIFACTS}/{path}", data, "application/octet-stream")

    def create(self, source="models:/bench/1", rank="made"):
        tags = [{"key": "rank", "value": rank}]
        version = {"name": "bench", "source": source, "run_id": self.run, "tags": tags}
        self.call("POST", "model-versions/create", version)

    def register(self):
        """Of files that were uploaded: here they are sealed, and the model in them is loaded."""
        self.create(f"mlflow-artifacts:/{self.root}/model")

    def by_alias(self):
        found = self.call("GET", "registered-models/alias", {"name": "bench", "alias": "best"})
        assert found["model_version"]["version"] == str(VERSIONS // 2)

    def by_number(self):
        self.call("GET", "model-versions/get", {"name": "bench", "version": "7"})

    def model(self):
        self.call("GET", "registered-models/get", {"name": "bench"})

    def search(self):
        arguments = {"filter": "name = 'bench' AND tag.rank = 'tenth'", "max_results": 100}
        found = self.call("GET", "model-versions/search", arguments)
        assert len(found["model_versions"]) == VERSIONS // 10

    def search_all(self):
        arguments = {"filter": "name = 'bench'", "max_results": VERSIONS}
        found = self.call("GET", "model-versions/search", arguments)
        assert len(found["model_versions"]) == VERSIONS

    def search_models(self):
        arguments = {"filter": "name LIKE 'other-%'", "max_results": MODELS}
        found = self.call("GET", "registered-models/search", arguments)
        assert len(found["registered_models"]) == MODELS

    def upload(self, number, data):
        self.put(f"{self.root}/blobs/{number}", data)

    def download(self, number):
        assert len(self.request("GET", f"{ARTIFACTS}/{self.root}/blobs/{number}")) == BLOB_BYTES


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def metadata(registry):
    """Seconds of one call of each kind, the mean of CALLS."""
    kinds = {
        "create a version, a copy": registry.create,
        "create a version of uploaded files": registry.register,
        "get by alias": registry.by_alias,
        "get by number": registry.by_number,
        "get a model": registry.model,
        f"search versions by tag, {VERSIONS // 10} found": registry.search,
        f"search versions, {VERSIONS} found": registry.search_all,
        f"search models, {MODELS} found": registry.search_models,
    }

    def mean(call):
        registry.connect()
        return timed(lambda: [call() for _ in range(CALLS)]) / CALLS

    return {kind: mean(call) for kind, call in kinds.items()}


def blobs(registry, number, data):
    registry.connect()
    return {
        "upload 100 MB": timed(lambda: registry.upload(number, data)),
        "download 100 MB, the first time": timed(lambda: registry.download(number)),
        "download 100 MB again": timed(lambda: registry.download(number)),
    }


def measure(ours, theirs, rounds):
    """For each operation its pairs of seconds, ours and theirs, one of each round."""
    pairs = {}
    # Each of the other server's processes is warm before it counts.
    for registry in [ours, theirs]:
        for _ in range(3):
            metadata(registry)
    for number in range(rounds):
        data = os.urandom(BLOB_BYTES)
        turns = [ours, theirs] if number % 2 == 0 else [theirs, ours]
        for work in [metadata, lambda registry: blobs(registry, number, data)]:
            taken = {registry: work(registry) for registry in turns}
            for kind, seconds in taken[ours].items():
                pairs.setdefault(kind, []).append((seconds, taken[theirs][kind]))
    return pairs


def table(pairs):
    rows = ["| operation | here | there | ratio | middle half of the ratios |", "|---|---|---|---|---|"]
    for kind, taken in pairs.items():
        ratios = [theirs / ours for ours, theirs in taken]
        low, _, high = statistics.quantiles(ratios, n=4)
        here, there = (statistics.median(side) for side in zip(*taken))
        rows.append(
            f"| {kind} | {here * 1e3:.2f} ms | {there * 1e3:.2f} ms "
            f"| {statistics.median(ratios):.1f} | {low:.1f} – {high:.1f} |"
        )
    return "\n".join(rows)


def write(text):
    """Puts the table between the page's two marks."""
    page = PAGE.read_text()
    head, rest = page.split("<!-- measured -->\n")
    _, tail = rest.split("<!-- end -->", 1)
    PAGE.write_text(f"{head}<!-- measured -->\n{text}\n<!-- end -->{tail}")


arguments = argparse.ArgumentParser()
arguments.add_argument("ours")
arguments.add_argument("theirs")
arguments.add_argument("model")
arguments.add_argument("--rounds", type=int, default=11)
arguments.add_argument("--write", action="store_true")
given = arguments.parse_args()
ours = Registry(given.ours, given.model)
theirs = Registry(given.theirs, given.model)
measured = table(measure(ours, theirs, given.rounds))
measured = f"{given.rounds} rounds, {os.cpu_count()} CPUs, {platform.machine()}:\n\n{measured}"
print(measured)
if given.write:
    write(measured)
