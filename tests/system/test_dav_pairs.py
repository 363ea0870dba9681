"""Address books and task lists of two real servers, kept the same: what others put into them survives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connectors import connect
from engine.contract import Field, Record
from flows import direct
from flows.project import Project
from flows.session import Session
from tests.connectors.caldav_servers import DavServer, radicale, xandikos  # noqa: F401 - fixtures
from tests.connectors.card_corpus import CORPUS, NOT_ON_RADICALE
from tests.connectors.dav_conformance import stored, upload
from tests.connectors.desk import Desk
from tests.connectors.test_caldav_tasks import TASK

MAPPING = """\
name: pair
about: The same in both.
sides:
  a: {{app: {app}, object: {obj}, scope: {scope}}}
  b: {{app: {app}, object: {obj}, scope: {scope}}}
match: [[{match}]]
fields:
{rows}
"""
SYNC = "sync: it\nmapping: pair\nsides:\n  a: {connection: a}\n  b: {connection: b}\n"


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without what each side may spell in its own way: telephones, countries, labels, the order of lists."""
    shown = {name: value for name, value in data.items() if name not in ("uid", "addresses")}
    for name in ("emails", "phones", "urls"):
        if name in data:
            shown[name] = sorted(re.sub(r"[^\w@./:]", "", entry["value"]) for entry in data[name])
    places = sorted((entry["street"], entry["city"], entry["postcode"]) for entry in data.get("addresses", ()))
    return {**shown, "categories": sorted(data["categories"]), "places": places}


def desk(app: str, settings: dict[str, str], scope: dict[str, Any], obj: str) -> Desk:
    return Desk(connect(app, settings, sleep=lambda _: None), scope, obj)


def row(name: str, field: Field) -> str:
    each = ", each: label" if field.type == "addresses" else ", each: value" if field.many else ""
    return f"  {name}: {{a: {name}, b: {name}{each}}}"


class Pair:
    """Two collections of one name on two servers, and people who work in them."""

    def __init__(self, root: Path, servers: dict[str, DavServer], app: str, obj: str, match: str) -> None:
        scope = {"book" if app == "carddav" else "calendar": uuid4().hex, "create": "true"}
        self.settings = {side: server.settings for side, server in servers.items()}
        self.desks = {side: desk(app, own, scope, obj) for side, own in self.settings.items()}
        fields = self.desks["a"].connector.schema(obj).fields
        rows = "\n".join(row(name, field) for name, field in fields.items() if field.writable)
        text = MAPPING.format(app=app, obj=obj, scope=str(scope).replace("'", ""), match=match, rows=rows)
        for name, content in (("mappings/pair.yaml", text), ("deployments/it.yaml", SYNC)):
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(content)
        self.project = Project.at(root)
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def run(self) -> int:
        """How much was written."""
        self.now += timedelta(minutes=5)
        apps = {side: desk.connector for side, desk in self.desks.items()}
        report = direct.run(self.project, "it", session=Session(self.project, "it", lambda: self.now, apps))
        assert not report.errors, report
        return sum(sum(ops.values()) for ops in report.writes.values())

    def shown(self, side: str, by: str) -> dict[str, dict[str, Any]]:
        """What there is, by a field that tells records apart."""
        return {one.data[by]: plain(one.data) for one in self.desks[side].scan()[0].values()}

    def find(self, side: str, by: str, value: str) -> Record:
        return next(one for one in self.desks[side].scan()[0].values() if one.data[by] == value)

    def edit(self, side: str, record: Record, **data: Any) -> None:
        self.desks[side].update(record, key=uuid4().hex, **data)


MakePair = Callable[[str, str, str], Pair]


@pytest.fixture
def pair(tmp_path: Path, radicale: DavServer, xandikos: DavServer) -> Iterator[MakePair]:  # noqa: F811 - fixtures
    made: list[Pair] = []

    def build(app: str, obj: str, match: str) -> Pair:
        made.append(Pair(tmp_path, {"a": radicale, "b": xandikos}, app, obj, match))
        return made[-1]

    yield build
    for one in made:
        one.project.close()


