"""200 mappings that would harm records, by the pattern that makes each unsafe."""

from __future__ import annotations

from itertools import permutations, product

from engine.contract import Field
from tests.proof.build import built, choice, code, family, text

WORDS = ("Mr ", "Dr. ", "[CRM] ", "#", "-", "Copy of ", "RE: ", "0", "x", "* ", "A ", "neu: ", "Fwd: ", "=", ">> ")
STATES = ("open", "doing", "done", "late")


def prefixes():
    """A word is put in front on the way to one side and not taken away on the way back: it grows with every edit."""
    yield from (built(text(), text(), via={side: code(f"prefix_{word}")}) for side in ("crm", "shop") for word in WORDS)


def suffixes():
    """The same at the end."""
    yield from (built(text(), text(), via={"shop": code(f"suffix_{word}")}) for word in WORDS)


def paddings():
    """One side pads with spaces, the other trims: a value nobody touched is written again."""
    for width in range(8, 14):
        yield built(text(), text(), via={"crm": ["trim"], "shop": code(f"padded_{width}")})
        yield built(text(), text(), via={"shop": code(f"pad_{width}")})


def cases():
    """Capitals on one side, small letters on the other: neither ever shows what the other does."""
    for one, other in (("upper_", "lower"), ("swapcase_", "text"), ("swapcase_", "trim"), ("upper_", "lower")):
        yield built(text(), text(), via={"crm": code(one), "shop": [other]})
        yield built(text(), text(max_length=80), via={"shop": code(one), "crm": [other]})


def turning_tables():
    """What a table makes of a word is not what the way back reads: each pass gives the next word."""
    for times, states in product((1, 2, 3), list(permutations(STATES))[:6]):
        yield built(choice(*states), choice(*states), via={"shop": code(f"turn_{times}")})


def gaps_in_tables():
    """A choice of one app has no word in the table, so it reads as nothing and an edit blanks it."""
    for left_out, states in product(STATES, list(permutations(STATES))[:5]):
        table = {word: word for word in states if word != left_out}
        yield built(choice(*states), choice(*states), via={"crm": [{"table": table}], "shop": [{"table": table}]})


def choices_unknown_over_there():
    """A choice of one app is none of the other's: records that have it could never be written."""
    for size in range(1, 4):
        yield built(choice(*STATES), choice(*STATES[:size]))
        yield built(choice(*STATES[:size]), choice(*STATES))


def roundings_that_walk():
    """Both ways round up: every pass makes the number a little larger."""
    yield from (built(number(), number(), via={"shop": code(f"ceil_{factor}")}) for factor in range(101, 117))


def numbers_that_grow():
    """One way adds and the other does not take away."""
    yield from (built(number(), number(), via={"shop": code(f"more_{step}")}) for step in range(1, 11))


def number_formats():
    """Numbers are written as one country does and read as another."""
    for digits in (0, 1, 2):
        yield built(number(dialect="text"), text(), via={"shop": code("german_")})
        yield built(number(dialect="text", digits=digits), text(), via={"shop": code(f"thousands_{digits + 1}")})


def days_against_times():
    """A day without a time on one side, a time on the other: time of day is lost, other zones move the day."""
    for day, time in product(("", "epoch_ms", "vcard", "parts"), ("", "epoch", "epoch_ms", "graph")):
        yield built(Field(type="date", dialect=day), Field(type="instant", dialect=time))


def folded_match_keys():
    """Articles AB1 and ab1 are two, and the lens of the key makes them one."""
    for lens in (["lower"], code("upper_")):
        for most in (None, 20, 40, 64):
            field = text(max_length=most, unique=True)
            yield built(field, field, match=(("x",),), via={"crm": lens})


def filters_on_what_is_written():
    """Who takes part hangs on a field that the sync writes: an edit elsewhere takes a record out of the sync."""
    for word, leaving in product(STATES, ("keep-copy", "delete-copy")):
        for rule in ({"field": "x", "is": word}, {"not": {"field": "x", "is": word}}):
            yield built(choice(*STATES), choice(*STATES), only={"crm": rule}, leaving=leaving)


def clipped_match_keys():
    """Records are recognised by a text of which one side keeps only the beginning."""
    yield from (built(text(), text(max_length=most), match=(("x",),)) for most in range(5, 18))


def required_and_absent():
    """An app wants a field that no row writes: every record made there is refused."""
    for kind in ("text", "number", "date", "choice", "email", "phone"):
        field = {"must": Field(type=kind, required=True)}
        yield built(text(), text(), more_fields={"shop": field})
        yield built(text(), text(), more_fields={"crm": field})


def types_that_do_not_fit():
    """Free text into a number, a day or a yes or no."""
    for kind in ("number", "date", "instant", "bool", "duration"):
        yield built(text(), Field(type=kind))
    yield built(text(), choice("a", "b2"))


def texts_too_long():
    """A lens of one's own choice does not cut, and the app takes less."""
    for most, lens in product((10, 40, 80, 100), ("trim", "lower", "one_line")):
        yield built(text(), text(max_length=most), via={"shop": [lens]})


def functions_without_a_way_back():
    """A computed value on one side: what is edited on the other can never arrive there."""
    yield from (built(text(), text(), via={"crm": code(f"shout_{word}")}) for word in WORDS[:4])


def number(**more):
    return Field(type="number", **more)


UNSAFE = [
    *family(prefixes, 20),
    *family(suffixes, 10),
    *family(paddings, 12),
    *family(cases, 8),
    *family(turning_tables, 18),
    *family(gaps_in_tables, 20),
    *family(choices_unknown_over_there, 4),
    *family(roundings_that_walk, 14),
    *family(numbers_that_grow, 8),
    *family(number_formats, 6),
    *family(days_against_times, 16),
    *family(folded_match_keys, 8),
    *family(filters_on_what_is_written, 14),
    *family(clipped_match_keys, 10),
    *family(required_and_absent, 12),
    *family(types_that_do_not_fit, 6),
    *family(texts_too_long, 10),
    *family(functions_without_a_way_back, 4),
]
