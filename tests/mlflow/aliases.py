"""Aliases and stages: whom they lead to, and who may set them."""

import requests
from world import (
    API,
    client,
    differing,
    differs,
    equal,
    invalid,
    missing,
    policy,
    pushed,
    refused,
)


def an_alias_leads_to_a_version_until_it_is_moved_or_removed():
    pushed("aliased", 2)
    for number in ["1", "2"]:
        client.set_registered_model_alias("aliased", "best", number)
        assert str(client.get_model_version_by_alias("aliased", "best").version) == number
    assert client.get_model_version("aliased", "2").aliases == ["best"]
    assert client.get_model_version("aliased", "1").aliases == []
    aliases = client.get_registered_model("aliased").aliases
    assert {alias: str(version) for alias, version in aliases.items()} == {"best": "2"}
    for _ in range(2):
        client.delete_registered_model_alias("aliased", "best")
    assert client.get_registered_model("aliased").aliases == {}


def an_unknown_alias_is_a_bad_request_and_an_unknown_version_is_missed():
    pushed("unaliased")
    invalid(lambda: client.get_model_version_by_alias("unaliased", "best"))
    missing(lambda: client.set_registered_model_alias("unaliased", "best", "9"))
    missing(lambda: client.set_registered_model_alias("unaliased-by-nobody", "best", "1"))


def an_alias_is_a_word_that_names_no_version():
    pushed("worded")
    for alias in ["latest", "v1", "V22", "a b", "a/b", "a.b", "a" * 256]:
        invalid(lambda: client.set_registered_model_alias("worded", alias, "1"))
    for alias in ["a-b_c", "version", "v1a", "a" * 255]:
        client.set_registered_model_alias("worded", alias, "1")
        assert str(client.get_model_version_by_alias("worded", alias).version) == "1"


def a_word_that_means_versions_is_no_alias_but_may_be_asked_for_and_removed():
    pushed("newest")
    client.create_model_version("newest", "models:/newest/1")
    assert str(client.get_model_version_by_alias("newest", "latest").version) == "2"
    for alias in ["latest", "v1"]:
        client.delete_registered_model_alias("newest", alias)
    invalid(lambda: client.delete_registered_model_alias("newest", "a b"))


def an_alias_that_is_none_is_a_bad_request_whatever_it_is_of():
    pushed("none-aliased")
    url = f"{API}/registered-models/alias"
    for name in ["none-aliased", "none-aliased-by-nobody"]:
        for alias in ["a b", "a/b", "a" * 256, ""]:
            asked = {"name": name, "alias": alias, "version": "1"}
            for answer in [
                requests.get(url, asked, timeout=60),
                requests.post(url, json=asked, timeout=60),
                requests.delete(url, json=asked, timeout=60),
            ]:
                found = answer.status_code, answer.json()["error_code"]
                equal(found, (400, "INVALID_PARAMETER_VALUE"))


@differs("a search of versions tells their aliases", "it leaves them out")
def a_search_tells_aliases():
    pushed("told-aliases")
    client.set_registered_model_alias("told-aliases", "best", "1")
    with differing("found []"):
        equal(client.search_model_versions("name = 'told-aliases'")[0].aliases, ["best"])
    aliases = client.search_registered_models("name = 'told-aliases'")[0].aliases
    assert {alias: str(version) for alias, version in aliases.items()} == {"best": "1"}


@differs(
    "an alias that rollouts move (`cutover.alias`) and the stages of a model that rollouts move are 403 "
    "and name the command",
    "anybody sets them",
)
def what_rollouts_move_is_theirs():
    pushed("owned")
    policy("owned")
    for call in [
        lambda: client.set_registered_model_alias("owned", "champion", "1"),
        lambda: client.delete_registered_model_alias("owned", "champion"),
        lambda: client.transition_model_version_stage("owned", "1", "Production"),
    ]:
        with differing("it was not refused"):
            refused(call, "PERMISSION_DENIED", "seatrial rollout start")
    client.set_registered_model_alias("owned", "mine", "1")
    client.delete_registered_model_alias("owned", "mine")


def a_model_without_a_policy_is_staged_by_hand():
    pushed("staged", 3)
    moved = client.transition_model_version_stage("staged", "2", "staging")
    assert moved.current_stage == "Staging"
    stages = {v.current_stage: str(v.version) for v in client.get_latest_versions("staged")}
    assert stages == {"None": "3", "Staging": "2"}, stages
    asked = client.get_latest_versions("staged", stages=["Staging", "Production"])
    assert [str(version.version) for version in asked] == ["2"]
    # Older clients ask by GET.
    asked = {"name": "staged", "stages": ["Staging", "Production"]}
    answer = requests.get(f"{API}/registered-models/get-latest-versions", asked, timeout=60)
    assert [found["version"] for found in answer.json()["model_versions"]] == ["2"]


def a_stage_is_cleared_for_its_next_version_where_that_is_asked():
    pushed("promoted", 3)
    move = client.transition_model_version_stage
    move("promoted", "1", "Production")
    move("promoted", "2", "Production")
    move("promoted", "3", "Production", archive_existing_versions=True)
    stages = [client.get_model_version("promoted", n).current_stage for n in ["1", "2", "3"]]
    assert stages == ["Archived", "Archived", "Production"], stages


@differs(
    "a move that archives others, to a stage that cannot, is refused with 400",
    "with 500, which its client tries again",
)
def others_are_archived_from_active_stages_alone():
    pushed("archived")
    for stage in ["None", "Archived"]:
        move = client.transition_model_version_stage
        with differing("INTERNAL_ERROR"):
            invalid(lambda: move("archived", "1", stage, archive_existing_versions=True))
        move("archived", "1", stage)


def a_stage_that_is_none_is_refused():
    pushed("unstaged")
    invalid(lambda: client.transition_model_version_stage("unstaged", "1", "Live"))
    invalid(lambda: client.get_latest_versions("unstaged", stages=["Live"]))
    missing(lambda: client.transition_model_version_stage("unstaged", "2", "Staging"))
    missing(lambda: client.get_latest_versions("unstaged-by-nobody"))


CLAIMS = [
    an_alias_leads_to_a_version_until_it_is_moved_or_removed,
    an_unknown_alias_is_a_bad_request_and_an_unknown_version_is_missed,
    an_alias_is_a_word_that_names_no_version,
    an_alias_that_is_none_is_a_bad_request_whatever_it_is_of,
    a_word_that_means_versions_is_no_alias_but_may_be_asked_for_and_removed,
    a_search_tells_aliases,
    what_rollouts_move_is_theirs,
    a_model_without_a_policy_is_staged_by_hand,
    a_stage_is_cleared_for_its_next_version_where_that_is_asked,
    others_are_archived_from_active_stages_alone,
    a_stage_that_is_none_is_refused,
]
