"""Amounts of money. Shared: `{"amount": "12.5", "currency": "EUR"}`; the currency is None where nobody tells it.

Where a row converts, a shared amount names the day of its rates: `{"amount": "100", "currency": "EUR", "on":
"2026-11-01"}`. That day stays with the amount until somebody edits it, so new rates alone write nothing, and every
side finds its own amount again.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_precision

from engine.lens import Context, Refusal
from engine.lenses.number import canonical, decimal, plain, rounded

Rates = Mapping[str, Mapping[str, Decimal]]
"""Day (ISO) -> currency -> units of it for one unit of a common currency, which is the same on all days."""
Amount = tuple[Decimal, str | None]


def precision(currency: str | None) -> int:
    """Decimals of a currency: 2 where it is not known."""
    return int(get_currency_precision(currency)) if currency else 2


def known(currency: Any) -> bool:
    """Whether this is a currency of ISO 4217, present or past."""
    return isinstance(currency, str) and currency in get_global("all_currencies")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the dialects: "" (JSON number), text, minor (whole cents) and object (amount and currency).

    `currency`: the one of all its values; `digits`: decimals kept, else those of the currency.
    """

    dialect: str = ""
    currency: str = ""
    digits: int | None = None
    rates: Rates = field(default_factory=dict)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    @property
    def converts(self) -> bool:
        """Whether amounts of other currencies are taken: they are not what comes back, and mean the same."""
        return bool(self.rates)

    def get(self, native: Any, context: Context) -> Any:
        amount = self._read(native)
        if amount is None:
            return None
        shown = {"amount": canonical(amount[0]), "currency": amount[1]}
        return {**shown, "on": max(self.rates)} if self.rates else shown

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if shared is None:
            return None if self._read(old) is not None else old
        own, wanted = self._read(old), self._own(shared, old)
        if own is not None and (own == wanted or own == _amount(shared)):
            return old
        return self._written(wanted, old)

    def _read(self, native: Any) -> Amount | None:
        whole = native if isinstance(native, Mapping) else {"amount": native}
        number = decimal(whole.get("amount"))
        if number is None:
            return None
        currency = whole.get("currency") or self.currency or None
        return (number.scaleb(-precision(currency)) if self.dialect == "minor" else number), currency

    def _own(self, shared: Mapping[str, Any], old: Any) -> Amount:
        """The amount as this side holds it: in its currency, rounded."""
        number, currency = _amount(shared)
        former = old.get("currency") if isinstance(old, Mapping) else None
        wanted = self.currency or (currency or former if self.dialect == "object" else None)
        if wanted and currency and wanted != currency:
            number = self._converted(number, currency, wanted, str(shared.get("on") or ""))
        digits = self.digits if self.digits is not None or not wanted else precision(wanted)
        digits = precision(wanted) if self.dialect == "minor" else digits
        return rounded(number, digits), wanted or None

    def _converted(self, number: Decimal, currency: str, wanted: str, on: str) -> Decimal:
        days = sorted(self.rates)
        day = next((day for day in reversed(days) if day <= on), days[0]) if on and days else max(days, default="")
        rates = self.rates.get(day, {})
        if currency not in rates or wanted not in rates:
            raise Refusal(
                f"The amount is in {currency}, and this side holds {wanted}. Give rates for both: "
                "{money: {currency: " + wanted + ", rates: {'2026-11-01': {EUR: 1, USD: 1.08}}}}."
            )
        return number * rates[wanted] / rates[currency]

    def _written(self, amount: Amount, old: Any) -> Any:
        number, currency = amount
        if self.dialect == "minor":
            return int(number.scaleb(precision(currency)))
        if self.dialect == "":
            return plain(number)
        digits = self.digits if self.digits is not None else precision(currency) if currency else None
        text = canonical(number) if digits is None else f"{rounded(number, digits):f}"
        if self.dialect != "object":
            return text
        return {**(old if isinstance(old, Mapping) else {}), "amount": text, "currency": currency}


def _amount(shared: Any) -> Amount:
    number = decimal(shared.get("amount")) if isinstance(shared, Mapping) else None
    if number is None:
        raise Refusal(f"{shared!r} is not an amount of money.")
    return number, shared.get("currency") or None


@dataclass(frozen=True, slots=True)
class MoneyFields:
    """An amount and its currency in two fields of a side: it holds any currency. The currency of no amount stays."""

    amount: str
    currency: str
    inner: Money
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    joins: bool = True

    def get(self, native: Any, context: Context) -> Any:
        held = native or {}
        return self._in(held.get(self.currency)).get(held.get(self.amount), context)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        held = {self.amount: None, self.currency: None, **(old or {})}
        former = held[self.currency]
        wanted = (shared or {}).get("currency") or former
        before = held[self.amount] if wanted == former else None
        return {self.amount: self._in(wanted).put(shared, before, context), self.currency: wanted}

    def _in(self, currency: Any) -> Money:
        return replace(self.inner, currency=str(currency or ""))
