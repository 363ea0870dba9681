"""200 unsafe mappings are refused and 200 safe ones pass; they are made from patterns, not from the checker."""

from __future__ import annotations

import pytest

from engine.mapping import check_against
from engine.proof import prove
from tests.proof.safe import SAFE
from tests.proof.unsafe import UNSAFE

SAYS = {
    "prefixes": "each pass adds",
    "suffixes": "at the end",
    "paddings": "one side trims what the other pads",
    "cases": "upper and lower case",
    "turning_tables": "not invertible",
    "gaps_in_tables": "not in the table",
    "choices_unknown_over_there": "is none on",
    "roundings_that_walk": "another one after each pass",
    "numbers_that_grow": "another one after each pass",
    "days_against_times": "a date without a time",
    "folded_match_keys": "folds upper and lower case",
    "filters_on_what_is_written": "which the sync itself writes",
    "clipped_match_keys": "records that begin alike",
    "required_and_absent": "is required, and no row writes it",
    "types_that_do_not_fit": "does not fit into",
    "texts_too_long": "too long",
    "functions_without_a_way_back": "only reads",
}
"""What people are told of a pattern; of mixed formats of numbers it hangs on the number."""


def findings(mapping, schemas):
    """Each of them fits its schemas as far as names go: only the proof can tell."""
    assert check_against(mapping, schemas) == []
    return prove(mapping, schemas).findings


def test_there_are_200_of_each():
    assert len({name for name, *_ in UNSAFE}) == len({name for name, *_ in SAFE}) == 200
    assert set(SAYS) | {"number_formats"} == {name.split()[0] for name, *_ in UNSAFE}


@pytest.mark.parametrize(("name", "mapping", "schemas"), UNSAFE, ids=[name for name, *_ in UNSAFE])
def test_unsafe_mappings_are_refused(name, mapping, schemas):
    found = findings(mapping, schemas)
    assert any(SAYS.get(name.split()[0], "") in one.text for one in found), found


def test_what_harms_no_record_is_advice_and_all_else_stops_a_sync():
    advice = {
        (name.split()[0], mapping.leaving) for name, mapping, schemas in UNSAFE if not prove(mapping, schemas).stopping
    }
    families = ("filters_on_what_is_written", "required_and_absent", "clipped_match_keys")
    assert advice == {(family, "keep-copy") for family in families}


@pytest.mark.parametrize(("name", "mapping", "schemas"), SAFE, ids=[name for name, *_ in SAFE])
def test_safe_mappings_pass(name, mapping, schemas):
    assert findings(mapping, schemas) == [], name
