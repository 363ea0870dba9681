"""What the environment and the project's .env say: addresses, keys, log level."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SYNCLINE_"


class SettingsError(Exception):
    """A setting that cannot be used. The message names the variable and what it may be."""


class Settings(BaseSettings):
    """Each is an environment variable, `SYNCLINE_` and the name in capitals; the environment wins over `.env`.

    An empty one counts for nothing: compose files and the like set every variable that somebody may give.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    state_url: str = Field(
        "sqlite:///.syncline/state.db",
        description="Where links, history, runs and connections are kept: `sqlite:///path` (relative to the project "
        "folder) or `postgresql://user:password@host/name`.",
    )
    key: SecretStr = Field(
        SecretStr(""),
        description="Fernet key, or several separated by commas, that seals the secrets of connections: the first "
        "seals, all of them open. Without it a key is made in `.syncline/key` when the first secret is saved.",
    )
    snapshots: str = Field(
        ".syncline/snapshots",
        description="Where the Parquet snapshots of what each run read are kept: a folder, relative to the project, or "
        "a location such as `s3://bucket/snapshots`. Workers on several machines need one that they all reach.",
    )
    history_days: int = Field(
        365,
        ge=1,
        le=36_500,
        description="How many days runs are kept, with their changes and their history: so long they can be undone and "
        "looked back at. Older ones are removed at the end of the first run of a day.",
    )
    snapshot_days: int = Field(
        7, ge=0, le=36_500, description="How many days snapshots are kept. The newest one of each side always stays."
    )
    notify: str = Field(
        "",
        description="Prefect notification blocks that tell people what is wrong, as `type/name`, several separated by "
        "commas: `slack-webhook/ops`. Empty: nobody is told, and `syncline alerts` lists it.",
    )
    automations: str = Field(
        "",
        description="Prefect notification blocks, as `type/name`, several separated by commas, that automations on "
        "Prefect's page tell of each failed run and of what newly waits for a person: `syncline deploy` makes them. "
        "`SYNCLINE_NOTIFY` needs none of them, and tells less often.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^?#\s]+)?$",
        description="Where apps reach the receiver of webhooks from outside: `https://sync.example.com`. Without it no "
        "app is asked to call, and changes are found by looking.",
    )
    receiver_host: str = Field("127.0.0.1", description="The address that the receiver of webhooks listens on.")
    receiver_port: int = Field(8788, ge=0, le=65_535, description="Its port; 0 takes a free one.")
    watch_runs: int = Field(4, ge=1, le=64, description="How many syncs `syncline watch` runs at once.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="How much is logged on the terminal: `DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="How it is logged there: `text`, or `json`: an object a line, with the sync, run, side, link and "
        "record it is about.",
    )

    @property
    def notified(self) -> list[str]:
        """The blocks of `notify`."""
        return _names(self.notify)

    @property
    def automated(self) -> list[str]:
        """The blocks of `automations`."""
        return _names(self.automations)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def load(root: Path) -> Settings:
    """The settings of the project in `root`, with paths made absolute. Raises SettingsError."""
    try:
        found = Settings(_env_file=root / ".env")  # type: ignore[call-arg]  # pydantic-settings' own argument
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{root / '.env'} is not UTF-8 text. Save it as UTF-8.") from None
    changes = {"state_url": _state_url(found.state_url, root), "snapshots": _location(found.snapshots, root)}
    return found.model_copy(update=changes)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = PREFIX + "_".join(str(part) for part in first["loc"]).upper().removeprefix(PREFIX)
    said = first["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f"The setting {name} cannot be used: it {said}. Change it in the environment or in the project's .env."


def _state_url(url: str, root: Path) -> str:
    path = url.removeprefix("sqlite:///")
    if path in (url, ":memory:", ""):
        return url
    return f"sqlite:///{root / Path(path).expanduser()}"


def _location(place: str, root: Path) -> str:
    return place if "://" in place else str(root / Path(place).expanduser())
