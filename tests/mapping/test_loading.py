"""Mapping files: what loads, and the sentence each kind of mistake gives, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.mapping import Mapping
from engine.problem import MappingError
from engine.yamlfile import load_mapping, located

DESIGN = """\
name: google-outlook-meetings
about: One combined calendar - every meeting shows up on both sides.
sides:
  google:  {app: google_calendar,  object: events, scope: {calendar: primary}}
  outlook: {app: outlook_calendar, object: events, scope: {calendar: Calendar}}
only:                                     # judged on every run, not only on the first
  google:  {not: {field: visibility, is: private}}
leaving: keep-copy                        # stops qualifying: keep-copy | delete-copy
match: [[ical_uid], [title, start]]       # first sight only; afterwards the link knows
ambiguous: ask                            # ask | skip
fields:
  title:   {google: summary,      outlook: subject}
  body:    {google: description,  outlook: body}
  start:   {google: start,        outlook: start}
  place:   {google: location,     outlook: location}
  repeat:  {google: recurrence,   outlook: recurrence}
  changed: {google: occurrences,  outlook: occurrences, each: original_start}      # moved, edited or cancelled
  people:  {google: attendees,    outlook: attendees, each: email, wins: google}
  busy:    {google: transparency, outlook: showAs, via: {outlook: [{table: {free: free, busy: busy, oof: busy}}]}}
creates: both                             # both | {to: side} | never
deletes: both
conflicts: newest                         # newest | <side> | ask - only for the same field changed on both sides
brakes: {deletes: "max(10, 2%)", updates: 40%, blanked: 5%, empty_side: stop}
examples: []
"""
SHORT = """\
name: short
sides:
  a: {app: one, object: events}
  b: {app: two, object: events}
match: []
fields:
  title: {a: summary, b: subject}
