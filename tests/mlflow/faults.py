"""The faults that MLflow's own server has: none of them is here."""

from pathlib import Path

import requests
from world import ARTIFACTS, MODEL, client, differs, download, files_of, missing, pushed, run, upload


@differs("a version's files cannot be replaced", "they can, and nothing notices")
def a_ready_versions_file_is_not_replaced():
    pushed("sealed")
    client.set_registered_model_alias("sealed", "best", "1")
    path = f"{files_of('sealed', '1')}/{Path(MODEL).name}"
    answer = upload(path, b"other bytes")
    assert 400 <= answer.status_code < 500, f"{answer.status_code}"
    assert download(path) == Path(MODEL).read_bytes(), "its bytes are others"
    assert client.get_model_version_by_alias("sealed", "best").status == "READY"


@differs("a version's files cannot be deleted", "they can, and nothing notices")
def a_ready_versions_file_is_not_deleted():
    pushed("kept")
    path = f"{files_of('kept', '1')}/{Path(MODEL).name}"
    answer = requests.delete(f"{ARTIFACTS}/{path}", timeout=60)
    assert 400 <= answer.status_code < 500, f"{answer.status_code}"
    assert download(path) == Path(MODEL).read_bytes()


@differs(
    "a number is never given again, also after its model was deleted and made anew",
    "it is given again",
)
def a_version_number_never_returns():
    pushed("origin")
    client.copy_model_version("models:/origin/1", "copied")
    client.delete_model_version("copied", "1")
    assert str(client.copy_model_version("models:/origin/1", "copied").version) == "2"
    client.delete_registered_model("copied")
    assert str(client.copy_model_version("models:/origin/1", "copied").version) == "3"


@differs("a source that is not here is refused with 404", "becomes READY")
def a_source_that_does_not_exist_becomes_no_version():
    client.create_registered_model("sourced")
    run_id, root = run()
    missing(lambda: client.create_model_version("sourced", f"{root}/nothing", run_id))
    assert client.search_model_versions("name = 'sourced'") == []


CLAIMS = [
    a_ready_versions_file_is_not_replaced,
    a_ready_versions_file_is_not_deleted,
    a_version_number_never_returns,
    a_source_that_does_not_exist_becomes_no_version,
]
