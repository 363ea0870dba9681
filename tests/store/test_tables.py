"""How a state is made and upgraded, on both databases."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from engine.store import HEAD, Store, StoreError, metadata
from engine.store.tables import leases
from engine.store.upgrade import MIGRATIONS, upgrade

NewState = Callable[[], str]
LATER = '''"""A later version."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9000", "{head}"
def upgrade():
    op.add_column("leases", sa.Column("note", sa.String()))
    {more}
'''
LEASE = {"sync": "meetings", "holder": "here:1", "fence": 7, "until": ""}


def later(tmp_path: Path, more: str = "") -> Path:
    """The migrations, and one that does not exist yet."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9000_later.py").write_text(LATER.format(head=HEAD, more=more))
    return folder


def test_the_migrations_make_exactly_the_tables_the_code_knows(new_state: NewState) -> None:
    store = Store.open(new_state())
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    store.close()


def test_versions_are_numbered_and_the_newest_is_known() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    versions = [revision.revision for revision in script.walk_revisions()]
    assert script.get_heads() == [HEAD]
    assert all(version.isdigit() and len(version) == 4 for version in versions)
    assert versions == sorted(versions, reverse=True)


def test_an_older_state_is_upgraded_and_keeps_its_rows(new_state: NewState, tmp_path: Path) -> None:
    store = Store.open(new_state())
    with store.write() as connection:
        connection.execute(leases.insert().values(**LEASE))
    upgrade(store.engine, later(tmp_path))
    assert store.all(leases) == [LEASE]
    assert "note" in {column["name"] for column in inspect(store.engine).get_columns("leases")}
    store.close()


def test_an_upgrade_that_breaks_off_leaves_the_state_as_it_was(new_state: NewState, tmp_path: Path) -> None:
    url = new_state()
    store = Store.open(url)
    with pytest.raises((OperationalError, ProgrammingError), match="nowhere"):
        upgrade(store.engine, later(tmp_path, 'op.execute("insert into nowhere values (1)")'))
    assert "note" not in {column["name"] for column in inspect(store.engine).get_columns("leases")}
    store.close()
    Store.open(url).close()


def test_a_state_of_a_newer_syncline_is_refused(new_state: NewState, tmp_path: Path) -> None:
    url = new_state()
    store = Store.open(url)
    upgrade(store.engine, later(tmp_path))
    store.close()
    with pytest.raises(StoreError, match=r"made by a newer Syncline \(tables 9000, .*Update Syncline"):
        Store.open(url)


def test_two_that_open_a_new_state_at_once_both_get_it(new_state: NewState) -> None:
    url = new_state()
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store.open(url), range(4)))
    for store in stores:
        assert store.all(leases) == []
        store.close()


def test_a_state_that_is_up_to_date_opens_without_alembic(new_state: NewState) -> None:
    url = new_state()
    Store.open(url).close()
    code = f"import sys; from engine.store import Store; Store.open({url!r}).close(); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_reader_sees_one_state_while_others_write(new_state: NewState) -> None:
    store = Store.open(new_state())
    with store.read() as reading:
        assert reading.execute(text("select count(*) from leases")).scalar() == 0
        with store.write() as connection:
            connection.execute(leases.insert().values(**LEASE))
        assert reading.execute(text("select count(*) from leases")).scalar() == 0
    assert store.all(leases) == [LEASE]
    store.close()


def test_a_write_is_all_or_nothing(new_state: NewState) -> None:
    store = Store.open(new_state())
    with pytest.raises(KeyError), store.write() as connection:
        connection.execute(leases.insert().values(**LEASE))
        raise KeyError
    assert store.all(leases) == []
    store.close()
