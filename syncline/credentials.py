"""The settings of an account, from arguments, the environment, standard input and the browser."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.connections import Connections

ENVIRONMENT = "SYNCLINE_SET_"
TOKENS = {"token", "refresh_token", "expires_at"}
"""What a sign-in gives."""
ANEW = {"client_id", "client_secret", "authorize_url", "token_url"}
"""Who gives one of these wants to sign in with it."""
ADDRESSES = {"base_url", "url", "token_url"}
"""Where secrets are sent."""


class CredentialsError(Exception):
    """Settings that cannot be used. The message names the setting, never its value."""


def gather(app: str, given: Sequence[str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """All settings but the defaults: arguments win over SYNCLINE_SET_KEY. Raises CredentialsError, Refused."""
    from connectors import load

    cls = load(app)
    known = {setting.name: setting.help for setting in cls.settings}
    if cls.sign_in is not None:
        known.setdefault("authorize_url", "Address of the sign-in page, where it is not the usual one")
    found = {name: environ[key] for name in known if environ.get(key := ENVIRONMENT + name.upper())}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals:
            raise CredentialsError(f"--set takes key=value, but one has no '='. The keys of {app}: {', '.join(known)}.")
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise CredentialsError(f"{app} has no setting {name!r}.{hint} It has: {', '.join(known)}.")
        found[name] = _asked(name, known[name]) if value == "-" else value
    return found


def kept(there: Connections, name: str, app: str, given: Mapping[str, str]) -> dict[str, str]:
    """What was said before of the account of that name and is not said now. Tokens are left out where people sign in
    again: when nothing new is said, when nothing else would help, or when the new settings are for that. No secret goes
    to another address than before.
    """
    from connectors import load
    from connectors.address import origin
    from flows.secrets import SecretsError

    former = there.get(name)
    if former is None or former.app != app:
        return {}
    said = {**former.settings, **({"expires_at": former.expires_at} if former.expires_at else {})}
    if all(origin(former.settings.get(key, "")) == origin(given[key]) for key in ADDRESSES & given.keys()):
        with suppress(SecretsError):  # sealed with a key that is lost: all of them are given again
            said |= there.secrets(name)
    signs_in = load(app).sign_in is not None and bool({**said, **given}.get("client_id"))
    anew = signs_in and (not given or former.paused or given.keys() & ANEW)
    gone = TOKENS if anew or given.keys() & TOKENS else set()
    return {key: value for key, value in said.items() if key not in gone}


def complete(app: str, settings: dict[str, str], *, browser: bool) -> dict[str, str]:
    """Signs in where the app has a sign-in, a client id is given and no token is."""
    from connectors import load

    sign_in = load(app).sign_in
    if sign_in is None or any(settings.get(name) for name in ("token", "refresh_token")):
        return settings
    if not settings.get("client_id"):
        raise CredentialsError(
            f"{app} needs a sign-in: give client_id (and client_secret) of the app you registered, or a token, with "
            f"--set or {ENVIRONMENT}... in the environment. How to register one: docs/how-to/connect-"
            f"{app.split('_', maxsplit=1)[0]}.md"
        )
    from connectors.signin import signin

    return {**settings, **signin(sign_in, settings, partial(_show, browser=browser))}


def _show(url: str, *, browser: bool) -> None:
    """The address is printed even when a browser opens: it may be the wrong one, or none."""
    import webbrowser

    print(f"Sign in at: {url}", file=sys.stderr, flush=True)
    if browser:
        webbrowser.open(url)


def _asked(name: str, about: str) -> str:
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{name} ({about}): ")
    line = sys.stdin.readline()
    if not line:
        raise CredentialsError(f"--set {name}=- reads a line of standard input, and there was none left.")
    return line.rstrip("\r\n")
