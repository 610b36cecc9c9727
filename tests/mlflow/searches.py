"""Searches: what their filters and orders find, and what they refuse."""

from world import client, differing, differs, equal, invalid, names, pushed, versions


def models_of(filter_string, order_by=None):
    found = client.search_registered_models(f"name LIKE 'find-%' AND {filter_string}", 100, order_by)
    return names(found)


def versions_of(filter_string, order_by=("version_number ASC",)):
    found = client.search_model_versions(f"name = 'hunted' AND {filter_string}", 100, list(order_by))
    return versions(found)


def models_are_found_by_name_and_tag():
    for name, team in [("find-a", "x"), ("find-b", "y"), ("find-C", "y")]:
        client.create_registered_model(name, tags={"team.of": team})
    assert models_of("name = 'find-a'") == ["find-a"]
    assert models_of("name != 'find-a' AND name != 'find-C'") == ["find-b"]
    assert models_of("name LIKE '%-b'") == ["find-b"]
    assert models_of("name ILIKE '%-c'") == ["find-C"]
    assert models_of("name IN ('find-a', 'find-b', 'find-z')") == ["find-a", "find-b"]
    assert models_of("tag.`team.of` = 'x'") == ["find-a"]
    assert models_of('tags."team.of" = "x"') == ["find-a"]
    assert models_of("tag.`team.of` != 'x'") == ["find-C", "find-b"]
    assert models_of("tag.`team.of` LIKE 'Y'") == []
    assert models_of("tag.`team.of` ILIKE 'Y' AND name LIKE '%b'") == ["find-b"]


def a_pattern_minds_the_case_of_letters():
    for name in ["case-a", "case-A"]:
        client.create_registered_model(name)
    assert names(client.search_registered_models("name LIKE 'case-a'")) == ["case-a"]
    assert len(client.search_registered_models("name ILIKE 'CASE-a'")) == 2


def models_are_ordered_as_asked():
    for name in ["order-b", "order-a", "order-c"]:
        client.create_registered_model(name)
    client.update_registered_model("order-a", "newest")

    def ordered(*order_by):
        return names(client.search_registered_models("name LIKE 'order-%'", 10, list(order_by)))

    assert ordered() == ["order-a", "order-b", "order-c"]
    assert ordered("name DESC") == ["order-c", "order-b", "order-a"]
    assert ordered("last_updated_timestamp DESC", "name ASC")[0] == "order-a"
    assert ordered("timestamp ASC")[-1] == "order-a"


def versions_are_found_by_all_their_keys():
    pushed("hunted", 4)
    for number, kind in [("1", "a"), ("2", "b"), ("3", "A")]:
        client.set_model_version_tag("hunted", number, "kind.of", kind)
    assert versions_of("version_number > 2") == [3, 4]
    assert versions_of("version_number <= 2 AND version_number != 1") == [2]
    assert versions_of("version_number >= 2 AND version_number < 3") == [2]
    assert versions_of("version_number = 4") == [4]
    assert versions_of("tag.`kind.of` = 'a'") == [1]
    assert versions_of("tags.`kind.of` ILIKE 'a'") == [1, 3]
    run_id, every = client.get_model_version("hunted", "1").run_id, [1, 2, 3, 4]
    assert versions_of(f"run_id = '{run_id}'") == versions_of(f"run_id IN ('x', '{run_id}')") == every
    assert versions_of("run_id = 'nobodys'") == versions_of("run_id IN ('nobodys', 'x')") == []
    assert versions_of("source_path = 'models:/hunted/1'") == [2, 3, 4]
    assert versions_of("source_path LIKE 'models:/%'") == [2, 3, 4]
    assert len(client.search_model_versions("name IN ('hunted', 'nobody')")) == 4
    assert len(client.search_model_versions("name LIKE 'hunte%'")) == 4


def versions_are_ordered_as_asked():
    pushed("ranked", 3)

    def ordered(*order_by):
        return versions(client.search_model_versions("name = 'ranked'", 10, list(order_by)))

    assert ordered("version_number ASC") == [1, 2, 3]
    assert ordered("version_number DESC") == [3, 2, 1]
    assert ordered("name ASC", "version_number DESC") == [3, 2, 1]
    client.update_model_version("ranked", "1", "newest")
    assert ordered("last_updated_timestamp DESC")[0] == 1
    assert ordered()[0] == 1


