"""What each family makes of telling values, and the sentences about mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.contract import Field
from engine.lens import Refusal, Unread
from engine.lenses import VIA, lens_of, named, shape_of
from engine.lenses.names import NameText, join, split
from engine.lenses.text import Limit, cut, size
from tests.lenses.samples import context

HERE = context()


def of(kind: str, dialect: str = "", **more: Any) -> Any:
    return lens_of({"it": Field(type=kind, dialect=dialect, **more)})


def crossed(one: Any, native: Any, other: Any, old: Any = None) -> Any:
    """What the other side holds of a value of the first."""
    return other.put(one.get(native, HERE), old, HERE)


@pytest.mark.parametrize(
    ("text", "most", "counts", "kept"),
    [
        ("añb", 2, "chars", "añ"),
        ("añb", 2, "bytes", "a"),
        ("👍👍", 3, "utf16", "👍"),
        ("ab👍🏽", 5, "utf16", "ab"),
        ("🇩🇪🇦🇹", 3, "chars", "🇩🇪"),
        ("a🇩🇪", 2, "chars", "a"),
        ("👍🏽", 1, "chars", "👍"),
        ("é", 1, "bytes", ""),
    ],
)
def test_clip_counts_as_the_app_does(text: str, most: int, counts: str, kept: str) -> None:
    assert cut(text, most, counts) == kept
    assert size(kept, counts) <= most and Limit(most, counts).cut(text) == (kept or None)


@pytest.mark.parametrize(
    ("field", "native", "shared"),
    [
        (Field(type="number"), 12.50, "12.5"),
        (Field(type="number"), -0.0, "0"),
        (Field(type="number", dialect="text"), "0012.500", "12.5"),
        (Field(type="number", dialect="text"), "n/a", "n/a"),
        (Field(type="bool"), False, False),
        (Field(type="bool", dialect="text"), "false", False),
        (Field(type="money", currency="EUR"), 12.5, {"amount": "12.5", "currency": "EUR"}),
        (Field(type="money", dialect="minor", currency="JPY"), 500, {"amount": "500", "currency": "JPY"}),
        (Field(type="money", dialect="minor", currency="KWD"), 1250, {"amount": "1.25", "currency": "KWD"}),
        (Field(type="money", dialect="text"), "9.00", {"amount": "9", "currency": None}),
        (
            Field(type="money", dialect="object"),
            {"amount": "5.00", "currency": "USD"},
            {"amount": "5", "currency": "USD"},
        ),
        (Field(type="date", dialect="epoch_ms"), "1795392000000", "2026-11-23"),
        (Field(type="date", dialect="parts"), {"month": 4, "day": 12}, "--04-12"),
        (Field(type="date", dialect="vcard"), "--0412", "--04-12"),
        (Field(type="date"), "2026-11-23T00:00:00.000Z", "2026-11-23"),
        (Field(type="instant"), "2026-11-23T11:00:00.500+01:00", "2026-11-23T10:00:00.5Z"),
        (Field(type="instant", dialect="epoch"), 0, "1970-01-01T00:00:00Z"),
        (
            Field(type="instant", dialect="graph"),
            {"dateTime": "2026-11-23T11:00:00.0000000", "timeZone": "W. Europe Standard Time"},
            "2026-11-23T10:00:00Z",
        ),
        (Field(type="duration", dialect="minutes"), 90, "PT1H30M"),
        (Field(type="country"), "Deutschland", "DE"),
        (Field(type="country"), "Narnia", "Narnia"),
        (Field(type="phone"), "+49 (30) 123-456", "+4930123456"),
        (Field(type="phone"), "call me", "call me"),
        (Field(type="email"), " Ann@Example.ORG ", "ann@example.org"),
        (Field(type="url"), "HTTPS://Example.org/", "https://example.org"),
        (
            Field(type="address"),
            {"street": "1 High St", "city": "Leeds", "country": "UK", "region": None},
            {"street": "1 High St", "city": "Leeds", "country": "GB"},
        ),
        (
            Field(type="emails", many=True),
            [{"value": "A@x.org", "label": "Work"}],
            {"a@x.org": {"label": "work", "rank": 1}},
        ),
        (Field(type="tags", dialect="semicolon"), "a; b", {"a": {}, "b": {}}),
        (Field(type="choice", choices={"2": "Customer"}), "2", "Customer"),
        (Field(type="choice", dialect="hubspot", means="product.kind"), "non_inventory", "goods"),
        (Field(type="html", dialect="markdown"), "**a** _b_", "<b>a</b> <i>b</i>"),
    ],
    ids=lambda value: f"{value.type}-{value.dialect}" if isinstance(value, Field) else None,
)
def test_what_a_side_shows_and_gets_back(field: Field, native: Any, shared: Any) -> None:
    lens = lens_of({"it": field})
    assert lens.get(native, HERE) == shared
    assert lens.put(shared, native, HERE) == native
    if field.dialect not in ("text",) or native != "n/a":
        assert lens.get(lens.put(shared, None, HERE), HERE) in (shared, {"a@x.org": {"label": "work", "rank": 1}})


@pytest.mark.parametrize(
    ("one", "native", "other", "written"),
    [
        (of("number", "text"), "12.345", of("number", digits=2), 12.34),
        (of("number"), 2, of("number", "text", digits=2), "2.00"),
        (of("money", "object"), {"amount": "9.995", "currency": "EUR"}, of("money", "minor", currency="EUR"), 1000),
        (of("money", "object"), {"amount": "9.995", "currency": "EUR"}, of("money", "text", currency="EUR"), "10.00"),
        (of("date"), "2026-11-23", of("date", "parts"), {"year": 2026, "month": 11, "day": 23}),
        (of("date", "vcard"), "--0412", of("date", "parts"), {"month": 4, "day": 12}),
        (of("instant"), "2026-11-23T10:00:00Z", of("instant", "ical"), "20261123T100000Z"),
        (of("duration", "seconds"), 5400, of("duration", "minutes"), 90),
        (of("country"), "Österreich", of("country", "iso3"), "AUT"),
        (of("country", "iso2"), "AT", of("country"), "Austria"),
        (of("phone"), "+49 30 123456", of("phone"), "+4930123456"),
        (of("tags"), ["b", "a"], of("tags", "comma"), "a, b"),
        (of("choice", choices={"7": "Lead"}), "7", of("choice", choices={"lead": "Lead", "x": "X"}), "lead"),
        (of("choice", choices={"ACTIVE": "Active"}), "ACTIVE", named({"table": {"1": "active", "0": "draft"}}), "1"),
        (of("html", "markdown"), "- a\n- b", of("html", "plain"), "- a\n- b"),
        (of("html", "html"), "<p>x <b>y</b></p>", of("html", "markdown"), "x **y**"),
    ],
)
def test_from_one_spelling_to_another(one: Any, native: Any, other: Any, written: Any) -> None:
    assert crossed(one, native, other) == written
    assert crossed(one, native, other, written) == written


def test_the_spelling_of_the_same_stays() -> None:
    assert of("phone").put("+4930123456", "+49 30 12-34-56", HERE) == "+49 30 12-34-56"
    assert of("country").put("DE", "Deutschland", HERE) == "Deutschland"
    assert of("email").put("ann@x.org", "Ann@X.org", HERE) == "Ann@X.org"
    assert of("number", "text").put("12.5", "12.500", HERE) == "12.500"
    assert of("number", digits=0).put("12.4", 12, HERE) == 12
    kept = {"dateTime": "2026-11-23T11:00:00.0000000", "timeZone": "W. Europe Standard Time"}
    moved = of("instant", "graph").put("2026-11-23T12:30:00Z", kept, HERE)
    assert moved == {"dateTime": "2026-11-23T13:30:00.0000000", "timeZone": "W. Europe Standard Time"}


@pytest.mark.parametrize(
    ("lens", "shared", "why"),
    [
        (of("number"), "a dozen", "not a number"),
        (of("bool"), "perhaps", "neither true nor false"),
        (of("money", currency="USD"), {"amount": "1", "currency": "EUR"}, "in EUR, and this side holds USD"),
        (of("date"), "--04-12", "has no year"),
        (of("date"), "soon", "not a day"),
        (of("instant"), "soon", "not a point in time"),
        (of("duration", "minutes"), "P1M", "not a length of time"),
        (of("country", "iso2"), "Narnia", "not a country"),
        (of("country", choices={"DE": "Germany"}), "FR", "none of those"),
        (of("choice", choices={"1": "Lead"}), "Prospect", "none of the choices"),
        (of("email", max_length=5), "ann@x.org", "longer than the 5"),
        (of("tags", "semicolon"), {"a;b": {}}, "parts tags"),
        (named({"part": "suffix"}), "Jr.", "No name written as one text"),
    ],
)
def test_what_a_side_cannot_hold_is_refused(lens: Any, shared: Any, why: str) -> None:
    with pytest.raises(Refusal, match=re.escape(why)):
        lens.put(shared, None, HERE)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Ann Smith", {"given": "Ann", "family": "Smith"}),
        ("Smith, Ann Maria", {"given": "Ann Maria", "family": "Smith"}),
        ("Prof. Dr. Ursula von der Leyen", {"prefix": "Prof. Dr.", "given": "Ursula", "family": "von der Leyen"}),
        ("Vincent van Gogh", {"given": "Vincent", "family": "van Gogh"}),
        ("van Gogh", {"family": "van Gogh"}),
        ("Martin Luther King, Jr.", {"given": "Martin Luther", "family": "King", "suffix": "Jr."}),
        ("Dr. House", {"prefix": "Dr.", "family": "House"}),
        ("Cher", {"given": "Cher"}),
        ("山田 太郎", {"given": "太郎", "family": "山田"}),
        ("  ", {}),
    ],
)
def test_names_are_taken_apart(text: str, parts: dict[str, str]) -> None:
    assert split(text) == parts
    assert split(join(parts)) == parts


def test_a_name_keeps_its_order_and_its_titles() -> None:
    lens = NameText()
    assert lens.put({"given": "Ann", "family": "Jones"}, "Smith, Ann", HERE) == "Jones, Ann"
    assert lens.put({"given": "Ann", "family": "Smith"}, "Smith, Ann", HERE) == "Smith, Ann"
    part = named({"part": "family"})
    assert part.put("Jones", "Dr. Ann Smith", HERE) == "Dr. Ann Jones"
    assert part.put(None, "Ann Smith", HERE) == "Ann"
    with pytest.raises(Refusal, match=r"prefix 'Dr\.', given 'Ann'"):
        part.put(None, "Dr. Ann Smith", HERE)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "1 High St\nLeeds LS1 4DY\nUnited Kingdom",
            {"street": "1 High St", "city": "Leeds", "postcode": "LS1 4DY", "country": "GB"},
        ),
        (
            "Torstr. 1, 10115 Berlin, Deutschland",
            {"street": "Torstr. 1", "postcode": "10115", "city": "Berlin", "country": "DE"},
        ),
        ("5 Main St\nAustin, TX 78701", {"street": "5 Main St", "city": "Austin", "region": "TX", "postcode": "78701"}),
        ("Behind the church", {"street": "Behind the church"}),
    ],
)
def test_addresses_are_taken_apart(text: str, parts: dict[str, str]) -> None:
    lens = named("address")
    assert lens.get(text, HERE) == parts
    assert lens.get(lens.put(parts, None, HERE), HERE) == parts


def test_one_entry_of_a_list() -> None:
    mails = [{"value": "A@x.org", "label": "work", "id": 1}, {"value": "b@x.org", "label": "home"}]
    fields = {"mails": Field(type="emails", many=True)}
    main, home = (lens_of(fields, [spec]) for spec in ("primary", {"pick": "home"}))
    assert (main.get(mails, HERE), home.get(mails, HERE)) == ("a@x.org", "b@x.org")
    assert main.put("a@x.org", mails, HERE) is mails
    assert main.put("c@x.org", mails, HERE) == [{**mails[0], "value": "c@x.org"}, mails[1]]
    assert main.put("b@x.org", mails, HERE) == [mails[1], mails[0]]
    assert home.put(None, mails, HERE) == [mails[0]]
    assert main.put(None, mails, HERE) is mails, "nobody said that the other one is the main one now"
    assert main.put(None, [mails[0]], HERE) == []
    assert home.put("n@x.org", [mails[0]], HERE) == [mails[0], {"value": "n@x.org", "label": "home"}]
    assert main.put("n@x.org", None, HERE) == [{"value": "n@x.org", "label": None}]
    where = lens_of({"where": Field(type="addresses", many=True)}, ["primary", {"part": "city"}])
    homes = [{"label": "home", "street": "1 High St", "city": "Leeds", "own": 1}]
    assert where.put("York", homes, HERE) == [{**homes[0], "city": "York"}] and where.part


def test_lists_meet_single_values_and_fields_meet_objects() -> None:
    mails, mail = {"m": Field(type="emails", many=True)}, {"e": Field(type="email")}
    shape = shape_of({"book": mails, "crm": mail})
    assert crossed(lens_of(mail, (), shape), "Ann@x.org", lens_of(mails, (), shape)) == [
        {"value": "ann@x.org", "label": None}
    ]
    home = {n: Field(type="text", means=f"contact.{m}") for n, m in (("line", "street"), ("zip", "postcode"))}
    whole = {"a": Field(type="address")}
    shape = shape_of({"crm": home, "book": whole})
    native = {"street": "1 High St", "city": "Leeds", "postcode": "LS1"}
    assert crossed(lens_of(whole, (), shape), native, lens_of(home, (), shape)) == {"line": "1 High St", "zip": "LS1"}
    worth = {"amount": Field(type="money", dialect="text"), "code": Field(type="text", means="deal.currency")}
    price = {"price": Field(type="money", dialect="object")}
    shape = shape_of({"crm": worth, "shop": price})
    sold = lens_of(price, (), shape).put({"amount": "5", "currency": "EUR"}, None, HERE)
    assert crossed(lens_of(worth, (), shape), {"amount": "5.0", "code": "EUR"}, lens_of(price, (), shape)) == sold


def test_a_date_and_an_instant_of_one_meaning_agree_on_the_day() -> None:
    day, at = {"d": Field(type="date", means="deal.closes")}, {"t": Field(type="instant", means="deal.closes")}
    shape = shape_of({"a": day, "b": at})
    lens = lens_of(at, (), shape)
    assert lens.get("2026-12-01T09:00:00.000Z", HERE) == "2026-12-01"
    assert lens.put("2026-12-01", "2026-12-01T09:00:00.000Z", HERE) == "2026-12-01T09:00:00.000Z"
    assert lens.put("2026-12-02", "2026-12-01T09:00:00.000Z", HERE) == "2026-12-02T09:00:00Z"
    assert shape_of({"a": day, "b": {"t": Field(type="instant")}}).kind == "day"
    assert shape_of({"a": day, "b": {"t": Field(type="instant", means="deal.changed")}}).kind == ""
    tokyo = lens_of(at, [{"day": "Asia/Tokyo"}])
    assert tokyo.get("2026-12-01T20:00:00Z", HERE) == "2026-12-02"


RATES = {"2026-11-01": {"EUR": 1, "USD": 1.08, "JPY": 160}}
LATER = {**RATES, "2026-11-20": {"EUR": 1, "USD": 1.25, "JPY": 170}}


def shop(rates: Any) -> Any:
    return lens_of({"p": Field(type="money")}, [{"money": {"currency": "EUR", "rates": rates}}])


def erp(rates: Any, currency: str = "USD") -> Any:
    field = {"p": Field(type="money", dialect="text")}
    via = [{"money": currency}]
    return lens_of(field, via, shape_of({"erp": field}, {"shop": [{"money": {"currency": "EUR", "rates": rates}}]}))


def test_money_is_converted_by_the_day_of_the_edit() -> None:
    shared = shop(RATES).get(99.99, HERE)
    assert shared == {"amount": "99.99", "currency": "EUR", "on": "2026-11-01"}
    assert erp(RATES).put(shared, None, HERE) == "107.99"
    assert erp(RATES, "JPY").put(shared, None, HERE) == "15998"
    assert erp(LATER).put(shared, "107.99", HERE) == "107.99", "new rates alone write nothing"
    assert shop(LATER).put(shared, 99.99, HERE) == 99.99, "and the way back is the original"
    assert erp(LATER).put(shop(LATER).get(100, HERE), "107.99", HERE) == "125.00"
    with pytest.raises(Refusal, match="is in EUR, and this side holds KWD"):
        erp(RATES, "KWD").put(shared, None, HERE)


def test_computed_values_go_one_way() -> None:
    fields = {"first": Field(type="text"), "last": Field(type="text"), "n": Field(type="number")}
    lens = lens_of(fields, [{"computed": "first + ' ' + last"}])
    assert lens.get({"first": "Ann", "last": "Smith", "n": 1}, HERE) == "Ann Smith" and lens.klass == "one-way"
    assert lens.get({"first": "Ann", "last": None, "n": 1}, HERE) == "Ann "
    assert lens.put("x", (old := {"first": "a"}), HERE) is old
    double = lens_of({"n": Field(type="number")}, [{"computed": "n * 2"}])
    assert (double.get(4, HERE), double.get(None, HERE)) == (8, None)


def test_python_lenses() -> None:
    sku = named({"python": "tests.lenses.own:Sku"})
    assert (sku.get("SKU-1", HERE), sku.put("1", None, HERE), sku.klass) == ("1", "SKU-1", "exact")
    shout = named({"python": "tests.lenses.own:shout"})
    assert (shout.get("a", HERE), shout.put("A", "a", HERE), shout.klass) == ("A", "a", "one-way")
    with pytest.raises(Unread, match="KeyError"):
        named({"python": "tests.lenses.own:broken"}).get("a", HERE)


def test_a_default_owns_what_the_table_does_not_name() -> None:
    lens = named({"table": {"gold": "vip", "basic": "normal"}, "default": "normal"})
    assert lens.get("silver", HERE) == "normal" and lens.put("normal", "silver", HERE) == "silver"
    assert lens.put("vip", "silver", HERE) == "gold" and lens.put("normal", "gold", HERE) == "basic"
    truth = lens_of({"active": Field(type="bool")}, [{"table": {True: "active", False: "archived"}}])
    assert truth.get(False, HERE) == "archived" and truth.put("active", False, HERE) is True
    assert lens_of({"n": Field(type="number")}, [{"table": {"1": "low"}}]).put("low", None, HERE) == 1


MAIL, TEXT = {"e": Field(type="email")}, {"a": Field(type="text"), "b": Field(type="text")}


@pytest.mark.parametrize(
    ("fields", "spec", "message"),
    [
        (MAIL, {"clip": {"most": 5, "counts": "words"}}, "chars, utf16 or bytes"),
        (MAIL, {"round": "two"}, "number of decimals"),
        (MAIL, {"day": "Berlin"}, "IANA time zone"),
        (MAIL, {"date": "%d.%m.%Y"}, "date reads a column of texts, and e is email"),
        ({"n": Field(type="number")}, {"number": "de"}, "Of a file, say so with --set text="),
        ({"n": Field(type="number")}, {"duration": "%H:%M"}, "column of texts"),
        (TEXT, {"date": "DD.MM"}, "date needs a format such as '%d.%m.%Y'"),
        (TEXT, {"date": "%d.%m."}, "date needs a format"),
        (TEXT, {"date": "%d.%m.%Y %H"}, "date needs a format"),
        (TEXT, {"time": {"format": "%d.%m.%Y %H:%M", "zone": "Berlin"}}, "a format and an IANA zone"),
        (TEXT, {"time": "%d.%m.%Y %I:%M"}, "time needs a format"),
        (TEXT, {"number": "German"}, "a language or a place, such as de or en_US"),
        (TEXT, {"duration": "days"}, "duration needs a format such as '%H:%M'"),
        (MAIL, {"phone": "Germany"}, "two capital letters"),
        (MAIL, {"country": "short"}, "iso2, iso3 or name"),
        (MAIL, {"money": "euro"}, "currency of ISO 4217"),
        (MAIL, {"money": {"currency": "EUR", "rates": {"soon": {"EUR": 1}}}}, "is no day"),
        (MAIL, {"money": {"currency": "EUR", "rates": {"2026-11-01": {"EUR": 0}}}}, "above 0"),
        (MAIL, {"money": {"currency": "EUR", "rates": "rates.csv"}}, "table by day"),
        (MAIL, {"pick": []}, "label"),
        (MAIL, {"pick": "home"}, "entry of a list, and e is email"),
        (MAIL, {"part": "nick"}, "part needs one of"),
        (MAIL, {"computed": "a +"}, "not valid CEL"),
        (MAIL, {"computed": "x + 1"}, "names x, which the row does not list"),
        (MAIL, {"python": "nowhere"}, "import path"),
        (MAIL, {"python": "no_such_module_here:x"}, "cannot be imported"),
        (MAIL, {"python": "tests.lenses.own:nothing"}, "has no 'nothing'"),
        (MAIL, {"python": "tests.lenses.own:number"}, "neither a function nor a lens"),
        (MAIL, {"python": "tests.lenses.own:Needy"}, "without arguments"),
        (MAIL, {"table": {"a": "b"}, "default": "c"}, "one of the values"),
        (MAIL, {"table": "busy/google", "default": "c"}, "a table of your own"),
        (MAIL, {"join": ", "}, "makes one value of several fields"),
        (TEXT, "trim", "takes one field, not a, b"),
        (TEXT, {"join": 5}, "text between the fields"),
        (TEXT, {"name": {"given": "a"}}, "which part each of a, b is"),
        (TEXT, {"name": {"nick": "a"}}, "takes fields by part"),
        (TEXT, "", "has to be said with 'via'"),
    ],
)
def test_mistakes_are_told_in_a_sentence(fields: Any, spec: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        lens_of(fields, [spec] if spec else (), shape_of({"a": fields}))


PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "lenses.md").read_text(encoding="utf-8")
SHORT = re.findall(r"^\| `(.+)` \| `(.+)` \| `(.+)` \| `(.+)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("lens", "held", "shown", "written"), SHORT, ids=[one[0] for one in SHORT])
def test_the_short_examples_of_the_reference_are_true(lens: str, held: str, shown: str, written: str) -> None:
    native = json.loads(held)
    kind = {"html_subset": "html", "google_html": "html"}.get(lens, "text" if isinstance(native, str) else "number")
    made = lens_of({"it": Field(type=kind)}, [YAML(typ="safe").load(lens)])
    shared = made.get(native, HERE)
    assert (shared, made.put(shared, None, HERE)) == (json.loads(shown), json.loads(written))


def test_every_lens_has_an_example() -> None:
    shown = " ".join([*(spec for spec, *_ in SHORT), *re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)])
    assert len(SHORT) >= 15
    assert [name for name in VIA if not re.search(rf"\b{name}\b", shown)] == []


def test_the_sides_of_a_row_convert_by_one_table() -> None:
    other = {"2026-11-01": {"EUR": 1, "USD": 2}}
    via = {side: [{"money": {"currency": "EUR", "rates": rates}}] for side, rates in (("a", RATES), ("b", other))}
    with pytest.raises(ValueError, match="the same rates"):
        shape_of({"a": MAIL, "b": MAIL}, via)
