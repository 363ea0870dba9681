"""Secrets of connections, sealed with the project's key (Fernet: AES-128-CBC with HMAC-SHA256)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class SecretsError(Exception):
    """Secrets that cannot be sealed or opened. The message says what to do; it never holds a secret."""


class Vault:
    """Seals and opens settings. Keys come from SYNCLINE_KEY, else from a key file that sealing makes when missing."""

    def __init__(self, keys: str, file: Path) -> None:
        self._keys = [key.strip() for key in keys.split(",") if key.strip()]
        self._file = file

    @property
    def source(self) -> str:
        """Where the keys come from, for people."""
        return "SYNCLINE_KEY" if self._keys else str(self._file)

    def seal(self, values: Mapping[str, str]) -> bytes:
        """Bytes that only the keys open; makes the key file on first need."""
        if not self._keys and not self._file.exists():
            _make(self._file)
        return self._fernet().encrypt(json.dumps(dict(values), sort_keys=True).encode())

    def open(self, sealed: bytes, name: str) -> dict[str, str]:
        """The settings sealed for the connection `name`, which only serves the message of an error."""
        from cryptography.fernet import InvalidToken

        if not sealed:
            return {}
        try:
            values: dict[str, str] = json.loads(self._fernet().decrypt(sealed))
        except InvalidToken:
            raise SecretsError(
                f"The secrets of the connection {name!r} cannot be opened with the key in {self.source}: "
                "they were sealed with another one. Put the former key back (SYNCLINE_KEY takes several, "
                "separated by commas), or connect again."
            ) from None
        return values

    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        try:
            return MultiFernet([Fernet(key) for key in self._keys or [_read(self._file)]])
        except ValueError:
            raise SecretsError(
                f"The key in {self.source} is not a Fernet key (32 bytes in URL-safe base64). Make one with: "
                'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            ) from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise SecretsError(
            f"The key file {file} is gone, so the saved secrets cannot be opened. "
            "Put it back, set SYNCLINE_KEY, or connect again."
        ) from None


def _make(file: Path) -> None:
    """Linked into place whole, so that two processes that start together end up with one key."""
    from cryptography.fernet import Fernet

    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = mkstemp(dir=file.parent)  # readable by its owner only
    with open(handle, "wb") as stream:  # noqa: PTH123 - a descriptor
        stream.write(Fernet.generate_key() + b"\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
