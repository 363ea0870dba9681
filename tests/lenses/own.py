"""Lenses that a user might write, for the `python` lens."""

from __future__ import annotations

from typing import Any


def shout(value: Any) -> Any:
    """One way."""
    return str(value).upper()


class Sku:
    """Stock keys with a prefix on this side."""

    klass = "exact"

    def get(self, native: Any, context: Any) -> Any:
        return str(native).removeprefix("SKU-") if native else None

    def put(self, shared: Any, old: Any, context: Any) -> Any:
        return f"SKU-{shared}" if shared else None


def broken(value: Any) -> Any:
    raise KeyError("nothing there")


class Needy:
    def __init__(self, setting: str) -> None:
        self.setting = setting


number = 5
