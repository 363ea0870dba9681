"""What a connection needs to be told, as data: the page draws its form from it, the command line its questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a connection; all values are strings."""

    name: str
    help: str
    secret: bool = False
    """Kept encrypted and never shown again."""
    required: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApp:
    """Where people sign in. The client id and secret are settings of the connection: everyone brings their own.

    The settings `authorize_url` and `token_url` override the addresses (stand-ins, national clouds).
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further parameters of the authorize address, such as access_type=offline."""


BASE_URL = "base_url"


def base_url(default: str) -> Setting:
    """The address of the API, to be changed for a stand-in or a server of one's own."""
    return Setting(name=BASE_URL, help="Address of the API", required=True, default=default)


OAUTH: tuple[Setting, ...] = (
    Setting(name="client_id", help="Client id of the app you registered"),
    Setting(name="client_secret", help="Client secret of the app you registered", secret=True),
    Setting(name="refresh_token", help="Filled in by signing in", secret=True),
    Setting(name="authorize_url", help="Address of the sign-in page, where it is not the usual one"),
    Setting(name="token_url", help="Address that renews the sign-in, where it is not the usual one"),
    Setting(name="token", help="An access token, instead of signing in; it ends after about an hour", secret=True),
)
"""The settings of an app with an OAuth sign-in."""
