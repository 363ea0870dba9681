"""What every connector must do, whatever the app. A subclass names the app's spelling; the capabilities are taken at
their word, so a connector that claims less is held to what it claims.

    class TestTasks(Conformance):
        app = "google_tasks"
        obj = "tasks"
        scope = {"list": "@default"}
        title, other = "title", "notes"

        def sample(self, **changes):
            return {"title": "Budget", "notes": "Room 1"} | changes

By default the server is the stand-in of the same name, fresh for each test. Where a real server is used, override the
fixtures `settings` (the connection's settings) and `scope_of` (an empty container), and set `controlled = False`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from connectors import connect
from engine.contract import (
    AuthExpired,
    CursorExpired,
    Done,
    Failed,
    Invalid,
    Missing,
    Op,
    Refused,
    Stale,
    Support,
    Write,
)
from tests.connectors.control import Control
from tests.connectors.desk import Desk

LONG = "ü" * 70_000


class Conformance:
    """`title` and `other` are native names of two text fields; `other` may be emptied."""

    app: ClassVar[str]
    obj: ClassVar[str]
    scope: ClassVar[dict[str, Any]] = {}
    title: ClassVar[str]
    other: ClassVar[str]
    unique: ClassVar[str] = ""
    """A field that tells records apart where the app insists on it: each sample gets a value of its own."""
    wrong_scope: ClassVar[dict[str, Any] | None] = None
    """A scope that names a container that is not there."""
    idle: ClassVar[int] = 1
    """Requests of a look at which nothing has changed."""
    text: ClassVar[str] = "Zoë & 東京 <b> 👩‍👩‍👧 \u202bעברית\u202c; a, b\\n"
    """What `title` and `other` must keep."""
    controlled: ClassVar[bool] = True
    """The server has a control plane: faults, counters."""

    # --- what a subclass may override ---------------------------------------------------------------------------

    @pytest.fixture
    def settings(self) -> Iterator[dict[str, str]]:
        from sandbox import start

        with start(self.app) as server:
            yield {"base_url": server.url, "token": server.token}

    @pytest.fixture
    def scope_of(self, settings: dict[str, str]) -> dict[str, Any]:
        return self.scope

    @pytest.fixture
    def desk(self, settings: dict[str, str], scope_of: dict[str, Any]) -> Desk:
        connector = connect(self.app, settings, sleep=lambda _: None)
        return Desk(connector, scope_of, self.obj, Control(settings["base_url"]) if self.controlled else None)

    @pytest.fixture
    def control(self, desk: Desk) -> Control:
        assert desk.control is not None, "a server without a control plane gets one from a transport: test_caldav.py"
        return desk.control

    def sample(self, **changes: Any) -> dict[str, Any]:
        """Native fields of a record, as they are stored; changed by these."""
        raise NotImplementedError

    def nth(self, number: int, **changes: Any) -> dict[str, Any]:
        """The sample as one of several."""
        own = {self.unique: f"{number}-{self.sample()[self.unique]}"} if self.unique else {}
        return self.sample(**own | changes)

    # --- the account --------------------------------------------------------------------------------------------

    def test_check_names_the_account(self, desk: Desk) -> None:
        assert desk.connector.check().strip()

    def test_a_wrong_sign_in_asks_for_a_new_one(self, desk: Desk, settings: dict[str, str]) -> None:
        wrong = {**settings, ("password" if "password" in settings else "token"): "not-the-secret"}
        stranger = connect(self.app, wrong, sleep=lambda _: None)
        with pytest.raises(AuthExpired) as caught:
            list(stranger.scan(desk.obj, desk.scope))
        assert "not-the-secret" not in str(caught.value)

    def test_schema_describes_every_field_that_is_read(self, desk: Desk) -> None:
        schema = desk.connector.schema(desk.obj)
        assert set(desk.create(self.sample()).data) <= set(schema.fields)
        assert all(schema.fields[name].type for name in (self.title, self.other))
        static = desk.connector.fields.get(desk.obj, {})
        assert {name: item.means for name, item in static.items()}.items() <= {
            name: item.means for name, item in schema.fields.items()
        }.items(), "an account has the fields that every account has"

    def test_an_unknown_object_is_refused(self, desk: Desk) -> None:
        with pytest.raises(Refused):
            list(desk.connector.scan("no-such-object-7", desk.scope))

    def test_an_unknown_container_is_refused(self, desk: Desk) -> None:
        if self.wrong_scope is not None:
            with pytest.raises(Refused):
                list(desk.connector.scan(desk.obj, self.wrong_scope))

    # --- one record ---------------------------------------------------------------------------------------------

    def test_create_get_update_delete(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        assert {name: made.data[name] for name in self.sample()} == self.sample()
        assert desk.again(made) == made
        changed = desk.update(made, **{self.title: "Budget 2027"})
        assert changed.id == made.id and (changed.version is None or changed.version != made.version)
        assert changed.data[self.title] == "Budget 2027" and changed.data[self.other] == made.data[self.other]
        assert desk.again(made) == changed
        assert desk.delete(changed).gone
        assert desk.again(made).gone

    def test_a_stale_version_is_refused(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        if desk.connector.caps.guarded is Support.NO:
            return  # the engine compares before it writes
        desk.update(made, **{self.title: "Theirs"})
        update = Write(op=Op.UPDATE, key="u2", id=made.id, if_version=made.version, data={self.title: "Ours"})
        assert isinstance(desk.error(update), Stale)
        assert isinstance(desk.error(Write(op=Op.DELETE, key="d", id=made.id, if_version=made.version)), Stale)
        assert desk.again(made).data[self.title] == "Theirs"

    def test_the_same_key_twice_is_one_record(self, desk: Desk) -> None:
        if desk.connector.caps.stamped is Support.NO:
            return  # the engine looks for it by its match keys
        first = desk.create(self.sample(), key="same")
        second = desk.create(self.sample(), key="same")
        assert second == first
        assert list(desk.scan()[0]) == [first.id]

    def test_a_record_keeps_the_key_it_was_made_under(self, desk: Desk) -> None:
        if desk.connector.caps.stamped is not Support.YES:
            return
        made = desk.create(self.sample(), key="same")
        changed = desk.update(made, **{self.title: "Theirs"})
        seen = desk.scan()[0][made.id]
        assert [record.stamp for record in (made, changed, seen, desk.again(made))] == ["same"] * 4

    def test_a_key_whose_record_was_deleted_is_not_created_again(self, desk: Desk) -> None:
        desk.delete(desk.create(self.sample(), key="same"))
        outcome = desk.one(Write(op=Op.CREATE, key="same", data=self.sample()))
        if isinstance(outcome, Failed):  # servers that forget deleted records cannot know
            assert isinstance(outcome.error, Missing)

    def test_a_batch_may_half_succeed(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        desk.delete(desk.again(made))
        outcomes = desk.write(
            Write(op=Op.CREATE, key="good", data=self.nth(1)),
            Write(op=Op.UPDATE, key="lost", id=made.id, data={self.title: "Ghost"}),
            Write(op=Op.CREATE, key="better", data=self.nth(2)),
        )
        assert isinstance(outcomes["good"], Done) and isinstance(outcomes["better"], Done)
        lost = outcomes["lost"]
        assert isinstance(lost, Failed) and isinstance(lost.error, Missing)
        later = desk.write(
            *(
                Write(op=Op.DELETE, key=f"away {done.key}", id=done.record.id)
                for done in outcomes.values()
                if isinstance(done, Done)
            )
        )
        assert all(isinstance(outcome, Done) for outcome in later.values()), later

    def test_deleting_what_is_gone_is_done(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        desk.delete(made)
        assert desk.done(Write(op=Op.DELETE, key="twice", id=made.id)).gone

    def test_unicode_survives(self, desk: Desk) -> None:
        made = desk.create(self.sample(**{self.title: self.text, self.other: self.text}))
        assert (made.data[self.title], made.data[self.other]) == (self.text, self.text)
        assert desk.again(made) == made

    def test_over_long_text_is_stored_or_parked(self, desk: Desk) -> None:
        outcome = desk.one(Write(op=Op.CREATE, key="long", data=self.sample(**{self.title: LONG})))
        if isinstance(outcome, Failed):
            assert isinstance(outcome.error, Invalid)
            assert not desk.scan()[0]
        else:
            assert desk.again(outcome.record) == outcome.record

    def test_none_clears_a_field(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        cleared = desk.update(made, **{self.other: None})
        assert cleared.data[self.other] is None and cleared.data[self.title] == made.data[self.title]

    # --- reading everything, reading what changed ----------------------------------------------------------------

    def test_a_scan_equals_get(self, desk: Desk) -> None:
        made = [desk.create(self.nth(n, **{self.title: f"Nr {n}"}), key=f"n{n}") for n in range(3)]
        scanned, _ = desk.scan()
        assert scanned == {record.id: record for record in made}
        assert {record.id: record for record in desk.get(*scanned)} == scanned

    def test_changes_resume_from_a_cursor(self, desk: Desk) -> None:
        if desk.connector.caps.delta is Support.NO:
            with pytest.raises(CursorExpired):
                desk.changes("anything")
            return
        kept = desk.create(self.nth(1), key="kept")
        lost = desk.create(self.nth(2), key="lost")
        _, cursor = desk.scan()
        nothing, quiet = desk.changes(cursor)
        assert nothing == {}
        new = desk.create(self.nth(3), key="new")
        changed = desk.update(kept, **{self.title: "Changed"})
        desk.delete(lost)
        seen, after = desk.changes(quiet)
        assert (seen[new.id], seen[kept.id]) == (new, changed), "an echo carries the version that the write returned"
        tells = desk.connector.caps.tombstones is not Support.NO
        assert not tells or seen[lost.id].gone, "a tombstone"
        assert set(seen) == {new.id, kept.id} | ({lost.id} if tells else set())
        assert desk.changes(quiet)[0] == seen, "a cursor that was not stored is used again"
        assert desk.changes(after)[0] == {}
        assert lost.id not in desk.scan()[0]

    def test_an_idle_look_is_cheap(self, desk: Desk) -> None:
        if desk.connector.caps.delta is Support.NO:
            return
        desk.create(self.sample())
        _, cursor = desk.scan()
        before = desk.connector.requests
        desk.changes(cursor)
        assert desk.connector.requests - before == self.idle

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk, control: Control) -> None:
        _, cursor = desk.scan()
        control.fault("expire_cursor")
        if desk.connector.caps.delta is not Support.NO:
            with pytest.raises(CursorExpired):
                desk.changes(cursor)

    def test_a_cursor_that_cannot_be_read_asks_for_a_scan(self, desk: Desk) -> None:
        with pytest.raises(CursorExpired):
            desk.changes("not a cursor")

    def test_reading_writes_nothing(self, desk: Desk, control: Control) -> None:
        made = desk.create(self.sample())
        control.reset()
        _, cursor = desk.scan()
        if desk.connector.caps.delta is not Support.NO:
            desk.changes(cursor)
        desk.again(made)
        assert control.log()["writes"] == 0

    # --- a server that misbehaves ---------------------------------------------------------------------------------

    def test_too_many_calls_are_survived(self, desk: Desk, control: Control) -> None:
        control.fault("429", times=2, retry_after=1)
        made = desk.create(self.sample())
        control.fault("503", times=2)
        assert desk.scan()[0] == {made.id: made}

    def test_a_lost_answer_to_a_create_makes_no_second_record(self, desk: Desk, control: Control) -> None:
        if desk.connector.caps.stamped is Support.NO:
            return
        control.fault("drop_after_commit", method="POST")
        desk.one(Write(op=Op.CREATE, key="lost-answer", data=self.sample()))
        desk.create(self.sample(), key="lost-answer")
        assert len(desk.scan()[0]) == 1

    def test_no_mail_is_ever_sent(self, desk: Desk, control: Control) -> None:
        made = desk.create(self.sample())
        desk.delete(desk.update(made, **{self.title: "Other"}))
        assert control.log()["mail"] == 0
