"""The apps Syncline speaks: one folder each, loaded only when used."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from difflib import get_close_matches
from importlib import import_module
from ipaddress import ip_address
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol, cast
from urllib.parse import urlsplit

from connectors.address import base, join
from connectors.http import Auth, Classify, Client, Transport
from connectors.oauth import AUTHORIZATION, Basic, Bearer, OnToken, Refreshing, Settings
from connectors.pace import Alone, Paced
from connectors.setting import BASE_URL, OAuthApp, Setting
from engine.contract import AppError, Connector, Field, Refused


class App(Connector, Protocol):
    """A connector class as `load` gives it: the contract, and what is needed to set up a connection.

    It may have `token_header`, where access tokens go elsewhere than into Authorization, and `token_path`, where on the
    account's own server an app gets a token in its own name, by client id and secret.
    """

    app: ClassVar[str]
    title: ClassVar[str]
    objects: ClassVar[tuple[str, ...]]
    fields: ClassVar[Mapping[str, Mapping[str, Field]]]
    """Object -> the fields that every account has; those of one account are what `schema` says."""
    settings: ClassVar[tuple[Setting, ...]]
    sign_in: ClassVar[OAuthApp | None]

    def __init__(self, settings: Settings, http: Client) -> None: ...

    @staticmethod
    def classify(response: Any) -> Any:
        """The app's dialect of errors: see `connectors.http.Classify`."""


def names() -> list[str]:
    """The apps there are."""
    return sorted(module.name for module in iter_modules(__path__) if module.ispkg)


def load(app: str) -> type[App]:
    """The connector class of an app, or Refused with the nearest name."""
    if app not in names():
        near = get_close_matches(app, names(), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise Refused(f"There is no connector {app!r}.{hint} There are: {', '.join(names())}.")
    return cast("type[App]", import_module(f"connectors.{app}").Connector)


def connect(
    app: str,
    settings: Settings,
    on_token: OnToken = lambda _: None,
    *,
    lock: Callable[[], AbstractContextManager[object]] = nullcontext,
    latest: Callable[[], Settings] | None = None,
    on_error: Callable[[AppError], None] = lambda _: None,
    paced: Paced = Alone,
    transport: Transport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> App:
    """A connector for one account. `on_token` stores renewed tokens; `lock` and `latest` make that safe over processes;
    `on_error` is told of each error that the app answers with, `paced` keeps to the number of calls it is given.

    A server on this machine (a stand-in, a CalDAV server of one's own) has no quota, so calls to it are not paced. An
    app without the setting base_url (a database, a folder) speaks no HTTP and is given no client.
    """
    cls = load(app)
    known = {setting.name: setting.default for setting in cls.settings if setting.default is not None}
    given = {**known, **{name: value for name, value in settings.items() if value}}
    _complete(cls, given)
    if not any(setting.name == BASE_URL for setting in cls.settings):
        return cast("Callable[[Settings], App]", cls)(given)
    auth = _auth(cls, given, on_token, lock, latest)
    pace = None if _local(given[BASE_URL]) else paced(cls.caps.calls)
    classify: Classify = cls.classify
    client = Client(given[BASE_URL], auth, pace, classify, transport, on_error=on_error, sleep=sleep)
    return cls(given, client)


def _complete(cls: type[App], given: Mapping[str, str]) -> None:
    for setting in cls.settings:
        if setting.required and not given.get(setting.name):
            raise Refused(f"{cls.title} needs the setting {setting.name}: {setting.help}.")


def _auth(
    cls: type[App],
    given: Settings,
    on_token: OnToken,
    lock: Callable[[], AbstractContextManager[object]],
    latest: Callable[[], Settings] | None,
) -> Auth | None:
    header = getattr(cls, "token_header", AUTHORIZATION)
    own = getattr(cls, "token_path", "")  # on the account's own server, for an app that signs in as itself
    if given.get("refresh_token") or (own and given.get("client_secret")):
        usual = join(base(given[BASE_URL]), own) if own else cls.sign_in.token_url if cls.sign_in else ""
        token_url = given.get("token_url") or usual
        return Refreshing(given, token_url, on_token, lock=lock, latest=latest, header=header)
    if given.get("token"):
        return Bearer(given["token"], header)
    if given.get("username"):
        return Basic(given["username"], given.get("password", ""))
    return None


def _local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
