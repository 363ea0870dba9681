"""A project: the folder that holds a user's mappings, syncs, settings and state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract import AppError, AuthExpired, Transient

if TYPE_CHECKING:
    from connectors import App
    from connectors.pace import Paced, Paces
    from engine.deployment import Deployment
    from engine.mapping import Mapping as MappingModel
    from engine.store import Store
    from flows.connections import Connection, Connections
    from flows.settings import Settings

LIBRARY = Path(__file__).parent.parent / "mappings"
VOCABULARY = "vocabulary"  # a file of the library that is no mapping
STATE = ".syncline"
NOT_SYNCS = frozenset({"prefect", "compose", "docker-compose"})
Stamp = tuple[int, int, int] | None
PATIENCE = timedelta(hours=1)
"""An account whose sign-in was not accepted is asked again after so long."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ProjectError(Exception):
    """Something about the project folder is not as needed. The message says what, where and what to do."""


class Project:
    """Everything in it is made when first asked for, so that looking costs nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @classmethod
    def at(cls, folder: Path) -> Project:
        """The project in exactly this folder."""
        if not folder.is_dir():
            raise ProjectError(f"There is no folder {folder}. Make a project there with: syncline init {folder}")
        if not _is_project(folder):
            raise ProjectError(f"{folder} is not a Syncline project. Make it one with: syncline init {folder}")
        return cls(folder)

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """The project of this folder or the nearest one above it."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if _is_project(folder):
                return cls(folder)
        raise ProjectError(
            f"There is no Syncline project in {here} or above it. "
            "Make one with: syncline init DIR, or say where it is with: --project DIR"
        )

    @cached_property
    def settings(self) -> Settings:
        """From the environment and ROOT/.env. Raises SettingsError."""
        from flows.settings import load

        return load(self.root)

    @cached_property
    def store(self) -> Store:
        """The state, created or upgraded when needed. Raises StoreError."""
        from engine.store import Store

        self.state.mkdir(mode=0o700, exist_ok=True)
        return Store.open(self.settings.state_url)

    @cached_property
    def connections(self) -> Connections:
        """The signed-in accounts."""
        from flows.connections import Connections
        from flows.secrets import Vault

        vault = Vault(self.settings.key.get_secret_value(), self.state / "key")
        return Connections(self.store, vault, self.state / "locks")

    @cached_property
    def _paces(self) -> Paces:
        from connectors.pace import Paces

        return Paces()

    @property
    def state(self) -> Path:
        """The folder of everything that people do not edit."""
        return self.root / STATE

    def close(self) -> None:
        """Gives back what was opened."""
        for held in ("store", "_paces"):
            if held in self.__dict__:
                getattr(self, held).close()

    def syncs(self) -> list[str]:
        """Names of the syncs, from the files in deployments/."""
        files = (self.root / "deployments").glob("*.yaml")
        return sorted(file.stem for file in files if file.stem not in NOT_SYNCS)

    def deployment(self, name: str) -> Deployment:
        """The sync of that name. Raises ProjectError or MappingError."""
        if name not in self.syncs():
            raise ProjectError(self._unknown("sync", name, self.syncs(), f"in {self.root / 'deployments'}"))
        path = self.deployment_file(name)
        found = _deployment(path, stamp(path))
        if found.sync != name:
            raise ProjectError(f"{path}: the file says sync: {found.sync}, so it must be named {found.sync}.yaml.")
        return found

    def deployment_file(self, name: str) -> Path:
        """Where the sync of that name is, or would be."""
        if not NAME.fullmatch(name):
            raise ProjectError(
                f"{name!r} cannot be the name of a sync: use letters, digits, - _ and ., at most 64 of them."
            )
        return self.root / "deployments" / f"{name}.yaml"

    def mapping(self, name: str) -> MappingModel:
        """A mapping by path, or by name: the project's own first, then the library. Raises MappingError."""
        path = self.mapping_file(name)
        return _mapping(path, stamp(path))

    def mapping_file(self, name: str) -> Path:
        """The file that `mapping` reads."""
        if name.endswith((".yaml", ".yml")) or "/" in name:
            path = Path(name)
            return path if path.is_absolute() or path.exists() else self.root / path
        places = [self.root / "mappings", LIBRARY]
        for folder in places:
            if (folder / f"{name}.yaml").exists():
                return folder / f"{name}.yaml"
        names = sorted({file.stem for folder in places for file in folder.glob("*.yaml")} - {VOCABULARY})
        raise ProjectError(self._unknown("mapping", name, names, f"in {places[0]} or the library"))

    def connection(self, name: str) -> Connection:
        """The saved account of that name. Raises ProjectError."""
        found = self.connections.get(name)
        if found is None:
            known = [one.name for one in self.connections.all()]
            hint = f" Make it with: syncline connect APP --name {name}"
            raise ProjectError(self._unknown("connection", name, known) + hint)
        return found

    def connector(self, name: str, *, anyway: bool = False) -> App:
        """The account of that name, ready to use; tokens it renews are saved first. Raises ProjectError, AppError.

        An app that no longer accepts the sign-in is left alone: AuthExpired without a request, but for one look an hour
        (or `anyway`) whether it has changed its mind.
        """
        from connectors import connect

        found = self.connection(name)
        made = connect(
            found.app,
            {**found.settings, **self.connections.secrets(name)},
            partial(self.connections.renew, name),
            lock=partial(self.connections.lock, name),
            latest=partial(self.connections.secrets, name),
            paced=self._paced(f"{found.app} {found.account}"),
            on_error=partial(self._told, found),
        )
        if found.paused and found.paused_at:
            if not anyway and datetime.now(UTC) - datetime.fromisoformat(found.paused_at) < PATIENCE:
                raise AuthExpired(found.paused)
            made.check()
            self.connections.resume(name)
        return made

    def _paced(self, account: str) -> Paced:
        """The account's pace: of this process, or where the state is in PostgreSQL of all that share it."""
        from flows.quota import Shared

        return partial(self._paces.of, account) if self.store.sqlite else partial(Shared, self.store, account)

    def _told(self, account: Connection, error: AppError) -> None:
        """Notes that an account is signed out, or that its app wants us to slow down."""
        from engine.meters import add

        if isinstance(error, AuthExpired):
            self.connections.pause(account.name, str(error), datetime.now(UTC), account.created_at)
        elif isinstance(error, Transient) and error.landed is False:
            with self.store.write() as connection:
                add(connection, {("", account.name, "throttled"): 1})

    def save_connection(self, name: str, app: str, settings: Mapping[str, str], account: str, now: datetime) -> None:
        """Saves the settings of an account, the secret ones sealed. `now` is aware."""
        from connectors import load

        secret = {setting.name for setting in load(app).settings if setting.secret}
        plain = {key: value for key, value in settings.items() if key not in secret}
        sealed = {key: value for key, value in settings.items() if key in secret}
        until = plain.pop("expires_at", None)
        self.connections.put(name, app, plain, sealed, account=account, now=now, expires_at=until)

    @staticmethod
    def _unknown(what: str, name: str, names: list[str], where: str = "") -> str:
        near = get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        there = f" There are: {', '.join(names)}." if names else " There are none yet."
        return f"There is no {what} {name!r}{' ' + where if where else ''}.{hint}{there}"


# Every task of a run opens the project anew; parsing its files each time would be a tenth of an idle run.
@lru_cache(maxsize=64)
def _mapping(path: Path, _stamp: Stamp) -> MappingModel:
    from engine.yamlfile import load_mapping

    return load_mapping(path)


@lru_cache(maxsize=64)
def _deployment(path: Path, _stamp: Stamp) -> Deployment:
    from engine.yamlfile import load_deployment

    return load_deployment(path)


def stamp(path: Path) -> Stamp:
    """Tells one state of a file from another; None where it cannot be read, which the loader puts in words."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _is_project(folder: Path) -> bool:
    return (folder / STATE).is_dir() or all((folder / name).is_dir() for name in ("deployments", "mappings"))
