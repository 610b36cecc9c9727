"""Files that clients upload: whole, in parts, in ranges; and what becomes of them once registered."""

import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
import requests
from mlflow.artifacts import download_artifacts
from mlflow.store.artifact import http_artifact_repo
from onnx import TensorProto, helper

from world import ARTIFACTS, MODEL, client, differing, differs, equal, upload

MIB = 1 << 20


def run():
    """A run's id, where its files are for clients, and where on the wire."""
    info = client.create_run("0").info
    return info.run_id, info.artifact_uri, info.artifact_uri.split(":/", 1)[1]


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def weighty(path):
    """An ONNX model of eight megabytes, at `path`."""
    weights = np.random.default_rng(7).random((1000, 2000), dtype=np.float32)
    weights = onnx.numpy_helper.from_array(weights, "w")
    tensor = helper.make_tensor_value_info
    x = tensor("x", TensorProto.FLOAT, [None, 1000])
    y = tensor("y", TensorProto.FLOAT, [None, 2000])
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weights])
    opsets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    assert path.stat().st_size > 8_000_000
    return path


def registered(name, run_id, source):
    client.create_registered_model(name)
    version = client.create_model_version(name, source, run_id)
    assert version.status == "READY", version
    return version


def eight_megabytes_come_back_byte_for_byte():
    run_id, root, _ = run()
    with tempfile.TemporaryDirectory() as folder:
        path = weighty(Path(folder) / "model.onnx")
        client.log_artifact(run_id, str(path), "model")
        registered("weighty", run_id, f"{root}/model")
        for uri in [f"{root}/model", "models:/weighty/1"]:
            place = download_artifacts(artifact_uri=uri, dst_path=tempfile.mkdtemp(dir=folder))
            assert digest(Path(place) / "model.onnx") == digest(path), uri


@contextmanager
def small_pieces():
    """The client sends and fetches in pieces of a mebibyte; gives the counts of both."""
    sizes = ["UPLOAD_MINIMUM_FILE_SIZE", "UPLOAD_CHUNK_SIZE", "DOWNLOAD_CHUNK_SIZE"]
    sizes = {f"MLFLOW_MULTIPART_{size}": str(MIB) for size in sizes}
    chunk = mock.patch.object(
        http_artifact_repo, "download_chunk", wraps=http_artifact_repo.download_chunk
    )
    put = mock.patch.object(
        http_artifact_repo.requests, "put", wraps=http_artifact_repo.requests.put
    )
    with mock.patch.dict(os.environ, sizes), chunk as fetched, put as sent:
        yield sent, fetched


@differs("a large file comes in parts and goes in ranges on a plain disk too", "it does not")
def large_files_come_in_parts_and_go_in_ranges():
    run_id, root, _ = run()
    with tempfile.TemporaryDirectory() as folder, small_pieces() as (sent, fetched):
        path = weighty(Path(folder) / "model.onnx")
        pieces = -(-path.stat().st_size // MIB)
        client.log_artifact(run_id, str(path), "model")
        with differing("found 0"):
            equal(sent.call_count, pieces)
        registered("in-parts", run_id, f"{root}/model")
        for uri in [f"{root}/model/model.onnx", "models:/in-parts/1"]:
            fetched.reset_mock()
            place = download_artifacts(artifact_uri=uri, dst_path=tempfile.mkdtemp(dir=folder))
            place = place if place.endswith(".onnx") else Path(place) / "model.onnx"
            assert digest(place) == digest(path), uri
            with differing("found 0"):
                equal(fetched.call_count, pieces)


def directories_are_logged_listed_and_fetched_in_part():
    run_id, root, _ = run()
    assert client.list_artifacts(run_id) == []
    with tempfile.TemporaryDirectory() as folder:
        tree = {"a.txt": b"a", "deep/er/b c.txt": b"bb", "deep/one": b"1", "empty": b""}
        for name, content in tree.items():
            path = Path(folder) / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(run_id, f"{folder}/in", "tree")
        listed = client.list_artifacts(run_id, "tree/deep")
        listed = [(file.path, file.is_dir, file.file_size) for file in listed]
        assert listed == [("tree/deep/er", True, None), ("tree/deep/one", False, 1)], listed
        assert client.list_artifacts(run_id, "tree/a.txt") == []
        place = Path(download_artifacts(artifact_uri=f"{root}/tree", dst_path=folder))
        assert {name: (place / name).read_bytes() for name in tree} == tree
        one = download_artifacts(artifact_uri=f"{root}/tree/deep/er/b c.txt", dst_path=folder)
        assert Path(one).read_bytes() == b"bb"


def what_is_in_no_version_is_replaced_and_deleted():
    run_id, _, path = run()
    for content in [b"first", b"second"]:
        assert upload(f"{path}/notes.txt", content).status_code == 200
        assert requests.get(f"{ARTIFACTS}/{path}/notes.txt", timeout=60).content == content
    answer = requests.delete(f"{ARTIFACTS}/{path}/notes.txt", timeout=60)
    assert answer.status_code == 200, answer.text
    assert client.list_artifacts(run_id) == []


def sealed(name):
    """A version made of a run's files; the path of its model on the wire."""
    run_id, root, path = run()
    client.log_artifact(run_id, MODEL, "model")
    registered(name, run_id, f"{root}/model")
    return f"{path}/model/{Path(MODEL).name}"


def what_a_version_was_made_of_takes_the_same_bytes_again():
    path = sealed("sent-again")
    assert upload(path, Path(MODEL).read_bytes()).status_code == 200


@differs("what a version was made of takes no other bytes: 409", "it is replaced")
def what_a_version_was_made_of_takes_no_other_bytes():
    path = sealed("not-replaced")
    with differing("found 200"):
        answer = upload(path, b"other bytes")
        equal(answer.status_code, 409)
        equal(answer.json()["error_code"], "RESOURCE_CONFLICT")
    with differing("other bytes"):
        equal(requests.get(f"{ARTIFACTS}/{path}", timeout=60).content[:11], Path(MODEL).read_bytes()[:11])


@differs("what a version was made of is not deleted: 409", "it is deleted")
def what_a_version_was_made_of_is_not_deleted():
    path = sealed("not-deleted")
    for what in [path, path.rsplit("/", 1)[0]]:
        with differing("found 200"):
            equal(requests.delete(f"{ARTIFACTS}/{what}", timeout=60).status_code, 409)
    with differing("found 404"):
        equal(requests.get(f"{ARTIFACTS}/{path}", timeout=60).status_code, 200)


CLAIMS = [
    eight_megabytes_come_back_byte_for_byte,
    large_files_come_in_parts_and_go_in_ranges,
    directories_are_logged_listed_and_fetched_in_part,
    what_is_in_no_version_is_replaced_and_deleted,
    what_a_version_was_made_of_takes_the_same_bytes_again,
    what_a_version_was_made_of_takes_no_other_bytes,
    what_a_version_was_made_of_is_not_deleted,
]
