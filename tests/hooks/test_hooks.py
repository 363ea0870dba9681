"""Webhooks over time: made, renewed with overlap, ended; whatever fails stops nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.contract import Refused, Transient
from engine.store.lease import Lease
from flows.hookbook import HookBook
from flows.hooks import NAME
from tests.hooks.office import PUBLIC, WEEK, Office, office

__all__ = ["office"]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def address(office: Office) -> str:
    return f"{PUBLIC}/hooks/{office.row()['key']}"


def test_a_hook_is_stored_before_the_app_is_asked_for_it(office: Office) -> None:
    known = []
    office.apps["a"].before = lambda url: known.append(url == address(office))
    office.tend()
    row = office.row()
    assert known == [True] and row["subscription"] == "s1" and row["until"] == (office.now + WEEK).isoformat()
    url, secret = office.apps["a"].live["s1"]
    (entry, _) = HookBook(office.project).all()
    assert url == address(office) and secret == HookBook(office.project).secret(entry, office.apps["a"].hook)
    assert len(secret) > 40 and secret.encode() not in row["secret"]


def test_syncs_with_the_same_place_share_one(office: Office) -> None:
    office.sync("same")
    office.sync("other", scope="Work")
    office.tend()
    assert office.asked() == ["subscribe events {}", "subscribe events {'calendar': 'Work'}"]
    assert office.asked("b") == ["subscribe events {}"]  # one tells of all calendars


def test_what_is_well_is_left_alone(office: Office) -> None:
    office.tend()
    office.asked()
    fence = Lease.take(office.project.store, NAME, lambda: office.now)
    fence.give_back()
    for _ in range(3):
        office.tend(DAY)
    again = Lease.take(office.project.store, NAME, lambda: office.now)
    assert office.asked() == [] and again.fence == fence.fence + 1


def test_renewal_comes_with_a_third_of_its_life_left_and_is_planned(office: Office) -> None:
    office.tend()
    made = office.now
    while office.apps["b"].asked == ["subscribe events {}"]:
        assert office.now < office.hooks.next <= office.now + MINUTE
        office.tend(HOUR)
    assert office.asked("b")[1:] == ["renew s1"] and WEEK * 7 / 12 <= office.now - made <= WEEK * 2 / 3 + HOUR


def test_a_former_one_goes_on_until_the_new_one_was_heard(office: Office) -> None:
    office.tend()
    office.tend(WEEK - DAY)
    assert list(office.apps["a"].live) == ["s1", "s2"] and office.row()["former"] == "s1"
    office.tend(MINUTE)
    assert list(office.apps["a"].live) == ["s1", "s2"]
    office.revise(heard_at=office.now.isoformat())
    office.tend(MINUTE)
    assert list(office.apps["a"].live) == ["s2"] and office.row()["former"] is None
    assert {url for url, _ in office.apps["a"].live.values()} == {address(office)} and office.pings() == []


def test_one_that_is_never_heard_ends_the_former_one_after_an_hour(office: Office) -> None:
    office.tend()
    office.tend(WEEK - DAY)
    office.tend(HOUR - MINUTE)
    assert len(office.apps["a"].live) == 2
    office.tend(MINUTE)
    assert list(office.apps["a"].live) == ["s2"]


def test_a_former_one_that_cannot_be_ended_holds_up_no_renewal(office: Office) -> None:
    office.tend()
    office.apps["a"].fail, office.apps["a"].where = Refused("Not this one."), "unsubscribe"
    office.tend(WEEK - DAY)
    office.tend(HOUR)
    assert office.row()["error"] == "Not this one."
    office.tend(WEEK - DAY)
    assert (office.row()["subscription"], office.row()["former"], office.row()["error"]) == ("s3", "s2", None)


def test_one_that_the_app_has_ended_is_made_anew_and_all_of_its_place_looked_at(office: Office) -> None:
    office.sync("same")
    office.tend()
    office.apps["b"].live.clear()
    office.tend(WEEK - DAY)
    assert office.asked("b")[1:] == ["renew s1", "subscribe events {}"] and list(office.apps["b"].live) == ["s2"]
    assert sorted(office.pings()) == [("it", "b", None), ("same", "b", None)]
    (row,) = office.rows("b")
    assert row["subscription"] == "s2" and row["former"] is None


def test_an_app_that_has_chosen_the_secret_may_choose_again_for_a_new_subscription(office: Office) -> None:
    office.tend()
    book = HookBook(office.project)
    office.revise(secret=book.vault.seal({"secret": "of the app", "chosen": "by the app"}))
    chosen = []
    office.apps["a"].before = lambda _: chosen.extend(map(book.chosen, book.all()))
    office.apps["a"].prolongs = True
    office.tend(WEEK - DAY)
    assert book.chosen(book.all()[0]) and chosen == []
    office.apps["a"].live.clear()
    office.tend(WEEK - DAY)
    assert chosen == [False, False] and office.row()["subscription"] == "s2"


def test_what_went_untold_while_nobody_was_here_is_looked_for(office: Office) -> None:
    office.tend()
    office.tend(WEEK + DAY)
    assert ("it", "a", None) in office.pings() and office.row()["subscription"] == "s2"


def test_the_app_may_ask_for_renewal(office: Office) -> None:
    """The receiver then sets the end to now."""
    office.tend()
    office.asked()
    office.now += MINUTE
    office.revise(until=office.now.isoformat())
    office.hooks.tend()
    assert office.asked() == ["subscribe events {}"] and office.row()["subscription"] == "s2"


def test_a_failure_is_noted_tried_again_ever_later_and_stops_no_other(office: Office) -> None:
    office.apps["a"].fail = Refused("No, for this reason.")
    office.tend()
    assert office.row()["error"] == "No, for this reason." and list(office.apps["b"].live) == ["s1"]
    tries = []
    for minute in range(60):
        office.asked()
        office.tend(MINUTE)
        tries += [minute + 1] if office.asked() else []
    assert tries == [1, 3, 7, 15, 30, 45, 60]
    office.apps["a"].fail = None
    office.tend(15 * MINUTE)
    assert office.row()["error"] is None and office.row()["subscription"] == "s1" and len(office.rows()) == 1


def test_an_app_that_says_how_long_to_wait_is_left_alone_so_long(office: Office) -> None:
    office.apps["a"].fail = Transient("Too fast.", wait=HOUR)
    office.tend()
    office.asked()
    office.tend(HOUR - MINUTE)
    assert office.asked() == []
    office.tend(MINUTE)
    assert len(office.asked()) == 1


def test_a_defect_of_a_connector_stops_no_other(office: Office) -> None:
    office.apps["a"].fail = KeyError("id")
    office.tend()
    assert "KeyError" in office.row()["error"] and list(office.apps["b"].live) == ["s1"]


def test_nothing_is_asked_of_an_account_that_is_signed_out(office: Office) -> None:
    office.project.connections.pause("a", "The sign-in has ended.", office.now)
    office.tend()
    assert (office.rows(), office.asked()) == ([], []) and list(office.apps["b"].live) == ["s1"]
    office.project.connections.resume("a")
    office.tend(MINUTE)
    assert office.row()["subscription"] == "s1"
    office.project.connections.pause("a", "The sign-in has ended.", office.now)
    office.tend(2 * WEEK)
    assert len(office.asked()) == 1 and office.hooks.next == office.now + MINUTE


def test_a_crash_while_the_app_is_asked_leaves_one_address(office: Office) -> None:
    office.apps["a"].fail = SystemExit()
    with pytest.raises(SystemExit):
        office.tend()
    key = office.row()["key"]
    office.apps["a"].fail = None
    office.hooks = office.another()
    office.tend()
    assert (office.row()["key"], office.row()["subscription"]) == (key, "s1")


def test_without_a_public_address_nothing_is_made_or_ended(office: Office) -> None:
    nowhere = office.another("")
    nowhere.tend()
    assert office.rows() == [] and office.asked() == []
    office.tend()
    nowhere.tend()
    assert list(office.apps["a"].live) == ["s1"]


def test_what_no_sync_wants_any_more_is_ended(office: Office) -> None:
    office.tend()
    office.sync("it", "paused: true\n")
    office.tend(MINUTE)
    office.tend(4 * MINUTE)
    assert list(office.apps["a"].live) == ["s1"]
    office.tend(MINUTE)
    assert office.apps["a"].live == office.apps["b"].live == {} and office.rows() == []


def test_a_file_that_is_gone_while_somebody_writes_it_ends_nothing(office: Office) -> None:
    office.tend()
    office.project.deployment_file("it").unlink()
    office.tend(MINUTE)
    office.sync("it")
    office.tend(MINUTE)
    office.project.deployment_file("it").unlink()
    office.tend(4 * MINUTE)
    assert list(office.apps["a"].live) == ["s1"]


def test_one_that_cannot_be_ended_is_tried_again(office: Office) -> None:
    office.tend()
    office.sync("it", "paused: true\n")
    office.apps["a"].fail = Transient("Not now.")
    for _ in range(6):
        office.tend(MINUTE)
    assert office.row()["error"] == "Not now."
    office.apps["a"].fail = None
    office.tend(MINUTE)
    assert office.rows() == []


def test_a_broken_sync_file_ends_nothing(office: Office) -> None:
    office.tend()
    office.sync("it", "nonsense: true\n")
    for _ in range(10):
        office.tend(MINUTE)
    assert list(office.apps["a"].live) == ["s1"]


def test_a_connection_that_is_gone_takes_its_hooks_along(office: Office) -> None:
    office.tend()
    office.asked()
    office.project.connections.delete("a")
    office.tend(MINUTE)
    assert office.rows() == [] and office.asked() == [] and list(office.apps["b"].live) == ["s1"]


def test_another_public_address_means_another_hook(office: Office) -> None:
    office.tend()
    office.hooks = office.another("https://elsewhere.example.com/")
    office.tend(MINUTE)
    (row,) = office.rows()
    assert office.apps["a"].live["s2"][0] == f"https://elsewhere.example.com/hooks/{row['key']}"
    assert list(office.apps["a"].live) == ["s2"]


def test_one_process_at_a_time_looks_after_them(office: Office) -> None:
    other = Lease.take(office.project.store, NAME, lambda: office.now, "elsewhere:1:x")
    office.tend()
    assert office.rows() == [] and office.asked() == []
    other.give_back()
    office.tend(MINUTE)
    assert len(office.rows()) == 1


def test_a_process_that_was_overtaken_stores_nothing_more(office: Office) -> None:
    def overtake(_: str) -> None:
        office.now += 2 * MINUTE
        Lease.take(office.project.store, NAME, lambda: office.now, "elsewhere:1:x")

    office.apps["a"].before = overtake
    office.tend()
    assert office.row()["subscription"] is None and office.asked("b") == []


def test_all_are_ended_on_request(office: Office) -> None:
    office.tend()
    office.apps["b"].fail = Refused("Not here.")
    left = office.hooks.end()
    assert [(entry.place.connection, entry.error) for entry in left] == [("b", "Not here.")]
    assert office.rows() == [] and office.apps["a"].live == {}


def test_what_a_person_enters_at_the_app_is_made_without_asking_it_and_outlives_a_pause(tmp_path: Path) -> None:
    office = Office(tmp_path, app="caldav")
    office.tend()
    key = office.row()["key"]
    office.sync("it", "paused: true\n")
    office.tend(MINUTE)
    office.sync("it")
    office.hooks = office.another("https://elsewhere.example.com")
    office.tend(MINUTE)
    assert office.row()["key"] == key and office.asked() == []
    assert (office.row()["object"], office.row()["scope"], office.row()["subscription"]) == ("", {}, None)
    office.project.close()


def test_a_secret_among_the_connections_settings_is_the_one_that_is_used(tmp_path: Path) -> None:
    office = Office(tmp_path, app="shopify", obj="customers")
    office.tend()
    assert "client_secret" in office.row()["error"]
    office.connect("a", "shopify", client_secret="known to Shopify")
    office.tend(MINUTE)
    assert [secret for _, secret in office.apps["a"].live.values()] == ["known to Shopify"]
    office.project.close()


def test_many_renewals_do_not_come_at_once(office: Office) -> None:
    for number in range(12):
        office.sync(f"sync-{number}", scope=f"c{number}")
    office.tend()
    counts = []
    for _ in range(5 * 24 // 2):
        office.asked()
        office.tend(2 * HOUR)
        counts.append(sum(each.startswith("subscribe") for each in office.asked()))
    assert sum(counts) == 13 and max(counts) <= 6 and sum(map(bool, counts)) >= 4
