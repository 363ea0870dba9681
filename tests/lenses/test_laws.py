"""Both laws for every family, and what `klass` promises, by search."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.canonical import same
from engine.lens import Refusal
from tests.lenses.families import CASES, Case
from tests.lenses.samples import context, examples

HERE = context()
EMPTY: tuple[Any, ...] = (None, "", [], {})


def put(case: Case, shared: Any, old: Any) -> Any:
    """What is written; ... where the side refuses."""
    try:
        return case.lens.put(shared, old, HERE)
    except Refusal as refusal:
        assert str(refusal).endswith((".", "}}.")) or str(refusal)
        return ...


def empty(native: Any) -> bool:
    """Nothing, however an app spells it."""
    return native in EMPTY or (isinstance(native, dict) and all(value in EMPTY for value in native.values()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@given(data=st.data())
@examples(40)
def test_laws(case: Case, data: Any) -> None:
    old, shared = data.draw(case.natives, "old"), data.draw(case.shareds, "shared")
    before = json.dumps([old, shared])
    seen = case.lens.get(old, HERE)
    back = put(case, seen, old)
    nothing = empty(old) and (empty(back) or same(case.lens.get(back, HERE), seen))  # nothing there to come back
    assert same(back, old) or nothing, "what nobody edited comes back"
    for start in (None, old):
        written = put(case, shared, start)
        if written is ...:
            continue
        shown = case.lens.get(written, HERE)
        json.dumps([written, shown], allow_nan=False)
        assert same(put(case, shown, written), written), "what a side shows stays"
        copied = put(case, shown, None)
        lasts = start is not None or copied is ... or same(case.lens.get(copied, HERE), shown)
        assert lasts, "a copy of a copy shows the same"
        assert same(case.lens.get(put(case, shared, written), HERE), shown), "the same again shows the same"
    assert json.dumps([old, shared]) == before, "nothing is changed in place"


@pytest.mark.parametrize("case", [case for case in CASES if case.lens.klass == "exact"], ids=lambda case: case.name)
@given(data=st.data())
@examples(150)
def test_what_is_exact_has_no_counterexample(case: Case, data: Any) -> None:
    shared, old = data.draw(case.shareds), data.draw(case.natives)
    for start in (None, old):
        written = put(case, shared, start)
        assert written is ... or same(case.lens.get(written, HERE), shared)


@pytest.mark.parametrize("case", [case for case in CASES if hasattr(case.lens, "split")], ids=lambda case: case.name)
@given(data=st.data())
@examples(40)
def test_lists_split_and_join(case: Case, data: Any) -> None:
    """What the engine keeps of a list by key makes the list again."""
    written = put(case, data.draw(case.shareds), data.draw(case.natives))
    if written is not ...:
        joined = case.lens.join(case.lens.split(written))
        assert same(case.lens.get(joined, HERE), case.lens.get(written, HERE))
