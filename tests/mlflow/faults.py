"""The faults that MLflow's own server has: none of them is here."""

from pathlib import Path

import requests
from world import (
    ARTIFACTS,
    MODEL,
    client,
    differing,
    differs,
    download,
    equal,
    files_of,
    missing,
    pushed,
    run,
    upload,
    versions,
)


@differs("a version's files cannot be replaced", "they can, and nothing notices")
def a_ready_versions_file_is_not_replaced():
    pushed("sealed")
    client.set_registered_model_alias("sealed", "best", "1")
    path = f"{files_of('sealed', '1')}/{Path(MODEL).name}"
    with differing("found 200"):
        equal(upload(path, b"other bytes").status_code // 100 * 100, 400)
    with differing("its bytes are others"):
        assert download(path) == Path(MODEL).read_bytes(), "its bytes are others"
    assert client.get_model_version_by_alias("sealed", "best").status == "READY"


@differs("a version's files cannot be deleted", "they can, and nothing notices")
def a_ready_versions_file_is_not_deleted():
    pushed("kept")
    path = f"{files_of('kept', '1')}/{Path(MODEL).name}"
    with differing("found 200"):
        answer = requests.delete(f"{ARTIFACTS}/{path}", timeout=60)
        equal(answer.status_code // 100 * 100, 400)
    with differing("404"):
        assert download(path) == Path(MODEL).read_bytes()
    assert client.get_model_version("kept", "1").status == "READY"


@differs(
    "a number is not given again after its model was deleted and made anew",
    "it is given again",
)
def a_version_number_never_returns():
    pushed("origin")
    client.copy_model_version("models:/origin/1", "copied")
    client.delete_model_version("copied", "1")
    assert str(client.copy_model_version("models:/origin/1", "copied").version) == "2"
    client.delete_registered_model("copied")
    copy = client.copy_model_version("models:/origin/1", "copied")
    with differing("found '1'"):
        equal(str(copy.version), "3")


@differs("a source that is not here is refused with 404", "becomes READY")
def a_source_that_does_not_exist_becomes_no_version():
    client.create_registered_model("sourced")
    run_id, root = run()
    with differing("it was not refused"):
        missing(lambda: client.create_model_version("sourced", f"{root}/nothing", run_id))
    with differing("found [1]"):
        equal(versions(client.search_model_versions("name = 'sourced'")), [])


CLAIMS = [
    a_ready_versions_file_is_not_replaced,
    a_ready_versions_file_is_not_deleted,
    a_version_number_never_returns,
    a_source_that_does_not_exist_becomes_no_version,
]
