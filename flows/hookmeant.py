"""Whose account a call is about: that of its hook, and others that it names, where an app calls one address for all."""

from __future__ import annotations

from contextlib import suppress

from connectors.hook import Heard, Hook, Look
from connectors.proof import same
from engine.contract import Refused
from flows.connections import Connection
from flows.hookbook import HookBook
from flows.secrets import SecretsError


def meant(
    book: HookBook, accounts: list[Connection], own: Connection, hook: Hook, heard: Heard
) -> dict[str, list[Look]]:
    """Connection -> where to look there. One that is signed by another secret belongs to another app: never it."""
    found = {own.name: [heard.look]}
    for one in accounts if heard.named else ():
        id = hook.account(one.settings, one.account or "")
        if one.name == own.name:
            found[one.name] += [look for name, look in heard.named.items() if id in ("", name)]
        elif id in heard.named and one.app == own.app and _akin(book, own, one, hook):
            found[one.name] = [heard.named[id]]
    return found


def _akin(book: HookBook, own: Connection, other: Connection, hook: Hook) -> bool:
    with suppress(Refused, SecretsError):
        return bool(hook.secret) and same(book.setting(other.name, hook), book.setting(own.name, hook))
    return False
