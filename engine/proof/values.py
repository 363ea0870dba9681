"""Native values to try, by type and dialect of the field: small ones first, then the boundaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from engine.contract import Field

TEXTS = (
    "a", "B", "Ab", " a", "a ", "a b", "A  b", "Ann Lee", "cafe\u0301", "\u00df", "a\nb", "a\r\nb", "\ta", "a, b; c",
    "<b>a</b> & b", "&amp;", "007", "1.5", "1,234.50", "-", "\u202ba", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
)  # fmt: skip
HTML = (
    "a",
    "<p>a</p>",
    "<b>a</b> and <i>b</i>",
    "a\nb",
    "<p>a</p><p>b</p>",
    "a<br><br>b",
    '<ul><li>a</li><li>b</li></ul><a href="https://example.com/?a=1&amp;b=2">c</a>',
    "<table><tr><td>a</td><td>b</td></tr></table>",
    "a &lt; b &amp; c",
    "<p>a&nbsp;&nbsp;b</p>",
)
MARKDOWN = ("a", "**a** and *b*", "a\n\nb", "- a\n- b", "[a](https://example.com)", "a \\* b", "# a")
NUMBERS = (1, 0, 2, 7, -1, 0.5, 1.5, 2.5, 0.1, 1.25, 10, 33, 99.99, -2.5, 0.005, 1234.5, 1000000, 12345678.91)
MONEY = ("1", "0", "2", "0.5", "1.25", "99.99", "-2.5", "1234.5", "1000000")
DATES = ("2026-11-23", "2026-01-01", "2026-12-31", "2024-02-29", "2026-03-29", "2026-10-25", "1985-04-12", "1969-12-31")
INSTANTS = (
    "2026-11-23T10:00:00Z",
    "2026-11-23T00:00:00Z",
    "2026-11-23T23:59:59Z",
    "2026-03-29T01:30:00Z",
    "2026-10-25T00:30:00Z",
    "2026-11-23T23:30:00+05:30",
    "1969-12-31T23:00:00Z",
)
EMAILS = ("a@example.com", "Ann.Lee@example.com", "a+b@Example.com", "b@example.co.uk")
PHONES = ("+493090182000", "+49 30 90182000", "+1 (212) 555-0123", "+44 20 7946 0000", "555")
URLS = ("https://example.com", "https://example.com/", "http://Example.com/A?b=1#c", "example.com")
PLACES: Sequence[Mapping[str, Any]] = (
    {"street": "Main St 1", "city": "Berlin", "postcode": "10115", "country": "DE"},
    {"street": "1 High St\nFlat 2", "city": "Leeds", "region": None, "postcode": "LS1 1AA", "country": "GB"},
    {"city": "Paris"},
)
MOMENTS = (
    {"date": "2026-11-23"},
    {"dateTime": "2026-11-23T10:00:00", "timeZone": "UTC"},
    {"dateTime": "2026-11-23T00:00:00", "timeZone": "UTC"},
    {"dateTime": "2026-11-23T23:30:00", "timeZone": "UTC"},
)
COUNTRIES = {
    "": ("Germany", "France", "DE", "United States"),
    "iso2": ("DE", "FR", "US"),
    "iso3": ("DEU", "FRA", "USA"),
}
EPOCHS = (1795428000, 0, 86400, 1795392000, -3600, 1795391999)
ANSWERS = {
    "google": ("displayName", "responseStatus", ("needsAction", "accepted", "tentative", "declined")),
    "graph": ("name", "response", ("none", "notResponded", "accepted", "tentativelyAccepted", "declined")),
    "ical": ("name", "partstat", ("NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED")),
}
LABELS = ("home", "work", "other", None)


def values(field: Field, limits: Collection[int] = (), known: Sequence[Any] = (), key: str = "") -> list[Any]:
    """Values of the field, small ones first and empty ones last; [] where none can be made up.

    `limits`: lengths to try the ends of. `known`: natives that a table of the mapping names. `key`: of a list's items.
    """
    made = _MADE.get(field.type)
    if field.type in ("choice", "bool") and (known or field.choices):
        found: list[Any] = [*(field.choices or ()), *known]
    elif made is None:
        return []
    else:
        found = [*known, *made(field, limits, key)]
    found = list({repr(value): value for value in found}.values())
    return [*found, [] if field.many or field.type in _LISTS else None]


def _text(_: Field, limits: Collection[int], __: str) -> list[Any]:
    ends = sorted({size for limit in limits for size in (limit - 1, limit, limit + 1) if 0 < size < 20_000})
    wide = ["\U0001f600" * (limit // 2 + 1) for limit in limits if limit < 20_000]
    return [*TEXTS, *("a" * size for size in ends), *wide, *("\u00e9" * size for size in ends[-1:])]


def _html(field: Field, limits: Collection[int], key: str) -> list[Any]:
    if field.dialect == "markdown":
        return list(MARKDOWN)
    if field.dialect == "plain":
        return _text(field, limits, key)
    ends = ["<b>" + "a" * limit + "</b>" for limit in limits if limit < 20_000]
    return [*HTML, *ends]


def _numbers(field: Field, _: Collection[int], __: str) -> list[Any]:
    return [f"{value}" if field.dialect == "text" else value for value in NUMBERS]


def _money(field: Field, _: Collection[int], __: str) -> list[Any]:
    currency = field.currency or "EUR"
    spell: Mapping[str, Callable[[str], Any]] = {
        "text": str,
        "minor": lambda amount: round(float(amount) * 100),
        "object": lambda amount: {"amount": amount, "currency": currency},
    }
    return [spell.get(field.dialect, float)(amount) for amount in MONEY]


def _dates(field: Field, _: Collection[int], __: str) -> list[Any]:
    if field.dialect == "epoch_ms":
        return [1795392000000, 0, -86400000, 1709164800000]
    if field.dialect == "parts":
        cut = [dict(zip(("year", "month", "day"), map(int, day.split("-")), strict=True)) for day in DATES]
        return [*cut, {"month": 4, "day": 12}]
    if field.dialect == "vcard":
        return [*(day.replace("-", "") for day in DATES), *DATES[:2], "--0412"]
    return list(DATES)


def _instants(field: Field, _: Collection[int], __: str) -> list[Any]:
    if field.dialect.startswith("epoch"):
        return [second * (1000 if field.dialect == "epoch_ms" else 1) for second in EPOCHS]
    if field.dialect == "graph":
        return [{"dateTime": one[:19], "timeZone": "UTC"} for one in INSTANTS]
    if field.dialect == "ical":
        return [one[:19].replace("-", "").replace(":", "") + "Z" for one in INSTANTS]
    return list(INSTANTS)


def _durations(field: Field, _: Collection[int], __: str) -> list[Any]:
    if field.dialect in ("minutes", "seconds"):
        return [60, 0, 1, 90, 59, 61, 1440, 86400]
    return ["PT1H", "PT0S", "PT30M", "PT1H30M", "PT45S", "P1D", "PT36H"]


def _entries(what: Sequence[Any]) -> list[Any]:
    one = [[{"value": value, "label": label}] for value, label in zip(what, LABELS, strict=False)]
    return [*one, [{"value": what[0], "label": "home"}, {"value": what[2], "label": "work"}]]


def _addresses(*_: Any) -> list[Any]:
    one = [[{"label": "home", **place}] for place in PLACES]
    return [*one, [{"label": "home", **PLACES[0]}, {"label": "work", **PLACES[1]}]]


def _tags(field: Field, _: Collection[int], __: str) -> list[Any]:
    found = (["a"], ["a", "b"], ["B", "a c"])
    joint = {"semicolon": ";", "comma": ", "}.get(field.dialect)
    return [joint.join(tags) for tags in found] if joint else list(found)


def _people(field: Field, _: Collection[int], __: str) -> list[Any]:
    name, member, answers = ANSWERS.get(field.dialect, ANSWERS["google"])
    one = [[{"email": "a@example.com", member: answer}] for answer in answers]
    return [*one, [{"email": "A@Example.com", name: "Ann"}, {"email": "b@example.com", name: 'B "C" d'}]]


def _list(_: Field, __: Collection[int], key: str) -> list[Any]:
    if key:
        return [[{key: "a"}], [{key: "b", "name": "B"}, {key: "a", "name": "A"}]]
    return [["a"], ["b", "a"]]


_MADE: Mapping[str, Callable[[Field, Collection[int], str], Sequence[Any]]] = {
    "text": _text,
    "html": _html,
    "number": _numbers,
    "money": _money,
    "bool": lambda field, _, __: ("true", "false") if field.dialect == "text" else (True, False),
    "date": _dates,
    "instant": _instants,
    "moment": lambda _, __, ___: MOMENTS,
    "duration": _durations,
    "choice": lambda _, __, ___: ("a", "b"),
    "country": lambda field, _, __: COUNTRIES.get(field.dialect, COUNTRIES[""]),
    "phone": lambda _, __, ___: PHONES,
    "email": lambda _, __, ___: EMAILS,
    "url": lambda _, __, ___: URLS,
    "address": lambda _, __, ___: PLACES,
    "emails": lambda _, __, ___: _entries(EMAILS),
    "phones": lambda _, __, ___: _entries(PHONES[:4]),
    "urls": lambda _, __, ___: _entries(URLS),
    "addresses": _addresses,
    "tags": _tags,
    "people": _people,
    "list": _list,
}
_LISTS = ("emails", "phones", "urls", "addresses", "people", "list")
