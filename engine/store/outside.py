"""The tables of what comes from outside and goes there: webhooks, alerts, the calls that all processes share."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, LargeBinary, String, Table, Text

from engine.store.tables import Doc, metadata

__all__ = ["alerts", "calls", "deliveries", "hooks", "metadata", "meters", "quotas"]

hooks = Table(  # addresses that apps call when something changes
    "hooks",
    metadata,
    Column("key", String, primary_key=True),  # in the address, not to be guessed
    Column("connection", String, nullable=False, index=True),
    Column("object", String, nullable=False),  # "": all of the account
    Column("scope", Doc, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # MultiFernet
    Column("subscription", String),  # the app's id of it
    Column("until", String),  # when it ends, or is to be looked after
    Column("former", String),  # one that it replaces and that still has to be ended
    Column("error", Text),  # why it could not be made or renewed
    Column("made_at", String, nullable=False),
    Column("heard_at", String),  # the last call that proved itself
)
deliveries = Table(  # messages that were heard, so that a repeated one is told from a new one
    "deliveries",
    metadata,
    Column("hook", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("at", String, nullable=False, index=True),
)
calls = Table(  # how many calls ended how: heard, repeated, forged, oversized ...
    "calls",
    metadata,
    Column("hook", String, primary_key=True),  # "": an address that does not exist
    Column("outcome", String, primary_key=True),
    Column("count", Integer, nullable=False),
)
alerts = Table(  # what is wrong now and who was told
    "alerts",
    metadata,
    Column("key", String, primary_key=True),  # what it is about: connection:NAME, side:SYNC/SIDE, ...
    Column("reason", Text, nullable=False),
    Column("since", String, nullable=False),
    Column("told_at", String),
    Column("over_at", String),  # it is well again, and that is not told yet
    Column("error", Text),  # why nobody could be told
)
meters = Table(  # counts that only grow, for graphs
    "meters",
    metadata,
    Column("sync", String, primary_key=True),
    Column("side", String, primary_key=True),  # "": of the sync
    Column("name", String, primary_key=True),
    Column("value", Float, nullable=False),
)
quotas = Table(  # the calls of an account that all processes share
    "quotas",
    metadata,
    Column("account", String, primary_key=True),
    Column("free_at", Float, nullable=False),  # Unix time, by the clock of the database
)
