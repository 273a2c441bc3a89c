"""What must hold of every flow of orders, of the slow account over random ones; and that the flows reach everything."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from flows import CHOICES, TIFS, TYPES, UNITS, Flow, flow, reached
from slow_account import SlowAccount

SEEDS = range(160)
BROUGHT = ("stop", "take", "trail")
Row = dict[str, Any]


@cache
def ran(seed: int) -> tuple[Flow, Row]:
    given = flow(seed)
    account = SlowAccount(given.options, given.symbols)
    return given, account.run(given.bars, given.orders, given.funding, given.close_at_end, given.quotes)


def orders_as_they_became(given: Flow) -> dict[Any, Row]:
    """By id; a replacing order is the one it replaced with what it names, whether it came to that or not."""
    found: dict[Any, Row] = {}
    for order in given.orders:
        if order["action"] == "replace":
            old = found.get(order["ref"])
            if old is not None:
                named = {key: value for key, value in order.items() if value is not None and key != "action"}
                found[order["order"]] = {**old, **named, "ts": old["ts"]}
        elif order["action"] != "cancel":
            found[order["order"]] = order
    return found


def own(order: Row, fill: Row) -> bool:
    """Whether a fill is the order's own, not of a stop, take or trail that it brought along."""
    return not brings(order) or fill["action"].startswith("open") or fill["reason"] in ("flip", "target")


def brings(order: Row) -> bool:
    """Whether an order may bring a stop, take or trail along."""
    return order["action"] == "target" or (order["action"] == "open" and not order.get("reduce_only"))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ledger_is_exact_in_every_row(seed: int) -> None:
    given, out = ran(seed)
    start = SlowAccount(given.options, given.symbols).ledger.start
    for row in out["equity"]:
        assert start + row["realised"] - row["fees"] + row["funding"] + row["insurance"] == row["wallet"]
        assert row["wallet"] + row["unrealised"] == row["equity"]
    last = out["equity"][-1]
    for name in ("realised", "fee"):
        assert sum(fill[name] for fill in out["fills"]) == last["fees" if name == "fee" else name]
    assert sum(row["amount"] for row in out["payments"]) == last["funding"]


@pytest.mark.parametrize("seed", SEEDS)
def test_fills_lie_within_their_bar_and_sum_up_to_positions(seed: int) -> None:
    given, out = ran(seed)
    bars = {(bar["ts"], bar["symbol"]): bar for bar in given.bars}
    held: Counter[tuple[str, int]] = Counter()
    for fill in out["fills"]:
        bar = bars.get((fill["ts"], fill["symbol"]))
        if bar is None:  # closed with the account, or at the end, by what another symbol did
            assert fill["reason"] in ("liquidation", "end of input")
        else:
            quoted = given.options["spread"] == "quotes" and fill["liquidity"] == "taker"  # who may leave the bar
            assert quoted or bar["low"] <= fill["price"] <= bar["high"]
        key = fill["symbol"], fill["side"]
        assert fill["quantity"] > 0
        held[key] += fill["quantity"] if fill["action"].startswith("open") else -fill["quantity"]
        assert held[key] >= 0
        assert held[key] * fill["side"] == fill["position"]
        if given.options["position_mode"] == "one-way":
            assert not (held[fill["symbol"], 1] and held[fill["symbol"], -1])


