"""The orders of outside_orders.py through hq's account."""

from __future__ import annotations

from typing import Any

from outside_orders import BRACKETS, CASH, HOUR, Row, bars, ends, orders

from hq_core import Backtest

Fill = tuple[str, int, float, float]  # part, bar, price, signed size


def by_order(fills: list[list[Any]]) -> dict[int, list[Fill]]:
    """Fills as a file of another program has them, by the order's id."""
    found: dict[int, list[Fill]] = {}
    for number, *fill in fills:
        found.setdefault(number, []).append(tuple(fill))
    return found


def said(row: Row) -> Row:
    """The keywords of Backtest.order."""
    more: Row = {"side": "long" if row["side"] > 0 else "short", "type": row["type"], "quantity": row["size"]}
    names = {"limit": "limit", "stop": "trigger", "stop_limit": "trigger"}
    if row["price"] is not None:
        more[names[row["type"]]] = row["price"]
    if row["valid"] is not None:
        more |= {"tif": "day"} if row["valid"] == "day" else {"tif": "gtd", "expire": ends(row["valid"])}
    if not row.get("own"):
        more |= {name: row[name] for name in ("trail", "trail_frac") if name in row}
    return more | {name: row[name] for name in ("limit", "stop", "take") if name in row}


class Run:
    """The orders of a run through hq: fills and expiries by the order's id, and the equity of every bar."""

    def __init__(self, name: str, fee: float = 0.0, path: str = "ohlc") -> None:
        self.account = Backtest(
            initial_margin=CASH, leverage=1, margin="cross", taker_fee=fee, maker_fee=fee, lot="1", pyramid=1_000_000,
            position_mode="one-way" if name == BRACKETS else "hedge", path=path,
        )  # fmt: skip
        self.ids: dict[int, int] = {}
        self.whose: dict[int, tuple[int, str]] = {}
        self.equity: list[float] = []
        waiting: dict[int, list[Row]] = {}
        given = orders(name)
        for row in given:
            waiting.setdefault(row["bar"], []).append(row)
            if "until" in row:
                waiting.setdefault(row["until"], []).append({"close": row["id"], "side": row["side"]})
        self.grouped = {row["oco"] for row in given if "oco" in row}
        for bar, prices in enumerate(bars(name)):
            first, high, low, close = prices
            self.account.mark(ends(bar), high, low, close, first, open_time=ends(bar) - HOUR)
            self.equity.append(self.account.equity)
            for row in waiting.get(bar, ()):
                self.give(row)
        fills, states = self.account.fills(), self.account.orders()
        self.fills: dict[int, list[Fill]] = {}
        for order, ts, price, size, action, side, reason in zip(
            *(fills[name] for name in ("order", "ts", "price", "quantity", "action", "side", "reason"))
        ):
            number, part = self.whose[order]
            if action.startswith("close"):
                part, size = {"signal": "close"}.get(reason, reason), -size
            self.fills.setdefault(number, []).append((part, self.bar(ts), price, side * size))
        self.expired = {
            self.whose[order][0]: self.bar(ts)
            for order, ts, state in zip(states["order"], states["ts"], states["state"])
            if state == "expired"
        }

    @staticmethod
    def bar(ts: int) -> int:
        return (ts - ends(0)) // HOUR

    def give(self, row: Row) -> None:
        side = "long" if row.get("side", 1) > 0 else "short"
        if "cancel" in row:
            self.account.cancel(self.ids[row["cancel"]])
        elif "close" in row:
            self.whose[self.account.order(side=side, action="close")] = row["close"], "close"
        else:
            group = row.get("oco") or (row["id"] if row["id"] in self.grouped else None)
            mine = self.ids[row["id"]] = self.account.order(**said(row), group=group)
            self.whose[mine] = row["id"], "entry" if "stop" in row else "order"
            if row.get("own"):
                far = {name: row[name] for name in ("trail", "trail_frac") if name in row}
                trail = self.account.order(side=side, action="close", type="trail", quantity=row["size"], **far)
                self.whose[trail] = row["id"], "trail"
