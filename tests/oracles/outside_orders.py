"""Bars and orders that other programs and hq-backtest are given: whole prices, a seed each, nothing of any of them.

An order is a map: id, bar (decided at its close), side (1 buys, -1 sells), type, size, price (limit or trigger), limit
(of a stop_limit), valid (None, "day" or the last bar in which it works), oco (the id of an earlier order: what fills
first cancels the other).  A cancel is {bar, cancel}.  An entry has stop and take, and the bar (until) at whose close
the rest of it is cancelled and closed; or trail or trail_frac, by which it is closed.
"""

from __future__ import annotations

import json
import random
from typing import Any

Row = dict[str, Any]
Bar = tuple[float, float, float, float]
HOUR = 3_600_000_000_000
START = 1_704_067_200_000_000_000  # 2024-01-01; bar i ends i + 1 hours later
COUNT = 1000
CASH = 1e7
FEE = 0.001
PATHS, PLAIN, TRAILS, BRACKETS, WICKS, WICKED = "paths", "plain", "trails", "brackets", "wicks", "wicked"
BY_HAND = [(100.0,) * 4, (100.0, 110.0, 99.0, 101.0), (101.0, 102.0, 95.0, 100.0)]  # of a trail that follows a high


def ends(bar: int) -> int:
    """The instant at which a bar ends, ns."""
    return START + (bar + 1) * HOUR


def bars(name: str) -> list[Bar]:
    """Open, high, low, close of the bars of a run; those of TRAILS have neither gaps nor wicks."""
    if name == WICKS:
        return BY_HAND
    chance = random.Random(7)
    made: list[Bar] = []
    price = 1000
    gap, wick = {TRAILS: (0, 0), BRACKETS: (20, 8)}.get(name, (8, 5))
    for _ in range(COUNT):
        if chance.random() < 0.3:
            price += chance.randint(-gap, gap)
        close = price + chance.randint(-6, 6)
        up, down = chance.randint(0, wick), chance.randint(0, wick)
        made.append((float(price), float(max(price, close) + up), float(min(price, close) - down), float(close)))
        price = close
    if name == BRACKETS:  # an open beyond the take of the last entry, in a bar that comes down to its stop
        made[-3:] = [(1000.0, 1000.0, 1000.0, 1000.0), (1000.0, 1001.0, 999.0, 1000.0), (1010.0, 1012.0, 985.0, 1000.0)]
    return made


def way(row: Bar) -> list[float]:
    """The prices between which path ohlc goes straight."""
    first, high, low, close = row
    return [first, low, high, close] if first - low <= high - first else [first, high, low, close]


def steps(row: Bar) -> list[float]:
    """Every whole price of that way, in turn."""
    points = way(row)
    found = points[:1]
    for goal in points[1:]:
        while found[-1] != goal:
            found.append(found[-1] + (1 if goal > found[-1] else -1))
    return found


def text(found: dict[str, Any]) -> str:
    """What a program did as JSON, a line each list of a run."""
    parts = [f'"program":{json.dumps(found["program"])}']
    for name, of in found.items():
        if name != "program":
            lines = (f'"{key}":{json.dumps(rows, separators=(",", ":"))}' for key, rows in of.items())
            parts.append(f'"{name}":{{\n' + ",\n".join(lines) + "}")
    return "{" + ",\n".join(parts) + "}\n"


def orders(name: str) -> list[Row]:
    """The orders of a run, by the bar at whose close they are given."""
    if name == WICKS:
        entry = {"id": 1, "bar": 0, "side": 1, "type": "market", "size": 1, "price": None, "valid": None}
        return [entry | {"trail": 5.0, "own": True}]
    made = {PLAIN: _plain, PATHS: _paths, TRAILS: _trails, WICKED: _trails, BRACKETS: _brackets}[name](bars(name))
    if name == WICKED:
        made = [row for row in made if "trail" in row]
    return sorted(made, key=lambda row: row["bar"])


def _plain(rows: list[Bar]) -> list[Row]:
    """Market, limit, stop and gtd orders, and cancels."""
    chance, made = random.Random(11), []
    for number in range(1, 601):
        bar = chance.randrange(COUNT - 30)
        kind = chance.choice(("market", "limit", "stop"))
        one = {"id": number, "bar": bar, "side": chance.choice((1, -1)), "type": kind, "size": chance.randint(1, 9)}
        one["price"] = None if kind == "market" else rows[bar][3] + chance.randint(-15, 15)
        one["valid"] = bar + chance.randint(1, 6) if kind != "market" and chance.random() < 0.3 else None
        made.append(one)
        if kind != "market" and chance.random() < 0.25:
            made.append({"bar": bar + chance.randint(1, 4), "cancel": number})
    return made


def _paths(rows: list[Bar]) -> list[Row]:
    """Stop-limit orders, pairs of which one cancels the other, orders of a day."""
    chance, made = random.Random(13), []
    for number in range(1, 1201, 2):
        bar, side = chance.randrange(COUNT - 30), chance.choice((1, -1))
        close = rows[bar][3]
        one: Row = {"id": number, "bar": bar, "side": side, "size": chance.randint(1, 9), "valid": None}
        what = chance.choice(("stop_limit", "pair", "day"))
        if what == "stop_limit":
            trigger = close + side * chance.randint(-2, 12)
            made.append(one | {"type": what, "price": trigger, "limit": trigger + side * chance.randint(-6, 3)})
        elif what == "day":
            kind = chance.choice(("limit", "stop"))
            away = -side if kind == "limit" else side
            made.append(one | {"type": kind, "price": close + away * chance.randint(0, 25), "valid": "day"})
        else:
            made.append(one | {"type": "limit", "price": close - side * chance.randint(1, 8)})
            other = {"id": number + 1, "type": "stop", "price": close + side * chance.randint(1, 8), "oco": number}
            made.append(one | other)
    return made


def _trails(rows: list[Bar]) -> list[Row]:
    """Entries at the market, each with a trail that closes it; `own` is whether that is an order of its own."""
    chance, made = random.Random(17), []
    for number in range(1, 301):
        one = {"id": number, "bar": chance.randrange(COUNT - 30), "side": chance.choice((1, -1)), "type": "market"}
        far = {"trail": float(chance.randint(1, 25))} if chance.random() < 0.5 else {"trail_frac": 1 / 64}
        own = chance.random() < 0.5
        made.append(one | {"size": chance.randint(1, 9), "price": None, "valid": None, "own": own} | far)
    return made


def _brackets(rows: list[Bar]) -> list[Row]:
    """An entry every 8 bars, at the market or at a limit that works for 3 bars; what is left goes 6 bars later."""
    chance, made = random.Random(19), []
    for number, bar in enumerate(range(0, COUNT - 30, 8), start=1):
        side, kind, close = chance.choice((1, -1)), chance.choice(("market", "limit")), rows[bar][3]
        near = close if kind == "market" else close - side * chance.randint(0, 6)
        made.append(
            {"id": number, "bar": bar, "side": side, "type": kind, "size": chance.randint(1, 9)}
            | {"price": None if kind == "market" else near, "valid": None if kind == "market" else bar + 3}
            | {"stop": near - side * chance.randint(6, 20), "take": near + side * chance.randint(6, 16)}
            | {"until": bar + 6}
        )
    last = {"id": len(made) + 1, "bar": COUNT - 3, "side": 1, "type": "market", "size": 2, "price": None, "valid": None}
    return [*made, last | {"stop": 990.0, "take": 1008.0, "until": COUNT}]
