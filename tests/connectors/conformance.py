"""What every calendar connector must do, whatever the app. A subclass names the app's spelling and its server.

    class TestGoogleCalendar(ConnectorConformance):
        app = "google_calendar"
        scope = {"calendar": "primary"}
        weekly = ["RRULE:FREQ=WEEKLY;BYDAY=MO"]

By default the server is the stand-in of the same name, fresh for each test. Where a real server is used, override the
fixtures `settings` (the connection's settings) and `scope_of` (an empty calendar), and set `controlled = False`.
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
    Write,
)
from tests.connectors.control import Control
from tests.connectors.desk import Desk

LONG = "ü" * 40_000


class ConnectorConformance:
    """The names below are the app's native field names; the vocabulary is the same for all calendars."""

    app: ClassVar[str]
    scope: ClassVar[dict[str, Any]] = {}
    weekly: ClassVar[Any]
    """Native rule: each Monday, without an end."""
    title: ClassVar[str] = "summary"
    place: ClassVar[str] = "location"
    body: ClassVar[str] = "description"
    start: ClassVar[str] = "start"
    end: ClassVar[str] = "end"
    zone: ClassVar[str] = "Europe/Berlin"
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
        return Desk(connector, scope_of, control=Control(settings["base_url"]) if self.controlled else None)

    @pytest.fixture
    def control(self, desk: Desk) -> Control:
        assert desk.control is not None, (
            "a server without a control plane gets one from a transport: see test_caldav.py"
        )
        return desk.control

    def at(self, date: str, clock: str) -> dict[str, Any]:
        return {"dateTime": f"{date}T{clock}:00", "timeZone": self.zone}

    def span(self, date: str, begin: str, finish: str) -> dict[str, Any]:
        return {self.start: self.at(date, begin), self.end: self.at(date, finish)}

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {self.title: "Budget", self.place: "Room 1", **self.span("2026-11-02", "09:00", "10:00")}
        return data | changes

    def series(self, *occurrences: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return self.sample(recurrence=self.weekly, occurrences=list(occurrences), **changes)

    def moved(self) -> dict[str, Any]:
        return {"original_start": "2026-11-09", **self.span("2026-11-10", "11:00", "12:00")}

    def cancelled(self) -> dict[str, Any]:
        return {"original_start": "2026-11-16", "cancelled": True}

    def retitled(self) -> dict[str, Any]:
        return {"original_start": "2026-11-23", self.title: "Budget, final"}

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
        for name in (self.title, self.place, self.body, self.start, self.end, "recurrence", "occurrences", "attendees"):
            assert schema.fields[name].type and schema.fields[name].means, name
        record = desk.create(self.series(self.moved()))
        assert set(record.data) <= set(schema.fields)

    def test_an_unknown_calendar_is_refused_with_those_there_are(self, desk: Desk) -> None:
        with pytest.raises(Refused, match="No such calendar 7"):
            list(desk.connector.scan(desk.obj, {"calendar": "No such calendar 7"}))

    # --- one record ---------------------------------------------------------------------------------------------

    def test_create_get_update_delete(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        assert {name: made.data[name] for name in self.sample()} == self.sample()
        assert desk.again(made) == made
        changed = desk.update(made, **{self.title: "Budget 2027"})
        assert changed.id == made.id and changed.version != made.version
        assert changed.data[self.title] == "Budget 2027" and changed.data[self.place] == "Room 1"
        assert desk.again(made) == changed
        assert desk.delete(changed).gone
        assert desk.again(made).gone

    def test_a_stale_version_is_refused(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        desk.update(made, **{self.title: "Theirs"})
        update = Write(op=Op.UPDATE, key="u2", id=made.id, if_version=made.version, data={self.title: "Ours"})
        assert isinstance(desk.error(update), Stale)
        assert isinstance(desk.error(Write(op=Op.DELETE, key="d", id=made.id, if_version=made.version)), Stale)
        assert desk.again(made).data[self.title] == "Theirs"

    def test_the_same_key_twice_is_one_record(self, desk: Desk) -> None:
        first = desk.create(self.sample(), key="same")
        second = desk.create(self.sample(), key="same")
        assert second == first
        assert list(desk.scan()[0]) == [first.id]

    def test_a_record_keeps_the_key_it_was_made_under(self, desk: Desk) -> None:
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
        moved_on = desk.update(made, **{self.title: "Newer"})
        outcomes = desk.write(
            Write(op=Op.CREATE, key="good", data=self.sample()),
            Write(op=Op.UPDATE, key="stale", id=made.id, if_version=made.version, data={self.title: "Old"}),
            Write(op=Op.CREATE, key="series", data=self.series(self.moved(), self.cancelled())),
        )
        assert isinstance(outcomes["good"], Done)
        assert isinstance(outcomes["series"], Done)
        stale = outcomes["stale"]
        assert isinstance(stale, Failed) and isinstance(stale.error, Stale)
        later = desk.write(
            Write(op=Op.DELETE, key="away", id=moved_on.id, if_version=moved_on.version),
            Write(op=Op.DELETE, key="series-away", id=outcomes["series"].record.id),
        )
        assert all(isinstance(outcome, Done) for outcome in later.values()), later
        missing = desk.error(Write(op=Op.UPDATE, key="lost", id=made.id, data={self.title: "Ghost"}))
        assert isinstance(missing, Missing)

    def test_deleting_what_is_gone_is_done(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        desk.delete(made)
        assert desk.done(Write(op=Op.DELETE, key="twice", id=made.id)).gone

    def test_unicode_survives(self, desk: Desk) -> None:
        text = "Zoë & 東京 <b> 👩‍👩‍👧 \u202bעברית\u202c; a, b\\n"
        made = desk.create(self.sample(**{self.title: text, self.place: text}))
        assert (made.data[self.title], made.data[self.place]) == (text, text)
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
        cleared = desk.update(made, **{self.place: None})
        assert cleared.data[self.place] is None and cleared.data[self.title] == "Budget"

    def test_whole_days(self, desk: Desk) -> None:
        days = {self.start: {"date": "2026-12-24"}, self.end: {"date": "2026-12-27"}}
        made = desk.create(self.sample(**days))
        assert (made.data[self.start], made.data[self.end]) == (days[self.start], days[self.end])
        timed = desk.update(made, **self.span("2026-12-24", "09:00", "10:00"))
        assert timed.data[self.start] == self.at("2026-12-24", "09:00")

    # --- reading everything, reading what changed ----------------------------------------------------------------

    def test_a_scan_equals_get(self, desk: Desk) -> None:
        made = [desk.create(self.sample(**{self.title: f"Nr {n}"}), key=f"n{n}") for n in range(3)]
        made.append(desk.create(self.series(self.moved(), self.cancelled()), key="series"))
        scanned, _ = desk.scan()
        assert scanned == {record.id: record for record in made}
        assert {record.id: record for record in desk.get(*scanned)} == scanned

    def test_changes_resume_from_a_cursor(self, desk: Desk) -> None:
        kept = desk.create(self.sample(), key="kept")
        lost = desk.create(self.sample(), key="lost")
        _, cursor = desk.scan()
        nothing, quiet = desk.changes(cursor)
        assert nothing == {}
        new = desk.create(self.sample(), key="new")
        changed = desk.update(kept, **{self.title: "Changed"})
        desk.delete(lost)
        seen, after = desk.changes(quiet)
        assert (seen[new.id], seen[kept.id]) == (new, changed), "an echo carries the version that the write returned"
        assert seen[lost.id].gone and set(seen) == {new.id, kept.id, lost.id}
        assert desk.changes(quiet)[0] == seen, "a cursor that was not stored is used again"
        assert desk.changes(after)[0] == {}

    def test_an_idle_look_costs_one_request(self, desk: Desk) -> None:
        desk.create(self.series(self.moved()))
        _, cursor = desk.scan()
        before = desk.connector.requests
        desk.changes(cursor)
        assert desk.connector.requests - before == 1

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk, control: Control) -> None:
        _, cursor = desk.scan()
        control.fault("expire_cursor")
        with pytest.raises(CursorExpired):
            desk.changes(cursor)

    def test_reading_writes_nothing(self, desk: Desk, control: Control) -> None:
        made = desk.create(self.series(self.moved(), self.cancelled()))
        control.reset()
        _, cursor = desk.scan()
        desk.changes(cursor)
        desk.again(made)
        assert control.log()["writes"] == 0

    # --- a server that misbehaves ---------------------------------------------------------------------------------

    def test_too_many_calls_are_survived(self, desk: Desk, control: Control) -> None:
        control.fault("429", times=2, retry_after=1)
        assert desk.create(self.sample()).data[self.title] == "Budget"
        control.fault("503", times=2)
        assert len(desk.scan()[0]) == 1

    def test_a_lost_answer_to_a_create_makes_no_second_record(self, desk: Desk, control: Control) -> None:
        control.fault("drop_after_commit", method="POST")
        desk.one(Write(op=Op.CREATE, key="lost-answer", data=self.sample()))
        desk.create(self.sample(), key="lost-answer")
        assert len(desk.scan()[0]) == 1

    def test_no_mail_is_ever_sent(self, desk: Desk, control: Control) -> None:
        people = self.people()
        made = desk.create(self.series(self.moved(), attendees=people))
        assert [person["email"] for person in made.data["attendees"]] == [person["email"] for person in people]
        changed = desk.update(made, **{self.title: "Other"})
        changed = desk.update(changed, key="u2", attendees=people[:1])
        assert len(changed.data["attendees"]) == 1
        desk.delete(changed)
        assert control.log()["mail"] == 0

    def people(self) -> list[dict[str, Any]]:
        return [{"email": "ada@example.org"}, {"email": "bob@example.org"}]

    # --- series ----------------------------------------------------------------------------------------------------

    def test_a_series_is_one_record_with_its_occurrences(self, desk: Desk) -> None:
        entries = [self.moved(), self.cancelled(), self.retitled()]
        made = desk.create(self.series(*entries))
        assert made.data["recurrence"] == self.weekly
        assert made.data["occurrences"] == entries
        assert desk.scan()[0] == {made.id: made}
        assert desk.create(self.series(*entries)) == made, "the same key again"

    def test_occurrences_are_edited_one_by_one(self, desk: Desk) -> None:
        made = desk.create(self.series(self.moved()))
        _, cursor = desk.scan()
        more = desk.update(made, occurrences=[self.moved(), self.cancelled(), self.retitled()])
        assert more.data["occurrences"] == [self.moved(), self.cancelled(), self.retitled()]
        assert more.version != made.version
        later = self.moved() | self.span("2026-11-10", "15:00", "16:30")
        again = desk.update(more, occurrences=[later, self.cancelled(), self.retitled()])
        assert again.data["occurrences"] == [later, self.cancelled(), self.retitled()]
        assert desk.changes(cursor)[0] == {made.id: again}

    def test_an_absent_occurrence_is_restored_or_refused(self, desk: Desk) -> None:
        made = desk.create(self.series(self.moved(), self.cancelled()))
        write = Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"occurrences": []})
        outcome = desk.one(write)
        if isinstance(outcome, Done):
            assert outcome.record.data["occurrences"] == []
        else:
            assert isinstance(outcome.error, Invalid) and outcome.error.field == "occurrences"

    def test_a_new_title_reaches_the_occurrences_that_had_none_of_their_own(self, desk: Desk) -> None:
        made = desk.create(self.series(self.moved(), self.cancelled(), self.retitled()))
        renamed = desk.update(made, **{self.title: "Finance"})
        assert renamed.data[self.title] == "Finance"
        assert renamed.data["occurrences"] == [self.moved(), self.cancelled(), self.retitled()]

    def test_another_time_of_day_keeps_the_occurrences(self, desk: Desk) -> None:
        made = desk.create(self.series(self.moved(), self.cancelled(), self.retitled()))
        later = desk.update(made, **self.span("2026-11-02", "14:00", "15:00"))
        assert later.data[self.start] == self.at("2026-11-02", "14:00")
        assert later.data["occurrences"] == [self.moved(), self.cancelled(), self.retitled()]

    def test_a_changed_occurrence_makes_the_series_stale(self, desk: Desk) -> None:
        made = desk.create(self.series(self.moved()))
        desk.update(made, occurrences=[self.moved(), self.retitled()])
        write = Write(op=Op.UPDATE, key="u2", id=made.id, if_version=made.version, data={self.title: "Ours"})
        assert isinstance(desk.error(write), Stale)

    def test_a_single_becomes_a_series_and_back(self, desk: Desk) -> None:
        made = desk.create(self.sample())
        assert made.data["recurrence"] is None
        series = desk.update(made, recurrence=self.weekly, occurrences=[self.cancelled()])
        assert series.data["recurrence"] == self.weekly and series.data["occurrences"] == [self.cancelled()]
        single = desk.update(series, key="u2", recurrence=None)
        assert single.data["recurrence"] is None and not single.data["occurrences"]

    def test_a_cancelled_day_that_the_rule_does_not_name_is_satisfied(self, desk: Desk) -> None:
        nowhere = {"original_start": "2026-11-11", "cancelled": True}
        made = desk.create(self.series(nowhere))
        assert made.data["occurrences"] in ([], [nowhere])

    def test_a_series_is_deleted_whole(self, desk: Desk) -> None:
        made = desk.create(self.series(self.moved(), self.cancelled()))
        _, cursor = desk.scan()
        desk.delete(made)
        seen, _ = desk.changes(cursor)
        assert list(seen) == [made.id] and seen[made.id].gone
        assert desk.scan()[0] == {}
