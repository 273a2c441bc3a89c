"""The slow account, deciding at each bar of each symbol by what it knows of it: for strategies inside an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from slow_account import SlowAccount
from slow_account_orders import order_of

Row = dict[str, Any]
Decide = Callable[[Row, Row], Iterable[Row]]


class Thinking(SlowAccount):
    """`decide(row, known)` gives orders: at each row of a ts, by the symbols' texts, once the account has done it."""

    def think(self, rows: list[Row], decide: Decide) -> Row:
        self.rows = {(one["ts"], one["symbol"]): one for one in rows}
        self.decide, self.given, self.fills_before = decide, 0, 0
        self.memories: dict[str, Row] = {one["symbol"]: {"bars": 0, "top": None, "bottom": None} for one in rows}
        return self.run(rows, [])

    def take_up(self, until: int) -> None:
        fills = self.out["fills"][self.fills_before :]
        self.fills_before = len(self.out["fills"])
        orders = []
        for symbol in sorted(self.bars):
            row = self.rows[until, symbol]
            self.remember(row, [one for one in fills if one["symbol"] == symbol])
            key = next((key for key in self.ledger.sides() if key[0] == symbol), None)
            known = {
                "position": key[1] * self.ledger.quantity(*key) if key else Fraction(0),
                "entry": self.ledger.held[key].entry if key else None,
                "profit": self.ledger.gain(key, self.ledger.marks[symbol]) if key else Fraction(0),
                "equity": self.ledger.equity(),
                **self.memories[symbol],
            }
            for said in self.decide(row, known):
                self.given += 1
                base = {"ts": until, "symbol": symbol, "order": self.given, "unit": "contracts"}
                orders.append(order_of(base | said, self.given, self.hedge))
        self.waiting += self.admit(orders)

    def remember(self, row: Row, fills: list[Row]) -> None:
        """Highest and lowest since the entry, and bars: from the fills of this bar."""
        memory = self.memories[row["symbol"]]
        opened = next((one for one in reversed(fills) if one["action"].startswith("open") and was_flat(one)), None)
        if not any(key[0] == row["symbol"] for key in self.ledger.sides()):
            memory |= {"bars": 0, "top": None, "bottom": None}
            return
        high, low = Fraction(row["high"]), Fraction(row["low"])
        if opened is not None:
            if opened["fill_time"] != row["open_time"]:  # inside the bar: only the close is known to come after
                high = low = Fraction(row["close"])
            memory |= {"bars": 0, "top": opened["price"], "bottom": opened["price"]}
        memory["bars"] += 1
        memory |= {"top": max(memory["top"], high), "bottom": min(memory["bottom"], low)}


def was_flat(fill: Row) -> bool:
    return bool(abs(fill["position"]) == fill["quantity"])


def open_(side: int, contracts: Any, **more: Any) -> Row:
    return {"action": "open", "side": side, "quantity": contracts, **more}


def close_(side: int) -> Row:
    return {"action": "close", "side": side, "quantity": float("inf")}
