"""Proofs of mappings, made once: a sync with an unsafe mapping does not start, and no run pays for that twice."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract import Schema

if TYPE_CHECKING:
    from engine.mapping import Mapping as MappingModel

_known: dict[str, list[tuple[str, list[Any]]]] = {}
"""Seal -> what is unsafe, in this process."""
MOST = 1000
"""Proofs that a process remembers."""


def refused(mapping: MappingModel, schemas: Mapping[str, Schema], folder: Path) -> list[tuple[str, list[Any]]]:
    """Sentence and path of all that a sync must not start with.

    Remembered in `folder`, by all that it depends on; where that cannot be written it is proved again.
    """
    from engine.proof.seal import seal

    mark = seal(mapping, schemas)
    if mark not in _known:
        if len(_known) >= MOST:
            _known.clear()
        file = folder / f"{mark}.json"
        former = _read(file)
        _known[mark] = _prove(mapping, schemas, file) if former is None else former
    return _known[mark]


def _read(file: Path) -> list[tuple[str, list[Any]]] | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return [(one["text"], one["path"]) for one in json.loads(file.read_text(encoding="utf-8"))["unsafe"]]
    return None


def _prove(mapping: MappingModel, schemas: Mapping[str, Schema], file: Path) -> list[tuple[str, list[Any]]]:
    from engine.proof import prove

    found = [(one.text, list(one.path)) for one in prove(mapping, schemas).stopping]
    doc = {"mapping": mapping.name, "unsafe": [{"text": text, "path": path} for text, path in found]}
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(doc, ensure_ascii=False), encoding="utf-8")
        fresh.replace(file)
    return found
