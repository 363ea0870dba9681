"""The SQL that keeps a log of changes: two tables for the database, and triggers for each table that is synced.

It is run where the connection says `changes=trigger` and the account may; else a database administrator runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

SQLITE = (
    """CREATE TABLE IF NOT EXISTS syncline_changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, tab TEXT NOT NULL, row_key TEXT,
  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))""",
    "CREATE INDEX IF NOT EXISTS syncline_changes_tab ON syncline_changes (tab, seq)",
    """CREATE TABLE IF NOT EXISTS syncline_keys (
  key TEXT PRIMARY KEY, tab TEXT NOT NULL, row_key TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX IF NOT EXISTS syncline_keys_row ON syncline_keys (tab, row_key)",
)
_POSTGRESQL_TABLES = (
    """CREATE TABLE IF NOT EXISTS {schema}.syncline_changes (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  tab text NOT NULL, row_key text, at timestamptz NOT NULL DEFAULT clock_timestamp())""",
    "CREATE INDEX IF NOT EXISTS syncline_changes_tab ON {schema}.syncline_changes (tab, tx)",
    """CREATE TABLE IF NOT EXISTS {schema}.syncline_keys (
  key text PRIMARY KEY, tab text NOT NULL, row_key text NOT NULL, gone boolean NOT NULL DEFAULT false)""",
    "CREATE INDEX IF NOT EXISTS syncline_keys_row ON {schema}.syncline_keys (tab, row_key)",
    """CREATE OR REPLACE FUNCTION {schema}.syncline_key(record jsonb, names text[]) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT '[' || string_agg(to_json(record ->> name)::text, ',' ORDER BY place) || ']'
  FROM unnest(names) WITH ORDINALITY AS n (name, place) $$""",
    """CREATE OR REPLACE FUNCTION {schema}.syncline_note() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
  old_key text; new_key text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO syncline_changes (tab) VALUES (TG_ARGV[0]);
    UPDATE syncline_keys SET gone = true WHERE tab = TG_ARGV[0];
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN old_key := syncline_key(to_jsonb(OLD), TG_ARGV[1:]); END IF;
  IF TG_OP <> 'DELETE' THEN
    new_key := syncline_key(to_jsonb(NEW), TG_ARGV[1:]);
    INSERT INTO syncline_changes (tab, row_key) VALUES (TG_ARGV[0], new_key);
  END IF;
  IF old_key <> new_key OR TG_OP = 'DELETE' THEN
    INSERT INTO syncline_changes (tab, row_key) VALUES (TG_ARGV[0], old_key);
    UPDATE syncline_keys SET gone = true WHERE tab = TG_ARGV[0] AND row_key = old_key;
  END IF;
  RETURN NULL;
END $$""",
)
_POSTGRESQL_TRIGGERS = (
    "CREATE TRIGGER syncline_rows AFTER INSERT OR UPDATE OR DELETE ON {table}\n"
    "  FOR EACH ROW EXECUTE FUNCTION {schema}.syncline_note({arguments})",
    "CREATE TRIGGER syncline_emptied AFTER TRUNCATE ON {table}\n"
    "  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.syncline_note({arguments})",
)
_HERE = "INSERT INTO syncline_changes (tab, row_key) VALUES ({tab}, {new});"
_AWAY = (
    "INSERT INTO syncline_changes (tab, row_key) SELECT {tab}, {old}{if_moved};\n  "
    "UPDATE syncline_keys SET gone = 1 WHERE tab = {tab} AND row_key = {old}{and_moved};"
)
_SQLITE_TRIGGERS = {
    "insert": _HERE,
    "update": f"{_HERE}\n  {_AWAY}".replace("{if_moved}", " WHERE {old} <> {new}").replace(
        "{and_moved}", " AND {old} <> {new}"
    ),
    "delete": _AWAY.replace("{if_moved}", "").replace("{and_moved}", ""),
}


def on_sqlite(name: str, tab: str, key: Sequence[str]) -> list[str]:
    """Statements for one table of SQLite; `tab` is what the log calls it."""
    old, new = (
        f"json_array({', '.join(f'CAST({row}.{quoted(one)} AS TEXT)' for one in key)})" for row in ("OLD", "NEW")
    )
    triggers = [
        f"CREATE TRIGGER {quoted(f'syncline_{act}_{name}')} AFTER {act.upper()} ON {quoted(name)} BEGIN\n  "
        f"{body.format(tab=literal(tab), old=old, new=new)}\nEND"
        for act, body in _SQLITE_TRIGGERS.items()
    ]
    return [*triggers, _marker("", tab)]


def postgresql(home: str) -> list[str]:
    """Statements that a database needs once; the log lives in the schema `home`."""
    return [one.format(schema=quoted(home)) for one in _POSTGRESQL_TABLES]


def on_postgresql(home: str, schema: str, name: str, tab: str, key: Sequence[str]) -> list[str]:
    """Statements for one table of PostgreSQL (13 or later)."""
    table, arguments = f"{quoted(schema)}.{quoted(name)}", ", ".join(literal(one) for one in (tab, *key))
    triggers = [one.format(table=table, schema=quoted(home), arguments=arguments) for one in _POSTGRESQL_TRIGGERS]
    return [*triggers, _marker(f"{quoted(home)}.", tab)]


def _marker(place: str, tab: str) -> str:
    """A line without a row says that anything may have changed before it."""
    return f"INSERT INTO {place}syncline_changes (tab) VALUES ({literal(tab)})"  # noqa: S608 - quoted by us


def quoted(name: str) -> str:
    """A name of the database's."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text."""
    return "'" + text.replace("'", "''") + "'"


def number(text: str) -> int:
    """For an advisory lock: two processes that install at once would trip over each other."""
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")
