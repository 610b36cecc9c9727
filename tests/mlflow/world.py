"""The server under test, as claims reach it: its client, its models, and what a refusal is.

Claims work with names of their own and not with what others left, so that they hold in any order,
on Seatrial and on MLflow's own server alike.
"""

import logging
import os
import subprocess
import sys
import warnings
from contextlib import contextmanager

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
warnings.simplefilter("ignore", FutureWarning)

import mlflow  # noqa: E402
import requests  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

SEATRIAL, URL, MODEL = sys.argv[1:4]
# MLflow's own server has no command line of ours.
OURS = SEATRIAL != "-"
API = f"{URL}/api/2.0/mlflow"
ARTIFACTS = f"{URL}/api/2.0/mlflow-artifacts/artifacts"

logging.getLogger("mlflow").setLevel(logging.WARNING)
client = MlflowClient(tracking_uri=URL, registry_uri=URL)
mlflow.set_tracking_uri(URL)
mlflow.set_registry_uri(URL)


def push(name):
    """Makes the demo's model, logged by a run, the first version of `name`."""
    run_id, root = run()
    client.log_artifact(run_id, MODEL, "model")
    client.create_registered_model(name)
    client.create_model_version(name, f"{root}/model", run_id)


def pushed(name, count=1):
    """A new model of this name with `count` versions; its name."""
    push(name)
    for _ in range(count - 1):
        client.create_model_version(name, f"models:/{name}/1")
    return name


def run():
    """A new run's id, and where its files go."""
    made = client.create_run("0").info
    return made.run_id, made.artifact_uri


def seatrial(*words):
    command = [SEATRIAL, *words, "--server", URL]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def upload(path, data):
    """The answer to a file put below the artifacts' root."""
    headers = {"content-type": "application/octet-stream"}
    return requests.put(f"{ARTIFACTS}/{path}", data=data, headers=headers, timeout=60)


def download(path):
    answer = requests.get(f"{ARTIFACTS}/{path}", timeout=60)
    assert answer.status_code == 200, f"{answer.status_code} for {path}"
    return answer.content


def files_of(name, version):
    """The artifact path of a version's files, as the server says it."""
    uri = client.get_model_version_download_uri(name, version)
    scheme, _, rest = uri.partition("://")
    return rest.split("/", 1)[1] if rest else scheme.split(":/", 1)[1]


def policy(name):
    """Gives the model a policy, where the server knows of policies."""
    if OURS:
        text = (
            f"apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: {name}}}\n"
            f"spec: {{endpoint: {name}}}\n"
        )
        answer = requests.put(f"{URL}/api/v1/policies/{name}", json={"text": text}, timeout=60)
        answer.raise_for_status()


def endpoint(name):
    """Makes an endpoint of the model, where the server knows of endpoints."""
    if OURS:
        seatrial("endpoint", "set", name, "--model", name)


def rollout(name, version):
    """Starts a rollout, where the server knows of rollouts."""
    if OURS:
        seatrial("rollout", "start", name, str(version))


def differs(here, there):
    """Marks a claim that MLflow's own server does not keep: what is so here, and what is there.

    Both are said in the same words in docs/reference/mlflow.md.
    """

    def marked(claim):
        claim.differs = (here, there)
        return claim

    return marked


# What the differing steps of a claim that runs have found.
steps = []


@contextmanager
def differing(there):
    """A step of a claim that MLflow's own server does not keep: what fails in it says `there`.

    Here it is a step like any other. There it must fail, by what it asserts and in these words, and
    the claim goes on after it: each step is proven by itself.
    """
    try:
        yield
    except AssertionError as found:
        if OURS or there not in str(found):
            raise
        steps.append(str(found))
        return
    if not OURS:
        raise AssertionError(f"a step that is declared to differ ({there}) does not")
    steps.append("kept")


def refused(call, code, saying=""):
    try:
        call()
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code}, not {code}: {error}"
        assert saying in str(error), f"{error} says nothing of {saying}"
    else:
        raise AssertionError(f"it was not refused with {code}")


def equal(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


def accepted(call):
    try:
        return call()
    except MlflowException as error:
        raise AssertionError(f"it was not accepted: {error}") from error


def invalid(call):
    refused(call, "INVALID_PARAMETER_VALUE")


def missing(call):
    refused(call, "RESOURCE_DOES_NOT_EXIST")


def versions(found):
    return [int(version.version) for version in found]


def names(found):
    return [model.name for model in found]
