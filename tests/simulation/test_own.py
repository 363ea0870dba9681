"""Rehearsals of a user's own mapping: real fields, values in each dialect, judged by what the lenses make of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.lenses.byname import _NAMED
from engine.store.tables import copies, links, sides
from flows.project import Project, ProjectError
from syncline.rehearsal.history import Played, script
from syncline.rehearsal.own import OwnSetting, setting_of
from syncline.rehearsal.play import play
from syncline.rehearsal.rehearse import rehearse
from syncline.rehearsal.telling import told
from syncline.scaffold import scaffold

LIBRARY = (
    "google-outlook-meetings",
    "google-caldav-meetings",
    "outlook-caldav-meetings",
    "google-outlook-caldav-meetings",
    "google-outlook-carddav-contacts",
    "google-todo-caldav-tasks",
    "hubspot-mailchimp",
    "hubspot-google-contacts",
    "hubspot-salesforce-contacts",
    "hubspot-salesforce-companies",
    "hubspot-salesforce-deals",
    "salesforce-outlook-contacts",
    "hubspot-postgresql",
    "csv-tryton-parties",
    "shopify-quickbooks-customers",
    "shopify-quickbooks-items",
    "shopify-tryton-products",
)
TWO = """\
name: two
sides:
  a: {app: caldav, object: events}
  b: {app: caldav, object: events}
match: [[title]]
fields:
  title: {a: summary, b: summary}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    scaffold(tmp_path / "project")
    made = Project.at(tmp_path / "project")
    yield made
    made.close()


@pytest.fixture
def own(project: Project) -> Callable[[str], OwnSetting]:
    """The setting of a mapping with two CalDAV sides and these rows besides the title."""

    def build(rows: str, extra: str = "") -> OwnSetting:
        (project.root / "mappings" / "two.yaml").write_text(TWO + rows + extra)
        return setting_of(project, "two")

    return build


def played(settings: OwnSetting, seeds: range) -> list[Played]:
    return [play(seed, setting=settings(seed)) for seed in seeds]


def broken(settings: OwnSetting, seeds: range) -> set[int]:
    """The invariants that did not hold."""
    return {one.number for found in played(settings, seeds) for one in found.broken}


@pytest.mark.parametrize("mapping", LIBRARY)
def test_the_library_passes(project: Project, mapping: str) -> None:
    settings = setting_of(project, mapping)
    assert [note for note in settings.notes if "(ref)" not in note] == []
    count = 10 if "meetings" in mapping else 5
    totals = rehearse(0, count, settings, processes=1)
    first = totals.failing[0][0] if totals.failing else 0
    assert not totals.failing, "\n".join(told(first, settings, None, mapping, shorten=True)["trace"])
    assert totals.histories == count
    assert totals.runs > 4 * count


def test_every_kind_of_value_is_written_on_every_side(project: Project) -> None:
    settings = setting_of(project, "google-outlook-caldav-meetings")
    trace = "\n".join(line for one in played(settings, range(25)) for line in one.trace)
    for word in (
        "RRULE",
        "'pattern'",
        "cancelled",
        "'date'",
        "<b>",
        "transparency=",
        "showAs=",
        "class=",
        "@Example.com",
    ):
        assert word in trace, word


def test_contacts_are_written_in_many_spellings(project: Project) -> None:
    settings = setting_of(project, "google-outlook-carddav-contacts")
    trace = "\n".join(line for one in played(settings, range(15)) for line in one.trace)
    words = (
        "@Example.com",
        "'label': 'Garden'",
        "0049 (30)",
        "'month'",
        "bday='--",
        "'street'",
        "categories=['",
        "HTTPS",
    )
    for word in words:
        assert word in trace, word


def test_the_same_seed_gives_the_same_trace(project: Project) -> None:
    settings, again = setting_of(project, LIBRARY[0]), setting_of(project, LIBRARY[0])
    assert [one.trace for one in played(settings, range(4))] == [one.trace for one in played(again, range(4))]


