"""What becomes of a call: pings in the inbox, or nothing but a count."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.hook import Call, Heard, Hook
from connectors.proofs import PROOFS
from engine.store.outside import deliveries, hooks
from engine.store.tables import inbox
from flows import pings
from flows.pings import MOST, Pings, take
from tests.hooks.reception import KEY, Reception, reception
from tests.hooks.senders import ACCOUNT, AT, SECRET, SENDERS, hexed, made, text, truncated

__all__ = ["reception"]
FIRST, SECOND = ("first", "left", None), ("second", "left", None)


def says(**heard: Any) -> Hook:
    """A hook that believes everything."""
    return Hook(hear=lambda call, secret: Heard(**heard), covers=heard.pop("covers", "account"))


@pytest.mark.parametrize("app", SENDERS)
def test_a_call_of_each_app_is_stored_and_its_like_is_not(reception: Any, app: str) -> None:
    """Good, forged, cut off, empty, repeated at once, repeated late."""
    sender = SENDERS[app]
    (obj,) = sender.look
    there: Reception = reception(app, sender.hook, obj or "things")
    call = sender.call()
    for bad in (sender.call("b3RoZXI="), truncated(call), made({}, b"", method=sender.method)):
        taken = there.take(bad)
        assert (taken.status, taken.answer, taken.syncs) == (401, "", frozenset())
    assert (there.inbox, there.deliveries, there.row["heard_at"]) == ([], 0, None)
    taken = there.take(call)
    here = ["first"] if sender.hook.covers == "scope" else ["first", "second"]
    record = next(iter(sender.look.values()))[0] if obj else None
    stored = [(sync, "left", record) for sync in here]
    assert taken.status in (200, 202) and taken.syncs == set(here)
    assert there.inbox == stored and there.row["heard_at"] == AT.isoformat()
    counts = {(KEY, "forged"): 3, (KEY, "heard"): 1}
    assert there.counts == counts
    again, late = there.take(call), there.take(replace(call, at=AT + timedelta(hours=1)))
    assert again.status == taken.status and late.status == (401 if sender.later == "forged" else taken.status)
    assert again.syncs == (taken.syncs if sender.again == "heard" else frozenset())
    assert late.syncs == (taken.syncs if sender.later == "heard" else frozenset())
    for outcome in (sender.again, sender.later):
        counts[KEY, outcome] = counts.get((KEY, outcome), 0) + 1
    assert there.counts == counts and there.inbox == stored


def test_an_address_that_does_not_exist_is_counted_and_that_is_all(reception: Any) -> None:
    there: Reception = reception("plain", PROOFS["plain"])
    for key in ("", "guess", KEY[:-1], KEY + "x", "🦜", "a'; drop table hooks"):
        assert there.take(SENDERS["plain"].call(), key).status == 404
    assert (there.inbox, there.counts) == ([], {("", "unknown"): 6})


def test_what_a_hook_does_not_cover_is_left_out(reception: Any) -> None:
    two = {"things": ("1", "2"), "others": ("3",)}
    assert reception("a", says(look=two, covers="scope")).take(made({}, b"")).syncs == {"first"}
    there: Reception = reception("b", says(look=two, covers="object"))
    there.take(made({}, b""))
    assert there.inbox == [(sync, "left", id) for sync in ("first", "second") for id in ("1", "2")]
    other: Reception = reception("c", says(look={"others": ("3",)}, covers="account"))
    assert (other.take(made({}, b"")).syncs, other.inbox) == (set(), [])
    assert other.counts == {(KEY, "heard"): 1}


@pytest.mark.parametrize("app", ["hubspot", "quickbooks", "quickbooks, as CloudEvents"])
def test_one_address_hears_of_all_accounts_of_an_app(reception: Any, app: str) -> None:
    """`far` is the same account through an app with another secret, `lost` is connected without one."""
    sender = SENDERS[app]
    ((obj, records),) = sender.look.items()
    there: Reception = reception(app, sender.hook, obj)
    secrets = {"left": SECRET, "near": SECRET, "far": "another", "lost": ""}
    for name, secret in secrets.items():
        id = "619" if name == "left" else ACCOUNT
        kept = {sender.hook.secret: secret} if secret else {}
        there.project.connections.put(name, "csv", {"realm_id": id}, kept, account=f"HubSpot account {id}", now=AT)
        if name != "left":
            there.sync(name, name)
            there.add(f"key of {name}", account=name)
    taken = there.take(sender.call())
    assert (taken.status, taken.syncs, there.inbox) == (200, {"near"}, [("near", "left", records[0])])
    assert {row["connection"] for row in there.project.store.all(hooks) if row["heard_at"]} == {"left", "near"}
    assert there.take(sender.call("another")).status == 401
    assert there.take(sender.call("another", id="8"), "key of far").syncs == {"far"}
    assert there.take(sender.call(id="9"), "key of near").syncs == {"near"}


def test_a_paused_sync_hears_nothing(reception: Any) -> None:
    there: Reception = reception("a", says(covers="account"))
    with (there.root / "deployments" / "second.yaml").open("a") as file:
        file.write("schedule: {paused: true}\n")
    there.take(made({}, b""))
    assert there.inbox == [FIRST]


@pytest.mark.parametrize("ids", [tuple(map(str, range(MOST + 1))), ("a\x00b",), ("\ud800",), ("x" * 501,), ("",) * 400])
def test_ids_that_are_too_many_or_none_at_all_mean_look_at_everything(reception: Any, ids: tuple[str, ...]) -> None:
    there: Reception = reception("a", says(look={"things": ids}))
    assert there.take(made({}, b"")).status == 200
    assert there.inbox == [FIRST, SECOND]


@pytest.mark.parametrize("delivery", ["x" * 10_000, "a\x00b", "\ud800", 12, ["x"]])
def test_any_number_of_a_message_is_known_again(reception: Any, delivery: Any) -> None:
    there: Reception = reception("a", says(delivery=delivery))
    assert [len(there.take(made({}, b"")).syncs) for _ in range(2)] == [2, 0]


def test_a_ping_that_comes_while_a_run_reads_is_not_taken_for_the_one_before(reception: Any) -> None:
    """The run answers the pings it has seen, by their numbers; the same ping since then has another."""
    there: Reception = reception("a", says(look={"things": ("1",)}))
    there.take(made({}, b""))
    (seen, _) = sorted(row["id"] for row in there.project.store.all(inbox))
    there.take(made({}, b""))
    rows = there.project.store.all(inbox)
    assert len(rows) == 2 and all(row["id"] > seen for row in rows)


def test_an_inbox_that_nobody_empties_does_not_grow_for_ever(reception: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pings, "WAITING", 3)
    there: Reception = reception("shopify", SENDERS["shopify"].hook, "products")
    for id in range(9):
        assert there.take(SENDERS["shopify"].call(id=str(id))).syncs == {"first", "second"}
    waiting = [record for sync, _, record in there.inbox if sync == "first"]
    assert sorted(waiting, key=str) == ["0", "1", "2", None]


def test_messages_are_forgotten_after_two_days(reception: Any) -> None:
    there: Reception = reception("google_calendar", SENDERS["google_calendar"].hook)
    desk = Pings(there.project)
    for hours, id in ((0, "1"), (40, "2"), (50, "3"), (50.5, "4"), (89, "5")):
        desk.keep([desk.judge(KEY, SENDERS["google_calendar"].call(id=id, at=AT + timedelta(hours=hours)))])  # type: ignore[list-item]
    times = {row["at"] for row in there.project.store.all(deliveries)}
    assert times == {(AT + timedelta(hours=hours)).isoformat() for hours in (50, 50.5, 89)}


def test_an_app_that_wants_to_be_renewed_is_looked_after_now(reception: Any) -> None:
    there: Reception = reception("outlook_calendar", SENDERS["outlook_calendar"].hook)
    item = {"clientState": SECRET, "lifecycleEvent": "reauthorizationRequired"}
    taken = there.take(made({}, text({"value": [item]})))
    assert (taken.status, taken.renew, taken.syncs) == (202, True, frozenset())
    assert (there.row["until"], there.inbox) == (AT.isoformat(), [])


def test_a_handshake_stores_nothing(reception: Any) -> None:
    there: Reception = reception("outlook_calendar", SENDERS["outlook_calendar"].hook)
    taken = there.take(made({}, b"", "https://x.example.com/?validationToken=abc"))
    assert (taken.status, taken.answer) == (200, "abc")
    assert (there.counts, there.row["heard_at"]) == ({(KEY, "handshake"): 1}, None)


def test_an_app_chooses_its_secret_once(reception: Any) -> None:
    there: Reception = reception("asana", PROOFS["asana"])
    taken = there.take(made({"X-Hook-Secret": "theirs"}, b"{}"))
    assert (taken.status, taken.headers) == (200, {"X-Hook-Secret": "theirs"})
    beat = text({"events": [{"resource": {"gid": "1", "resource_type": "task"}}]})
    theirs = made({"X-Hook-Signature": hexed(b"theirs", beat)}, beat)
    assert there.take(theirs).status == 200
    thief = there.take(made({"X-Hook-Secret": "a thief's"}, b"{}"))
    assert (thief.status, thief.headers) == (401, {})
    assert there.take(replace(theirs, body=beat + b" ")).status == 401 and there.take(theirs).status == 200
    assert b"theirs" not in there.row["secret"]


def test_a_setting_that_is_missing_is_told_once(reception: Any, caplog: pytest.LogCaptureFixture) -> None:
    there: Reception = reception("xero", PROOFS["xero"])
    there.project.connections.put("left", "csv", {}, {}, account="me", now=AT)
    desk = Pings(there.project)
    for _ in range(3):
        assert desk.judge(KEY, SENDERS["xero"].call()).status == 401  # type: ignore[union-attr]
    (line,) = [record.message for record in caplog.records if record.name == "flows"]
    assert "webhook_key" in line and SECRET not in line and KEY not in line


def test_counts_are_added_up_and_none_is_lost(reception: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    there: Reception = reception("plain", PROOFS["plain"])
    desk = Pings(there.project)
    for _ in range(3):
        desk.judge(KEY, made({}, b""))
    with monkeypatch.context() as patch:
        patch.setattr(pings, "_COUNT", None)
        with pytest.raises(Exception, match="None"):
            desk.store_counts()
    desk.store_counts()
    desk.store_counts()
    take(there.project, KEY, made({}, b""))
    assert there.counts == {(KEY, "forged"): 4}


def test_what_cannot_be_read_is_refused(reception: Any) -> None:

    def broken(call: Call, secret: str) -> Heard:
        return Heard(look={"things": (call.headers["not there"],)})

    there: Reception = reception("a", Hook(hear=broken))
    assert there.take(made({}, b"")).status == 401
    assert there.inbox == []