def test_address_books(pair: MakePair) -> None:
    both = pair("carddav", "contacts", "fn")
    for name, (text, _) in CORPUS.items():
        if name not in NOT_ON_RADICALE:
            side = "a" if name in ("phone", "company") else "b"
            upload(both.desks[side], both.settings[side], f"{name}.vcf", text, "text/vcard").raise_for_status()
    both.desks["b"].create({"fn": "Acme GmbH", "org": "Acme GmbH", "note": "Ours"})
    assert both.run() > 0
    assert both.run() == 0
    assert both.shown("a", "fn") == both.shown("b", "fn") and len(both.shown("a", "fn")) == 4
    assert both.shown("a", "fn")["Acme GmbH"]["note"] == "Ours"

    eva, zoe = both.find("a", "prefix", "Dr."), both.find("b", "title", "Ingenjör")
    both.edit("a", eva, emails=[{"value": "eva@new.example", "label": "work"}], bday="1980-02-29")
    both.edit("b", both.find("b", "prefix", "Dr."), phones=[{"value": "+49 170 7654321", "label": "mobile"}])
    both.edit("b", zoe, title="Chef", categories=["vip"])
    both.desks["a"].delete(both.find("a", "given_name", "Bo"))
    assert both.run() > 0
    assert both.run() == 0
    left = both.shown("b", "fn")
    assert both.shown("a", "fn") == left and set(left) == {"Dr. Eva Muster", "Zoë Ångström", "Acme GmbH"}
    assert left["Dr. Eva Muster"]["emails"] == ["eva@new.example"]
    assert left["Dr. Eva Muster"]["phones"] == ["491707654321"]
    assert (left["Dr. Eva Muster"]["bday"], left["Zoë Ångström"]["title"]) == ("1980-02-29", "Chef")
    kept = stored(both.desks["b"], both.settings["b"], both.find("b", "title", "Chef"))
    assert "ANNIVERSARY:20150606\r\n" in kept and "VERSION:4.0\r\n" in kept and "X-KEPT:here\r\n" in kept


def test_task_lists(pair: MakePair) -> None:
    both = pair("caldav", "tasks", "summary")
    upload(both.desks["a"], both.settings["a"], "t1.ics", TASK).raise_for_status()
    both.desks["b"].create({"summary": "Do", "dtstart": "2026-11-20", "due": "2026-11-23", "priority": "2"}, "do")
    both.desks["b"].create({"summary": "Call", "status": "COMPLETED", "categories": ["b", "a"]}, "call")
    both.desks["b"].create(
        {"summary": "Gone", "due": "2026-11-23", "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO"]}, "gone"
    )
    both.run()
    assert both.run() == 0
    assert both.shown("a", "summary") == both.shown("b", "summary") and len(both.shown("a", "summary")) == 3
    assert both.shown("a", "summary")["Gone"]["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO"]

    both.edit("b", both.find("b", "summary", "Do"), due="2026-11-30", status="COMPLETED")
    both.edit("a", both.find("a", "summary", "Call"), status="NEEDS-ACTION", description="Again")
    both.desks["b"].delete(both.find("b", "summary", "Gone"))
    assert both.run() > 0
    assert both.run() == 0
    left = both.shown("a", "summary")
    assert both.shown("b", "summary") == left and set(left) == {"Do", "Call"}
    assert (left["Do"]["status"], left["Do"]["percent_complete"], left["Call"]["completed"]) == ("COMPLETED", 100, None)
    kept = stored(both.desks["a"], both.settings["a"], both.find("a", "summary", "Do"))
    assert "DUE;TZID=Europe/Berlin:20261130T093000" in kept and "BEGIN:VALARM" in kept and "X-KEPT:here" in kept