@pytest.fixture
def unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncs start without the proof that their rows are safe, which would refuse the lenses below."""
    monkeypatch.setattr("flows.session.refused", lambda *_: [])


class Drift:
    """Reads more than it wrote: no value ever comes back as it was."""

    klass = "stable"
    reads = ()

    def get(self, native: Any, _context: Any) -> Any:
        return None if native is None else f"{native}!"

    def put(self, shared: Any, _old: Any, _context: Any) -> Any:
        return shared


@pytest.mark.usefixtures("unproved")
def test_an_unstable_lens_is_caught(own: Callable[..., OwnSetting], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_NAMED, "as_is", lambda _: Drift())
    drifting = own("  place: {a: location, b: location, via: {b: [as_is]}}\n")
    assert 29 in broken(drifting, range(5))


@pytest.mark.usefixtures("unproved")
def test_a_lens_that_forgets_is_caught(own: Callable[..., OwnSetting], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.lenses.html.Body.put", lambda *_: "always this")
    forgetting = own("  body: {a: description, b: description}\n")
    assert 29 in broken(forgetting, range(5))


def test_a_series_on_other_days_is_caught(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Outlook series wider than the rule needs its surplus days cancelled."""
    monkeypatch.setattr("engine.lenses.occurrences.Occurrences._needed", lambda *_: {})
    assert 29 in broken(setting_of(project, "google-outlook-meetings"), range(12))


def test_another_rule_and_a_moved_occurrence_in_one_write(project: Project) -> None:
    """Days that a wider rule had cancelled are no cancellations once the rule is another one."""
    setting = setting_of(project, "google-outlook-caldav-meetings")(333)
    played = play(333, [2, 3, 6, 9], setting)
    assert any("MONTHLY" in line for line in played.trace) and any("WEEKLY" in line for line in played.trace)
    assert played.broken == []