@pytest.mark.parametrize("seed", SEEDS)
def test_of_a_group_one_fills(seed: int) -> None:
    given, out = ran(seed)
    orders = orders_as_they_became(given)
    first: dict[str, list[Row]] = {}
    for fill in out["fills"]:
        order = orders.get(fill["order"])
        if order is None or order.get("group") is None or not own(order, fill):
            continue
        earlier = first.setdefault(order["group"], [])
        assert not [other for other in earlier if other["order"] != fill["order"] and order["ts"] < other["ts"]]
        earlier.append(fill)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_entry_brings_along_closes_at_most_the_entry(seed: int) -> None:
    given, out = ran(seed)
    orders = orders_as_they_became(given)
    sums: dict[Any, Counter[str]] = {}
    entries: Counter[Any] = Counter()
    for fill in out["fills"]:
        order = orders.get(fill["order"])
        opens = fill["action"].startswith("open")
        if order is not None and brings(order) and (opens or not own(order, fill)):
            entries[fill["order"]] += opens
            sums.setdefault(fill["order"], Counter())["open" if opens else fill["reason"]] += fill["quantity"]
    for name, parts in sums.items():
        opened = parts.pop("open", 0)
        assert sum(parts.values()) <= opened
        if entries[name] == 1:
            assert len(set(parts) & set(BROUGHT)) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_what_closes_never_opens(seed: int) -> None:
    given, out = ran(seed)
    orders = orders_as_they_became(given)
    for fill in out["fills"]:
        order = orders.get(fill["order"])
        if order is not None and (order["action"] == "close" or order.get("reduce_only")):
            assert fill["action"].startswith("close")


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_keep_what_their_order_says(seed: int) -> None:
    """A stop is never better than its trigger, a limit never worse than its limit."""
    given, out = ran(seed)
    orders = orders_as_they_became(given)
    for fill in out["fills"]:
        order = orders.get(fill["order"])
        if order is None:
            continue
        better = 1 if fill["action"] in ("open_long", "close_short") else -1  # buys: lower is better
        if order["type"] in ("limit", "stop_limit") and (own(order, fill)):
            assert (fill["price"] - order["limit"]) * better <= 0
        if given.options["volume_share"] is not None or given.options["spread"] == "quotes":
            continue  # what a stop has set off goes on at the next open, wherever that is
        trigger = order.get("trigger") if own(order, fill) and order["type"] in ("stop", "stop_limit") else None
        if not own(order, fill) and fill["reason"] == "stop":
            trigger = order["stop"]
        if trigger is not None and (order["type"] != "stop_limit" or fill["liquidity"] == "taker"):
            assert (fill["price"] - trigger) * better >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_states_tell_what_filled(seed: int) -> None:
    given, out = ran(seed)
    orders = orders_as_they_became(given)
    sums: Counter[Any] = Counter()
    for fill in out["fills"]:
        order = orders.get(fill["order"])
        if order is not None and own(order, fill) and fill["reason"] != "flip":
            sums[fill["order"]] += fill["quantity"]
    brought = {name for name, order in orders.items() if brings(order)}
    ended: Counter[Any] = Counter()
    for state in out["states"]:
        name = state["order"]
        ended[name] += state["state"] in ("filled", "cancelled", "expired", "rejected")
        if name in brought and any(orders[name].get(kind) is not None for kind in (*BROUGHT, "trail_frac")):
            continue  # the rows of the children bear the same id
        assert ended[name] <= 1
        assert state["filled"] <= sums[name]
        if state["state"] == "filled":
            assert state["filled"] == sums[name]
            assert state["remaining"] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_open_nothing_owed(seed: int) -> None:
    given, out = ran(seed)
    for row in out["equity"]:
        if not row["margin_used"]:
            assert row["wallet"] >= 0 or given.options["margin"] == "isolated"


def test_the_flows_reach_everything() -> None:
    counts, came = Counter[str](), Counter[str]()
    for seed in SEEDS:
        given, out = ran(seed)
        counts += given.counts
        came += reached(out)
    wanted = {f"{name} {value}" for name, values in CHOICES.items() for value in values}
    wanted |= {f"type {name}" for name in TYPES} | {f"unit {name}" for name in UNITS} | {f"tif {name}" for name in TIFS}
    wanted |= {f"action {name}" for name in ("open", "close", "target", "cancel", "replace")}
    wanted |= {f"symbols {count}" for count in (1, 2, 3)} | {"cancel ref", "cancel all", "reduce_only", "post_only"}
    wanted |= {f"with {name}" for name in ("stop", "take", "trail", "trail_frac", "group")}
    wanted |= {"funding at", "funding inside", "funding between", "funding with a mark", "flat bar", "mark columns"}
    assert not wanted - set(counts)
    fills = ("signal", "cut by margin", "cut by bracket", "cut to position", "flip", "liquidation", "end of input")
    fills += (*BROUGHT, "limit", "target", "maker", "taker", "open_long", "close_long", "open_short", "close_short")
    refused = ("size", "notional", "margin", "bracket", "pyramid", "conflict", "flat", "post_only", "not in this mode")
    ended = ("group", "replaced", "liquidation", "bankrupt", "tif", "flat", "cancel", "end of input")
    wanted = {f"fill {word}" for word in fills} | {f"rejected {word}" for word in refused}
    wanted |= {f"cancelled {word}" for word in ended} | {"expired expire", "accepted", "filled", "partly"}
    wanted |= {"payments", "liquidations", "insurance", "bankrupt", "rejected no such order"}
    assert not wanted - set(came)
