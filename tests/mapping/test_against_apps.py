"""A mapping against the fields that its apps really have; the library against the calendar apps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors import load
from engine.contract import Schema
from engine.examples import failures
from engine.mapping import Mapping, check_against, schema_json
from engine.yamlfile import load_mapping
from syncline.columns import made_up
from tests.mapping.native import SCHEMAS

ROOT = Path(__file__).parents[2]
LIBRARY = sorted(path for path in (ROOT / "mappings").glob("*.yaml") if path.stem != "vocabulary")
MEETINGS = [path for path in LIBRARY if path.stem.endswith("-meetings")]


def schemas_of(shipped: Mapping) -> dict[str, Schema]:
    """What every account has; of tables and files, the columns that the mapping names."""
    apps = {side: (load(at.app).fields, at.object) for side, at in shipped.sides.items()}
    known = {side: Schema(fields[obj]) for side, (fields, obj) in apps.items() if fields}
    return known | {side: made_up(shipped, side, known) for side, (fields, _) in apps.items() if not fields}


def mapping(rows: dict[str, Any], **more: Any) -> Mapping:
    sides = {side: {"app": f"{side}_calendar", "object": "events"} for side in ("google", "outlook")}
    return Mapping.model_validate({"name": "m", "sides": sides, "match": [], "fields": rows, **more})


TITLE = {"google": "summary", "outlook": "subject"}


@pytest.mark.parametrize(
    ("rows", "more", "sentence", "path"),
    [
        (
            {"title": {"google": "sumary", "outlook": "subject"}},
            {},
            "google_calendar events have no field 'sumary'; did you mean 'summary'?",
            ("fields", "title", "google"),
        ),
        (
            {"title": TITLE, "uid": {"google": "iCalUID", "outlook": "iCalUId", "to": "outlook"}},
            {},
            "row 'uid' would write 'iCalUId' of outlook, which can only be read; add 'to: google' or 'to: none'",
            ("fields", "uid", "outlook"),
        ),
        (
            {"title": TITLE},
            {"only": {"google": {"field": "visiblity", "is": "private"}}},
            "google_calendar events have no field 'visiblity'; did you mean 'visibility'?",
            ("only", "google"),
        ),
        (
            {"people": {"google": "attendees", "outlook": "attendees"}},
            {},
            "row 'people' needs 'each', for 'attendees' of google is a list and its items have a key",
            ("fields", "people"),
        ),
        (
            {"title": {"google": ["summary", "color"], "outlook": "subject"}},
            {},
            "row 'title' on google: What summary, color make together has to be said with 'via', such as {join: ' '}.",
            ("fields", "title", "google"),
        ),
        (
            {"title": {**TITLE, "each": "x"}},
            {},
            "row 'title' has 'each', but 'summary' of google is no list",
            ("fields", "title", "each"),
        ),
        (
            {"title": TITLE},
            {"match": [["title"], ["ical_uuid"]]},
            "match term 'ical_uuid' is no row, and as a vocabulary entry it is known on no side"
            "; did you mean 'ical_uid'?",
            ("match", 1),
        ),
        (
            {"title": TITLE},
            {"match": [["status"]]},
            "match term 'status' is no row, and as a vocabulary entry it is known on one side only",
            ("match", 0),
        ),
    ],
)
def test_what_does_not_fit_the_apps_is_named(rows: Any, more: Any, sentence: str, path: tuple[Any, ...]) -> None:
    (problem,) = check_against(mapping(rows, **more), SCHEMAS)
    assert (problem.text, problem.path) == (sentence, path)


def test_a_read_only_field_may_be_read(tmp_path: Path) -> None:
    rows = {
        "uid": {"google": "iCalUID", "outlook": "iCalUId", "to": "none"},
        "who": {"google": "organizer", "outlook": "subject", "to": "outlook"},
    }
    assert check_against(mapping(rows, match=[["ical_uid", "uid"]]), SCHEMAS) == []


def test_a_side_without_a_schema_is_not_judged() -> None:
    rows = {"title": {"google": "summary", "outlook": "nonsense"}}
    assert check_against(mapping(rows, match=[["whatever"]]), {"google": SCHEMAS["google"]}) == []


def test_a_lens_nobody_knows_is_named() -> None:
    rows = {"title": {**TITLE, "via": {"google": [{"clipp": 3}], "outlook": [{"clip": 3}]}}}
    (problem,) = check_against(mapping(rows), SCHEMAS)
    assert problem.text == "unknown lens 'clipp' in row 'title'; did you mean 'clip'?"


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_library_fits_its_apps(path: Path) -> None:
    shipped = load_mapping(path)
    assert shipped.name == path.stem
    assert check_against(shipped, schemas_of(shipped)) == []
    assert len(shipped.examples) >= 3


@pytest.mark.parametrize("path", MEETINGS, ids=lambda path: path.stem)
def test_the_library_fits_the_calendar_apps(path: Path) -> None:
    shipped = load_mapping(path)
    assert check_against(shipped, {side: SCHEMAS[side] for side in shipped.sides}) == []
    assert {"title", "body", "start", "end", "place", "repeat", "changed", "people", "busy", "privacy"} == set(
        shipped.fields
    )
    assert [row.each for row in shipped.fields.values() if row.each] == ["original_start", "email"]
    for example in shipped.examples:
        assert set(example.given) | set(example.expect) == set(shipped.sides)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_examples_of_the_library_come_out_as_they_say(path: Path) -> None:
    shipped = load_mapping(path)
    assert failures(shipped, schemas_of(shipped)) == []
    given = {side for example in shipped.examples for side in example.given}
    assert len(given) >= 2, "each mapping shows more than one direction"


def test_the_library_has_every_pair_and_all_three() -> None:
    assert [tuple(load_mapping(path).sides) for path in MEETINGS] == [
        ("google", "caldav"),
        ("google", "outlook", "caldav"),
        ("google", "outlook"),
        ("outlook", "caldav"),
    ]


@pytest.mark.parametrize("path", MEETINGS, ids=lambda path: path.stem)
def test_rows_join_fields_that_mean_the_same(path: Path) -> None:
    for name, row in load_mapping(path).fields.items():
        assert len({SCHEMAS[side].fields[native].means for side in row.sides for native in row.native(side)}) == 1, name


def test_google_takes_part_with_meetings_only() -> None:
    from engine.filters import qualifies

    for path in MEETINGS:
        rule = load_mapping(path).only.get("google")
        if rule is not None:
            kinds = ["default", None, "birthday", "fromGmail", "workingLocation", "focusTime"]
            assert qualifies(rule, [{"eventType": kind} for kind in kinds]) == [True, True, False, False, False, False]


def test_the_published_schema_is_up_to_date() -> None:
    """Written by `python -m engine.mapping > mappings/schema.json`."""
    assert (ROOT / "mappings" / "schema.json").read_text(encoding="utf-8") == schema_json()
    command = [sys.executable, "-W", "error", "-m", "engine.mapping"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode() == schema_json()


def test_every_key_has_a_description_in_the_schema() -> None:
    schema = json.loads(schema_json())
    for key, value in schema["properties"].items():
        assert value.get("description"), key
