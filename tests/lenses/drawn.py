"""Native values that an app may hold, and shared values that others may send, by family."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine.lenses.address import Address
from engine.lenses.dates import Instant
from engine.lenses.duration import Duration
from engine.lenses.number import Number
from engine.lenses.reach import Email, Phone, Url
from tests.lenses.samples import context


def maybe(values: st.SearchStrategy[Any], empty: Any = "") -> st.SearchStrategy[Any]:
    return st.none() | st.just(empty) | values


chars = st.text(st.sampled_from("aB é\u0301\u00df👍🏽\u200d🇩🇪 \n\r,;.'"), max_size=14)
decimals = st.decimals(min_value=-(10**12), max_value=10**12, places=6, allow_nan=False).map(
    lambda d: format(d.normalize(), "f")
) | st.sampled_from(["0", "0.5", "1.5", "2.5", "0.005", "-0.125", "9007199254740993", "1000000", "12.30"])
canonical = decimals.map(lambda text: Number("text").get(text, None))
floats = st.floats(-1e12, 1e12, allow_nan=False) | st.integers(-(10**9), 10**9)
odd = st.sampled_from(["abc", " ", "1,5", "n/a", "--", "12e999", "NaN", "Infinity", "1e5", "-0"])
currencies = st.sampled_from([None, "EUR", "USD", "JPY", "KWD"])
RATES = {
    "2026-11-01": {"EUR": Decimal(1), "USD": Decimal("1.08"), "JPY": Decimal("163.5"), "KWD": Decimal("0.33")},
    "2026-11-20": {"EUR": Decimal(1), "USD": Decimal("1.10"), "JPY": Decimal("160.1"), "KWD": Decimal("0.34")},
}
amounts = st.none() | st.fixed_dictionaries({"amount": canonical, "currency": currencies})
dated = st.none() | st.fixed_dictionaries(
    {"amount": canonical, "currency": currencies, "on": st.sampled_from(["2026-11-01", "2026-11-20", "2020-01-01"])}
)
objects = maybe(
    st.fixed_dictionaries({"amount": decimals | st.none(), "currency": currencies}, optional={"own": st.just("kept")})
)
days = st.dates().map(lambda day: f"{day:%Y-%m-%d}".rjust(10, "0")) | st.sampled_from(
    ["2024-02-29", "0001-01-01", "9999-12-31"]
)
yearless = st.dates().map(lambda day: f"--{day:%m-%d}")
instants = st.datetimes().map(lambda at: at.isoformat() + "Z") | st.sampled_from(
    ["2026-03-29T01:30:00Z", "2026-10-25T01:30:00+02:00", "2026-11-23T10:00:00.120Z", "1969-12-31T23:59:59.999999Z"]
)
shared_instants = instants.map(lambda text: Instant().get(text, context()))
graph = st.fixed_dictionaries(
    {
        "dateTime": st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + ".0000000"),
        "timeZone": st.sampled_from(["UTC", "W. Europe Standard Time", "Pacific Standard Time", "Mars"]),
    }
)
dotted = st.dates().map(lambda day: f"{day.day}.{day:%m}.{day.year:04}")
clocked = (
    st.datetimes()
    .map(lambda at: f"{at:%d.%m.}{at.year:04} {at:%H:%M}")
    .filter(lambda text: "0002" <= text[6:10] <= "9998")
)
parts = st.fixed_dictionaries(
    {"month": st.integers(0, 12), "day": st.integers(0, 31)}, optional={"year": st.integers(0, 2100)}
)
lengths = st.builds(
    lambda d, h, m, s: f"P{d}DT{h}H{m}M{s}S", *[st.integers(0, most) for most in (400, 50, 90, 100)]
) | st.sampled_from(["PT0S", "P2W", "-PT15M", "PT1.5S", "PT90M"])
shared_lengths = lengths.map(lambda text: Duration().get(text, None))
lands = st.sampled_from(
    ["Germany", "deutschland", "DE", "DEU", "UK", "GB", "U.S.A.", "Narnia", "CS", "Österreich", " at ", "Côte d’Ivoire"]
)
codes = st.sampled_from([None, "DE", "GB", "US", "AT", "CI", "Narnia", "XK", "AQ"])
numbers = st.sampled_from(
    [
        "+49 30 123456",
        "+4930123456",
        "030/123456",
        "(202) 555-0143",
        "+1 202-555-0143 ext. 12",
        "call me",
        "112",
        "+",
        "٣٤",
    ]
)
called = numbers.map(lambda text: Phone().get(text, None))
mails = st.sampled_from(["Ann@Example.org", "ann@example.org", "ÄNN@x.de", " bob@x.org ", "nobody", "İ@x.org"])
mailed = mails.map(lambda text: Email().get(text, None))
pages = st.sampled_from(["https://X.org/", "HTTP://x.org", "x.org/A", "https://x.org/a/?B#c", "mailto:A@x", "//x"])
visited = pages.map(lambda text: Url().get(text, None))
streets = st.sampled_from(["1 High St", "Hauptstraße 5", "Flat 2\n7 Rd", " x "])
towns = st.sampled_from(["Leeds", "New York", "Bad Homburg v. d. H.", "10"])
addresses = st.fixed_dictionaries(
    {},
    optional={
        "street": streets | st.none(),
        "city": towns,
        "region": st.sampled_from(["NY", "Hessen", ""]),
        "postcode": st.sampled_from(["LS1 4DY", "10115", "78701-1234", None]),
        "country": lands,
        "own": st.just("kept"),
    },
)
shared_addresses = st.none() | addresses.map(lambda one: Address().get(one, None))
written = maybe(
    st.lists(
        streets | towns | lands | st.sampled_from(["10115 Berlin", "Austin, TX 78701", "NY 10001"]), max_size=4
    ).map("\n".join)
)
words = st.sampled_from(
    [
        "Ann",
        "Maria",
        "van",
        "der",
        "Berg",
        "Dr.",
        "Jr.",
        "Smith,",
        "García",
        "Márquez",
        "李",
        "明",
        "de",
        "Mr",
        ",",
        "PhD",
        "O'Neil",
    ]
)
names = maybe(st.lists(words, max_size=5).map(" ".join))
one_name = st.sampled_from([None, "Ann", "Ann Maria", "van der Berg", "García Márquez", "Dr.", "李", "Jr.", "de"])
shared_names = st.none() | st.fixed_dictionaries(
    {}, optional={part: one_name.filter(bool) for part in ("prefix", "given", "middle", "family", "suffix")}
)
labels = st.sampled_from([None, "work", "Home", "mobile", "My own", ""])


def entry(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"value": maybe(values)}, optional={"label": labels, "own": st.integers(1, 3)})


def entries(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return maybe(st.lists(entry(values), max_size=4), [])


def ranked(keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    told = st.fixed_dictionaries({"label": st.sampled_from([None, "work", "home"]), "rank": st.sampled_from([1, 2])})
    return st.dictionaries(keys, told, max_size=4)


labelled = addresses.flatmap(lambda one: labels.map(lambda label: {**one, "label": label}))
tags = st.sampled_from(["vip", "VIP", " a b ", "", "x,y", "x;y", "é"])
written_tags = st.dictionaries(tags.map(str.strip).filter(bool), st.just({}))
