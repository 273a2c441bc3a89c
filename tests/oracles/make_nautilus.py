"""Runs nautilus_trader over the orders of outside_orders.py and writes its fills: tests/oracles/nautilus.json.

    pip install nautilus_trader, into an environment of its own; then there  python tests/oracles/make_nautilus.py

It is given no bars but trades, one a whole price of the way that path ohlc goes through each bar, so that it decides
nothing about the inside of a bar and meets every price.  Orders are given at the first trade of the bar in which they
begin.  A run is {fills: [[id, part, bar, price, signed size]], expired: [[id, bar]]}.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import nautilus_trader
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    ContingencyType,
    OmsType,
    OrderSide,
    OrderType,
    TimeInForce,
)
from nautilus_trader.model.identifiers import ClientOrderId, OrderListId, TradeId, Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.model.orders import LimitOrder, OrderList, StopMarketOrder
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy
from outside_orders import BRACKETS, CASH, HOUR, PATHS, PLAIN, WICKED, Row, bars, ends, orders, steps, text

FILE = Path(__file__).with_name("nautilus.json")
PERP = TestInstrumentProvider.btcusdt_perp_binance()
SIZE = PERP.make_qty(1000)


def trades(name: str) -> list[TradeTick]:
    found = []
    for bar, row in enumerate(bars(name)):
        way = steps(row)
        for place, price in enumerate(way):
            ts = ends(bar) - HOUR + place * HOUR // len(way)
            number = TradeId(str(len(found)))
            found.append(TradeTick(PERP.id, PERP.make_price(price), SIZE, AggressorSide.NO_AGGRESSOR, number, ts, ts))
    return found


class Trader(Strategy):
    """Gives the orders of a bar at the first trade of the next one and writes down what becomes of them."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.given = orders(name)
        self.bar = -1
        self.fills: list[list[Any]] = []
        self.expired: list[list[int]] = []
        self.whose: dict[Any, tuple[int, str]] = {}
        self.sent: dict[int, list[Any]] = {}

    def on_start(self) -> None:
        self.subscribe_trade_ticks(PERP.id)

    def on_trade_tick(self, tick: TradeTick) -> None:
        bar = (tick.ts_event - ends(-1)) // HOUR
        if bar == self.bar:
            return
        self.bar = bar
        for row in self.given:
            if row["bar"] == bar - 1:
                self.give(row)
            if row.get("until") == bar - 1:
                for order in self.sent[row["id"]]:
                    if not order.is_closed:
                        self.cancel_order(order)
                for position in self.cache.positions_open():
                    side = OrderSide.SELL if position.is_long else OrderSide.BUY
                    order = self.order_factory.market(PERP.id, side, position.quantity, reduce_only=True)
                    self.whose[order.client_order_id] = row["id"], "close"
                    self.submit_order(order)

    def give(self, row: Row) -> None:
        if "cancel" in row:
            order = self.sent[row["cancel"]][0]
            if not order.is_closed:
                self.cancel_order(order)
            return None
        if any(row["id"] == other.get("oco") for other in self.given):
            return self.pair(row, next(other for other in self.given if other.get("oco") == row["id"]))
        if "oco" in row or row["valid"] == "day":  # there are no days here
            return None
        side = OrderSide.BUY if row["side"] > 0 else OrderSide.SELL
        said = {"instrument_id": PERP.id, "order_side": side, "quantity": PERP.make_qty(row["size"])}
        if "stop" in row:
            return self.bracket(row, said)
        make, price = self.order_factory, None if row["price"] is None else PERP.make_price(row["price"])
        limited = (
            {"time_in_force": TimeInForce.GTD, "expire_time": at(row["valid"])} if row["valid"] is not None else {}
        )
        if row["type"] == "limit":
            order = make.limit(**said, price=price, **limited)
        elif row["type"] == "stop":
            order = make.stop_market(**said, trigger_price=price, **limited)
        elif row["type"] == "stop_limit":
            order = make.stop_limit(**said, trigger_price=price, price=PERP.make_price(row["limit"]))
        else:
            order = make.market(**said)
        self.send(row, "order", order)
        if "own" in row:
            said["order_side"] = OrderSide.SELL if row["side"] > 0 else OrderSide.BUY
            self.send(row, "trail", make.trailing_stop_market(**said, trailing_offset=Decimal(int(row["trail"]))))
        return None

    def send(self, row: Row, part: str, order: Any) -> None:
        self.whose[order.client_order_id] = row["id"], part
        self.sent.setdefault(row["id"], []).append(order)
        self.submit_order(order)

    def bracket(self, row: Row, said: Row) -> None:
        limited = {}
        if row["type"] == "limit":
            limited = {"entry_order_type": OrderType.LIMIT, "entry_price": PERP.make_price(row["price"])}
            limited |= {"time_in_force": TimeInForce.GTD, "expire_time": at(row["valid"])}
        made = self.order_factory.bracket(
            **said, **limited, sl_trigger_price=PERP.make_price(row["stop"]), tp_price=PERP.make_price(row["take"]),
            tp_post_only=False,
        )  # fmt: skip
        for order, part in zip(made.orders, ("entry", "stop", "take")):
            self.whose[order.client_order_id] = row["id"], part
            self.sent.setdefault(row["id"], []).append(order)
        self.submit_order_list(made)

    def pair(self, limit: Row, stop: Row) -> None:
        ids = [ClientOrderId(f"pair-{row['id']}") for row in (limit, stop)]
        both = OrderListId(f"pair-{limit['id']}")
        made = []
        for row, kind, key in ((limit, LimitOrder, "price"), (stop, StopMarketOrder, "trigger_price")):
            mine = ids[len(made)]
            self.whose[mine] = row["id"], "order"
            made.append(kind(
                trader_id=self.trader_id, strategy_id=self.id, instrument_id=PERP.id, client_order_id=mine,
                order_side=OrderSide.BUY if row["side"] > 0 else OrderSide.SELL, quantity=PERP.make_qty(row["size"]),
                init_id=UUID4(), ts_init=self.clock.timestamp_ns(), contingency_type=ContingencyType.OCO,
                order_list_id=both, linked_order_ids=[one for one in ids if one != mine],
                **{key: PERP.make_price(row["price"])}, **({"trigger_type": 1} if key != "price" else {}),
            ))  # fmt: skip
        self.submit_order_list(OrderList(both, made))

    def on_order_filled(self, event: Any) -> None:
        number, part = self.whose[event.client_order_id]
        bar = (event.ts_event - ends(-1)) // HOUR
        sign = 1 if event.order_side == OrderSide.BUY else -1
        self.fills.append([number, part, bar, float(event.last_px), sign * float(event.last_qty)])

    def on_order_expired(self, event: Any) -> None:
        number, part = self.whose[event.client_order_id]
        if part in ("order", "entry"):
            self.expired.append([number, (event.ts_event - ends(-1)) // HOUR])

    def on_order_rejected(self, event: Any) -> None:
        assert "already closed" in event.reason, event  # of what an entry brings along, where the other filled at once

    def on_order_denied(self, event: Any) -> None:
        raise AssertionError(event)


def at(bar: int) -> Any:
    import pandas

    return pandas.Timestamp(ends(bar), tz="UTC")


def run(name: str) -> dict[str, list[Any]]:
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("BINANCE"), oms_type=OmsType.NETTING, account_type=AccountType.MARGIN, base_currency=None,
        starting_balances=[Money(CASH, USDT)], reject_stop_orders=False,
        trade_execution=True, frozen_account=True,
    )  # fmt: skip
    engine.add_instrument(PERP)
    engine.add_data(trades(name))
    trader = Trader(name)
    engine.add_strategy(trader)
    engine.run()
    assert trader.bar == len(bars(name)) - 1
    found = {"fills": trader.fills, "expired": trader.expired}
    engine.dispose()
    return found


def all_runs() -> dict[str, Any]:
    return {"program": f"nautilus_trader {nautilus_trader.__version__}"} | {
        name: run(name) for name in (PLAIN, PATHS, BRACKETS, WICKED)
    }


if __name__ == "__main__":
    FILE.write_text(text(all_runs()))
