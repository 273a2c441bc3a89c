"""Runs backtrader over the orders of outside_orders.py and writes what it did: tests/oracles/backtrader.json.

    pip install backtrader, into an environment of its own; then there  python tests/oracles/make_backtrader.py

A run is {fills: [[id, part, bar, price, signed size]], expired: [[id, bar]], equity: [[bar, without fees, with]]}; part
is entry, stop, take or close of a bracket, trail or order.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import backtrader as bt
from outside_orders import BRACKETS, CASH, FEE, PATHS, PLAIN, TRAILS, WICKS, Row, bars, ends, orders, text

FILE = Path(__file__).with_name("backtrader.json")
EVERY = 20  # bars between two of equity that are written
KINDS = {"market": "Market", "limit": "Limit", "stop": "Stop", "stop_limit": "StopLimit", "trail": "StopTrail"}


def ended(bar: int) -> datetime:
    return datetime.fromtimestamp(ends(bar) / 1e9, UTC).replace(tzinfo=None)


class Feed(bt.feed.DataBase):
    """The bars of a run, each with the time of its end."""

    params = (("rows", ()), ("timeframe", bt.TimeFrame.Minutes), ("compression", 60))

    def start(self) -> None:
        super().start()
        self.at = 0

    def _load(self) -> bool:
        if self.at == len(self.p.rows):
            return False
        self.lines.datetime[0] = bt.date2num(ended(self.at))
        for line, price in zip(("open", "high", "low", "close"), self.p.rows[self.at]):
            getattr(self.lines, line)[0] = price
        self.lines.volume[0] = self.lines.openinterest[0] = 0.0
        self.at += 1
        return True


class Trader(bt.Strategy):
    """Gives the orders at their bars and writes down what becomes of them."""

    params = (("orders", ()), ("out", None))

    def start(self) -> None:
        self.sent: dict[int, list[Any]] = {}

    def send(self, row: Row, **more: Any) -> Any:
        kind, valid = row["type"], row["valid"]
        said = {"size": row["size"], "exectype": getattr(bt.Order, KINDS[kind]), "price": row["price"], **more}
        said["plimit"] = row.get("limit")
        if kind == "trail":
            said |= {"trailamount": row.get("trail"), "trailpercent": row.get("trail_frac")}
        said["valid"] = bt.Order.DAY if valid == "day" else None if valid is None else ended(valid)
        said["oco"] = self.sent[row["oco"]][0] if "oco" in row else None
        way = self.buy if row["side"] > 0 else self.sell
        return way(id=row["id"], **{name: value for name, value in said.items() if value is not None})

    def next(self) -> None:
        now = len(self.data) - 1
        for row in self.p.orders:
            if row["bar"] == now and "cancel" in row:
                self.cancel(self.sent[row["cancel"]][0])
            elif row["bar"] == now and "stop" in row:
                entry = self.send(row, part="entry", transmit=False)
                child = row | {"side": -row["side"], "valid": None}
                stop = child | {"type": "stop", "price": row["stop"]}
                take = child | {"type": "limit", "price": row["take"]}
                first = self.send(stop, part="stop", parent=entry, transmit=False)
                self.sent[row["id"]] = [entry, first, self.send(take, part="take", parent=entry, transmit=True)]
            elif row["bar"] == now:
                self.sent[row["id"]] = [self.send(row, part="order")]
                if "own" in row:
                    self.send(row | {"side": -row["side"], "type": "trail"}, part="trail")
            if row.get("until") == now:
                for order in self.sent[row["id"]]:
                    self.cancel(order)
                if self.position.size:
                    self.close(id=row["id"], part="close")
        self.p.out["equity"].append(self.broker.getvalue())

    def notify_order(self, order: Any) -> None:
        now = len(self.data) - 1
        if order.status == order.Completed:
            done = order.executed
            self.p.out["fills"].append([order.info.id, order.info.part, now, done.price, done.size])
        elif order.status == order.Expired and order.info.part in ("order", "entry"):
            self.p.out["expired"].append([order.info.id, now])
        assert order.status not in (order.Margin, order.Rejected, order.Partial)


def run(name: str, fee: float) -> dict[str, list[Any]]:
    out: dict[str, list[Any]] = {"fills": [], "expired": [], "equity": []}
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(Feed(rows=bars(name)))
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=fee)
    cerebro.addstrategy(Trader, orders=orders(name), out=out)
    cerebro.run()
    return out


def all_runs() -> dict[str, Any]:
    found: dict[str, Any] = {"program": f"backtrader {bt.__version__}"}
    for name in (PLAIN, PATHS, TRAILS, BRACKETS, WICKS):
        free, paid = run(name, 0.0), run(name, FEE)
        assert (free["fills"], free["expired"]) == (paid["fills"], paid["expired"])
        pairs = list(enumerate(zip(free["equity"], paid["equity"])))[::EVERY]
        found[name] = free | {"equity": [[bar, *pair] for bar, pair in pairs]}
    return found


if __name__ == "__main__":
    FILE.write_text(text(all_runs()))
