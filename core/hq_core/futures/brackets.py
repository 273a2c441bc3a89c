"""Leverage brackets: the exchange's table of maintenance margin, leverage and notional caps of one symbol."""

from __future__ import annotations

import math
from datetime import UTC
from typing import TYPE_CHECKING, Any

from hq_core.errors import CONFIG, HqError, did_you_mean
from hq_core.files import read_beside
from hq_core.options.account import MOST_LEVERAGE, AccountOptions, BracketOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELDS = ("initialLeverage", "notionalFloor", "notionalCap", "maintMarginRatio", "cum")
LIMIT = 1 << 26  # bytes of a file
ALWAYS = -(2**63)  # valid_from of a table that names none


class Brackets:
    """One version of one symbol's table.

    rates, cums   maintenance margin of a notional is the largest of notional * rate - cum
    caps          highest notional of each bracket, quote currency
    leverages     highest leverage of each bracket
    valid_from    ns UTC from which this version holds
    """

    __slots__ = ("caps", "cums", "leverages", "rates", "symbol", "valid_from")

    def __init__(
        self,
        symbol: str,
        rates: list[float],
        cums: list[float],
        caps: list[float],
        leverages: list[int],
        valid_from: int = ALWAYS,
    ) -> None:
        self.symbol = symbol
        self.rates = rates
        self.cums = cums
        self.caps = caps
        self.leverages = leverages
        self.valid_from = valid_from

    def cap_at(self, leverage: int) -> float:
        """The largest notional that this leverage allows, quote currency."""
        most = max(self.leverages)
        if leverage > most:
            raise HqError(
                f"{self.symbol}: {leverage}, must be 1 to {most} by its first bracket",
                CONFIG,
                subject=AccountOptions.leverage,
            )
        return max(cap for cap, allowed in zip(self.caps, self.leverages) if allowed >= leverage)


def flat(rate: float) -> Brackets:
    """A single bracket of one maintenance rate, without a cap."""
    return Brackets("", [rate], [0.0], [math.inf], [MOST_LEVERAGE])


def _wrong(path: str, what: str) -> HqError:
    return HqError(what, CONFIG, subject=(BracketOptions.brackets, f": {path}"))


def read_text(path: str) -> str:
    """A bracket file's text."""
    try:
        return read_beside(path, LIMIT, BracketOptions.brackets).decode()
    except UnicodeDecodeError:
        raise _wrong(path, "neither JSON nor CSV") from None


def read_brackets(path: str, symbol: str) -> list[Brackets]:
    """All versions of a symbol's table in a file, oldest first."""
    return parse_brackets(path, read_text(path), symbol)


def parse_brackets(path: str, text: str, symbol: str) -> list[Brackets]:
    """All versions of a symbol's table in the text of the file `path`, oldest first.

    JSON in the shape of the exchange's leverageBracket answer, or CSV with a row a bracket; an entry (JSON) or a
    row (CSV) may carry `valid_from`, an ISO date or time in UTC.
    """
    entries = _json(path, text) if text.lstrip()[:1] in ("[", "{") else _csv(path, text)
    known: dict[str, list[Brackets]] = {}
    for name, since, rows in entries:
        if name == symbol:
            known.setdefault(name, []).append(_table(path, symbol, since, rows))
        else:
            known.setdefault(name, [])
    if symbol not in known:
        hint = did_you_mean(symbol, sorted(known))
        raise _wrong(path, f"no entry for symbol '{symbol}' among {len(known)}{hint}")
    versions = sorted(known[symbol], key=lambda table: table.valid_from)
    for older, newer in zip(versions, versions[1:]):
        if older.valid_from == newer.valid_from:
            raise _wrong(path, f"{symbol} is there twice with the same valid_from")
    return versions


def _json(path: str, text: str) -> Iterable[tuple[str, Any, list[Any]]]:
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(path, f"not JSON: {error}") from None
    for entry in found if isinstance(found, list) else [found]:
        if not isinstance(entry, dict) or not isinstance(entry.get("brackets"), list):
            raise _wrong(path, 'an entry is {"symbol": ..., "brackets": [...]}')
        yield str(entry.get("symbol", "")), entry.get("valid_from"), entry["brackets"]


def _csv(path: str, text: str) -> Iterable[tuple[str, Any, list[Any]]]:
    import csv

    lines = csv.DictReader(text.splitlines())
    missing = [name for name in ("symbol", *FIELDS) if name not in (lines.fieldnames or [])]
    if missing:
        raise _wrong(path, f"column '{missing[0]}' is missing")
    tables: dict[tuple[str, str], list[Any]] = {}
    for line in lines:
        tables.setdefault((line["symbol"], line.get("valid_from") or ""), []).append(line)
    return [(symbol, since or None, rows) for (symbol, since), rows in tables.items()]


def _table(path: str, symbol: str, since: Any, rows: list[Any]) -> Brackets:
    def refuse(number: int, what: str) -> HqError:
        return _wrong(path, f"{symbol}: bracket {number}: {what}")

    table = Brackets(symbol, [], [], [], [], _instant(path, since))
    try:
        read = [[float(row[name]) for name in FIELDS] for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(path, f"{symbol}: {error} is no number of a bracket") from None
    read.sort(key=lambda row: row[1])
    floor, rate, cum = 0.0, 0.0, 0.0
    for number, (leverage, low, cap, next_rate, next_cum) in enumerate(read, 1):
        if low != floor or not cap > low:
            raise refuse(number, f"is from {low:.15g} to {cap:.15g}, must begin at {floor:.15g}")
        if not rate < next_rate < 1.0:
            raise refuse(number, f"maintMarginRatio is {next_rate:.15g}, must be above {rate:.15g} and below 1")
        joined = cum + low * (next_rate - rate) if number > 1 else 0.0
        if abs(next_cum - joined) > 0.01 + 1e-6 * joined:
            raise refuse(number, f"cum is {next_cum:.15g}, must be {joined:.15g} to continue the bracket before")
        if not (leverage >= 1 and leverage == int(leverage)):
            raise refuse(number, f"initialLeverage is {leverage:.15g}, must be a whole number from 1")
        floor, rate, cum = cap, next_rate, next_cum
        table.leverages.append(int(leverage))
        table.caps.append(cap)
        table.rates.append(rate)
        table.cums.append(cum)
    if not read:
        raise _wrong(path, f"{symbol} has no bracket")
    return table


def _instant(path: str, since: Any) -> int:
    if since is None:
        return ALWAYS
    from datetime import datetime, timedelta

    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        when = datetime.fromisoformat(since)
    except (TypeError, ValueError):
        rule = "must be a date or time such as 2026-02-01"
        raise _wrong(path, f"valid_from is {since!r}, {rule}") from None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (when - epoch) // timedelta(microseconds=1) * 1000
