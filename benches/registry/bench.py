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
# Of what takes longest: of both kinds together as many as the server has ready for.
FIRST_TIMES = 2
# What a client logs beside a model's file.
LOGGED = {
    "MLmodel": b"flavors:\n  onnx:\n    data: model.onnx\n    onnx_version: 1.19.0\n",
    "conda.yaml": b"channels:\n- conda-forge\ndependencies:\n- python=3.13.5\n",
    "python_env.yaml": b"python: 3.13.5\ndependencies:\n- -r requirements.txt\n",
    "requirements.txt": b"mlflow==3.17.2\nonnx==1.19.0\nonnxruntime==1.23.0\n",
}
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
        self.bytes, self.models = Path(model).read_bytes(), 0
        self.put(f"{self.root}/model/model.onnx", self.bytes)
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

    def ask(self, method, path, arguments):
        """The bytes of an answer: what a client makes of them is no server's time."""
        path = f"{API}/{path}"
        if method == "GET":
            return self.request("GET", f"{path}?{urlencode(arguments)}")
        return self.request(method, path, json.dumps(arguments))

    def call(self, method, path, arguments):
        return json.loads(self.ask(method, path, arguments))

    def put(self, path, data):
        self.request("PUT", f"{ARTIFACTS}/{path}", data, "application/octet-stream")

    def create(self, source="models:/bench/1", rank="made"):
        tags = [{"key": "rank", "value": rank}]
        version = {"name": "bench", "source": source, "run_id": self.run, "tags": tags}
        return self.ask("POST", "model-versions/create", version)

    def register(self):
        """Of files that were uploaded: here they are sealed, and their model was loaded once."""
        return self.create(f"mlflow-artifacts:/{self.root}/model")

    def register_new(self, others):
        """As `register`, of a model that was never there before: here it is loaded, from when its file
        is there. The files come one after another, by name."""
        self.models += 1
        path = f"{self.root}/model-{self.models}"
        model = self.bytes + annotation(f"{self.root}-{self.models}")
        for name, data in sorted({**others, "model.onnx": model}.items()):
            self.put(f"{path}/{name}", data)
        return timed(lambda: self.create(f"mlflow-artifacts:/{path}"))

    def by_alias(self):
        return self.ask("GET", "registered-models/alias", {"name": "bench", "alias": "best"})

    def by_number(self):
        return self.ask("GET", "model-versions/get", {"name": "bench", "version": "7"})

    def model(self):
        return self.ask("GET", "registered-models/get", {"name": "bench"})

    def search(self):
        arguments = {"filter": "name = 'bench' AND tag.rank = 'tenth'", "max_results": 100}
        return self.ask("GET", "model-versions/search", arguments)

    def search_all(self):
        arguments = {"filter": "name = 'bench'", "max_results": VERSIONS}
        return self.ask("GET", "model-versions/search", arguments)

    def search_models(self):
        arguments = {"filter": "name LIKE 'other-%'", "max_results": MODELS}
        return self.ask("GET", "registered-models/search", arguments)

    def upload(self, number, data):
        self.put(f"{self.root}/blobs/{number}", data)

    def download(self, number):
        assert len(self.request("GET", f"{ARTIFACTS}/{self.root}/blobs/{number}")) == BLOB_BYTES


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def annotation(text):
    """What makes other bytes of an ONNX model, and the same model: one more entry of its metadata."""

    def field(number, data):
        assert len(data) < 128
        return bytes([number << 3 | 2, len(data)]) + data

    return field(14, field(1, b"bench") + field(2, text.encode()))


def metadata(registry):
    """Seconds of one call of each kind, the mean of CALLS; each answer is what was asked for."""
    half = str(VERSIONS // 2)
    kinds = {
        "create a version, a copy": (registry.create, ready),
        "create a version of uploaded files again": (registry.register, ready),
        "get by alias": (registry.by_alias, lambda found: ready(found)["version"] == half),
        "get by number": (registry.by_number, lambda found: ready(found)["version"] == "7"),
        "get a model": (registry.model, lambda found: found["registered_model"]["aliases"]),
        f"search versions by tag, {VERSIONS // 10} found": (
            registry.search, lambda found: len(found["model_versions"]) == VERSIONS // 10),
        f"search versions, {VERSIONS} found": (
            registry.search_all, lambda found: len(found["model_versions"]) == VERSIONS),
        f"search models, {MODELS} found": (
            registry.search_models, lambda found: len(found["registered_models"]) == MODELS),
    }

    def mean(call, is_right):
        answers = []
        registry.connect()
        taken = timed(lambda: answers.extend(call() for _ in range(CALLS)))
        assert all(is_right(json.loads(answer)) for answer in answers), answers[0][:300]
        return taken / CALLS

    found = {kind: mean(*asked) for kind, asked in kinds.items()}
    registry.connect()
    for kind, others in [("a new model", LOGGED), ("a new model of one file", {})]:
        new = [registry.register_new(others) for _ in range(FIRST_TIMES)]
        found[f"create a version of {kind}"] = statistics.mean(new)
    return found


def ready(found):
    version = found["model_version"]
    return version if version["status"] == "READY" else None


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
