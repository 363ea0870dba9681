"""How the CalDAV connector gets along with servers of other manners than the two it is tested on."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import httpx
import pytest

from engine.contract import CursorExpired, Done, Failed, Invalid, Missing, Op, Page, Refused, Transient, Write
from tests.connectors.dav_fake import CALENDAR, SCOPE, FakeDav, ics, member, multistatus
from tests.connectors.dav_texts import NINE, SERIES

EVENT = ics(*NINE, "SUMMARY:One")


def scan(fake: FakeDav, **scope: str) -> list[Page]:
    return list(fake.connector().scan("events", scope or SCOPE))


def update(fake: FakeDav, version: str | None = '"1"') -> Done | Failed:
    write = Write(op=Op.UPDATE, key="k", id="event.ics", if_version=version, data={"summary": "Two"})
    (outcome,) = fake.connector().write("events", SCOPE, [write])
    return outcome


# --- finding the calendar ---------------------------------------------------------------------------------------------


def test_a_calendar_is_found_by_its_name_by_its_path_or_as_the_only_one() -> None:
    for wanted in ("Work", "cal", CALENDAR, "/cal", "http://localhost/cal/", ""):
        (page,) = scan(FakeDav(event=EVENT), calendar=wanted)
        assert [record.id for record in page.records] == ["event.ics"], wanted


def test_an_unknown_calendar_is_refused_with_those_there_are() -> None:
    for wanted in ("Play", "/elsewhere/"):
        with pytest.raises(Refused, match=r"Work \(/cal/\)"):
            scan(FakeDav(), calendar=wanted)


def test_two_calendars_of_one_name_are_told_apart_by_path() -> None:
    fake = FakeDav()
    kind = "<resourcetype><collection/><c:calendar/></resourcetype><displayname>Work</displayname>"
    tasks = f'{kind}<c:supported-calendar-component-set><c:comp name="VTODO"/></c:supported-calendar-component-set>'
    listing = multistatus(member("/a/", kind), member("/b/", kind), member("/tasks/", tasks))
    fake.answers = [lambda r: listing if r.url.path == "/home/" and r.headers.get("depth") == "1" else None]
    with pytest.raises(Refused, match=r"several.*: Work \(/a/\), Work \(/b/\)\."):
        scan(fake, calendar="Work")


def test_the_well_known_address_leads_on() -> None:
    fake = FakeDav(event=EVENT)

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/":
            return httpx.Response(404)
        if request.url.path == "/.well-known/caldav":
            return httpx.Response(301, headers={"Location": "/dav/"})
        return None

    fake.answers = [answer]
    assert len(scan(fake, calendar="Work")) == 1
    assert fake.connector().check() == "alice at localhost"


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, html="<html>Hello</html>"),
        httpx.Response(405),
        httpx.Response(404),
        httpx.Response(207, content=b"<not xml"),
        httpx.Response(301, headers={"Location": "/again"}),
        multistatus(member("/", "<displayname>files</displayname>")),
    ],
    ids=["a page", "not allowed", "nothing", "broken", "a circle", "files only"],
)
def test_what_is_no_caldav_server_is_refused(reply: httpx.Response) -> None:
    fake = FakeDav()
    fake.answers = [lambda _: reply]
    with pytest.raises(Refused, match=r"localhost.*Check base_url"):
        fake.connector().check()


def test_the_password_goes_to_no_other_server() -> None:
    fake = FakeDav()
    fake.answers = [lambda _: httpx.Response(302, headers={"Location": "https://evil.example/dav/"})]
    with pytest.raises(Refused, match=r"evil\.example"):
        fake.connector().check()
    assert all("wonderland" not in line for line in fake.log) and len(fake.log) == 2


def test_accounts_may_live_on_another_server_of_the_same_domain() -> None:
    fake = FakeDav()
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        seen.append(request.url.host)
        if request.url.path == "/":
            home = "<href>https://p42-dav.example.org/home/</href>"
            return multistatus(member("/", f"<c:calendar-home-set>{home}</c:calendar-home-set>"))
        return None

    fake.answers = [answer]
    connector = fake.connector(base_url="https://dav.example.org")
    with pytest.raises(Refused, match="Work"):
        list(connector.scan("events", {"calendar": "Nothing"}))
    assert seen[0] == "dav.example.org" and set(seen[1:]) == {"p42-dav.example.org"}


# --- reading ------------------------------------------------------------------------------------------------


def test_many_events_come_in_pages() -> None:
    pages = scan(FakeDav(**{f"n{number}": EVENT for number in range(80)}))
    assert [len(page.records) for page in pages] == [75, 5]
    assert [page.cursor is None for page in pages] == [True, False]


def test_a_server_without_sync_tokens_says_only_that_something_changed() -> None:
    fake = FakeDav(event=EVENT)
    fake.sync = False
    connector = fake.connector()
    (page,) = connector.scan("events", SCOPE)
    assert len(page.records) == 1 and page.cursor is not None
    fake.log.clear()
    assert [one.records for one in connector.changes("events", SCOPE, page.cursor)] == [[]]
    assert len(fake.log) == 1
    assert isinstance(update(fake), Done)
    with pytest.raises(CursorExpired):
        list(connector.changes("events", SCOPE, page.cursor))


def test_a_listing_that_is_cut_short_is_asked_for_until_its_end() -> None:
    fake = FakeDav(a=EVENT, b=EVENT)

    def answer(request: httpx.Request) -> httpx.Response | None:
        root = ElementTree.fromstring(request.content) if request.method == "REPORT" else None
        if root is None or root.tag != "{DAV:}sync-collection":
            return None
        first = not root.findtext("{DAV:}sync-token")
        cut = f"<response><href>{CALENDAR}</href><status>HTTP/1.1 507 Insufficient Storage</status></response>"
        one = member(CALENDAR + ("a.ics" if first else "b.ics"), '<getetag>"1"</getetag>')
        return multistatus(one, cut if first else "", f"<sync-token>{'t1' if first else 't2'}</sync-token>")

    fake.answers = [answer]
    (page,) = scan(fake)
    assert sorted(record.id for record in page.records) == ["a.ics", "b.ics"]
    assert json.loads(page.cursor or "")["token"] == "t2"


def test_what_a_multiget_leaves_out_is_asked_for_alone() -> None:
    fake = FakeDav(event=EVENT)
    fake.answers = [lambda r: multistatus() if b"multiget" in r.content else None]
    connector = fake.connector()
    found = {record.id: record for record in connector.get("events", SCOPE, ["event.ics", "no.ics"])}
    assert found["event.ics"].data["summary"] == "One" and found["no.ics"].gone


def test_addresses_are_compared_however_they_are_escaped() -> None:
    fake = FakeDav()
    fake.texts = {"a b@c ü.ics": EVENT}
    fake.versions = {"a b@c ü.ics": 1}
    escaped = "/cal/a%20b%40c%20%C3%BC.ics"
    listing = multistatus(member(escaped, '<getetag>"1"</getetag>'), "<sync-token>t</sync-token>")
    fake.answers = [lambda r: listing if b"sync-collection" in r.content else None]
    (page,) = scan(fake)
    assert [(record.id, record.data["summary"]) for record in page.records] == [("a%20b@c%20%C3%BC.ics", "One")]


def test_control_characters_in_one_event_do_not_hide_the_others() -> None:
    fake = FakeDav(bad=EVENT.replace("One", "O\x07ne"), good=EVENT)
    (page,) = scan(fake)
    assert {record.id: record.data["summary"] for record in page.records} == {"bad.ics": "One", "good.ics": "One"}


def test_entities_in_an_answer_are_not_expanded() -> None:
    fake = FakeDav()
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa">]><multistatus xmlns="DAV:">&a;</multistatus>'
    fake.answers = [lambda _: httpx.Response(207, content=bomb)]
    with pytest.raises(Refused):
        scan(fake)


def test_a_deleted_calendar_is_looked_for_anew() -> None:
    fake = FakeDav(event=EVENT)
    connector = fake.connector()
    (page,) = connector.scan("events", SCOPE)
    fake.answers = [lambda r: httpx.Response(404) if r.method == "REPORT" else None]
    with pytest.raises(CursorExpired):
        list(connector.changes("events", SCOPE, page.cursor or ""))
    with pytest.raises(Refused, match="deleted or renamed"):
        list(connector.scan("events", SCOPE))


# --- writing ------------------------------------------------------------------------------------------------


def test_weak_and_missing_etags() -> None:
    fake = FakeDav(event=EVENT)
    fake.etag_on_put = False
    assert isinstance(update(fake, 'W/"1"'), Done)
    fake.answers = [lambda r: httpx.Response(200, content=EVENT.encode()) if r.method == "GET" else None]
    outcome = update(fake, None)
    assert isinstance(outcome, Failed) and "no version" in str(outcome.error)


def test_a_faster_writer_is_the_next_change_and_not_our_outcome() -> None:
    fake = FakeDav(event=EVENT)

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT":
            reply = fake._put(request)
            fake.texts["event.ics"], fake.versions["event.ics"] = EVENT.replace("One", "Theirs"), 3
            return reply
        return None

    fake.answers = [answer]
    outcome = update(fake)
    assert isinstance(outcome, Done)
    assert (outcome.record.version, outcome.record.data["summary"]) == ('"2"', "Two")


def test_refusals_of_a_write_by_what_they_mean() -> None:
    def failing(status: int, precondition: str = "", method: str = "PUT") -> Exception:
        fake = FakeDav(event=EVENT)
        body = f'<error xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">{precondition}</error>'.encode()
        fake.answers = [lambda r: httpx.Response(status, content=body) if r.method == method else None]
        outcome = update(fake)
        assert isinstance(outcome, Failed)
        return outcome.error

    assert isinstance(failing(403, "<c:max-resource-size/>"), Invalid)
    assert isinstance(failing(409, "<c:no-uid-conflict/>"), Invalid)
    assert isinstance(failing(415), Invalid)
    assert isinstance(failing(403, "<need-privileges/>"), Refused)
    assert isinstance(failing(301), Refused)
    assert isinstance(failing(423), Transient)
    assert isinstance(failing(500), Transient)
    assert isinstance(failing(404, method="GET"), Missing)


def test_guests_that_the_server_looks_after_are_left_in_peace() -> None:
    guests = "ORGANIZER:mailto:a@example.org\nATTENDEE:mailto:b@example.org"
    fake = FakeDav(event=ics(*SERIES, guests))
    assert isinstance(update(fake), Done), "a server without scheduling mails nobody"
    fake = FakeDav(event=ics(*SERIES, guests))
    fake.features += ", calendar-auto-schedule"
    outcome = update(fake)
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid)
    fake = FakeDav(event=ics(*SERIES, guests.replace("ATTENDEE", "ATTENDEE;SCHEDULE-AGENT=NONE")))
    fake.features += ", calendar-auto-schedule"
    assert isinstance(update(fake), Done)


def test_ids_that_are_no_names_reach_no_other_address() -> None:
    fake = FakeDav(event=EVENT)
    for ident in ("../secret", "a/b", ""):
        write = Write(op=Op.DELETE, key="k", id=ident)
        (outcome,) = fake.connector().write("events", SCOPE, [write])
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid)
    assert not any(line.startswith("DELETE") for line in fake.log)


def test_other_objects_are_refused() -> None:
    with pytest.raises(Refused, match="events, tasks"):
        FakeDav().connector().schema("contacts")
