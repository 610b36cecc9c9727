"""Tags of models and of versions: set, replaced, removed, and how long they may be."""

from world import accepted, client, differing, differs, equal, invalid, missing, pushed, refused


def tags_are_set_replaced_and_removed():
    pushed("tagged")
    for value in ["v", "w"]:
        client.set_registered_model_tag("tagged", "a.b c:d/e-f_g", value)
        client.set_model_version_tag("tagged", "1", "a.b c:d/e-f_g", value)
    assert client.get_registered_model("tagged").tags == {"a.b c:d/e-f_g": "w"}
    assert client.get_model_version("tagged", "1").tags == {"a.b c:d/e-f_g": "w"}
    for key in ["a.b c:d/e-f_g", "never there"]:
        client.delete_registered_model_tag("tagged", key)
        client.delete_model_version_tag("tagged", "1", key)
    assert client.get_registered_model("tagged").tags == {}
    assert client.get_model_version("tagged", "1").tags == {}


def tags_of_nothing_are_missed():
    pushed("untagged")
    missing(lambda: client.set_registered_model_tag("untagged-by-nobody", "k", "v"))
    missing(lambda: client.set_model_version_tag("untagged", "9", "k", "v"))
    missing(lambda: client.delete_registered_model_tag("untagged-by-nobody", "k"))
    missing(lambda: client.delete_model_version_tag("untagged", "9", "k"))


def tags_are_as_long_as_mlflows_and_no_longer():
    pushed("long-tags")
    client.set_registered_model_tag("long-tags", "k" * 250, "v" * 100_000)
    client.set_model_version_tag("long-tags", "1", "k" * 250, "v" * 100_000)
    assert client.get_registered_model("long-tags").tags == {"k" * 250: "v" * 100_000}
    for key, value in [("k" * 251, "v"), ("k", "v" * 100_001), ("a*b", "v"), ("a\\b", "v")]:
        invalid(lambda: client.set_registered_model_tag("long-tags", key, value))
        invalid(lambda: client.set_model_version_tag("long-tags", "1", key, value))


def the_longest_tags_are_set_in_any_letters_and_at_once():
    pushed("wide-tags")
    value = "😀" * 100_000
    client.set_registered_model_tag("wide-tags", "k", value)
    client.set_model_version_tag("wide-tags", "1", "k", value)
    assert client.get_registered_model("wide-tags").tags == {"k": value}
    assert client.get_model_version("wide-tags", "1").tags == {"k": value}
    tags = {f"k{number}": "v" * 100_000 for number in range(11)}
    made = client.create_model_version("wide-tags", "models:/wide-tags/1", tags=tags)
    assert client.get_model_version("wide-tags", made.version).tags == tags


@differs("tags whose key climbs out of a directory are only text", "refused")
def a_key_is_no_path():
    pushed("path-tags")
    for key in ["a//b", "../a"]:
        with differing("it was not accepted"):
            accepted(lambda: client.set_registered_model_tag("path-tags", key, "v"))
        with differing("it was not accepted"):
            accepted(lambda: client.set_model_version_tag("path-tags", "1", key, "v"))
    for shown in [client.get_registered_model("path-tags"), client.get_model_version("path-tags", "1")]:
        with differing("found []"):
            equal(sorted(shown.tags), ["../a", "a//b"])


@differs("the tags `rollout.id`, `rollout.stage` and `rollout.share` are 403", "anybody sets them")
def what_rollouts_tell_is_not_told_by_clients():
    pushed("rollout-tags")
    for key in ["rollout.id", "rollout.stage", "rollout.share"]:
        for call in [
            lambda: client.set_model_version_tag("rollout-tags", "1", key, "x"),
            lambda: client.delete_model_version_tag("rollout-tags", "1", key),
            lambda: client.set_registered_model_tag("rollout-tags", key, "x"),
            lambda: client.delete_registered_model_tag("rollout-tags", key),
        ]:
            with differing("it was not refused"):
                refused(call, "PERMISSION_DENIED")


CLAIMS = [
    tags_are_set_replaced_and_removed,
    tags_of_nothing_are_missed,
    tags_are_as_long_as_mlflows_and_no_longer,
    the_longest_tags_are_set_in_any_letters_and_at_once,
    a_key_is_no_path,
    what_rollouts_tell_is_not_told_by_clients,
]
