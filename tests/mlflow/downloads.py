"""Downloads: the bytes that were registered, by every way to name them."""

import hashlib
import tempfile
from pathlib import Path

import mlflow
import requests
from world import ARTIFACTS, MODEL, client, files_of, missing, pushed


def downloads_are_byte_for_byte():
    pushed("fetched")
    client.set_registered_model_alias("fetched", "best", "1")
    expected = hashlib.sha256(Path(MODEL).read_bytes()).hexdigest()
    for uri in ["models:/fetched/1", "models:/fetched@best", "models:/fetched/latest"]:
        with tempfile.TemporaryDirectory() as directory:
            place = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=directory)
            found = list(Path(place).rglob("*.onnx"))
            assert len(found) == 1, f"{uri}: {found}"
            assert hashlib.sha256(found[0].read_bytes()).hexdigest() == expected, uri


def files_are_listed_with_their_sizes():
    pushed("listed")
    listed = mlflow.artifacts.list_artifacts(artifact_uri="models:/listed/1")
    assert [(file.path, file.is_dir) for file in listed] == [("v1.onnx", False)], listed
    assert listed[0].file_size == Path(MODEL).stat().st_size


def a_version_that_is_not_there_is_not_downloaded():
    pushed("unfetched")
    download = mlflow.artifacts.download_artifacts
    missing(lambda: download(artifact_uri="models:/unfetched/9"))
    missing(lambda: download(artifact_uri="models:/unfetched-by-nobody/1"))


def a_range_is_that_part_of_the_file():
    pushed("ranged")
    url = f"{ARTIFACTS}/{files_of('ranged', '1')}/{Path(MODEL).name}"
    answer = requests.get(url, headers={"range": "bytes=10-19"}, timeout=60)
    assert answer.status_code == 206, answer.status_code
    assert answer.content == Path(MODEL).read_bytes()[10:20]


CLAIMS = [
    downloads_are_byte_for_byte,
    files_are_listed_with_their_sizes,
    a_version_that_is_not_there_is_not_downloaded,
    a_range_is_that_part_of_the_file,
]