def test_a_side_that_is_never_given_its_values_is_caught(
    own: Callable[..., OwnSetting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan leaves out every update: what is agreed does not show."""
    monkeypatch.setattr("engine.plan._update", lambda *_: None)
    assert 13 in broken(own("  place: {a: location, b: location}\n"), range(12))


def test_lossy_lenses_pass(own: Callable[..., OwnSetting]) -> None:
    rows = (
        "  place: {a: location, b: location, via: {b: [{clip: 5}]}}\n"
        "  body: {a: description, b: description, via: {a: [lower], b: [one_line]}}\n"
        "  busy: {a: transp, b: transp, to: b}\n"
        "  number: {a: reminder, b: reminder}\n"
    )
    assert broken(own(rows), range(12)) == set()


def test_columns_of_texts_are_written_as_they_are_spelled(own: Callable[..., OwnSetting]) -> None:
    lenses = '{a: [{date: "%d.%m.%Y"}], b: [{date: "%Y/%m/%d"}]}'
    assert broken(own(f"  place: {{a: location, b: location, via: {lenses}}}\n"), range(8)) == set()


def test_items_of_a_list_are_told_apart_by_their_key(project: Project) -> None:
    text = TWO.replace("caldav, object: events", "shopify, object: products").replace("summary", "title")
    (project.root / "mappings" / "two.yaml").write_text(text + "  variants: {a: variants, b: variants, each: sku}\n")
    settings = setting_of(project, "two")
    found = played(settings, range(8))
    assert [one.broken for one in found if one.broken] == []
    trace = "\n".join(line for one in found for line in one.trace)
    assert re.search(r"edits .* variants=\[\{'sku': ' ?[kK] ?\d+', 'text': 'w\d+'.*\}, \{", trace)


def test_a_table_has_the_types_of_the_other_side(project: Project) -> None:
    """Neither the table nor its account is there; what is filtered by need not be mapped."""
    (project.root / "mappings" / "two.yaml").write_text(
        TWO.replace("a: {app: caldav, object: events}", "a: {app: hubspot, object: deals}")
        .replace("b: {app: caldav, object: events}", "b: {app: sql, object: deals}")
        .replace("a: summary", "a: dealname")
        + "  closes: {a: closedate, b: closes}\n"
        + "  stage: {a: dealstage, b: stage}\n"
        + "only: {b: {not: {field: kind, is: x}}}\n"
    )
    settings = setting_of(project, "two")
    found = {name: field.type for name, field in settings.schemas["b"].fields.items()}
    assert found == {"summary": "text", "closes": "instant", "stage": "text", "kind": "text"}
    assert broken(settings, range(4)) == set()


def test_what_the_filter_keeps_out_stays_out(own: Callable[..., OwnSetting]) -> None:
    settings = own("  place: {a: location, b: location}\n", "only: {a: {field: class, in: [PUBLIC, null]}}\n")
    found = played(settings, range(20))
    out = ("class='PRIVATE'", "class='CONFIDENTIAL'", "class='something else ")
    assert any(word in line for one in found for line in one.trace for word in out)
    assert 28 not in {one.number for each in found for one in each.broken}


def test_recorded_samples_are_used(project: Project) -> None:
    place = "  a: {connection: one}\n  b: {connection: two}\n"
    (project.root / "mappings" / "two.yaml").write_text(TWO + "  colours: {a: shade, b: shade}\n")
    (project.root / "deployments" / "it.yaml").write_text(f"sync: it\nmapping: two\nsides:\n{place}")
    read(project, {"summary": "Review", "shade": {"hue": 17}})
    settings = setting_of(project, "it")
    assert settings.notes == ()
    assert any("'hue': 17" in line for one in played(settings, range(8)) for line in one.trace)


def test_a_row_without_values_is_left_alone_and_said(project: Project) -> None:
    place = "  a: {connection: one}\n  b: {connection: two}\n"
    (project.root / "mappings" / "two.yaml").write_text(TWO + "  colours: {a: shade, b: shade}\n")
    (project.root / "deployments" / "it.yaml").write_text(f"sync: it\nmapping: two\nsides:\n{place}")
    read(project, {"summary": "Review", "shade": None})
    (note,) = setting_of(project, "it").notes
    assert "'colours' (colour)" in note


def test_a_mapping_without_a_text_for_all_sides_is_refused(project: Project) -> None:
    text = TWO.replace("title: {a: summary, b: summary}", "begin: {a: dtstart, b: dtstart}").replace(
        "[title]", "[begin]"
    )
    (project.root / "mappings" / "two.yaml").write_text(text)
    with pytest.raises(ProjectError, match="no field that is text on every side"):
        setting_of(project, "two")


def test_a_step_can_be_left_out(project: Project) -> None:
    settings = setting_of(project, LIBRARY[0])
    numbers = [step.number for step in script(3, settings(3))]
    less = play(3, numbers[1:], settings(3))
    assert less.steps == len(numbers) - 1


def read(project: Project, observed: dict[str, Any]) -> None:
    """As if a run of the sync `it` had read one record on each side, of an app with a type of its own."""
    shade = {"type": "colour", "dialect": "", "label": "", "means": "thing.shade", "many": False, "writable": True}
    text = {**shade, "type": "text", "means": "thing.title"}
    rest = {"required": False, "max_length": None, "choices": None}
    schema = {"fields": {"summary": {**text, **rest}, "shade": {**shade, **rest}}, "zone": "UTC"}
    now = datetime(2026, 11, 23, tzinfo=UTC).isoformat()
    with project.store.write() as connection:
        link = {"id": "l", "sync": "it", "rev": 0, "agreed": {}, "origin": {}, "todo": [], "errors": {}}
        connection.execute(links.insert().values(**link, created_at=now))
        for side in "ab":
            connection.execute(sides.insert().values(sync="it", side=side, container=side, schema=schema))
            values = {"sync": "it", "side": side, "id": f"{side}1", "container": side, "link": "l", "digest": ""}
            empty = {"synced": {}, "base": {}, "present": "yes"}
            connection.execute(copies.insert().values(**values, **empty, observed=observed))
