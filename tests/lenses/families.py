"""One or more lenses of each family, with native values that an app may hold and shared values that others may send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from engine.contract import Field
from engine.lens import Chain
from engine.lenses import named, ways
from engine.lenses.address import Address, AddressFields, AddressPart, AddressText
from engine.lenses.choice import Choice
from engine.lenses.country import Country
from engine.lenses.dates import Day, DayOf, Instant
from engine.lenses.duration import Duration
from engine.lenses.entries import Addresses, Keyed, Reaches, Tags
from engine.lenses.html import Body
from engine.lenses.join import Join
from engine.lenses.money import Money, MoneyFields
from engine.lenses.names import NameFields, NamePart, NameText
from engine.lenses.number import Bool, Number
from engine.lenses.pick import Pick
from engine.lenses.reach import Email, Phone, Url
from engine.lenses.tables import KIND, PRIORITY, TASK, Table
from engine.lenses.text import Limit, Text
from tests.lenses.drawn import (
    RATES,
    addresses,
    amounts,
    called,
    canonical,
    chars,
    clocked,
    codes,
    currencies,
    dated,
    days,
    decimals,
    dotted,
    entries,
    floats,
    graph,
    instants,
    labelled,
    lands,
    lengths,
    mailed,
    mails,
    maybe,
    names,
    numbers,
    objects,
    odd,
    one_name,
    pages,
    parts,
    ranked,
    shared_addresses,
    shared_instants,
    shared_lengths,
    shared_names,
    streets,
    tags,
    towns,
    visited,
    written,
    written_tags,
    yearless,
)
from tests.lenses.own import Sku


@dataclass(frozen=True)
class Case:
    """A lens, what its side may hold, and what may come from the others."""

    name: str
    lens: Any
    natives: st.SearchStrategy[Any]
    shareds: st.SearchStrategy[Any]


BERLIN = {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}
SETTING = {"a": "gold", "b": "gold", "c": "basic"}
CASES = [
    Case("clip utf16", Text(5, "utf16"), maybe(chars), maybe(chars)),
    Case("clip bytes", Text(7, "bytes"), maybe(chars), maybe(chars)),
    Case("markdown", Body("markdown"), maybe(chars), maybe(chars.map(lambda text: Body("plain").get(text, None)))),
    Case("number", Number(), maybe(floats | odd), st.none() | canonical),
    Case("number text", Number("text"), maybe(decimals | odd), st.none() | canonical),
    Case("number digits", Number("", 2), maybe(floats), st.none() | canonical),
    Case("number text digits", Number("text", 1), maybe(decimals), st.none() | canonical),
    Case(
        "bool",
        Bool(),
        st.sampled_from([None, True, False, "true", "no", 1, 0, "?"]),
        st.sampled_from([None, True, False]),
    ),
    Case(
        "bool text",
        Bool("text"),
        st.sampled_from([None, "true", "False", "?", ""]),
        st.sampled_from([None, True, False]),
    ),
    Case("money", Money("", "EUR"), maybe(floats | odd), amounts),
    Case("money of no currency", Money("text"), maybe(decimals | odd), amounts),
    Case("money minor", Money("minor", "KWD"), maybe(st.integers(-(10**9), 10**9)), amounts),
    Case("money object", Money("object"), objects, amounts),
    Case("money converted", Money("text", "USD", None, RATES), maybe(decimals), dated),
    Case("money converted to yen", Money("", "JPY", None, RATES), maybe(floats), dated),
    Case(
        "money in two fields",
        MoneyFields("amount", "code", Money("text")),
        st.fixed_dictionaries({"amount": maybe(decimals | odd), "code": currencies}),
        amounts,
    ),
    Case("day", Day(), maybe(days | instants | odd), st.none() | days | yearless),
    Case(
        "day epoch",
        Day("epoch_ms"),
        maybe(st.integers(-(10**14), 10**14) | st.just("86400000") | odd),
        st.none() | days,
    ),
    Case("day parts", Day("parts"), maybe(parts), st.none() | days | yearless),
    Case(
        "day vcard",
        Day("vcard"),
        maybe(days | yearless | st.sampled_from(["19850412", "--0412", "1985", "--0230"])),
        st.none() | days | yearless,
    ),
    Case("instant", Instant(), maybe(instants | odd | days), st.none() | shared_instants),
    Case(
        "instant epoch",
        Instant("epoch"),
        maybe(st.integers(-(10**9), 10**10) | st.just("5") | odd),
        st.none() | shared_instants,
    ),
    Case("instant epoch_ms", Instant("epoch_ms"), maybe(st.integers(-(10**12), 10**13)), st.none() | shared_instants),
    Case("instant graph", Instant("graph"), st.none() | graph, st.none() | shared_instants),
    Case(
        "instant ical",
        Instant("ical"),
        maybe(st.sampled_from(["20261123T100000Z", "20261123T1000", "x"])),
        st.none() | shared_instants,
    ),
    Case("day of an instant", Chain([Instant(), DayOf("Europe/Berlin")]), maybe(instants), st.none() | days),
    Case("duration", Duration(), maybe(lengths | odd), st.none() | shared_lengths),
    Case(
        "duration minutes",
        Duration("minutes"),
        maybe(st.integers(-500, 5000) | st.just("90")),
        st.none() | shared_lengths,
    ),
    Case("duration seconds", Duration("seconds"), maybe(st.integers(0, 10**6) | odd), st.none() | shared_lengths),
    Case("country", Country(), maybe(lands), codes),
    Case("country iso2", Country("iso2"), maybe(lands), codes),
    Case("country iso3", Country("iso3"), maybe(lands), codes),
    Case(
        "country of a list",
        Country("", {"germany": "Germany", "at": "Austria"}),
        maybe(st.sampled_from(["germany", "at"])),
        codes,
    ),
    Case("phone", Phone(), maybe(numbers), st.none() | called),
    Case("phone with a region", Phone("DE"), maybe(numbers), st.none() | called),
    Case("email", Email(), maybe(mails), st.none() | mailed),
    Case("url", Url(Limit(12)), maybe(pages), st.none() | visited),
    Case("address", Address(), maybe(addresses, {}), shared_addresses),
    Case(
        "address fields",
        AddressFields({"street": "s", "city": "c", "postcode": "z", "country": "n"}, {"city": Text(4)}),
        st.fixed_dictionaries(
            {name: maybe(values) for name, values in (("s", streets), ("c", towns), ("z", towns), ("n", lands))}
        ),
        shared_addresses,
    ),
    Case("address text", AddressText(), written, shared_addresses),
    Case("address part", AddressPart("city"), maybe(addresses, {}), maybe(towns)),
    Case("name text", NameText(), names, shared_names),
    Case("name text cut", NameText(Limit(9)), names, shared_names),
    Case(
        "name fields",
        NameFields({"given": "g", "family": "f"}),
        st.fixed_dictionaries({"g": maybe(one_name), "f": maybe(one_name)}),
        shared_names,
    ),
    *[Case(f"name part {part}", NamePart(part), names, one_name) for part in ("given", "family", "suffix")],
    Case("join", Join(("a", "b", "c"), ", "), st.fixed_dictionaries({n: maybe(chars) for n in "abc"}), maybe(chars)),
    Case("emails", Reaches(Email()), entries(mails), ranked(mailed)),
    Case("phones", Reaches(Phone()), entries(numbers), ranked(called)),
    Case(
        "addresses",
        Addresses(),
        maybe(st.lists(labelled, max_size=3), []),
        st.dictionaries(
            st.sampled_from(["work", "home", "home 2", "other"]), shared_addresses.filter(bool), max_size=3
        ),
    ),
    Case(
        "keyed",
        Keyed("id"),
        maybe(
            st.lists(
                st.fixed_dictionaries({"id": st.sampled_from(["1", "2", None])}, optional={"n": st.integers(0, 3)}),
                max_size=4,
            ),
            [],
        ),
        st.dictionaries(st.sampled_from("12"), st.integers(0, 3), max_size=2).map(
            lambda d: {k: {"id": k, "n": n} for k, n in d.items()}
        ),
    ),
    Case("tags", Tags(), maybe(st.lists(tags, max_size=4), []), written_tags),
    Case("tags semicolon", Tags("semicolon"), maybe(st.lists(tags, max_size=3).map(";".join)), written_tags),
    Case("tags comma", Tags("comma"), maybe(st.lists(tags, max_size=3).map(", ".join)), written_tags),
    Case("primary", Pick((), Email()), entries(mails), st.none() | mailed),
    Case("pick", Pick(("mobile", "work"), Phone()), entries(numbers), st.none() | called),
    Case("pick address", Pick(("home",), Address()), maybe(st.lists(labelled, max_size=3), []), shared_addresses),
    Case(
        "part of a picked address",
        Chain([Pick((), Address()), AddressPart("city")]),
        maybe(st.lists(labelled, max_size=3), []),
        maybe(towns).map(lambda t: t and t.strip()),
    ),
    Case(
        "choice",
        Choice({"1": "Lead", "2": "Customer"}),
        st.sampled_from([None, "1", "2", ""]),
        st.sampled_from([None, "Lead", "customer", "2"]),
    ),
    Case(
        "table with a default",
        Table("t", SETTING, default="basic"),
        st.sampled_from([None, "a", "b", "c", "z"]),
        st.sampled_from([None, "gold", "basic"]),
    ),
    *[
        Case(
            f"{one.name} {dialect}",
            one,
            st.sampled_from([None, *one.shows]),
            st.sampled_from(sorted({*one.shows.values(), *one.takes})),
        )
        for found in (TASK, PRIORITY, KIND)
        for dialect, one in found.items()
    ],
    Case("date as text", named({"date": "%d.%m.%Y"}), maybe(dotted), st.none() | days | yearless),
    Case("date as short text", named({"date": "%m/%d/%y"}), maybe(st.just("4/1/26")), st.none() | days),
    Case("time as text", named({"time": BERLIN}), maybe(clocked), st.none() | shared_instants),
    Case("time as text with offset", named({"time": "%d %b %Y %I:%M:%S %p %z"}), st.none(), shared_instants),
    *[
        Case(f"number as text {place}", named({"number": place}), maybe(digits), st.none() | canonical)
        for place, digits in (
            ("de", st.sampled_from(["1.234,50", "-1.234.567", "0,5", "7", "+3"])),
            ("fr_CH", st.sampled_from(["1 234,5", "1\u202f234", "-0,50"])),
            ("en_IN", st.sampled_from(["12,34,567.5", "1,234"])),
        )
    ],
    *[
        Case(f"duration as text {form}", named({"duration": form}), maybe(lasting), st.none() | shared_lengths)
        for form, lasting in (
            ("minutes", st.sampled_from(["90", "1.5", "-5"])),
            ("hours", st.sampled_from(["1.5", "0.3333", "1.6667", "-2"])),
            ("%H:%M", st.sampled_from(["1:30", "01:30", "36:05", "-0:10"])),
            ("%M:%S", st.sampled_from(["90:00", "0:05"])),
        )
    ],
    Case(
        "duration as number",
        named({"duration": "hours"}, {"h": Field(type="number")}),
        st.none() | st.sampled_from([1, 1.5, 0.3333, -2]),
        st.none() | shared_lengths,
    ),
    Case("computed", named({"computed": "a + ' ' + b"}), st.fixed_dictionaries({n: maybe(chars) for n in "ab"}), chars),
    Case(
        "python",
        ways.Code("own", Sku()),
        maybe(st.sampled_from(["SKU-1", "SKU-x y"])),
        st.none() | st.sampled_from(["1", "x y"]),
    ),
]
