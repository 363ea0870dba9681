"""What the CardDAV connector makes of cards as they are found in the world, and what an edit leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import Done, Failed, Invalid, Op, Record, Refused, Write
from tests.connectors.card_corpus import CORPUS
from tests.connectors.dav_fake import CALENDAR, FakeBook, member, multistatus
from tests.connectors.dav_texts import damaged

SCOPE: dict[str, Any] = {"book": CALENDAR}
NAMED = ("N:King;Ada;;;", "FN:Ada King")


def card(*lines: str, version: str = "3.0") -> str:
    head = ["BEGIN:VCARD", f"VERSION:{version}", "UID:u1"]
    return "\n".join([*head, *lines, "END:VCARD", ""]).replace("\n", "\r\n")


def read(*lines: str, version: str = "3.0") -> Record:
    (record,) = FakeBook(ada=card(*lines, version=version)).connector().get("contacts", SCOPE, ["ada.vcf"])
    return record


def write(text: str, **data: Any) -> tuple[Done | Failed, str]:
    """The outcome of an update, and the text then stored."""
    fake = FakeBook(ada=text)
    update = Write(op=Op.UPDATE, key="k", id="ada.vcf", if_version='"1"', data=data)
    (outcome,) = fake.connector().write("contacts", SCOPE, [update])
    return outcome, fake.texts["ada.vcf"]


def edit(*lines: str, version: str = "3.0", **data: Any) -> tuple[Record, set[str], set[str]]:
    """The record after an update; the lines that went, and those that came (but for REV)."""
    text = card(*lines, version=version)
    outcome, stored = write(text, **data)
    assert isinstance(outcome, Done), outcome
    before, after = (set(one.replace("\r\n ", "").split("\r\n")) for one in (text, stored))
    assert any(line.startswith("REV:") for line in after - before)
    return outcome.record, before - after, {line for line in after - before if not line.startswith("REV:")}


def entry(value: str, label: str = "other") -> dict[str, str]:
    return {"value": value, "label": label}


@pytest.mark.parametrize("name", CORPUS)
def test_cards_as_address_books_write_them(name: str) -> None:
    text, expected = CORPUS[name]
    (record,) = FakeBook(ada=text).connector().get("contacts", SCOPE, ["ada.vcf"])
    assert {field: record.data[field] for field in expected} == expected
    outcome, stored = write(text, nickname="Noted")
    assert isinstance(outcome, Done)
    kept = [line for line in stored.split("\r\n") if not line.startswith(("NICKNAME", "REV"))]
    assert kept == [line for line in text.split("\r\n") if not line.startswith("REV")]


# --- reading ----------------------------------------------------------------------------------------------------------

LABELS = {
    "TEL:1": "other",
    "TEL;TYPE=WORK,VOICE:1": "work",
    "TEL;TYPE=home;TYPE=voice:1": "home",
    'TEL;TYPE="voice,cell";VALUE=uri:tel:1': "mobile",
    "TEL;type=IPHONE;type=CELL;type=pref:1": "mobile",
    "TEL;WORK;FAX:1": "work fax",
    "TEL;TYPE=FAX:1": "fax",
    "TEL;TYPE=PAGER,WORK:1": "pager",
    "TEL;TYPE=dorm:1": "dorm",
    "item1.TEL;TYPE=HOME:1\nITEM1.X-ABLabel:Boat\\, big": "Boat, big",
    "g.TEL:1\ng.X-ABLabel:_$!<Main>!$_": "main",
}


@pytest.mark.parametrize(("line", "label"), LABELS.items(), ids=LABELS)
def test_what_a_telephone_is_for(line: str, label: str) -> None:
    assert read(*NAMED, line).data["phones"] == [entry("1", label)]


def test_the_preferred_one_comes_first() -> None:
    three = read("EMAIL:a@x.org", "EMAIL;TYPE=PREF:b@x.org", "EMAIL:c@x.org")
    four = read("EMAIL;PREF=50:a@x.org", "EMAIL;PREF=1:b@x.org", "EMAIL:c@x.org", version="4.0")
    assert [one["value"] for one in three.data["emails"]] == ["b@x.org", "a@x.org", "c@x.org"]
    assert [one["value"] for one in four.data["emails"]] == ["b@x.org", "a@x.org", "c@x.org"]


BIRTHDAYS = {
    "BDAY:1985-04-12": "1985-04-12",
    "BDAY:19850412": "1985-04-12",
    "BDAY;VALUE=date:1985-04-12": "1985-04-12",
    "BDAY:1985-04-12T00:00:00Z": "1985-04-12",
    "BDAY:--0412": "--0412",
    "BDAY:--04-12": "--0412",
    "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12": "--0412",
    "BDAY:": None,
    "NOTE:no birthday": None,
}


@pytest.mark.parametrize(("line", "day"), BIRTHDAYS.items(), ids=BIRTHDAYS)
def test_birthdays(line: str, day: str | None) -> None:
    assert read(*NAMED, line).data["bday"] == day


@pytest.mark.parametrize("line", ["BDAY:1985", "BDAY;VALUE=text:circa 1800", "BDAY:1985-02-30"])
def test_a_birthday_that_is_no_day_is_unread_and_stays(line: str) -> None:
    assert "bday" not in read(*NAMED, line).data
    _, gone, _ = edit(*NAMED, line, note="x")
    assert not gone


def test_names_and_companies() -> None:
    lines = ("N:O\\;King;Ada;Byron,Gordon;Dr.;Jr.", "FN:Ada", "ORG:A\\, B\\; C;Notes;Cellar", "NICKNAME:Ada\\, Addie")
    data = read(*lines).data
    names = ("family_name", "given_name", "middle_name", "prefix", "suffix", "org", "department", "nickname")
    assert [data[name] for name in names] == [
        "O;King", "Ada", "Byron,Gordon", "Dr.", "Jr.", "A, B; C", "Notes", "Ada, Addie",
    ]  # fmt: skip
    _, gone, came = edit(*lines, org="D, E")
    assert (gone, came) == ({lines[2]}, {"ORG:D\\, E;Notes;Cellar"})


def test_when_it_was_changed() -> None:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    for text in ("20261123T100000Z", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00+01:00", "2026-11-23T10:00:00.000Z"):
        assert read(*NAMED, f"REV:{text}").changed_at == at, text
    assert read(*NAMED, "REV:yesterday").changed_at is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (card(*NAMED, version="2.1"), "version 2.1"),
        (card(*NAMED).replace("VERSION:3.0\r\n", ""), "no version"),
        (card(*NAMED).replace("END:VCARD", ""), "ends within VCARD"),
        (card(*NAMED) * 2, "several VCARDs"),
    ],
    ids=["2.1", "none", "cut off", "two"],
)
def test_cards_that_cannot_be_shown_say_why_and_are_never_written(text: str, why: str) -> None:
    (record,) = FakeBook(ada=text).connector().get("contacts", SCOPE, ["ada.vcf"])
    assert set(record.data) == {"unreadable"} and why in record.data["unreadable"]
    outcome, stored = write(text, note="x")
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid) and stored == text


@pytest.mark.parametrize("line", ["KIND:group", "X-ADDRESSBOOKSERVER-KIND:Group"])
def test_groups_are_no_contacts_and_say_so(line: str) -> None:
    fake = FakeBook(group=card(*NAMED, line), ada=card(*NAMED, "KIND:individual"))
    (page,) = fake.connector().scan("contacts", SCOPE)
    shown = {record.id: record.data for record in page.records}
    assert shown.pop("group.vcf") == {"excluded": "it is a group of contacts, not a contact"}
    assert shown["ada.vcf"]["fn"]
    update = Write(op=Op.UPDATE, key="k", id="group.vcf", data={"note": "x"})
    (outcome,) = fake.connector().write("contacts", SCOPE, [update])
    assert isinstance(outcome, Failed) and "is no contact" in str(outcome.error)


# --- editing ----------------------------------------------------------------------------------------------------------


def test_what_nobody_changed_stays_byte_for_byte() -> None:
    photo = "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZ\r\n  JRgABAQEASABIAAD\r\n\t/4AAQ=="
    odd = ('x-kept;A="b:c":d\\,e', "this line is broken", "item9.X-ABDATE:2020-01-01", "item9.X-ABLABEL:Wedding")
    lines = (*NAMED, photo, *odd, "EMAIL;TYPE=WORK;X-SEEN=1:a@x.org", "NOTE:" + "é" * 90, "TEL:1")
    text = card(*lines)
    outcome, stored = write(text, title="Countess", phones=[entry("2", "mobile")])
    assert isinstance(outcome, Done)
    for line in (photo, *odd, lines[-3], lines[-2]):
        assert f"\r\n{line}\r\n" in stored, line
    assert "TEL:1" not in stored and stored.endswith("END:VCARD\r\n")


def test_nothing_is_sent_where_nothing_changes() -> None:
    fake = FakeBook(ada=card(*NAMED, "EMAIL;TYPE=WORK:a@x.org", "BDAY:19850412", "CATEGORIES:b", "CATEGORIES:a"))
    connector = fake.connector()
    (record,) = connector.get("contacts", SCOPE, ["ada.vcf"])
    data = {name: value for name, value in record.data.items() if name != "uid"}
    data |= {"emails": [{"value": " a@x.org ", "label": "work"}, entry("")], "bday": "1985-04-12", "title": ""}
    (outcome,) = connector.write("contacts", SCOPE, [Write(op=Op.UPDATE, key="k", id="ada.vcf", data=data)])
    assert isinstance(outcome, Done) and outcome.record == record
    assert not [line for line in fake.log if line.startswith("PUT")]


def test_entries_that_stay_keep_their_lines() -> None:
    lines = ("EMAIL;TYPE=WORK;X-SEEN=1:a@x.org", "item1.EMAIL:b@x.org", "item1.X-ABLabel:Boat", "EMAIL:c@x.org")
    record, gone, came = edit(*NAMED, *lines, emails=[entry("a@x.org", "home"), entry("c@x.org"), entry("d@x.org")])
    assert gone == {*lines[:3]}
    assert came == {"EMAIL;X-SEEN=1;TYPE=HOME:a@x.org", "EMAIL:d@x.org"}
    assert [one["label"] for one in record.data["emails"]] == ["home", "other", "other"]


def test_labels_of_ones_own_get_a_group() -> None:
    record, gone, came = edit(*NAMED, "item1.X-ABDATE:2020-01-01", "TEL;TYPE=WORK,VOICE:1", phones=[entry("1", "Boat")])
    assert gone == {"TEL;TYPE=WORK,VOICE:1"}
    assert came == {"item2.TEL;TYPE=VOICE:1", "item2.X-ABLABEL:Boat"}
    assert record.data["phones"] == [entry("1", "Boat")]


@pytest.mark.parametrize(("version", "mark"), [("3.0", "TYPE=PREF"), ("4.0", "PREF=1")])
def test_another_first_entry_is_marked_as_preferred(version: str, mark: str) -> None:
    lines = (f"TEL;{mark}:1", "TEL:2")
    record, _, came = edit(*NAMED, *lines, version=version, phones=[entry("2"), entry("1")])
    assert record.data["phones"] == [entry("2"), entry("1")]
    assert came == {f"TEL;{mark}:2", "TEL:1"}


def test_an_address_that_changes_keeps_what_is_not_shown() -> None:
    line = 'ADR;TYPE=HOME;LABEL="1 A St":Box 7;Flat 2;1 A St;Town;;123;Germany'
    new = {"street": "2 B St\nrear", "city": "Town", "region": None, "postcode": "123", "country": "Germany"}
    record, gone, came = edit(*NAMED, line, version="4.0", addresses=[{**new, "label": "home"}])
    assert (gone, came) == ({line}, {"ADR;TYPE=HOME:Box 7;Flat 2;2 B St\\nrear;Town;;123;Germany"})
    assert record.data["addresses"] == [{**new, "label": "home"}]


def test_the_shown_name_goes_with_the_names_it_was_made_of() -> None:
    record, _, _ = edit(*NAMED, given_name="Augusta")
    assert record.data["fn"] == "Augusta King"
    for lines in (("N:King;Ada;;Dr.;", "FN:Ada King"), (NAMED[0], "FN:The Countess")):
        record, gone, _ = edit(*lines, note="x")
        assert not gone, lines
    assert edit(*lines, given_name="Augusta")[0].data["fn"] == "The Countess"
    assert edit(*lines, fn=None)[0].data["fn"] == "Ada King"
    record, _, _ = edit(*NAMED, fn=None, given_name=None, family_name=None, org="Engines")
    assert record.data["fn"] == "Engines", "a card must be called something"


YEARLESS = {"3.0": "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", "4.0": "BDAY:--0412"}


@pytest.mark.parametrize(("version", "line"), YEARLESS.items())
def test_a_birthday_without_a_year_in_either_version(version: str, line: str) -> None:
    record, _, came = edit(*NAMED, version=version, bday="--04-12")
    assert came == {line} and record.data["bday"] == "--0412"


@pytest.mark.parametrize(
    ("field", "value"),
    [("bday", "soon"), ("emails", ["a@x.org"]), ("uid", "u2"), ("salary", "1"), ("note", 5), ("categories", 7)],
)
def test_values_of_no_shape_we_know_are_refused(field: str, value: Any) -> None:
    outcome, stored = write(card(*NAMED), **{field: value})
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid)
    assert stored == card(*NAMED)


@pytest.mark.parametrize(
    ("taken", "version"), [(["3.0", "4.0"], "3.0"), (["4.0"], "4.0"), ([], "3.0")], ids=["both", "4.0", "not said"]
)
def test_new_cards_are_of_a_version_the_server_takes(taken: list[str], version: str) -> None:
    fake = FakeBook()
    kinds = "".join(f'<a:address-data-type content-type="text/vcard" version="{one}"/>' for one in taken)
    answer = multistatus(member(CALENDAR, f"<a:supported-address-data>{kinds}</a:supported-address-data>"))
    fake.answers = [lambda r: answer if b"supported-address-data" in r.content else None]
    (outcome,) = fake.connector().write("contacts", SCOPE, [Write(op=Op.CREATE, key="k", data={"fn": "Ada"})])
    assert isinstance(outcome, Done)
    assert f"VERSION:{version}\r\n" in fake.texts[outcome.record.id]


def test_what_a_server_will_never_take_is_parked() -> None:
    fake = FakeBook(ada=card(*NAMED))
    body = b'<error xmlns="DAV:" xmlns:a="urn:ietf:params:xml:ns:carddav"><a:valid-address-data/></error>'
    fake.answers = [lambda r: httpx.Response(403, content=body) if r.method == "PUT" else None]
    (outcome,) = fake.connector().write(
        "contacts", SCOPE, [Write(op=Op.UPDATE, key="k", id="ada.vcf", data={"note": "x"})]
    )
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid)


def test_an_unknown_address_book_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match=r"no address book 'Play' here.*Work \(/cal/\)"):
        list(FakeBook().connector().scan("contacts", {"book": "Play"}))


# --- laws -------------------------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=9)
scalars = st.none() | words | st.tuples(words, words).map(" ".join)
links = words.map(lambda text: text.replace("\\", "/"))
labels = st.sampled_from(["home", "work", "mobile", "other", "work fax", "fax", "pager", "Boat", "main", "a;b,c"])
entries = st.lists(st.builds(entry, words, labels), max_size=3, unique_by=lambda one: one["value"])
places = st.fixed_dictionaries(dict.fromkeys(("street", "city", "region", "postcode", "country"), scalars))
labelled = st.tuples(places.filter(lambda place: any(place.values())), labels)
addresses = st.lists(labelled.map(lambda pair: {**pair[0], "label": pair[1]}), max_size=2, unique_by=str)
texts = ("fn", "given_name", "middle_name", "family_name", "prefix", "suffix", "nickname", "org", "title", "note")
contacts = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(texts, scalars),
        **dict.fromkeys(("emails", "phones"), entries),
        "urls": st.lists(st.builds(entry, links, labels), max_size=2, unique_by=str),
        "addresses": addresses,
        "categories": st.lists(words, max_size=2, unique=True),
        "bday": st.sampled_from([None, "1985-04-12", "--0229"]),
    },
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(contacts, contacts, st.sampled_from(["3.0", "4.0"]))
def test_what_is_written_is_read_again(first: dict[str, Any], second: dict[str, Any], version: str) -> None:
    kept = ("X-KEPT;A=b:c", "ITEM1.X-ABDATE:2020-01-01", "this line is broken")
    fake = FakeBook(ada=card(*NAMED, *kept, version=version))
    connector = fake.connector()
    for data in (first, second):
        (outcome,) = connector.write("contacts", SCOPE, [Write(op=Op.UPDATE, key="k", id="ada.vcf", data=data)])
        assert isinstance(outcome, Done), outcome
        shown = dict(outcome.record.data)
        assert {name: shown[name] for name in data if name != "fn" or data["fn"]} == {
            name: value for name, value in data.items() if name != "fn" or value
        }
        assert all(f"\r\n{line}\r\n" in fake.texts["ada.vcf"] for line in kept)
        same = Write(op=Op.UPDATE, key="a", id="ada.vcf", data={k: v for k, v in shown.items() if k != "uid"})
        (again,) = connector.write("contacts", SCOPE, [same])
        assert isinstance(again, Done) and again.record == outcome.record, "what it shows is what it has"


def test_no_damage_to_one_card_is_more_than_one_unreadable_record() -> None:
    chance = Random(7)
    texts = [damaged(text, chance) for text, _ in CORPUS.values() for _ in range(60)]
    fake = FakeBook(**{f"n{number}": text for number, text in enumerate(texts)})
    connector = fake.connector()
    records = {one.id: one for page in connector.scan("contacts", SCOPE) for one in page.records}
    assert len(records) == len(texts)
    writes = [Write(op=Op.UPDATE, key=one, id=one, data={"note": "New"}) for one in records]
    for outcome in connector.write("contacts", SCOPE, writes):
        before = records[outcome.key].data
        if isinstance(outcome, Done):
            assert outcome.record.data == {**before, "note": "New", "fn": outcome.record.data["fn"]}
        else:
            assert "unreadable" in before and isinstance(outcome.error, Invalid), outcome.error
