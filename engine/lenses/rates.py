"""Money as a mapping names it: its currency, and rates by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from engine.contract import Field
from engine.lens import Lens
from engine.lenses.bytype import Shape
from engine.lenses.dates import day
from engine.lenses.money import Money, Rates, known
from engine.lenses.number import decimal

_EXAMPLE = "{money: {currency: USD, rates: {'2026-11-01': {EUR: 1, USD: 1.08}}}}"


def money(setting: Any, fields: Mapping[str, Field], shape: Shape | None) -> Lens:
    """The lens of `{money: EUR}` or `{money: {currency: .., rates: ..}}`; ValueError with a sentence."""
    whole = setting if isinstance(setting, Mapping) else {"currency": setting}
    if not known(whole.get("currency")) or set(whole) - {"currency", "rates"}:
        raise ValueError(f"money needs a currency of ISO 4217, as in {{money: EUR}} or {_EXAMPLE}, not {setting!r}.")
    one = next(iter(fields.values()), None)
    rates = read(whole["rates"]) if "rates" in whole else {}
    dialect, digits = (one.dialect, one.digits) if one is not None else ("", None)
    return Money(dialect, str(whole["currency"]), digits, rates or (shape.rates if shape else {}))


def read(setting: Any) -> Rates:
    """Rates by day; ValueError with a sentence."""
    if not isinstance(setting, Mapping) or not setting:
        raise ValueError(
            f"rates are a table by day, as in {_EXAMPLE}, or a CSV file beside that of the mapping, not {setting!r}."
        )
    return {_on(on): _of(on, rates) for on, rates in setting.items()}


def of_row(via: Iterable[str | Mapping[str, Any]]) -> Rates:
    """The rates that a row converts by: those that its lenses name; ValueError where they differ from side to side."""
    found = [spec["money"]["rates"] for spec in via if isinstance(spec, Mapping) and _has_rates(spec.get("money"))]
    tables = [read(setting) for setting in found]
    if any(table != tables[0] for table in tables):
        raise ValueError("The sides of a row convert by the same rates; write the table at one of them.")
    return tables[0] if tables else {}


def _has_rates(setting: Any) -> bool:
    return isinstance(setting, Mapping) and "rates" in setting


def _on(on: Any) -> str:
    found = day(on)
    if found is None or found[0] == "-":
        raise ValueError(f"rates are by day, as in {_EXAMPLE}, and {on!r} is no day.")
    return found


def _of(on: Any, rates: Any) -> dict[str, Decimal]:
    found = {code: decimal(rate) for code, rate in rates.items()} if isinstance(rates, Mapping) else {}
    wrong = sorted(str(code) for code, rate in found.items() if not known(code) or rate is None or rate <= 0)
    if wrong or not found:
        raise ValueError(
            f"The rates of {on} need a number above 0 for each currency{': ' if wrong else ''}{', '.join(wrong)}."
        )
    return {code: rate for code, rate in found.items() if rate is not None}
