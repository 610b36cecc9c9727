"""Searches over thousands of versions: every page complete, whatever is registered meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from world import API, OURS, client, differing, differs, pushed, versions

# MLflow's server makes a version in 50 ms: a tenth shows the same there.
COUNT = 3_000 if OURS else 300
PAGE = COUNT // 12
local = threading.local()


def many(name):
    """A model of COUNT versions, every tenth tagged; made without the client, for speed alone."""
    pushed(name)
    first = client.get_model_version(name, "1").run_id
    origin = {"run_id": first} if first else {}

    def make(number):
        if not hasattr(local, "session"):
            local.session = requests.Session()
        tags = [{"key": "rank.of", "value": "tenth" if number % 10 == 0 else "other"}]
        body = {"name": name, "source": f"models:/{name}/1", "tags": tags}
        body |= origin
        answer = local.session.post(f"{API}/model-versions/create", json=body, timeout=60)
        assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(2, COUNT + 1)))
    return name


def pages(filter_string, order_by, between=lambda page: None):
    """The versions of every page, in their order; `between` is called after each page."""
    found, token = [], None
    while True:
        page = client.search_model_versions(filter_string, PAGE, order_by, token)
        assert len(page) <= PAGE
        found += versions(page)
        token = page.token
        if not token:
            return found
        assert len(page) == PAGE, f"a page of {len(page)}, and more after it"
        between(page)


def three_thousand_versions_are_found_page_by_page():
    many("thousands")
    every = list(range(1, COUNT + 1))
    assert pages("name = 'thousands'", ["version_number ASC"]) == every
    assert pages("name = 'thousands'", ["version_number DESC"]) == every[::-1]
    assert sorted(pages("name = 'thousands'", [])) == every
    third = COUNT // 3
    middle = f"name = 'thousands' AND version_number > {third} AND version_number <= {2 * third}"
    assert pages(middle, ["version_number ASC"]) == list(range(third + 1, 2 * third + 1))
    tenths = pages("name = 'thousands' AND tag.`rank.of` = 'tenth'", [])
    assert len(tenths) == len(set(tenths)) == COUNT // 10
    assert len(client.search_model_versions("name = 'thousands'", max_results=COUNT)) == COUNT


@differs(
    "a page's token goes on from the last row, whatever is registered or deleted meanwhile",
    "it counts rows: some come twice, some never",
)
def no_version_comes_twice_or_never_while_others_come_and_go():
    many("moving")
    source, gone = pushed("unmoved"), set()

    def made(_page):
        client.create_model_version("moving", f"models:/{source}/1")

    def deleted(page):
        number = int(page[0].version)
        client.delete_model_version("moving", str(number))
        gone.add(number)

    def both(page):
        made(page)
        deleted(page)

    def found(order, between):
        before = set(versions(client.search_model_versions("name = 'moving'")))
        found = pages("name = 'moving'", order, between)
        return found, sorted(before - gone - set(found))

    for order in [["version_number DESC"], []]:
        everything, missed = found(order, made)
        with differing("some come twice"):
            assert len(everything) == len(set(everything)), f"{order}: some come twice"
        assert not missed, f"{order}: missed {missed[:5]}"
        # As many before the row as there were: who counts rows is right by chance.
        everything, missed = found(order, both)
        assert len(everything) == len(set(everything)), f"{order}: some come twice"
        assert not missed, f"{order}: missed {missed[:5]}"
    for between in [deleted, both]:
        everything, missed = found(["version_number ASC"], between)
        assert len(everything) == len(set(everything)), "some come twice"
        with differing("some never"):
            assert not missed, f"some never: {missed[:5]}"


CLAIMS = [
    three_thousand_versions_are_found_page_by_page,
    no_version_comes_twice_or_never_while_others_come_and_go,
]
