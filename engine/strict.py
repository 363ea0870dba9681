"""The base of every model that is read from a file a person wrote: frozen, no unknown keys, no silent conversions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from engine.problem import Path


class Strict(BaseModel):
    """Wrong types are errors, never conversions; `engine.mistakes` turns the errors into sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


TAG = "tag:"
"""Prefix of union tags, which pydantic puts into error paths though no file has them."""


class Faults(ValueError):
    """What a validator of ours found: sentences, each with its path below the validated value."""

    def __init__(self, *faults: tuple[Path, str]) -> None:
        super().__init__("; ".join(text for _, text in faults))
        self.faults = faults


def fault(text: str, *path: str | int) -> Faults:
    return Faults((path, text))
