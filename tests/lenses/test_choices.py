"""Tables, people, and the registry that picks lenses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Field
from engine.lens import Chain, Refusal, Unread
from engine.lenses import VIA, lens_for, named
from engine.lenses.choice import Choice
from engine.lenses.people import People
from engine.lenses.tables import BUSY, NAMED
from engine.lenses.text import Text
from tests.lenses.samples import context, examples

HERE = context()
OWN = named({"table": {"vip": "gold", "any": "basic"}})
ALL_TABLES = [(name, dialect) for name, tables in NAMED.items() for dialect in tables]


@pytest.mark.parametrize(("name", "dialect"), ALL_TABLES)
def test_table_laws(name, dialect):
    table = NAMED[name][dialect]
    shared = {value for one in NAMED[name].values() for value in one.shows.values()}
    for old in (*table.shows, None):
        assert old is None or table.put(table.get(old, HERE), old, HERE) == old
        for value in shared:
            if value not in {*table.shows.values(), *table.takes}:
                continue
            written = table.put(value, old, HERE)
            assert table.put(table.get(written, HERE), written, HERE) == written
            assert table.put(value, written, HERE) == written
            assert value in table.takes or table.get(written, HERE) == value


@pytest.mark.parametrize("name", ["busy", "privacy"])
def test_every_shared_value_has_a_place_on_every_side(name):
    shared = {value for one in NAMED[name].values() for value in one.shows.values()}
    for table in NAMED[name].values():
        for value in shared:
            assert table.put(value, None, HERE) in table.shows


def test_a_poorer_side_does_not_undo_the_richer():
    """Out of office is busy in Google; that Google says so is no reason to change Outlook."""
    assert BUSY["google"].put("oof", None, HERE) == "opaque"
    assert BUSY["google"].put("oof", "transparent", HERE) == "opaque"
    table = named({"table": {"free": "free", "busy": "busy", "oof": "busy"}})
    assert table.get("oof", HERE) == "busy" and table.put("busy", "oof", HERE) == "oof"
    assert table.put("busy", "free", HERE) == "busy" and table.klass == "stable"


def test_values_nobody_told_us_about():
    assert BUSY["graph"].get("unknown", HERE) == "busy"  # so Graph says where it does not know
    with pytest.raises(Refusal, match="siesta"):
        BUSY["graph"].put("siesta", "free", HERE)
    with pytest.raises(Refusal, match="away"):
        named({"table": {"free": "free"}}).put("away", None, HERE)
    assert BUSY["google"].get(None, HERE) == "busy"


@pytest.mark.parametrize(
    ("lens", "shared", "native"),
    [(BUSY["graph"], "free", "free"), (Choice({"1": "Lead"}), "Lead", "1"), (OWN, "gold", "vip")],
)
def test_an_unknown_word_is_unread_and_what_is_put_in_its_place_is_written(lens, shared, native):
    for one in (lens, Chain([lens, Text()])):
        with pytest.raises(Unread, match="siesta"):
            one.get("siesta", HERE)
        assert one.put(shared, "siesta", HERE) == native


def test_where_choices_are_their_own_labels_a_new_one_is_taken_as_it_is():
    assert Choice({"Web": "Web"}).get("Fair", HERE) == "Fair"


def test_a_table_writes_nothing_that_the_field_does_not_take():
    spec = {"table": {"vip": "gold", "old": "gone"}}
    table = named(spec, {"tier": Field(type="choice", choices={"vip": "VIP", "new": "New"})})
    assert table.put("gold", None, HERE) == "vip" and table.put("gone", "old", HERE) == "old"
    with pytest.raises(Refusal, match="none of the choices"):
        table.put("gone", "vip", HERE)


PEOPLE = {
    "google": [
        {"email": "Ann@E.org", "displayName": "Ann", "responseStatus": "accepted", "comment": "late"},
        {"email": "bob@e.org", "optional": True, "responseStatus": "needsAction"},
        {"email": "room@e.org", "resource": True, "responseStatus": "declined"},
    ],
    "graph": [
        {"email": "Ann@E.org", "name": "Ann", "type": "required", "response": "accepted"},
        {"email": "bob@e.org", "name": None, "type": "optional", "response": "notResponded"},
        {"email": "room@e.org", "type": "resource", "response": "declined"},
    ],
    "ical": [
        {"email": "Ann@E.org", "name": "Ann", "role": "CHAIR", "partstat": "ACCEPTED"},
        {"email": "bob@e.org", "role": "OPT-PARTICIPANT", "partstat": "DELEGATED"},
        {"email": "room@e.org", "cutype": "ROOM", "partstat": "DECLINED"},
    ],
}
SHARED = {
    "ann@e.org": {"name": "Ann", "role": "required", "response": "accepted"},
    "bob@e.org": {"name": None, "role": "optional", "response": "none"},
    "room@e.org": {"name": None, "role": "resource", "response": "declined"},
}


@pytest.mark.parametrize("dialect", PEOPLE)
def test_people_mean_the_same_everywhere(dialect):
    lens, native = People(dialect), PEOPLE[dialect]
    assert lens.get(native, HERE) == SHARED
    assert lens.put(SHARED, native, HERE) is native
    assert lens.get(lens.put(SHARED, None, HERE), HERE) == SHARED


def test_an_edit_keeps_what_the_shared_value_does_not_say():
    new = {**SHARED, "ann@e.org": {"name": "Ann B", "role": "optional", "response": "accepted"}}
    del new["bob@e.org"]
    written = People("google").put(new, PEOPLE["google"], HERE)
    assert written == [
        {
            "email": "Ann@E.org",
            "displayName": "Ann B",
            "responseStatus": "accepted",
            "comment": "late",
            "optional": True,
        },
        PEOPLE["google"][2],
    ]
    assert People("ical").put({"ann@e.org": SHARED["ann@e.org"]}, PEOPLE["ical"], HERE) == [PEOPLE["ical"][0]]


_person = st.fixed_dictionaries(
    {
        "name": st.sampled_from([None, "A", "B"]),
        "role": st.sampled_from(["required", "optional", "resource"]),
        "response": st.sampled_from(["none", "accepted", "tentative", "declined"]),
    },
    optional={"organizer": st.just(True)},
)
_people = st.dictionaries(st.sampled_from(["a@e.org", "b@e.org", "c@e.org"]), _person, max_size=3)


@pytest.mark.parametrize("dialect", PEOPLE)
@given(first=_people, second=_people)
@examples(150)
def test_people_laws(dialect, first, second):
    lens = People(dialect)
    native = lens.put(first, None, HERE)
    assert lens.put(lens.get(native, HERE), native, HERE) is native
    written = lens.put(second, native, HERE)
    assert lens.put(lens.get(written, HERE), written, HERE) is written
    assert lens.get(written, HERE) == {k: lens.get([e], HERE)[k] for k, e in lens.split(written).items()}
    assert lens.join(lens.split(written)) == written
    if dialect == "graph":
        assert lens.get(written, HERE) == second
    plain = {key: {n: v for n, v in one.items() if n != "organizer"} for key, one in second.items()}
    assert lens.get(lens.put(plain, None, HERE), HERE) == plain


def test_guests_without_an_address_stay():
    native = [{"displayName": "Somebody"}, {"email": "a@e.org"}]
    assert list(People("google").get(native, HERE)) == ["a@e.org"]
    assert People("google").put({}, native, HERE) == [native[0]]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (Field(type="text", means="meeting.title"), "Text"),
        (Field(type="text", dialect="plain", means="meeting.body"), "Body"),
        (Field(type="html", dialect="graph", means="meeting.body"), "Body"),
        (Field(type="moment", dialect="google", means="meeting.start"), "Moment"),
        (Field(type="recurrence", dialect="ical", means="meeting.repeat"), "Recurrence"),
        (Field(type="recurrence", dialect="graph", means="meeting.repeat"), "PatternedRecurrence"),
        (Field(type="occurrences", dialect="graph", many=True), "Occurrences"),
        (Field(type="people", dialect="ical", many=True), "People"),
        (Field(type="choice", dialect="graph", means="meeting.busy"), "Table"),
        (Field(type="choice", dialect="graph"), "Choice"),
        (Field(type="number", means="meeting.reminder"), "Number"),
        (Field(type="list"), "Plain"),
    ],
)
def test_a_field_gets_its_lens(field, kind):
    lens = lens_for(field)
    assert type(lens).__name__ == kind and lens.klass in ("exact", "stable", "one-way")


def test_a_limit_makes_a_text_lens_stable():
    assert lens_for(Field(type="text")).klass == "exact"
    lens = lens_for(Field(type="text", max_length=3))
    assert lens.klass == "stable" and lens.put("abcdef", None, HERE) == "abc"


SETTINGS = {
    "clip": {"clip": 4},
    "table": {"table": "busy"},
    "constant": {"constant": "x"},
    "join": {"join": ", "},
    "part": {"part": "given"},
    "round": {"round": 2},
    "money": {"money": "EUR"},
    "day": {"day": "Europe/Berlin"},
    "date": {"date": "%d.%m.%Y"},
    "time": {"time": "%d.%m.%Y %H:%M"},
    "number": {"number": "de"},
    "duration": {"duration": "%H:%M"},
    "pick": {"pick": "mobile"},
    "computed": {"computed": "a + b"},
    "python": {"python": "tests.lenses.own:shout"},
}


@pytest.mark.parametrize("name", VIA)
def test_every_name_makes_a_lens(name):
    lens = named(SETTINGS.get(name, name))
    assert lens.klass in ("exact", "stable", "one-way")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("clp", "no lens named 'clp'"),
        ("clip", "needs a setting"),
        ({"clip": "long"}, "number of characters"),
        ({"trim": 3}, "has no setting"),
        ({"tabel": "busy"}, "no lens named 'tabel'"),
        ({"table": "bussy"}, "busy/graph"),
    ],
)
def test_mistakes_are_named(spec, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        named(spec)


def test_named_tables():
    assert named({"table": "busy/graph"}).get("workingElsewhere", HERE) == "elsewhere"
    assert named({"table": "busy"}).get("TRANSPARENT", HERE) == "free"
    assert named({"table": "busy"}).put("oof", None, HERE) == "oof"


@given(st.text(max_size=20), st.text(max_size=20))
@examples(150)
def test_chains_keep_the_laws(old, shared):
    chain = Chain([named({"clip": 6}), named("lower"), named("trim")])
    assert chain.klass == "stable"
    if chain.get(old, HERE) is not None:
        assert chain.put(chain.get(old, HERE), old, HERE) == old
    written = chain.put(shared, old, HERE)
    assert chain.put(chain.get(written, HERE), written, HERE) == written


def test_every_lens_is_documented():
    page = (Path(__file__).parents[2] / "docs/reference/lenses.md").read_text(encoding="utf-8")
    assert [name for name in VIA if f"`{name}`" not in page] == []