@differs("a tag that is absent is unequal to every value", "it is neither equal nor unequal")
def what_has_no_such_tag_is_unequal():
    client.create_registered_model("bare")
    found = names(client.search_registered_models("name = 'bare' AND tag.k != 'v'"))
    with differing("found []"):
        equal(found, ["bare"])


def prompts_are_not_found_among_models():
    for name in ["asked", "asker"]:
        client.create_registered_model(name)
    client.set_registered_model_tag("asked", "mlflow.prompt.is_prompt", "true")
    assert names(client.search_registered_models("name LIKE 'aske%'")) == ["asker"]


def pages_follow_each_other():
    for number in range(5):
        client.create_registered_model(f"page-{number}")
    found, token = [], None
    while True:
        page = client.search_registered_models("name LIKE 'page-%'", 2, page_token=token)
        found.append(names(page))
        token = page.token
        if not token:
            break
    assert found == [["page-0", "page-1"], ["page-2", "page-3"], ["page-4"]], found


def what_is_not_understood_is_refused():
    models, of_versions = client.search_registered_models, client.search_model_versions
    for text in ["size > 3", "name", "name = m", "name > 'm'", "name = 'm' OR name = 'n'", "tag.k"]:
        invalid(lambda: models(text))
        invalid(lambda: of_versions(text))
    invalid(lambda: of_versions("version_number = 'x'"))
    invalid(lambda: of_versions("version_number LIKE '1'"))
    invalid(lambda: models("run_id = 'r'"))
    for order in ["size ASC", "name SIDEWAYS"]:
        invalid(lambda: models(order_by=[order]))
        invalid(lambda: of_versions(order_by=[order]))
    invalid(lambda: models(max_results=1001))
    invalid(lambda: of_versions(max_results=200_001))
    invalid(lambda: models(page_token="made up"))
    invalid(lambda: of_versions(page_token="made up"))


@differs(
    "a filter of versions by the tags `rollout.id`, `rollout.stage` or `rollout.share` is refused",
    "it is answered",
)
def what_rollouts_tell_is_not_searched_for():
    pushed("rollout-told")
    for key in ["rollout.id", "rollout.stage", "rollout.share"]:
        for written in [f"tag.`{key}`", f"tags.`{key}`", f'tag."{key}"', f"tag.{key}"]:
            for operator in ["=", "!=", "LIKE", "ILIKE"]:
                text = f"name = 'rollout-told' AND {written} {operator} 'canary'"
                with differing("it was not refused"):
                    invalid(lambda: client.search_model_versions(text))
    found = client.search_registered_models("name = 'rollout-told' AND tag.`rollout.stage` = 'x'")
    assert names(found) == []


@differs("a key that orders twice is refused with 400", "with 500, which its client tries again")
def a_key_orders_once():
    twice = ["name ASC", "name DESC"]
    for search in [client.search_registered_models, client.search_model_versions]:
        with differing("INTERNAL_ERROR"):
            invalid(lambda: search(order_by=twice))


@differs("a page of no models, or of fewer, is refused as one of versions is", "it is answered")
def a_page_has_rows():
    for count in [0, -1]:
        invalid(lambda: client.search_model_versions(max_results=count))
        with differing("it was not refused"):
            invalid(lambda: client.search_registered_models(max_results=count))


@differs("a page's token is of its search alone", "of any search")
def a_token_of_another_search_is_refused():
    for number in range(2):
        client.create_registered_model(f"token-{number}")
    page = client.search_registered_models("name LIKE 'token-%'", 1)
    models, of_versions = client.search_registered_models, client.search_model_versions
    for search in [
        lambda: models("name LIKE 'x%'", 1, page_token=page.token),
        lambda: models("name LIKE 'token-%'", 1, ["name DESC"], page.token),
        lambda: of_versions(page_token=page.token),
    ]:
        with differing("it was not refused"):
            invalid(search)


CLAIMS = [
    models_are_found_by_name_and_tag,
    a_pattern_minds_the_case_of_letters,
    models_are_ordered_as_asked,
    versions_are_found_by_all_their_keys,
    versions_are_ordered_as_asked,
    what_has_no_such_tag_is_unequal,
    prompts_are_not_found_among_models,
    pages_follow_each_other,
    what_is_not_understood_is_refused,
    what_rollouts_tell_is_not_searched_for,
    a_key_orders_once,
    a_page_has_rows,
    a_token_of_another_search_is_refused,
]
