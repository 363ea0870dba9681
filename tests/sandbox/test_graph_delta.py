"""The Outlook stand-in: delta rounds over a calendar view."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.graph import Graph, at, meeting, signed_in

ROUND = "/me/calendarView/delta?startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z"
FAR = {"start": at("2030-11-04T09:00:00"), "end": at("2030-11-04T10:00:00")}

NEAR = {"start": at("2026-11-12T09:00:00"), "end": at("2026-11-12T10:00:00")}


@pytest.fixture
def graph() -> Iterator[Graph]:
    with signed_in() as graph:
        yield graph


def test_a_first_round_gives_the_window_and_an_idle_one_nothing(graph: Graph) -> None:
    event = graph.create()
    graph.create(**FAR)
    items, link = graph.delta(ROUND)
    assert [each["id"] for each in items] == [event["id"]]
    assert items[0]["subject"] == "Standup"
    assert graph.delta(link)[0] == []


def test_a_series_comes_whole_with_sparse_occurrences_and_full_exceptions(graph: Graph) -> None:
    master = graph.series()
    changed = graph.instances(master)[1]
    graph.patch(changed, subject="Special")
    items, _ = graph.delta(ROUND)
    assert [each["type"] for each in items] == ["seriesMaster", "occurrence", "exception", *["occurrence"] * 3]
    sparse = {"@odata.type", "@odata.etag", "id", "type", "seriesMasterId", "start", "end"}
    assert items[1].keys() == sparse
    assert (items[2]["subject"], items[2]["originalStart"]) == ("Special", "2026-11-09T08:00:00Z")


def test_the_link_of_the_next_round_is_on_the_last_page_only_and_series_are_not_split(graph: Graph) -> None:
    graph.create()
    graph.series()
    graph.create()
    headers = {"Prefer": "odata.maxpagesize=2"}
    first = graph.call("GET", ROUND, headers=headers)
    assert len(first["value"]) == 7
    assert "@odata.deltaLink" not in first
    last = graph.call("GET", first["@odata.nextLink"], headers=headers)
    assert len(last["value"]) == 1
    assert "@odata.deltaLink" in last


def test_a_changed_series_is_sent_again_without_its_deleted_occurrence(graph: Graph) -> None:
    master = graph.series()
    _, link = graph.delta(ROUND)
    gone = graph.instances(master)[1]
    graph.delete(gone)
    items, _ = graph.delta(link)
    assert [each["type"] for each in items] == ["seriesMaster", *["occurrence"] * 4]
    assert gone["id"] not in {each["id"] for each in items}


def test_what_is_gone_and_what_changed_outside_the_window_look_the_same(graph: Graph) -> None:
    gone, far, moved = graph.create(), graph.create(**FAR), graph.create()
    _, link = graph.delta(ROUND)
    graph.delete(gone)
    graph.patch(far, subject="Far away")
    graph.patch(moved, **FAR)
    items, link = graph.delta(link)
    assert {each["id"] for each in items} == {gone["id"], far["id"], moved["id"]}
    for each in items:
        assert each.keys() == {"@odata.type", "id", "@removed"}
        assert each["@removed"] == {"reason": "deleted"}
    assert graph.delta(link)[0] == []


def test_an_event_that_changed_often_comes_once_in_its_last_state(graph: Graph) -> None:
    event = graph.create()
    _, link = graph.delta(ROUND)
    for number in range(3):
        graph.patch(event, subject=f"Name {number}")
    graph.create(subject="Other")
    items, _ = graph.delta(link)
    assert [each["subject"] for each in items] == ["Name 2", "Other"]


def test_what_changes_during_a_round_is_not_lost(graph: Graph) -> None:
    events = [graph.create(subject=str(number)) for number in range(4)]
    headers = {"Prefer": "odata.maxpagesize=2"}
    page = graph.call("GET", ROUND, headers=headers)
    graph.patch(events[0], subject="changed")
    graph.delete(events[3])
    graph.create(subject="new")
    rest, link = graph.delta(page["@odata.nextLink"])
    later, _ = graph.delta(link)
    seen = {each["id"]: each.get("subject") for each in (*page["value"], *rest, *later)}
    assert seen[events[0]["id"]] == "changed"
    assert seen[events[3]["id"]] is None
    assert "new" in seen.values()


def test_a_series_that_became_single_is_sent_as_such(graph: Graph) -> None:
    master = graph.series()
    _, link = graph.delta(ROUND)
    graph.patch(master, recurrence=None)
    items, _ = graph.delta(link)
    assert [(each["id"], each["type"]) for each in items] == [(master["id"], "singleInstance")]


@pytest.mark.parametrize(
    "option", ["$select=subject", "$filter=subject eq 'x'", "$expand=x", "$orderby=x", "$search=x"]
)
def test_options_are_refused_with_change_tracking(graph: Graph, option: str) -> None:
    assert graph.refused("GET", f"{ROUND}&{option}", 400) == "ErrorInvalidUrlQuery"


def test_extended_properties_do_not_ride_along(graph: Graph) -> None:
    name = "String {6b1f0c52-7d3e-4a0f-9a53-2f3f8f1b6c10} Name syncline"
    graph.create(singleValueExtendedProperties=[{"id": name, "value": "k"}])
    items, _ = graph.delta(ROUND)
    assert "singleValueExtendedProperties" not in items[0]


def test_an_unknown_token_and_an_expired_one_send_to_a_fresh_round(graph: Graph) -> None:
    graph.create()
    items, link = graph.delta(ROUND)
    with signed_in() as other:
        foreign = link.replace(graph.url, other.url)
        assert other.refused("GET", foreign, 410) == "syncStateNotFound"
    graph.control("POST", "faults", kind="expire_cursor", path="delta")
    reply = graph.http.get(link)
    assert reply.status_code == 410
    assert reply.json()["error"]["code"] == "syncStateNotFound"
    assert graph.delta(reply.headers["Location"])[0] == items
    assert graph.refused("GET", "/me/calendarView/delta?$deltatoken=abc", 410) == "syncStateNotFound"


def test_each_calendar_has_rounds_of_its_own(graph: Graph) -> None:
    made = graph.call("POST", "/me/calendars", 201, json={"name": "Team"})
    base = f"/me/calendars/{quote(made['id'], safe='')}"
    event = graph.call("POST", f"{base}/events", 201, json=meeting())
    items, link = graph.delta(ROUND.replace("/me", base))
    assert [each["id"] for each in items] == [event["id"]]
    assert graph.delta(ROUND)[0] == []
    graph.delete(event)
    assert [each["id"] for each in graph.delta(link)[0]] == [event["id"]]


def test_a_round_speaks_in_the_preferred_zone_and_id_form(graph: Graph) -> None:
    event = graph.create()
    immutable = graph.get(event, headers={"Prefer": 'IdType="ImmutableId"'})["id"]
    prefer = 'outlook.timezone="Europe/Berlin", IdType="ImmutableId"'
    items, link = graph.delta(ROUND, Prefer=prefer)
    assert (items[0]["id"], items[0]["start"]["timeZone"]) == (immutable, "Europe/Berlin")
    graph.delete(event)
    assert graph.delta(link, Prefer=prefer)[0][0]["id"] == immutable


@pytest.mark.parametrize("seed", range(4))
def test_a_mirror_kept_by_rounds_equals_the_view(graph: Graph, seed: int) -> None:
    chance = Random(seed)
    mirror: dict[str, tuple[str | None, str]] = {}
    ids: list[str] = []
    link = ROUND
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            mutate(graph, chance, ids)
        items, link = graph.delta(link, size=chance.choice([1, 3, 50]))
        take_in(mirror, items)
        assert {name: start for name, (_, start) in mirror.items()} == view(graph)


def mutate(graph: Graph, chance: Random, ids: list[str]) -> None:
    """One random change of a random event."""
    match chance.choice(["make", "repeat", "delete", "move", "cut", "single"]) if ids else "make":
        case "make":
            ids.append(graph.create()["id"])
        case "repeat":
            ids.append(graph.series()["id"])
        case "delete":
            graph.delete(ids.pop(chance.randrange(len(ids))))
        case "move":
            graph.patch(chance.choice(ids), recurrence=None, **chance.choice([FAR, NEAR]))
        case "cut":
            master = graph.get(chance.choice(ids))
            if master["type"] == "seriesMaster" and (rest := graph.instances(master)):
                graph.delete(chance.choice(rest))
        case "single":
            graph.patch(chance.choice(ids), recurrence=None)


def take_in(mirror: dict[str, tuple[str | None, str]], items: list[Any]) -> None:
    """What a client does with a round: a master or a removal replaces all that was known of the series."""
    for each in items:
        if "@removed" in each or each["type"] in {"seriesMaster", "singleInstance"}:
            for name in [name for name, (master, _) in mirror.items() if each["id"] in (name, master)]:
                del mirror[name]
        if "@removed" not in each and each["type"] != "seriesMaster":
            mirror[each["id"]] = (each.get("seriesMasterId"), each["start"]["dateTime"])


def view(graph: Graph) -> dict[str, str]:
    window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z&$top=1000"
    return {each["id"]: each["start"]["dateTime"] for each in graph.call("GET", f"/me/calendarView?{window}")["value"]}
