"""The steps to the one spelling of a rule: each changes the parts in place, and none changes what the rule names."""

from __future__ import annotations

from typing import Any

from engine.lenses import expand
from engine.lenses.moment import Anchor

Rule = dict[str, Any]
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_COMMON = ("MO", "SU", "SA", "TU", "WE", "TH", "FR")
_DATES = ("byday", "bymonthday", "byyearday", "byweekno")


def day_key(item: str) -> tuple[int, int]:
    return int(item[:-2] or 0), DAYS.index(item[-2:])


def skip(rule: Rule) -> bool:
    """Resolves RFC 7529: SKIP=BACKWARD on a month day means the last day of short months. False: not expressible."""
    scale, skipping = rule.pop("rscale", "GREGORIAN"), rule.pop("skip", "OMIT")
    if scale != "GREGORIAN" or skipping not in ("OMIT", "BACKWARD"):
        rule.update(rscale=scale, skip=skipping)
        return False
    days = rule.get("bymonthday", [])
    if skipping == "OMIT" or not days or max(days) <= 28:
        return True
    if len(days) > 1 or "byday" in rule or "bysetpos" in rule or rule["freq"] not in ("MONTHLY", "YEARLY"):
        return False
    rule.update(bymonthday=list(range(28, days[0] + 1)), bysetpos=[-1])
    return rule["freq"] == "MONTHLY" or len(rule.get("bymonth", [])) == 1


def _plain_days(rule: Rule, _: Anchor) -> None:
    """Weeks and days have no second Tuesday: the number says nothing there."""
    if "byday" in rule and rule["freq"] not in ("MONTHLY", "YEARLY"):
        rule["byday"] = sorted({day[-2:] for day in rule["byday"]}, key=day_key)


def implied(rule: Rule, start: Anchor) -> None:
    if any(name in rule for name in _DATES):
        return
    if rule["freq"] == "WEEKLY":
        rule["byday"] = [DAYS[start.at.weekday()]]
    elif rule["freq"] in ("MONTHLY", "YEARLY"):
        rule["bymonthday"] = [start.at.day]
        if rule["freq"] == "YEARLY":
            rule.setdefault("bymonth", [start.at.month])


def _times(rule: Rule, start: Anchor) -> None:
    if rule["freq"] in expand.SUB_DAILY:
        return
    own = {"byhour": start.at.hour, "byminute": start.at.minute, "bysecond": start.at.second}
    for name, value in own.items():
        if start.all_day or rule.get(name) == [value]:
            rule.pop(name, None)


def _position(rule: Rule, _: Anchor) -> None:
    """`BYDAY=TU;BYSETPOS=2` is `BYDAY=2TU` where one weekday is left to count."""
    days, places = rule.get("byday", []), rule.get("bysetpos", [])
    others = any(name in rule for name in ("bymonthday", "byyearday", "byweekno", "byhour", "byminute", "bysecond"))
    one_month = rule["freq"] == "MONTHLY" or (rule["freq"] == "YEARLY" and len(rule.get("bymonth", [0])) == 1)
    if one_month and len(days) == 1 and len(days[0]) == 2 and places and not others:
        rule["byday"] = sorted((f"{place}{days[0]}" for place in places), key=day_key)
        del rule["bysetpos"]


def _daily(rule: Rule, start: Anchor) -> None:
    if rule["freq"] != "DAILY" or "bysetpos" in rule:
        return
    interval = rule.get("interval", 1)
    bare = not any(name in rule for name in (*_DATES, "bymonth"))
    if interval == 1 and "byday" in rule and not any(name in rule for name in _DATES[1:]):
        rule["freq"] = "WEEKLY"
    elif interval % 7 == 0 and bare:
        rule.update(freq="WEEKLY", interval=interval // 7, byday=[DAYS[start.at.weekday()]])


def _weekly(rule: Rule, _: Anchor) -> None:
    if (
        rule["freq"] == "WEEKLY"
        and rule.get("interval", 1) == 1
        and "bysetpos" not in rule
        and len(rule.get("byday", [])) == 7
    ):
        rule["freq"] = "DAILY"
        del rule["byday"]


def _monthly(rule: Rule, start: Anchor) -> None:
    """Every twelve months is every year; each month out of a list is every year in these months."""
    if rule["freq"] != "MONTHLY" or "byyearday" in rule or "byweekno" in rule:
        return
    interval, months = rule.get("interval", 1), rule.get("bymonth")
    if interval % 12 == 0 and months in (None, [start.at.month]):
        rule.update(freq="YEARLY", interval=interval // 12, bymonth=[start.at.month])
    elif interval == 1 and months and ("bysetpos" not in rule or len(months) == 1):
        rule["freq"] = "YEARLY"


def _yearly(rule: Rule, _: Anchor) -> None:
    """Every year in all months is every month."""
    if rule["freq"] != "YEARLY" or rule.get("interval", 1) != 1 or "byyearday" in rule or "byweekno" in rule:
        return
    months = rule.get("bymonth")
    every = months == list(range(1, 13)) or (months is None and "bymonthday" in rule and "byday" not in rule)
    if every and "bysetpos" not in rule:
        rule["freq"] = "MONTHLY"
        rule.pop("bymonth", None)


def _month_end(rule: Rule, _: Anchor) -> None:
    """`BYMONTHDAY=28,29,30,31;BYSETPOS=-1` is the last day of the month, by its number where it has but one."""
    days, months = rule.get("bymonthday", []), rule.get("bymonth") or []
    length = LONGEST[months[0] - 1] if len(months) == 1 and months != [2] else None
    if rule.get("bysetpos") == [-1] and "byday" not in rule and days == list(range(28, (days or [0])[-1] + 1)):
        if length:
            rule["bymonthday"] = [min(days[-1], length)]
        elif days[-1] == 31 or (months == [2] and days[-1] >= 29):
            rule["bymonthday"] = [-1]
        if len(rule["bymonthday"]) == 1 and (rule["freq"] == "MONTHLY" or len(months) == 1):
            del rule["bysetpos"]
    if length and "bymonthday" in rule and all(-length <= day for day in rule["bymonthday"]):
        rule["bymonthday"] = sorted({day if day > 0 else length + 1 + day for day in rule["bymonthday"]})


def _week_start(rule: Rule, start: Anchor) -> None:
    """WKST matters where weeks are counted: drops it elsewhere, and takes the first of the days that mean the same."""
    first = rule.pop("wkst", "MO")
    if "byweekno" in rule or (rule["freq"] == "WEEKLY" and "bysetpos" in rule):
        same = first
    elif rule["freq"] == "WEEKLY" and rule.get("interval", 1) > 1:
        same = next(day for day in _COMMON if _weeks(rule, start, day) == _weeks(rule, start, first))
    else:
        return
    if same != "MO":
        rule["wkst"] = same


def _weeks(rule: Rule, start: Anchor, first: str) -> list[bool]:
    """For each day of the rule: does its first turn fall into the start's own week?"""
    begin = start.at.weekday()
    length = (DAYS.index(first) - begin) % 7 or 7
    return [(DAYS.index(day[-2:]) - begin) % 7 < length for day in rule["byday"]]


STEPS = (
    _plain_days,
    _times,
    _position,
    _daily,
    _weekly,
    _month_end,
    _monthly,
    _yearly,
    _week_start,
)
