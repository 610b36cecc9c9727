"""Registered models: made, described, renamed, deleted, and named."""

import requests
from world import (
    API,
    accepted,
    client,
    differing,
    differs,
    endpoint,
    equal,
    invalid,
    missing,
    policy,
    pushed,
    refused,
    rollout,
)


def a_model_is_made_with_its_tags_and_description():
    made = client.create_registered_model("made", tags={"team": "vision"}, description="first")
    assert (made.name, made.description, made.tags) == ("made", "first", {"team": "vision"})
    shown = client.get_registered_model("made")
    assert (shown.description, shown.tags, shown.latest_versions) == ("first", made.tags, [])
    assert 0 < shown.creation_timestamp <= shown.last_updated_timestamp


def a_model_is_made_once():
    client.create_registered_model("once")
    refused(lambda: client.create_registered_model("once"), "RESOURCE_ALREADY_EXISTS")


def a_name_that_is_none_is_refused():
    for name in ["", " ", "a/b", "a:b"]:
        invalid(lambda: client.create_registered_model(name))


@differs(
    "names have letters, digits, `-`, `_`, `.`, and at most 128 characters",
    "nearly any text",
)
def a_name_is_plain_and_short():
    for name in ["a b", "a%2fb", "a\\b", "ä", "n" * 129]:
        with differing("it was not refused"):
            invalid(lambda: client.create_registered_model(name))
    client.create_registered_model("Az09-_." + "n" * 121)


def a_model_is_described_anew():
    client.create_registered_model("told", description="first")
    assert client.update_registered_model("told", "second").description == "second"
    assert client.get_registered_model("told").description == "second"
    missing(lambda: client.update_registered_model("told-of-nobody", "x"))


@differs("updates are taken by POST as well as by PATCH", "by PATCH alone")
def an_update_is_taken_by_post():
    pushed("posted")
    body = {"name": "posted", "version": "1", "description": "by POST"}
    for noun in ["registered-models", "model-versions"]:
        answer = requests.post(f"{API}/{noun}/update", json=body, timeout=60)
        with differing("405"):
            equal(answer.status_code, 200)
    for shown in [client.get_registered_model("posted"), client.get_model_version("posted", "1")]:
        with differing("None" if shown.description is None else "''"):
            equal(shown.description, "by POST")


def a_model_takes_its_versions_tags_and_aliases_to_its_new_name():
    pushed("before", 2)
    client.set_registered_model_tag("before", "k", "v")
    client.set_registered_model_alias("before", "best", "2")
    client.rename_registered_model("before", "after")
    shown = client.get_registered_model("after")
    assert (shown.tags, str(shown.aliases["best"])) == ({"k": "v"}, "2")
    assert str(client.get_model_version("after", "1").version) == "1"
    missing(lambda: client.get_registered_model("before"))


def a_model_takes_no_name_that_another_has():
    for name in ["mine", "theirs"]:
        client.create_registered_model(name)
    rename = client.rename_registered_model
    refused(lambda: rename("mine", "theirs"), "RESOURCE_ALREADY_EXISTS")
    invalid(lambda: rename("mine", "a/b"))
    missing(lambda: rename("nobodys", "somebodys"))
    assert client.get_registered_model("mine").name == "mine"


@differs(
    "a model that an endpoint, a rollout or a policy knows keeps its name",
    "it is renamed",
)
def a_model_that_a_rollout_knows_keeps_its_name():
    for name, know in [
        ("known", lambda: rollout("known", 1)),
        ("ruled", lambda: policy("ruled")),
        ("ended", lambda: endpoint("ended")),
    ]:
        pushed(name)
        know()
        with differing("it was not refused"):
            refused(lambda: client.rename_registered_model(name, f"un{name}"), "INVALID_STATE")
        with differing("not found"):
            accepted(lambda: client.get_registered_model(name))


@differs("a name that a model had is not given to another by a rename", "it is given")
def a_name_that_a_model_had_is_not_taken_by_another():
    for name in ["had", "other"]:
        client.create_registered_model(name)
    client.delete_registered_model("had")
    rename = client.rename_registered_model
    with differing("it was not refused"):
        refused(lambda: rename("other", "had"), "RESOURCE_ALREADY_EXISTS")


def a_model_is_gone_with_its_versions():
    pushed("short-lived", 2)
    client.delete_registered_model("short-lived")
    missing(lambda: client.get_registered_model("short-lived"))
    missing(lambda: client.get_model_version("short-lived", "1"))
    missing(lambda: client.delete_registered_model("short-lived"))
    assert client.search_model_versions("name = 'short-lived'") == []


@differs(
    "what a rollout uses is not deleted: 400 `INVALID_STATE`",
    "it is deleted",
)
def what_a_rollout_uses_is_not_deleted():
    pushed("in-use")
    rollout("in-use", 1)
    with differing("it was not refused"):
        refused(lambda: client.delete_model_version("in-use", "1"), "INVALID_STATE")
    with differing("not found"):
        accepted(lambda: client.get_model_version("in-use", "1"))
    with differing("it was not refused"):
        refused(lambda: client.delete_registered_model("in-use"), "INVALID_STATE")
    with differing("not found"):
        accepted(lambda: client.get_registered_model("in-use"))


CLAIMS = [
    a_model_is_made_with_its_tags_and_description,
    a_model_is_made_once,
    a_name_that_is_none_is_refused,
    a_name_is_plain_and_short,
    a_model_is_described_anew,
    an_update_is_taken_by_post,
    a_model_takes_its_versions_tags_and_aliases_to_its_new_name,
    a_model_takes_no_name_that_another_has,
    a_model_that_a_rollout_knows_keeps_its_name,
    a_name_that_a_model_had_is_not_taken_by_another,
    a_model_is_gone_with_its_versions,
    what_a_rollout_uses_is_not_deleted,
]
