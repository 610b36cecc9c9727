"""Versions: made from what the server holds, described, deleted."""

from pathlib import Path

from world import (
    MODEL,
    accepted,
    client,
    differing,
    differs,
    equal,
    invalid,
    missing,
    pushed,
    run,
    upload,
    versions,
)


def what_was_logged_is_described_and_ready():
    pushed("described")
    version = client.get_model_version("described", "1")
    assert (version.status, version.current_stage, str(version.version)) == ("READY", "None", "1")
    assert client.get_registered_model("described").latest_versions[0].name == "described"


@differs(
    "a version may be made of any files that were uploaded here",
    "of those of the run or model alone that the request names",
)
def a_version_may_be_made_of_files_that_no_run_logged():
    client.create_registered_model("runless")
    upload("by-nobody/model/v1.onnx", Path(MODEL).read_bytes())
    source = "mlflow-artifacts:/by-nobody/model"
    with differing("it was not accepted"):
        accepted(lambda: client.create_model_version("runless", source))
    with differing("found []"):
        found = client.search_model_versions("name = 'runless'")
        equal([version.status for version in found], ["READY"])


def a_version_is_made_with_what_is_said_of_it():
    pushed("said")
    made = client.create_model_version(
        "said",
        "models:/said/1",
        client.get_model_version("said", "1").run_id,
        tags={"k": "v"},
        run_link="http://example.org/run",
        description="a copy",
    )
    for shown in [made, client.get_model_version("said", "2")]:
        assert (str(shown.version), shown.status, shown.description) == ("2", "READY", "a copy")
        assert (shown.run_link, shown.tags) == ("http://example.org/run", {"k": "v"})


def a_copy_is_the_next_version_of_its_model():
    pushed("original", 2)
    copies = [client.copy_model_version(f"models:/original/{n}", "copies") for n in [2, 1]]
    assert [str(copy.version) for copy in copies] == ["1", "2"]
    assert client.get_model_version("copies", "2").status == "READY"


def a_copy_came_of_what_its_original_came_of():
    pushed("ancestor")
    origin = client.get_model_version("ancestor", "1").run_id
    copy = client.create_model_version("ancestor", "models:/ancestor/1")
    assert copy.run_id == origin
    other, _ = run()
    invalid(lambda: client.create_model_version("ancestor", "models:/ancestor/1", other))


def a_version_of_nothing_is_refused():
    client.create_registered_model("of-nothing")
    missing(lambda: client.create_model_version("of-nobody", "models:/of-nothing/1"))
    invalid(lambda: client.create_model_version("of-nothing", "/etc"))
    invalid(lambda: client.create_model_version("of-nothing", "mlflow-artifacts:/a/../../etc"))
    assert client.search_model_versions("name = 'of-nothing'") == []


@differs(
    "a source is what was uploaded here or a version here",
    "an address of an object store is taken as it is",
)
def a_source_elsewhere_is_refused():
    client.create_registered_model("of-elsewhere")
    for source in ["", "https://example.org/model", "ftp://h/m", "hdfs://h/m"]:
        invalid(lambda: client.create_model_version("of-elsewhere", source))
    for source in ["s3://bucket/model", "gs://bucket/model"]:
        with differing("it was not refused"):
            invalid(lambda: client.create_model_version("of-elsewhere", source))
    with differing("found [2, 1]"):
        equal(versions(client.search_model_versions("name = 'of-elsewhere'")), [])


def a_version_is_described_anew():
    pushed("retold")
    assert client.update_model_version("retold", "1", "new").description == "new"
    assert client.get_model_version("retold", "1").description == "new"
    missing(lambda: client.update_model_version("retold", "2", "x"))


def a_version_that_is_deleted_is_gone_with_its_aliases():
    pushed("shrinking", 2)
    client.set_registered_model_alias("shrinking", "best", "2")
    client.delete_model_version("shrinking", "2")
    missing(lambda: client.get_model_version("shrinking", "2"))
    missing(lambda: client.delete_model_version("shrinking", "2"))
    assert client.get_registered_model("shrinking").aliases == {}
    invalid(lambda: client.get_model_version_by_alias("shrinking", "best"))


def a_version_that_is_not_there_is_missed_and_one_that_is_no_number_is_refused():
    pushed("counted")
    for call in [client.get_model_version, client.get_model_version_download_uri]:
        missing(lambda: call("counted", "9"))
        invalid(lambda: call("counted", "one"))


CLAIMS = [
    what_was_logged_is_described_and_ready,
    a_version_may_be_made_of_files_that_no_run_logged,
    a_version_is_made_with_what_is_said_of_it,
    a_copy_is_the_next_version_of_its_model,
    a_copy_came_of_what_its_original_came_of,
    a_version_of_nothing_is_refused,
    a_source_elsewhere_is_refused,
    a_version_is_described_anew,
    a_version_that_is_deleted_is_gone_with_its_aliases,
    a_version_that_is_not_there_is_missed_and_one_that_is_no_number_is_refused,
]