"""


def load(folder: Path, text: str) -> Mapping:
    path = folder / "m.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_the_mapping_of_the_design_loads(tmp_path: Path) -> None:
    mapping = load(tmp_path, DESIGN)
    assert list(mapping.sides) == ["google", "outlook"]
    assert mapping.sides["outlook"].scope == {"calendar": "Calendar"}
    assert mapping.match == [["ical_uid"], ["title", "start"]]
    assert mapping.fields["changed"].each == "original_start"
    assert mapping.fields["busy"].lenses("google") == []
    assert mapping.fields["busy"].lenses("outlook") == [{"table": {"free": "free", "busy": "busy", "oof": "busy"}}]
    assert (mapping.policy("people"), mapping.policy("title")) == ("google", "newest")
    assert (mapping.creates, mapping.creates_at("google"), mapping.deletes_at("outlook")) == ("all", True, True)
    assert [mapping.brakes.deletes.of(10_000), mapping.brakes.updates.of(10), mapping.brakes.blanked.of(100)] == [
        200,
        4,
        5,
    ]


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    mapping = load(tmp_path, SHORT)
    assert (mapping.leaving, mapping.ambiguous, mapping.conflicts) == ("keep-copy", "ask", "newest")
    limits = mapping.brakes
    assert [str(one) for one in (limits.deletes, limits.updates, limits.creates, limits.blanked)] == [
        "max(10, 2%)",
        "max(20, 40%)",
        "unlimited",
        "max(10, 5%)",
    ]
    assert limits.empty_side == "stop"


def test_a_row_says_where_it_is_written(tmp_path: Path) -> None:
    rows = "  uid: {a: uid, b: uid, to: none}\n  note: {a: [x, y], b: z, to: b, via: join}\n"
    rows += "  more: {a: m, b: m, to: [a]}\n"
    mapping = load(tmp_path, SHORT + rows)
    written = {name: [side for side in "abc" if row.writes(side)] for name, row in mapping.fields.items()}
    assert written == {"title": ["a", "b"], "uid": [], "note": ["b"], "more": ["a"]}
    assert mapping.fields["note"].native("a") == ["x", "y"]
    assert mapping.fields["note"].lenses("a") == mapping.fields["note"].lenses("b") == ["join"]
    assert mapping.fields["title"].native("a") == ["summary"]


def test_creates_and_deletes_reach_the_sides_named(tmp_path: Path) -> None:
    mapping = load(tmp_path, SHORT + "creates: {to: a}\ndeletes: never\n")
    assert [mapping.creates_at("a"), mapping.creates_at("b"), mapping.deletes_at("a")] == [True, False, False]


def test_dates_and_times_stay_texts(tmp_path: Path) -> None:
    example = (
        "examples:\n  - {say: x, given: {a: {summary: 2026-11-02}}, expect: {b: {subject: 2026-11-02T09:00:00}}}\n"
    )
    (found,) = load(tmp_path, SHORT + example).examples
    assert (found.given, found.expect) == ({"a": {"summary": "2026-11-02"}}, {"b": {"subject": "2026-11-02T09:00:00"}})


@pytest.mark.parametrize(
    "text", [DESIGN, SHORT, SHORT + "creates: {to: a}\nbrakes: {deletes: unlimited, creates: 5%}\n"]
)
def test_a_mapping_survives_being_stored_as_json(tmp_path: Path, text: str) -> None:
    mapping = load(tmp_path, text)
    again = Mapping.model_validate_json(mapping.model_dump_json(by_alias=True, exclude_unset=True))
    assert again == mapping


MISTAKES = [
    ("match: []", "match: []\nconflict: ask", "6: unknown key 'conflict' in the mapping; did you mean 'conflicts'?"),
    ("match: []\n", "", "1: the mapping has no 'match'"),
    ("name: short", "name: 3", "1: 'name' in the mapping should be a text, not the number 3"),
    (
        "name: short",
        "name: a b",
        "1: 'name' in the mapping should be letters, digits, '-', '_' and '.' only, not 'a b'",
    ),
    ("match: []", "match: [[]]", "5: item 1 of 'match' in the mapping should not be empty"),
    ("match: []", "match: [title]", "5: item 1 of 'match' in the mapping should be a list, not 'title'"),
    ("match: []", "match:", "5: 'match' in the mapping should be a list, not empty"),
    (
        "match: []",
        "match: []\nleaving: keep",
        "6: 'leaving' in the mapping should be keep-copy or delete-copy, not 'keep'; did you mean 'keep-copy'?",
    ),
    ("object: events}\n  b", "objekt: events}\n  b", "3: side 'a' has no 'object'"),
    (
        "object: events}\n  b",
        "object: events, scop: {}}\n  b",
        "3: unknown key 'scop' in side 'a'; did you mean 'scope'?",
    ),
    ("b: {app: two, object: events}", "b: two", "4: side 'b' should be a block of keys, not 'two'"),
    (
        "b: {app: two, object: events}",
        "b: {app: two, object: events, zone: Europe/Berln}",
        "4: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
    ),
    ("  b: {app: two, object: events}\n", "", "2: a mapping needs two sides or more"),
    ("b: {app", "newest: {app", "4: a side cannot be called 'newest', for the word has a meaning in mappings"),
    ("b: {app", "b c: {app", "4: a side is named by letters, digits and '_', beginning with a letter, not 'b c'"),
    ("b: subject", "bb: subject", "7: unknown side 'bb' in row 'title'; did you mean 'b'?"),
    ("b: subject", "b: subject, eahc: email", "7: unknown side 'eahc' in row 'title'; did you mean 'each'?"),
    ("b: subject", "b: subject, zzz: q", "7: unknown side 'zzz' in row 'title'; the sides are a and b"),
    (", b: subject", "", "7: row 'title' names only a, but a row joins two sides or more"),
    (
        "b: subject",
        "b: 7",
        "7: 'b' in row 'title' should be the name of a native field or a list of names, not the number 7",
    ),
    ("{a: summary, b: subject}", "summary", "7: row 'title' should be a block of keys, not 'summary'"),
    ("b: subject", "b: subject, each: 3", "7: 'each' in row 'title' should be a text, not the number 3"),
    (
        "b: subject",
        "b: subject, wins: c",
        "7: 'wins' in row 'title' names 'c', which the row does not have; it has a and b",
    ),
    (
        "b: subject",
        "b: subject, to: 5",
        "7: 'to' in row 'title' should be a side, a list of sides or none, not the number 5",
    ),
    ("b: subject", "b: subject, via: 5", "7: 'via' in row 'title' should be a list of lenses, not the number 5"),
    (
        "b: subject",
        "b: subject, via: [{clip: 1, case: up}]",
        "7: a lens is a name, or one name with its settings such as {clip: 255}, not a block of keys",
    ),
    (
        "b: subject",
        "b: subject, via: {c: [clip]}",
        "7: 'via' in row 'title' names 'c', which the row does not have; it has a and b",
    ),
    (
        "b: subject",
        "b: subject, conflicts: newst",
        "7: 'conflicts' in row 'title' should be newest, ask, a or b, not 'newst'; did you mean 'newest'?",
    ),
    (
        "b: subject",
        "b: subject, wins: a, conflicts: ask",
        "7: 'wins' in row 'title' contradicts its 'conflicts'; keep one of them",
    ),
    (
        "b: subject}",
        "b: subject}\n  head: {a: summary, b: importance}",
        "8: rows 'title' and 'head' both write 'summary' of a; one of them needs a 'to'",
    ),
    (
        "match: []",
        "match: []\ncreates: some",
        "6: 'creates' in the mapping should be all, both, never or {to: side}, not 'some'",
    ),
    ("match: []", "match: []\ncreates: {too: a}", "6: 'creates' has no 'to'"),
    ("match: []", "match: []\ndeletes: {to: aa}", "6: unknown side 'aa' in 'deletes'; did you mean 'a'?"),
    (
        "match: []",
        "match: []\nconflicts: new",
        "6: 'conflicts' in the mapping should be newest, ask, a or b, not 'new'; did you mean 'newest'?",
    ),
    ("match: []", "match: []\nonly: {c: {field: x, is: 1}}", "6: unknown side 'c' in 'only'; the sides are a and b"),
    (
        "match: []",
        "match: []\nonly:\n  a:\n    feild: x\n    is: 1",
        "7: the rule for a needs one of field, all, any, not or expr; did you mean 'field'?",
    ),
    (
        "match: []",
        "match: []\nonly:\n  a:\n    not:\n      field: x\n      befor: 1",
        "10: unknown key 'befor' in the rule for a; did you mean 'before'?",
    ),
    (
        "match: []",
        "match: []\nonly:\n  a: {field: x}",
        "7: the rule on 'x' tests nothing; add one of is, in, known, before, after, at_least, at_most or contains",
    ),
    (
        "match: []",
        "match: []\nonly:\n  a: {all: [{field: x, is: 1}, {field: y, after: [1]}]}",
        "7: 'after' in the rule for a should be a number or a text, not a list",
    ),
    (
        "match: []",
        "match: []\nonly:\n  a: private",
        "7: the rule for a should be a block with one of field, all, any, not or expr, not 'private'",
    ),
    (
        "match: []",
        "match: []\nonly:\n  a: {expr: x >}",
        "7: the expression 'x >' is not valid CEL at character 4",
    ),
    (
        "match: []",
        "match: []\nbrakes:\n  empty_side: stop\n  deletes: lots",
        "8: 'deletes' in 'brakes' should be a limit such as 10, 5%, max(10, 2%) or unlimited, not 'lots'",
    ),
    ("match: []", "match: []\nbrakes: {update: 3}", "6: unknown key 'update' in 'brakes'; did you mean 'updates'?"),
    ("match: []", "match: []\nexamples:\n  - {say: x, given: {a: {}}}", "7: example 1 has no 'expect'"),
    (
        "match: []",
        "match: []\nexamples:\n  - {say: x, given: {a: {sumary: y}}, expect: {b: {}}}",
        "7: example 'x' names 'sumary' of a, which no row maps; did you mean 'summary'?",
    ),
    (
        "match: []",
        "match: []\nexamples:\n  - {say: x, given: {a: {}}, expect: {bb: {}}}",
        "7: unknown side 'bb' in example 'x'; did you mean 'b'?",
    ),
    ("match: []", "match: []\nmatch: [[title]]", "6: the key 'match' is there twice"),
    ("  title: {a", "\ttitle: {a", "7: the line is indented with a tab; use spaces"),
    (
        "  b: {app",
        "  b: {{app",
        "5: this is not YAML (expected ',' or '}'); look at indentation, colons, brackets and quotes",
    ),
    (
        "name: short",
        "name: short: er",
        "1: this is not YAML (mapping values are not allowed here); look at indentation, colons, brackets and quotes",
    ),
    ("name: short", "name: !!python/name:os.system", "1: tags (words with a leading '!') have no meaning here"),
    ("match: []", "3: x\nmatch: []", "5: a key should be a text, not the number 3; put it in quotes"),
    ("name: short", "name: \x07", "1: a control character is in the way; delete it"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in SHORT
    assert f"m.yaml:{sentence}" in complaints(tmp_path, SHORT.replace(old, new, 1))


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = SHORT.replace("b: subject", "bb: subject").replace(
        "match: []", "match: x\nleaving: no\nonly: {c: {field: x, is: 1}}"
    )
    assert complaints(tmp_path, text + "  body: {a: 3, b: body}\n") == [
        "m.yaml:5: 'match' in the mapping should be a list, not 'x'",
        "m.yaml:6: 'leaving' in the mapping should be keep-copy or delete-copy, not 'no'",
        "m.yaml:7: unknown side 'c' in 'only'; the sides are a and b",
        "m.yaml:9: unknown side 'bb' in row 'title'; did you mean 'b'?",
        "m.yaml:10: 'a' in row 'body' should be the name of a native field or a list of names, not the number 3",
    ]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "m.yaml: the file is empty"),
        (b"# nothing yet\n", "m.yaml: the file is empty"),
        (b"- a\n- b\n", "m.yaml:1: the file should hold a mapping, a block of keys, not a list"),
        (b"hello", "m.yaml:1: the file should hold a mapping, a block of keys, not 'hello'"),
        (b"name: a\nabout: caf\xe9\n", "m.yaml:2: the file is not UTF-8 text; save it as UTF-8"),
        ("name: a".encode("utf-16"), "m.yaml:1: the file is not UTF-8 text; save it as UTF-8"),
        (
            b"name: a\n---\nname: b\n",
            "m.yaml:2: this is not YAML (expected a single document in the stream); "
            "look at indentation, colons, brackets and quotes",
        ),
        (b"a: " + b"[" * 3000, "m.yaml: the file is not YAML that can be read"),
        (
            b"a: &a [1,1,1,1,1,1,1,1,1]\n"
            + b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in b"bcdefgh"),
            "m.yaml:5: the file is too large or too deep; do its aliases (*) multiply?",
        ),
    ],
)
def test_a_file_that_is_no_mapping_gets_one_clear_sentence(tmp_path: Path, raw: bytes, sentence: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(raw)
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert str(caught.value).replace(f"{tmp_path}/", "") == sentence


def test_a_file_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "meetings.yaml").write_text(SHORT)
    with pytest.raises(MappingError, match=r"meeting\.yaml: there is no such file; did you mean 'meetings\.yaml'\?$"):
        load_mapping(tmp_path / "meeting.yaml")
    with pytest.raises(MappingError, match=r"this is a folder, not a file$"):
        load_mapping(tmp_path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + SHORT).name == "short"


def test_problems_found_later_get_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(SHORT)
    from engine.problem import Problem

    found = [Problem("late", ("fields", "title", "b")), Problem("early", ("sides", "a", "scope"))]
    assert [(problem.line, problem.text) for problem in located(path, found)] == [(3, "early"), (7, "late")]
