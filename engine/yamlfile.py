"""Reads and writes the YAML files people edit. Every mistake is a sentence with file and line, all of them at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from io import StringIO
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from engine import ratefile
from engine.deployment import Deployment
from engine.mapping import Mapping
from engine.mistakes import ROOTS, problems
from engine.problem import MappingError, Path, Problem, did_you_mean, kind
from engine.strict import Strict

Model = TypeVar("Model", bound=Strict)
_MOST = 50_000
"""Values in one file; more is a bomb of aliases, not a mapping."""
_DEEPEST = 50
_BOMB = "the file is too large or too deep; do its aliases (*) multiply?"
_FILL = {"name": "x", "sync": "x", "mapping": "x", "match": []}
"""Stand-ins for required keys that are wrong, so that the rest can be judged too."""


class _Constructor(RoundTripConstructor):
    """Dates stay the text they are: values travel as JSON."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def load_mapping(path: FilePath | str) -> Mapping:
    """The mapping in a file; MappingError tells everything that is wrong with it."""
    mapping = _load(path, Mapping)
    if found := ratefile.faults(mapping, FilePath(path).parent):
        raise MappingError([*located(path, (one for one in found if not one.line)), *(x for x in found if x.line)])
    return mapping


def load_deployment(path: FilePath | str) -> Deployment:
    """The sync in a file; MappingError tells everything that is wrong with it."""
    return _load(path, Deployment)


def located(path: FilePath | str, found: Iterable[Problem]) -> list[Problem]:
    """Problems with the file and the line that each path leads to, in the order of the file."""
    tree = _tree(str(path), _text(str(path)))
    placed = [problem.at(str(path), _line(tree, problem.path)) for problem in found]
    return sorted(placed, key=lambda problem: problem.line)


def _load(path: FilePath | str, model: type[Model]) -> Model:
    file = str(path)
    tree = _tree(file, _text(file))
    if not isinstance(tree, CommentedMap):
        what = "is empty" if tree is None else f"should hold a {ROOTS[model]}, a block of keys, not {kind(tree)}"
        raise MappingError([Problem(f"the file {what}", file=file, line=0 if tree is None else 1)])
    odd: list[Problem] = []
    data = _Plain(odd).value(tree, ())
    value, found = (None, []) if odd else _validated(model, data)
    if value is None:
        placed = [problem.at(file, _line(tree, problem.path)) for problem in odd or found]
        raise MappingError(sorted(placed, key=lambda problem: problem.line))
    return value


def _validated(model: type[Model], data: dict[str, Any]) -> tuple[Model | None, list[Problem]]:
    """Twice where need be: contradictions between the parts only show once the broken parts are out of the way."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = problems(error, model)
    rest = _without(data, [problem.path for problem in found])
    if rest is not None:
        try:
            model.model_validate(rest)
        except ValidationError as error:
            found += [problem for problem in problems(error, model) if problem not in found]
    return None, found


def _without(data: dict[str, Any], broken: Iterable[Path]) -> dict[str, Any] | None:
    """The data without its broken parts; None where so much is broken that further complaints would mislead."""
    rest = dict(data)
    for path in broken:
        key, *inner = path or ("",)
        if key in ("fields", "only") and inner and isinstance(rest.get(key), dict):
            rest[key] = {name: value for name, value in rest[key].items() if name != inner[0]}
        elif key in ("", "sides", "fields"):
            return None
        else:
            rest.pop(str(key), None)
    return {**{key: _FILL[key] for key in _FILL if any(path[:1] == (key,) for path in broken)}, **rest}


def _text(file: str) -> str:
    try:
        raw = FilePath(file).read_bytes()
    except FileNotFoundError:
        raise MappingError([Problem(f"there is no such file{_sibling(FilePath(file))}", file=file)]) from None
    except IsADirectoryError:
        raise MappingError([Problem("this is a folder, not a file", file=file)]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "that is no file name"
        raise MappingError([Problem(f"the file cannot be read: {reason}", file=file)]) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise MappingError([Problem("the file is not UTF-8 text; save it as UTF-8", file=file, line=line)]) from None


def _sibling(path: FilePath) -> str:
    names = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    return did_you_mean(path.name, names)


def _tree(file: str, text: str) -> Any:
    try:
        return _yaml().load(text)
    except DuplicateKeyError as error:
        mark: Any = error.problem_mark
        key = text.splitlines()[mark.line][mark.column :].partition(":")[0].strip("'\" ")
        raise MappingError([Problem(f"the key '{key}' is there twice", file=file, line=mark.line + 1)]) from None
    except MarkedYAMLError as error:
        raise MappingError([_unparsable(file, text, error)]) from None
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise MappingError([Problem("a control character is in the way; delete it", file=file, line=line)]) from None
    except (YAMLError, RecursionError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        raise MappingError([Problem("the file is not YAML that can be read", file=file)]) from None


def _unparsable(file: str, text: str, error: MarkedYAMLError) -> Problem:
    mark: Any = error.problem_mark or error.context_mark
    number = mark.line if mark else 0
    line = (text.splitlines() or [""])[min(number, text.count("\n"), max(0, len(text.splitlines()) - 1))]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Problem("the line is indented with a tab; use spaces", file=file, line=number + 1)
    reason = (error.problem or "").partition("but ")[0] or error.context or "unclear"
    reason = reason.strip(" ,")
    sentence = f"this is not YAML ({reason}); look at indentation, colons, brackets and quotes"
    return Problem(sentence, file=file, line=number + 1)


class _Plain:
    """Dicts, lists, texts, numbers, booleans and None out of ruamel's own types."""

    def __init__(self, odd: list[Problem]) -> None:
        self.odd = odd
        self.bomb: list[Problem] = []
        self.left = _MOST

    def value(self, node: Any, path: Path) -> Any:
        self.left -= 1
        if self.left < 0 or len(path) > _DEEPEST:
            self.odd[:] = self.bomb = self.bomb or [Problem(_BOMB, path[:1])]
            return None
        if isinstance(node, CommentedMap):
            return {key: self.value(inner, (*path, key)) for key, inner in node.items() if self._is_text(key, path)}
        if isinstance(node, CommentedSeq):
            return [self.value(inner, (*path, index)) for index, inner in enumerate(node)]
        for plain in (bool, int, float, str):
            if isinstance(node, plain):
                return plain(node)
        if node is not None:
            self.odd.append(Problem("tags (words with a leading '!') have no meaning here", path))
        return None

    def _is_text(self, key: Any, path: Path) -> bool:
        if isinstance(key, str):
            return True
        self.odd.append(Problem(f"a key should be a text, not {kind(key)}; put it in quotes", (*path, key)))
        return False


