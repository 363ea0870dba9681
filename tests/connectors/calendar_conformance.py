"""What every calendar connector must do besides: times, series, occurrences, guests."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from engine.contract import Done, Failed, Invalid, Missing, Op, Refused, Stale, Write
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk


class CalendarConformance(Conformance):
    """The names below are the app's native field names; the vocabulary is the same for all calendars."""

    obj = "events"
    weekly: ClassVar[Any]
    """Native rule: each Monday, without an end."""
    title: ClassVar[str] = "summary"
    other: ClassVar[str] = "location"
    body: ClassVar[str] = "description"
    start: ClassVar[str] = "start"
    end: ClassVar[str] = "end"
    zone: ClassVar[str] = "Europe/Berlin"

    def at(self, date: str, clock: str) -> dict[str, Any]:
        return {"dateTime": f"{date}T{clock}:00", "timeZone": self.zone}

    def span(self, date: str, begin: str, finish: str) -> dict[str, Any]:
        return {self.start: self.at(date, begin), self.end: self.at(date, finish)}

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {self.title: "Budget", self.other: "Room 1", **self.span("2026-11-02", "09:00", "10:00")}
        return data | changes

    def series(self, *occurrences: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return self.sample(recurrence=self.weekly, occurrences=list(occurrences), **changes)

    def moved(self) -> dict[str, Any]:
        return {"original_start": "2026-11-09", **self.span("2026-11-10", "11:00", "12:00")}

    def cancelled(self) -> dict[str, Any]:
        return {"original_start": "2026-11-16", "cancelled": True}

    def retitled(self) -> dict[str, Any]:
        return {"original_start": "2026-11-23", self.title: "Budget, final"}

    def test_schema_describes_every_field_of_a_series(self, desk: Desk) -> None:
        schema = desk.connector.schema(desk.obj)
        for name in (self.title, self.other, self.body, self.start, self.end, "recurrence", "occurrences", "attendees"):
            assert schema.fields[name].type and schema.fields[name].means, name
        record = desk.create(self.series(self.moved()))
        assert set(record.data) <= set(schema.fields)

    def test_an_unknown_calendar_is_refused_with_those_there_are(self, desk: Desk) -> None:
        with pytest.raises(Refused, match="No such calendar 7"):
            list(desk.connector.scan(desk.obj, {"calendar": "No such calendar 7"}))

    def test_a_batch_with_a_series_may_half_succeed(self, desk: Desk) -> None:
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

    def test_whole_days(self, desk: Desk) -> None:
        days = {self.start: {"date": "2026-12-24"}, self.end: {"date": "2026-12-27"}}
        made = desk.create(self.sample(**days))
        assert (made.data[self.start], made.data[self.end]) == (days[self.start], days[self.end])
        timed = desk.update(made, **self.span("2026-12-24", "09:00", "10:00"))
        assert timed.data[self.start] == self.at("2026-12-24", "09:00")

    def test_a_scan_with_a_series_equals_get(self, desk: Desk) -> None:
        made = [desk.create(self.sample(**{self.title: f"Nr {n}"}), key=f"n{n}") for n in range(3)]
        made.append(desk.create(self.series(self.moved(), self.cancelled()), key="series"))
        scanned, _ = desk.scan()
        assert scanned == {record.id: record for record in made}
        assert {record.id: record for record in desk.get(*scanned)} == scanned

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
