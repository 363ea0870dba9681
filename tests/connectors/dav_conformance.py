"""What every kind of record on a DAV server must do. There is no control plane: the trouble is made on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import pytest

from connectors import connect
from engine.contract import CursorExpired, Failed, Op, Record, Stale, Write
from tests.connectors.conformance import Conformance
from tests.connectors.desk import Desk
from tests.connectors.flaky import Flaky


class DavConformance(Conformance):
    place: ClassVar[str] = "calendar"
    """The key of a scope that names the collection."""

    @pytest.fixture
    def scope_of(self, settings: dict[str, str]) -> dict[str, Any]:
        return {self.place: f"{self.place} {uuid4().hex[:8]}", "create": True}

    @pytest.fixture
    def flaky(self) -> Iterator[Flaky]:
        flaky = Flaky()
        yield flaky
        flaky.close()

    @pytest.fixture
    def desk(self, settings: dict[str, str], scope_of: dict[str, Any], flaky: Flaky) -> Desk:
        return Desk(connect(self.app, settings, transport=flaky, sleep=lambda _: None), scope_of, self.obj)

    def test_an_unknown_container_is_refused(self, desk: Desk) -> None:
        self.wrong_scope = {self.place: "No such place 7"}
        super().test_an_unknown_container_is_refused(desk)

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk) -> None:
        _, cursor = desk.scan()
        mark = json.loads(cursor)
        forgotten = json.dumps(mark | {"token": mark["token"][:-8] + "deadbeef"})
        for lost in (forgotten, json.dumps(mark | {self.place: "Other"})):
            with pytest.raises(CursorExpired):
                desk.changes(lost)
        assert desk.changes(desk.scan()[1])[0] == {}

    def test_reading_writes_nothing(self, desk: Desk, flaky: Flaky) -> None:
        made = desk.create(self.sample())
        flaky.methods.clear()
        _, cursor = desk.scan()
        desk.changes(cursor)
        desk.again(made)
        assert set(flaky.methods) <= {"GET", "PROPFIND", "REPORT"}

    def test_too_many_calls_are_survived(self, desk: Desk, flaky: Flaky) -> None:
        desk.scan()
        flaky.refuse = [httpx.Response(429, headers={"Retry-After": "1"}) for _ in range(2)]
        made = desk.create(self.sample())
        flaky.refuse = [httpx.Response(503) for _ in range(2)]
        assert desk.scan()[0] == {made.id: made}

    def test_a_lost_answer_to_a_create_makes_no_second_record(self, desk: Desk, flaky: Flaky) -> None:
        desk.scan()
        flaky.lose = 1
        made = desk.create(self.sample(), key="lost-answer")
        assert desk.create(self.sample(), key="lost-answer") == made
        assert list(desk.scan()[0]) == [made.id]

    def test_a_lost_answer_to_an_update_is_read_again(self, desk: Desk, flaky: Flaky) -> None:
        made = desk.create(self.sample())
        flaky.lose = 1
        write = Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={self.title: "Landed"})
        outcome = desk.one(write)
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Stale)
        assert desk.again(made).data[self.title] == "Landed"

    def test_no_mail_is_ever_sent(self, desk: Desk) -> None:
        """No server here has a mailer, and nothing that is sent names anybody to mail to."""
        made = desk.create(self.sample())
        desk.delete(desk.update(made, **{self.title: "Other"}))


def login(settings: dict[str, str]) -> tuple[str, str]:
    return settings["username"], settings["password"]


def address(desk: Desk, name: str) -> str:
    """Where a resource of the desk's collection is, from its cursor."""
    return str(json.loads(desk.scan()[1])["url"]) + name


def upload(desk: Desk, settings: dict[str, str], name: str, text: str, kind: str = "text/calendar") -> httpx.Response:
    """As another program would."""
    headers = {"Content-Type": f"{kind}; charset=utf-8"}
    return httpx.put(address(desk, name), content=text.encode(), auth=login(settings), headers=headers)


def stored(desk: Desk, settings: dict[str, str], record: Record) -> str:
    """The text on the server, unfolded."""
    reply = httpx.get(address(desk, record.id), auth=login(settings)).raise_for_status()
    return reply.text.replace("\r\n ", "")
