"""Tracking at MLflow's own server, the registry here: the unmodified client, and the command line.

Usage: split.py SEATRIAL CONTROL-URL TRACKING-URL MODEL. Each function states a claim; the first that
does not hold ends the run with its name.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import Model  # noqa: E402

SEATRIAL, REGISTRY, TRACKING, MODEL = sys.argv[1:5]
mlflow.set_tracking_uri(TRACKING)
mlflow.set_registry_uri(REGISTRY)
client = MlflowClient(tracking_uri=TRACKING, registry_uri=REGISTRY)
theirs = MlflowClient(tracking_uri=TRACKING, registry_uri=TRACKING)


class flavor:
    """As `mlflow.onnx` logs a model; the small client has not that module."""

    @staticmethod
    def save_model(path, mlflow_model, **_):
        os.makedirs(path)
        Path(path, "model.onnx").write_bytes(Path(MODEL).read_bytes())
        mlflow_model.add_flavor("onnx", onnx_version="1.17.0", data="model.onnx")
        mlflow_model.save(str(Path(path, "MLmodel")))


def log(name, **more):
    return Model.log(artifact_path=None, name=name, flavor=flavor, **more)


def seatrial(*words):
    command = [SEATRIAL, *words, "--server", REGISTRY, "-o", "json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def has_the_bytes(uri):
    with tempfile.TemporaryDirectory() as directory:
        place = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=directory)
        found = list(Path(place).rglob("model.onnx"))
        expected = hashlib.sha256(Path(MODEL).read_bytes()).hexdigest()
        assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in found] == [expected], uri


def refused(call, code):
    try:
        call()
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code}, not {code}: {error}"
    else:
        raise AssertionError(f"it was not refused with {code}")


def a_model_logged_there_is_registered_here():
    info = log("outside", registered_model_name="outside")
    version = client.get_model_version("outside", "1")
    assert (version.status, version.source) == ("READY", f"models:/{info.model_id}"), version
    has_the_bytes("models:/outside/1")


def a_model_logged_inside_a_run_is_registered_here():
    with mlflow.start_run() as run:
        log("inside", registered_model_name="inside")
    version = client.get_model_version("inside", "1")
    assert version.run_id == run.info.run_id, version
    has_the_bytes("models:/inside/latest")


def a_runs_model_is_registered_afterwards():
    with mlflow.start_run() as run:
        log("later")
    version = mlflow.register_model(f"runs:/{run.info.run_id}/later", "later")
    has_the_bytes(f"models:/later/{version.version}")
    made = client.create_model_version("later", f"runs:/{run.info.run_id}/later", run.info.run_id)
    assert made.status == "READY"


def a_runs_own_files_are_registered():
    with mlflow.start_run() as run:
        mlflow.log_artifact(MODEL, "files")
    source = f"{run.info.artifact_uri}/files"
    client.create_registered_model("files")
    for source in [source, f"runs:/{run.info.run_id}/files"]:
        made = client.create_model_version("files", source, run.info.run_id)
        assert made.status == "READY", source


def what_is_registered_here_is_not_lost_there():
    info = log("kept", registered_model_name="kept")
    digest = seatrial("model", "show", "kept")["digest"]
    client.delete_logged_model(info.model_id)
    has_the_bytes("models:/kept/1")
    states = {file["state"] for file in seatrial("model", "verify", "kept")["files"]}
    assert states == {"intact"} and seatrial("model", "show", "kept")["digest"] == digest


def a_model_that_is_not_there_is_refused_at_once():
    client.create_registered_model("absent")
    for source in [f"models:/m-{'0' * 32}", f"runs:/{'0' * 32}/model"]:
        refused(lambda: client.create_model_version("absent", source), "RESOURCE_DOES_NOT_EXIST")
    assert not client.search_model_versions("name = 'absent'")


def a_version_registered_there_is_pushed_by_its_alias():
    info = log("theirs")
    theirs.create_registered_model("theirs")
    made = theirs.create_model_version("theirs", f"models:/{info.model_id}", tags={"team": "vision"},
                                       description="as it was there", model_id=info.model_id)
    theirs.set_registered_model_alias("theirs", "champion", made.version)
    for uri in ["models:/theirs@champion", "models:/theirs/1", "models:/theirs/latest"]:
        pushed = seatrial("model", "push", f"mlflow:{uri}", "--from", TRACKING)
        assert (pushed["model"], pushed["version"]) == ("theirs", 1), pushed
    assert pushed["source"] == f"models:/theirs/1 at {TRACKING}", pushed
    assert pushed["tags"]["team"] == "vision" and pushed["tags"]["source.model_id"] == info.model_id
    assert client.get_model_version("theirs", "1").description == "as it was there"
    has_the_bytes("models:/theirs/1")


CLAIMS = [
    a_model_logged_there_is_registered_here,
    a_model_logged_inside_a_run_is_registered_here,
    a_runs_model_is_registered_afterwards,
    a_runs_own_files_are_registered,
    what_is_registered_here_is_not_lost_there,
    a_model_that_is_not_there_is_refused_at_once,
    a_version_registered_there_is_pushed_by_its_alias,
]

for claim in CLAIMS:
    claim()
    print("ok     ", claim.__name__.replace("_", " "), flush=True)
print(f"{len(CLAIMS)} claims hold in split mode for mlflow {mlflow.__version__}")
