"""Small runs of the slow account, to be worked out by hand.

Bars are (open, high, low, close) of symbol X at 10, 20, 30 ...; a bar begins where the one before ended, so that an
order of 10 begins to work at the second bar. 1000 to start, no fees, lot 1, leverage 1, all of what is not said.
"""

from __future__ import annotations

from typing import Any

from slow_account import SlowAccount

Row = dict[str, Any]
FLAT = (100, 100, 100, 100)


def bars(*prices: tuple[float, ...], symbol: str = "X", **more: list[float]) -> list[Row]:
    rows = []
    for place, (opened, high, low, close) in enumerate(prices):
        row: Row = {"ts": 10 * place + 10, "symbol": symbol, "open": float(opened), "high": float(high)}
        row |= {"low": float(low), "close": float(close)} | {name: values[place] for name, values in more.items()}
        rows.append(row)
    return rows


def order(ts: int, verb: str, quantity: float = 1.0, **more: Any) -> Row:
    """`verb` as "open long"; the other fields by name."""
    action, _, side = verb.partition(" ")
    row: Row = {"ts": ts, "symbol": "X", "side": -1 if side == "short" else 1, "action": action, "type": "market"}
    return row | {"quantity": quantity, "unit": "contracts"} | more


def run(rows: list[Row], orders: list[Row], funding: list[Row] | None = None, end: bool = False, **options: Any) -> Row:
    symbols = options.pop("symbols", {name: {} for name in {row["symbol"] for row in rows}})
    account = SlowAccount({"initial_margin": 1000.0, "lot": "1"} | options, symbols)
    return account.run(sorted(rows, key=lambda row: (row["ts"], row["symbol"])), orders, funding or [], end)


def fills(out: Row, *names: str) -> list[tuple[Any, ...]]:
    """What filled: ts, action, quantity, price, reason, or the columns that are named."""
    names = names or ("ts", "action", "quantity", "price", "reason")
    return [tuple(fill[name] for name in names) for fill in out["fills"]]


def states(out: Row, name: Any) -> list[str]:
    """What became of an order: its states, with their reasons."""
    return [f"{row['state']} {row['reason']}".strip() for row in out["states"] if row["order"] == name]
