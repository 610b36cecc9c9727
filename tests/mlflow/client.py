"""Drives a server by the unmodified MLflow client. Usage: client.py SEATRIAL CONTROL-URL MODEL.

Each function states a claim; the first that does not hold ends the run with its name.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

SEATRIAL, URL, MODEL = sys.argv[1:4]
client = MlflowClient(tracking_uri=URL, registry_uri=URL)


def push(name):
    command = [SEATRIAL, "model", "push", MODEL, "--name", name, "--server", URL]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def refused(call, code):
    try:
        call()
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code}: {error}"
    else:
        raise AssertionError(f"it was not refused with {code}")


def versions(found):
    return [version.version for version in found]


def what_was_pushed_is_described_and_ready():
    push("m")
    version = client.get_model_version("m", "1")
    assert (version.status, version.current_stage, str(version.version)) == ("READY", "None", "1")
    assert client.get_registered_model("m").latest_versions[0].name == "m"


def models_are_made_described_tagged_renamed_and_deleted():
    client.create_registered_model("made", tags={"team": "vision"}, description="first")
    assert client.update_registered_model("made", "second").description == "second"
    client.set_registered_model_tag("made", "k", "v")
    client.delete_registered_model_tag("made", "k")
    client.delete_registered_model_tag("made", "k")
    assert client.get_registered_model("made").tags == {"team": "vision"}
    client.rename_registered_model("made", "renamed")
    assert client.get_registered_model("renamed").description == "second"
    client.delete_registered_model("renamed")
    refused(lambda: client.get_registered_model("renamed"), "RESOURCE_DOES_NOT_EXIST")


def a_version_number_never_returns():
    client.copy_model_version("models:/m/1", "copied")
    client.delete_model_version("copied", "1")
    assert str(client.copy_model_version("models:/m/1", "copied").version) == "2"
    client.delete_registered_model("copied")
    assert str(client.copy_model_version("models:/m/1", "copied").version) == "3"


def a_source_that_does_not_exist_becomes_no_version():
    source = "mlflow-artifacts:/0/nowhere/artifacts/model"
    refused(lambda: client.create_model_version("m", source), "RESOURCE_DOES_NOT_EXIST")
    refused(lambda: client.create_model_version("m", "/etc"), "INVALID_PARAMETER_VALUE")


def aliases_lead_to_versions_and_an_unknown_one_is_a_bad_request():
    for _ in range(2):
        client.create_model_version("m", "models:/m/1")
    client.set_registered_model_alias("m", "best", "2")
    assert str(client.get_model_version_by_alias("m", "best").version) == "2"
    assert {k: str(v) for k, v in client.get_registered_model("m").aliases.items()} == {"best": "2"}
    assert client.search_model_versions("version_number = 2 AND name = 'm'")[0].aliases == ["best"]
    client.delete_registered_model_alias("m", "best")
    client.delete_registered_model_alias("m", "best")
    refused(lambda: client.get_model_version_by_alias("m", "best"), "INVALID_PARAMETER_VALUE")
    refused(lambda: client.set_registered_model_alias("m", "v1", "1"), "INVALID_PARAMETER_VALUE")


def searches_filter_order_and_page():
    for number, kind in [("1", "a"), ("2", "b"), ("3", "a")]:
        client.set_model_version_tag("m", number, "kind.of", kind)
    found = client.search_model_versions("name='m' and tag.`kind.of` = 'a'")
    assert sorted(versions(found)) == ["1", "3"] or sorted(versions(found)) == [1, 3], found
    order = ["version_number DESC"]
    first = client.search_model_versions("name = 'm'", max_results=2, order_by=order)
    rest = client.search_model_versions(
        "name = 'm'", max_results=2, order_by=order, page_token=first.token
    )
    assert [int(v) for v in versions(first) + versions(rest)] == [3, 2, 1]
    names = [model.name for model in client.search_registered_models(order_by=["name DESC"])]
    assert names == ["m", "copied"], names
    refused(lambda: client.search_registered_models("size > 3"), "INVALID_PARAMETER_VALUE")
    refused(lambda: client.search_model_versions(page_token="ff"), "INVALID_PARAMETER_VALUE")


def a_model_without_a_policy_is_staged_by_hand():
    assert client.transition_model_version_stage("m", "2", "Staging").current_stage == "Staging"
    stages = {v.current_stage: str(v.version) for v in client.get_latest_versions("m")}
    assert stages == {"None": "3", "Staging": "2"}, stages


def downloads_are_byte_for_byte():
    client.set_registered_model_alias("m", "best", "1")
    expected = hashlib.sha256(Path(MODEL).read_bytes()).hexdigest()
    mlflow.set_tracking_uri(URL)
    mlflow.set_registry_uri(URL)
    for uri in ["models:/m/1", "models:/m@best", "models:/m/latest"]:
        with tempfile.TemporaryDirectory() as directory:
            place = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=directory)
            found = list(Path(place).rglob("*.onnx"))
            assert len(found) == 1, f"{uri}: {found}"
            assert hashlib.sha256(found[0].read_bytes()).hexdigest() == expected, uri


CLAIMS = [
    what_was_pushed_is_described_and_ready,
    models_are_made_described_tagged_renamed_and_deleted,
    a_version_number_never_returns,
    a_source_that_does_not_exist_becomes_no_version,
    aliases_lead_to_versions_and_an_unknown_one_is_a_bad_request,
    searches_filter_order_and_page,
    a_model_without_a_policy_is_staged_by_hand,
    downloads_are_byte_for_byte,
]

for claim in CLAIMS:
    claim()
    print("ok     ", claim.__name__.replace("_", " "))
print(f"{len(CLAIMS)} claims hold for mlflow {mlflow.__version__}")