def _line(tree: Any, path: Path) -> int:
    """The line (from 1) of the innermost part of a path that is in the file."""
    node, line = tree, 0
    for part in path:
        try:
            place = node.lc.key(part) if isinstance(node, CommentedMap) else node.lc.item(part)
            node, line = node[part], place[0]
        except (AttributeError, KeyError, IndexError, TypeError):
            continue
    return line + 1


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.width = 120
    yaml.preserve_quotes = True
    return yaml


def save_deployment(path: FilePath | str, sync: Deployment, *, replace: bool = False) -> None:
    """Writes a commented sync file that loads again as the same sync. An existing file is an error unless `replace`."""
    target = FilePath(path)
    if target.exists() and not replace:
        raise MappingError([Problem("the file is there already; choose another name", file=str(path))])
    tree = CommentedMap(sync.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True))
    for name in tree["sides"]:
        tree["sides"][name] = _flow(tree["sides"][name])
    for key, comment in _COMMENTS.items():
        if key in tree:
            tree.yaml_set_comment_before_after_key(key, before=comment)
    out = StringIO()
    _yaml().dump(tree, out)
    text = out.getvalue() + "".join(hint for key, hint in _HINTS.items() if key not in tree)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, target)  # noqa: PTH105 - Path.replace is the same call, and reads like str.replace here
    except OSError as error:
        raise MappingError([Problem(f"the file cannot be written: {error.strerror}", file=str(path))]) from None


_COMMENTS = {
    "sync": "One sync: a mapping put to work. Keys are explained in docs/reference/mapping.md.",
    "mapping": "A mapping of the library, or the path of a file of yours.",
    "sides": "Each side of the mapping with its connection; scope says which part of the account.",
    "schedule": "When it runs by itself: every 30s, 5m, 2h ...; full = time of day of a run that reads everything.",
    "brakes": "Limits that replace those of the mapping.",
    "canaries": "Titles or ids of records that are always there; without them a side is not believed.",
    "task_runner": "Where large backfills run: threads, dask or ray.",
    "paused": "true: the schedule does not start it.",
}
_HINTS = {
    "schedule": "# When it runs by itself; else when you run it.\n# schedule: {every: 5m, full: '03:00'}\n",
    "brakes": "# Limits that replace those of the mapping.\n# brakes: {deletes: 'max(10, 2%)'}\n",
    "paused": "# paused: true   # the schedule does not start it\n",
}


def _flow(data: dict[str, Any]) -> CommentedMap:
    tree = CommentedMap(data)
    tree.fa.set_flow_style()
    return tree
