"""The S3 server, the proxy before it, and Seatrial's own binary with its blobs there."""

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from proxy import Proxy

SEATRIAL, MODEL, OTHER_MODEL = sys.argv[1:4]
BUCKET, PREFIX = "models", "team/a"
SECRETS = {"AWS_ACCESS_KEY_ID": "AKIAVERYSECRET", "AWS_SECRET_ACCESS_KEY": "hush-hush-hush"}

_process = subprocess.Popen(
    [sys.executable, str(Path(__file__).with_name("server.py"))], stdout=subprocess.PIPE, text=True
)
S3_PORT = int(_process.stdout.readline())
proxy = Proxy(S3_PORT)


def stop():
    _process.kill()


def s3(method, path, body=None):
    """Asks the S3 server, past the proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", S3_PORT)
    # Whoever names anybody is let in.
    connection.request(method, path, body, {"authorization": "AWS somebody:anything"})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


def keys(below):
    status, answer = s3("GET", f"/{BUCKET}?list-type=2&prefix={PREFIX}/blobs/{below}")
    assert status == 200, answer
    return re.findall(r"<Key>([^<]*)</Key>", answer.decode())


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Server:
    """One server; what it logs is kept."""

    def __init__(self, limits=""):
        self.home = Path(tempfile.mkdtemp(dir=os.environ["SEATRIAL_TEST_HOME"]))
        (self.home / "seatrial.toml").write_text(
            f"""
            [server]
            inference = "127.0.0.1:0"
            control = "127.0.0.1:0"
            [data]
            dir = "{self.home}/data"
            [blobs]
            store = "s3"
            bucket = "{BUCKET}"
            prefix = "{PREFIX}"
            endpoint = "http://127.0.0.1:{proxy.server_port}"
            [limits.blobs]
            part = 5_242_880
            {limits}
            """
        )
        self.start()

    def start(self):
        (self.home / "data" / "addresses.json").unlink(missing_ok=True)
        command = [SEATRIAL, "serve", "--config", self.home / "seatrial.toml"]
        with open(self.home / "log", "ab") as log:
            environment = {**os.environ, **SECRETS}
            self.process = subprocess.Popen(command, stderr=log, env=environment)
        addresses = until(self.addresses, "the server started", self.has_ended)
        self.url = f"http://{addresses['control']}"
        self.inference = f"http://{addresses['inference']}"

    def addresses(self):
        path = self.home / "data" / "addresses.json"
        return json.loads(path.read_text()) if path.exists() else None

    def has_ended(self):
        assert self.process.poll() is None, self.log()

    def log(self):
        return (self.home / "log").read_text()

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()

    def cli(self, *arguments, timeout=60):
        command = [SEATRIAL, *arguments, "--server", self.url]
        environment = {**os.environ, **SECRETS}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=environment
        )

    def push(self, path=MODEL, name="m"):
        pushed = self.cli("model", "push", str(path), "--name", name)
        assert pushed.returncode == 0, pushed.stderr
        return pushed

    def roll_out(self, name, *more):
        """Version 1 as the first version of the endpoint of the same name."""
        policy = self.home / "policy.yaml"
        policy.write_text(
            "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: %s}\nspec:\n"
            "  endpoint: %s\n  stability: {duration: 1s}\n  standby: {keep: {duration: 1s}}\n"
            % (name, name)
        )
        applied = self.cli("policy", "apply", str(policy))
        assert applied.returncode == 0, applied
        words = ["--bootstrap", "--reason", "because", "--wait", *more]
        return self.cli("rollout", "start", name, "1", *words)

    def get(self, path, base=None):
        try:
            with urllib.request.urlopen((base or self.url) + path, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except http.client.IncompleteRead:
            return 0, b""

    def post(self, path, body):
        data, headers = json.dumps(body).encode(), {"content-type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def download(self, name="m", version=1, file="v1.onnx"):
        artifacts = "/api/2.0/mlflow-artifacts/artifacts"
        return self.get(f"{artifacts}/versions/{name}/{version}/{file}")

    def cached(self, content):
        return self.home / "data" / "blobs" / "cache" / "sha256" / digest(content)

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) >> 10

    def versions(self, name="m"):
        status, answer = self.get(f"/api/v1/models/{name}/versions")
        return len(json.loads(answer)["items"]) if status == 200 else 0

    def metric(self, name):
        return int(re.search(rf"^{re.escape(name)} (\d+)$", self.get("/metrics")[1].decode(), re.M)[1])


def until(look, claim, meanwhile=lambda: None, patience_s=60):
    deadline = time.monotonic() + patience_s
    while True:
        seen = look()
        if seen:
            return seen
        meanwhile()
        assert time.monotonic() < deadline, f"never: {claim}"
        time.sleep(0.05)
