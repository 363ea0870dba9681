"""Numbers, amounts, days and points in time, as the apps spell them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.contract import Field

FRACTIONS = (0, 0, 0.5, 0.25, 0.1, 0.005)
EVENINGS = (
    timedelta(hours=9),
    timedelta(0),
    timedelta(hours=23, minutes=59, seconds=59),
    timedelta(hours=1, minutes=30),
)


def number(rng: random.Random, field: Field, count: int) -> Any:
    amount = (
        count
        if field.digits == 0
        else round(count + rng.choice(FRACTIONS), 3 if field.digits is None else field.digits)
    )
    if rng.random() < 0.1:
        amount = -amount
    return rng.choice((f"{amount}", f"{amount:.2f}")) if field.dialect == "text" else amount


def money(rng: random.Random, field: Field, count: int) -> Any:
    amount = count + rng.choice((0, 0.5, 0.99, 0.01))
    if field.dialect == "minor":
        return round(amount * 100)
    if field.dialect == "object":
        return {"amount": f"{amount:.2f}", "currency": field.currency or "EUR"}
    return rng.choice((f"{amount:.2f}", f"{amount:g}")) if field.dialect == "text" else amount


def truth(rng: random.Random, field: Field, _count: int) -> Any:
    value = rng.random() < 0.5
    return str(value).lower() if field.dialect == "text" else value


def day(rng: random.Random, field: Field, count: int) -> Any:
    """From 2026 on, or long ago; sometimes without a year, where the app knows that."""
    at = (date(1985, 2, 27) if rng.random() < 0.3 else date(2026, 11, 23)) + timedelta(days=count)
    yearless = rng.random() < 0.2
    if field.dialect == "epoch_ms":
        return round(datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp() * 1000)
    if field.dialect == "parts":
        return {"month": at.month, "day": at.day} | ({} if yearless else {"year": at.year})
    if field.dialect == "vcard":
        return f"--{at:%m%d}" if yearless else rng.choice((f"{at:%Y%m%d}", at.isoformat()))
    return at.isoformat()


def instant(rng: random.Random, field: Field, count: int) -> Any:
    at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=count) + rng.choice(EVENINGS)
    if field.dialect.startswith("epoch"):
        return round(at.timestamp()) * (1000 if field.dialect == "epoch_ms" else 1)
    if field.dialect == "graph":
        return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
    if field.dialect == "ical":
        return f"{at:%Y%m%dT%H%M%SZ}"
    return rng.choice((f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%dT%H:%M:%S}.000Z", f"{at:%Y-%m-%dT%H:%M:%S}+00:00"))


def duration(_rng: random.Random, field: Field, count: int) -> Any:
    if field.dialect in ("minutes", "seconds"):
        return count
    return f"PT{count}M"
