"""200 mappings that harm nothing, though many lose something on one side, by the pattern that makes each safe."""

from __future__ import annotations

from itertools import permutations, product

from engine.contract import Field
from tests.proof.build import built, choice, code, family, text
from tests.proof.unsafe import STATES, WORDS, number


def equal_texts():
    """The same text on both sides, whatever the lengths: what is too long is cut, and stays cut."""
    for one, other in product((None, 10, 40, 255), (None, 20, 255, 1000)):
        yield built(text(max_length=one), text(max_length=other))


def other_counts():
    """The same where an app counts bytes, or units of UTF-16."""
    yield from (
        built(text(), text(max_length=most, counts=what)) for most in (9, 50, 99) for what in ("bytes", "utf16")
    )


def clipped_texts():
    """A clip that the mapping asks for, within what the app takes."""
    yield from (built(text(), text(max_length=most), via={"shop": [{"clip": most}]}) for most in range(10, 300, 20))


def folded_texts():
    """One side tidies; what it made of a value stays as it is."""
    yield from (
        built(text(), text(), via={side: [lens]}) for side in ("crm", "shop") for lens in ("trim", "lower", "one_line")
    )


def whole_tables():
    """Each choice has one word on both sides."""
    for one, other in product(list(permutations(STATES))[:3], list(permutations(["a", "b", "c", "d"]))[:6]):
        tables = {"crm": [{"table": dict(zip(one, STATES, strict=True))}]}
        tables["shop"] = [{"table": dict(zip(other, STATES, strict=True))}]
        yield built(choice(*one), choice(*other), via=tables)


def poorer_tables():
    """Several choices of one side are one on the other; each comes back as what it was."""
    for few in (("yes", "no"), ("on", "off"), ("a", "b"), ("1", "0")):
        for cut in (1, 2, 3):
            table = {word: few[at >= cut] for at, word in enumerate(STATES)}
            yield built(
                choice(*STATES), choice(*few), via={"crm": [{"table": table}], "shop": [{"table": {w: w for w in few}}]}
            )


def prefixes_taken_away():
    """A word is put in front and taken away on the way back."""
    words = [word for word in WORDS if not any(word != other and word.startswith(other) for other in WORDS)]
    yield from (built(text(), text(), via={"shop": code(f"greeted_{word}")}) for word in words)


def other_units():
    """Euros and cents, kilos and grams: no more digits than both hold."""
    yield from (
        built(number(), number(), via={"shop": code(f"times_{factor}")}) for factor in (1, 2, 4, 5, 10, 100, 1000)
    )


def fewer_digits():
    """One side rounds; the rounded value is where it stays."""
    yield from (built(number(digits=one), number(digits=other)) for one, other in product((None, 3, 2), (2, 1, 0)))


def spelled_numbers():
    """A number as a text with the same meaning."""
    for one, other in product(("", "text"), ("", "text")):
        yield built(number(dialect=one), number(dialect=other))


def spelled_days():
    """A day in every spelling."""
    for one, other in product(("", "epoch_ms", "vcard", "parts"), repeat=2):
        yield built(Field(type="date", dialect=one), Field(type="date", dialect=other))


def spelled_times():
    """A time in every spelling."""
    for one, other in product(("", "epoch", "epoch_ms", "graph"), repeat=2):
        yield built(Field(type="instant", dialect=one), Field(type="instant", dialect=other))


def one_way_prefixes():
    """A word in front, but nothing comes back."""
    yield from (built(text(), text(), via={"shop": code(f"prefix_{word}")}, to="shop") for word in WORDS)


def one_way_functions():
    """A computed value, written to the other side only."""
    yield from (built(text(), text(), via={"crm": code(f"shout_{word}")}, to="shop") for word in WORDS)


def days_of_times():
    """The day of a time, one way."""
    yield from (
        built(Field(type="instant", dialect=time), Field(type="date"), to="shop") for time in ("", "epoch", "graph")
    )


def formatted_texts():
    """HTML against plain text: formatting stays where it is."""
    for one, other in product(("html", "google", "graph"), ("plain", "html")):
        yield built(Field(type="html", dialect=one), Field(type="html", dialect=other))


def constants():
    """A side that is always given the same."""
    yield from (
        built(text(), text(), via={"shop": [{"constant": word}]}, to="shop") for word in ("Imported", "CRM", "yes")
    )


def filters_elsewhere():
    """Who takes part is told by a field that no row writes."""
    kind = {"kind": choice(*STATES)}
    for word, side in product(STATES, ("crm", "shop")):
        yield built(text(), text(), only={side: {"field": "kind", "is": word}}, more_fields={side: kind})


def filters_alike():
    """Both sides judge the same row, which each sees in its own way."""
    for word in STATES:
        rules = {"crm": {"field": "x", "is": word}, "shop": {"field": "y", "is": word}}
        yield built(choice(*STATES), choice(*STATES), only=rules)


def addresses_as_keys():
    """E-mail addresses have no case, so they may be folded though records are matched by them."""
    email = Field(type="email")
    yield from (
        built(email, email, match=(("x",),), via=via) for via in (None, {"crm": ["lower"]}, {"shop": ["lower"]})
    )


def keys_of_one_length():
    """Keys that both sides cut alike."""
    yield from (built(text(max_length=most), text(max_length=most), match=(("x",),)) for most in (8, 16, 30, 64, 255))


def required_and_given():
    """What an app requires is written by a row, or never needed because nothing is made there."""
    for kind in ("text", "number", "date", "email"):
        yield built(Field(type=kind), Field(type=kind, required=True))
        yield built(
            text(), text(), more_fields={"shop": {"must": Field(type=kind, required=True)}}, creates={"to": "crm"}
        )


def same_kinds():
    """The same kind of value on both sides."""
    for kind in ("bool", "email", "phone", "url", "country", "duration", "address"):
        yield built(Field(type=kind), Field(type=kind))
    yield built(Field(type="bool"), Field(type="bool", dialect="text"))
    yield built(Field(type="country", dialect="iso2"), Field(type="country", dialect="iso3"))


def keyed_lists():
    """Lists that are merged entry by entry."""
    for kind in ("emails", "phones", "urls", "addresses"):
        yield built(
            Field(type=kind, many=True), Field(type=kind, many=True), each="value" if kind != "addresses" else "label"
        )


SAFE = [
    *family(equal_texts, 16),
    *family(other_counts, 6),
    *family(clipped_texts, 12),
    *family(folded_texts, 6),
    *family(whole_tables, 18),
    *family(poorer_tables, 12),
    *family(prefixes_taken_away, 9),
    *family(other_units, 7),
    *family(fewer_digits, 9),
    *family(spelled_numbers, 4),
    *family(spelled_days, 16),
    *family(spelled_times, 16),
    *family(one_way_prefixes, 10),
    *family(one_way_functions, 6),
    *family(days_of_times, 3),
    *family(formatted_texts, 6),
    *family(constants, 3),
    *family(filters_elsewhere, 8),
    *family(filters_alike, 4),
    *family(addresses_as_keys, 3),
    *family(keys_of_one_length, 5),
    *family(required_and_given, 8),
    *family(same_kinds, 9),
    *family(keyed_lists, 4),
]
