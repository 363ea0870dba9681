"""From pydantic's errors to our sentences: what is wrong, where, and the nearest right word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from engine.deployment import Deployment, Place, Schedule
from engine.mapping import Brakes, Example, FieldBrakes, Side, SideBrakes, To
from engine.mapping import Mapping as SyncMapping
from engine.problem import Path, Problem, did_you_mean, kind, listed
from engine.row import OPTIONS
from engine.rules import KINDS, TESTS
from engine.strict import TAG, Faults, Strict

_WANTED = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a block of keys",
    "model_type": "a block of keys",
    "model_attributes_type": "a block of keys",
    "bool_type": "true or false",
}


def problems(error: ValidationError, model: type[Strict]) -> list[Problem]:
    """Every mistake that pydantic found, in its order. `model` is the root: Mapping or Deployment."""
    return [problem for detail in error.errors() for problem in _translated(detail, model)]


def _translated(detail: Any, model: type[Strict]) -> Iterable[Problem]:
    path: Path = tuple(part for part in detail["loc"] if not str(part).startswith(TAG))
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, Faults):
        for inner, text in cause.faults:
            yield Problem(_placed(text, (*path, *inner), model), (*path, *inner))
    else:
        yield Problem(_sentence(detail, path, model), path)


def _placed(text: str, path: Path, model: type[Strict]) -> str:
    """A validator's `should be ...` gets its subject; a whole sentence stays as it is."""
    return f"{_subject(path, model)} {text}" if text.startswith("should be ") else text


def _sentence(detail: Any, path: Path, model: type[Strict]) -> str:
    kind_of_error, given, limits = detail["type"], detail["input"], detail.get("ctx", {})
    if kind_of_error in ("extra_forbidden", "missing"):
        place = _place(path[:-1], model)
        if kind_of_error == "missing":
            return f"{place} has no '{path[-1]}'"
        return f"unknown key '{path[-1]}' in {place}{did_you_mean(str(path[-1]), _keys(path[:-1], model))}"
    if kind_of_error == "union_tag_not_found":
        return _no_rule(given, _place(path, model))
    subject = _subject(path, model)
    if kind_of_error in ("too_short", "string_too_short"):
        return f"{subject} should not be empty"
    if kind_of_error == "literal_error":
        words = [word.strip("'") for word in limits["expected"].replace(" or ", ", ").split(", ")]
        return f"{subject} should be {listed(words, 'or')}, not {kind(given)}{did_you_mean(str(given), words)}"
    if kind_of_error == "string_pattern_mismatch":
        return f"{subject} should be letters, digits, '-', '_' and '.' only, not {kind(given)}"
    return f"{subject} should be {_WANTED.get(kind_of_error, 'something else')}, not {kind(given)}"


def _no_rule(given: Any, place: str) -> str:
    if not isinstance(given, Mapping):
        return f"{place} should be a block with one of {listed(KINDS, 'or')}, not {kind(given)}"
    hints = filter(None, (did_you_mean(str(key), KINDS) for key in given if key not in TESTS))
    return f"{place} needs one of {listed(KINDS, 'or')}{next(hints, '')}"


def _subject(path: Path, model: type[Strict]) -> str:
    """The thing at a path, as the subject of a sentence."""
    match path:
        case [] | ["sides" | "fields" | "only" | "examples", _]:
            return _place(path, model)
    place = _place(path[:-1], model)
    return (
        f"'{path[-1]}' in {place}"
        if isinstance(path[-1], str)
        else f"item {path[-1] + 1} of {_subject(path[:-1], model)}"
    )


def _place(path: Path, model: type[Strict]) -> str:
    """The smallest block around a path that has a name of its own."""
    root = "the mapping" if model is SyncMapping else "the sync"
    match path:
        case ["sides", side, *_]:
            return f"side '{side}'"
        case ["fields", row, *_]:
            return f"row '{row}'"
        case ["only", side, *_]:
            return f"the rule for {side}"
        case ["examples", int(index), *_]:
            return f"example {index + 1}"
        case ["brakes", "sides" | "fields", str(name), *_]:
            return f"the brakes of {name}"
        case [("brakes" | "schedule" | "creates" | "deletes") as key, *_]:
            return f"'{key}'"
    return root


def _keys(path: Path, model: type[Strict]) -> Iterable[str]:
    """The keys that may stand at a path."""
    match path:
        case ["only", _, *_]:
            return ("field", *TESTS, *KINDS)
        case ["fields", *_]:
            return OPTIONS
        case ["sides", *_]:
            return _names(Side if model is SyncMapping else Place)
        case ["brakes", "sides" | "fields" as part, _, *_]:
            return _names(SideBrakes if part == "sides" else FieldBrakes)
        case [str(key), *_]:
            blocks: dict[str, type[Strict]] = {"brakes": Brakes, "schedule": Schedule, "examples": Example}
            return _names(blocks.get(key, To))
    return _names(model)


def _names(model: type[Strict]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


ROOTS: Mapping[type[Strict], str] = {SyncMapping: "mapping", Deployment: "sync"}
"""What each kind of file holds."""
