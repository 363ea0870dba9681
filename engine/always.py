"""A person's answer as a rule: `wins: SIDE` in a row of a mapping file. Everything else in the file stays as it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode

from engine.mapping import Mapping
from engine.problem import MappingError, did_you_mean, listed
from engine.yamlfile import load_mapping


def always_take(path: Path, row: str, side: str) -> bool:
    """Makes `side` win the conflicts of a row; whether the file had to change. Raises MappingError.

    The new file replaces the old one at once, and only when it says just that and nothing else new.
    """
    before = load_mapping(path)
    if row not in before.fields:
        known = did_you_mean(row, before.fields) or f"; it has {listed(before.fields)}"
        raise MappingError.single(f"{path}: mapping '{before.name}' has no row '{row}'{known}")
    if side not in before.fields[row].sides:
        raise MappingError.single(
            f"{path}: row '{row}' does not have side '{side}'; it has {listed(before.fields[row].sides)}"
        )
    if before.fields[row].wins == side:
        return False
    text = path.read_bytes().decode("utf-8")
    target = path.resolve()
    draft = target.with_name(f".{target.stem}.new.yaml")
    try:
        draft.write_bytes(_with_rule(text, row, side).encode("utf-8"))
        _compare(draft, path, _expected(before, row, side))
        shutil.copymode(target, draft)
        os.replace(draft, target)  # noqa: PTH105 - Path.replace is the same call, and reads like str.replace here
    except OSError as error:
        raise MappingError.single(f"{path}: the file cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
    return True


def _expected(before: Mapping, row: str, side: str) -> Mapping:
    ruled = before.fields[row].model_copy(update={"wins": side, "conflicts": None})
    return before.model_copy(update={"fields": {**before.fields, row: ruled}})


def _compare(draft: Path, path: Path, expected: Mapping) -> None:
    try:
        fits = load_mapping(draft) == expected
    except MappingError:
        fits = False
    if not fits:
        raise MappingError.single(
            f"{path}: the line cannot be written without changing something else (does the row use an anchor or a "
            "merge key?). Add it by hand: wins: SIDE in the row."
        )


def _with_rule(text: str, row: str, side: str) -> str:
    """The text with the rule in the row's block or braces; it takes the place of a former `wins` or `conflicts`."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix("\ufeff")
    yaml = YAML(typ="rt")
    fields = _child(yaml.compose(text), "fields")[1]
    node = _child(fields, row)[1]
    rule = f"wins: {side}"
    for key, value in node.value:
        if key.value in ("wins", "conflicts"):
            return mark + text[: key.start_mark.index] + rule + text[value.end_mark.index :]
    if node.flow_style:
        end = node.value[-1][1].end_mark.index
        return f"{mark}{text[:end]}, {rule}{text[end:]}"
    first = node.value[0][0].start_mark
    line = "\r\n" if "\r\n" in text else "\n"
    return f"{mark}{text[: first.index]}{rule}{line}{' ' * first.column}{text[first.index :]}"


def _child(node: Any, key: str) -> tuple[Any, Any]:
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name, value
    raise MappingError.single(f"'{key}' is not a block of keys of its own, so no line can be added to it")
