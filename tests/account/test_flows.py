"""The account against the slow one over random flows of orders, in any cuts of its input, and what must always hold.

HQ_TRIALS=full runs 100,000 flows, HQ_TRIALS=N runs N; HQ_SEED is the first one's seed.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from itertools import zip_longest
from typing import Any

import pytest
from fast_account import run_fast
from flows import CHOICES, LATER, TIFS, TYPES, UNITS, Flow, flow, reached
from slow_account import SlowAccount

from hq_core.futures.blocks import O_ACTION, O_CUT, O_STATUS, O_SYMBOL, O_TYPE, O_WORD, ORDER_WIDTH
from hq_core.saved import Damaged

FULL, FEW = 100_000, 100
TRIALS = FULL if os.environ.get("HQ_TRIALS") == "full" else int(os.environ.get("HQ_TRIALS") or FEW)
FIRST = int(os.environ.get("HQ_SEED") or 0)
NEAR = 1e-9  # of the larger of two figures, and of 1
EDGE = 1e-9  # nearer to an edge than this, in floats a decision may rightly be another one
BROUGHT = ("stop", "take", "trail")
Row = dict[str, Any]
FILL = ("ts", "fill_time", "symbol", "order", "action", "price", "quantity", "fee", "realised", "liquidity", "reason")
EQUITY = ("ts", "equity", "wallet", "unrealised", "realised", "fees", "funding", "insurance", "margin_used")


def near(one: Any, other: Any) -> bool:
    if isinstance(one, (int, str, type(None))) and isinstance(other, (int, str, type(None))):
        return one == other
    return abs(float(one) - float(other)) <= NEAR * max(1.0, abs(float(one)), abs(float(other)))


def alike(name: str, slow: list[tuple[Any, ...]], fast: list[tuple[Any, ...]]) -> None:
    for place, (one, other) in enumerate(zip_longest(slow, fast)):
        assert one is not None, (name, place, one, other)
        assert other is not None, (name, place, one, other)
        assert all(map(near, one, other)), (name, place, one, other)


def states_of(states: list[Row], changes: set[int]) -> list[tuple[Any, ...]]:
    """Where orders stand.  The reason of what has filled or works is told by its fills; the slow account says nothing
    of cancels that find nothing, and nothing once it is bankrupt."""
    found = []
    for row in states:
        if (row["state"], row["reason"]) == ("rejected", "bankrupt"):
            continue
        reason = row["reason"] if row["state"] in ("cancelled", "expired", "rejected") else ""
        if reason != "no such order" or row["order"] not in changes:
            found.append((row["ts"], row["order"], row["state"], reason, row["filled"]))
    return sorted(found, key=lambda row: row[:4])


def compare(given: Flow, slow: Row, fast: Row) -> None:
    slow_fills = [{**row, "order": row["order"] or 0} for row in slow["fills"]]
    alike("fill", *([tuple(row[name] for name in FILL) for row in rows] for rows in (slow_fills, fast["fills"])))
    cancels = {order["order"] for order in given.orders if order["action"] == "cancel"}
    alike("state", states_of(slow["states"], cancels), states_of(fast["states"], cancels))
    alike("equity", *([tuple(row[name] for name in EQUITY) for row in out["equity"]] for out in (slow, fast)))
    assert slow["bankrupt"] == fast["bankrupt"]
    alike(
        "payment",
        [
            (row["ts"], row["symbol"], row["side"] * row["quantity"], row["rate"], row["amount"])
            for row in slow["payments"]
        ],
        [(row["ts"], row["symbol"], row["quantity"], row["rate"], row["amount"]) for row in fast["payments"]],
    )
    names = ("ts", "symbol", "side", "price", "quantity", "insurance")
    alike("liquidation", *([tuple(row[name] for name in names) for row in out["liquidations"]] for out in (slow, fast)))


def what_must_hold(given: Flow, out: Row) -> None:
    """Of the account alone: the money, the prices and the quantities of what it did."""
    turnover = given.options["initial_margin"] + sum(abs(fill["price"] * fill["quantity"]) for fill in out["fills"])
    for row in out["equity"]:
        money = given.options["initial_margin"] + row["realised"] - row["fees"] + row["funding"] + row["insurance"]
        assert abs(money - row["wallet"]) <= NEAR * turnover
        assert abs(row["wallet"] + row["unrealised"] - row["equity"]) <= NEAR * turnover
    bars = {(bar["ts"], bar["symbol"]): bar for bar in given.bars}
    one_way = given.options["position_mode"] == "one-way"
    held: Counter[tuple[str, int]] = Counter()
    lot = float(given.options["lot"])
    orders = {order["order"]: order for order in given.orders}
    for fill in out["fills"]:
        bar = bars.get((fill["ts"], fill["symbol"]))
        quoted = given.options["spread"] == "quotes" and fill["liquidity"] == "taker"  # who may leave the bar
        assert bar is None or quoted or bar["low"] <= fill["price"] <= bar["high"]
        assert bar is not None or fill["reason"] in ("liquidation", "end of input")
        lots = round(fill["quantity"] / lot)
        assert lots > 0
        assert abs(lots * lot - fill["quantity"]) <= 1e-12 * fill["quantity"]
        key = fill["symbol"], fill["side"]
        held[key] += lots if fill["action"].startswith("open") else -lots
        assert held[key] >= 0
        assert abs(held[key] * lot - fill["position"]) <= 1e-12 * held[key]
        assert not (one_way and held[fill["symbol"], 1] and held[fill["symbol"], -1])
        order = orders.get(fill["order"])
        if order is None or order["action"] == "replace":
            continue
        if order["action"] == "close" or order.get("reduce_only"):
            assert fill["action"].startswith("close")
        opens = order["action"] == "open" and not order.get("reduce_only")
        own = not opens or fill["action"].startswith("open") or fill["reason"] == "flip"
        trigger = order.get("trigger") if own and order["type"] == "stop" else None
        if not own and fill["reason"] == "stop":
            trigger = order["stop"]
        if trigger is not None and given.options["volume_share"] is None and given.options["spread"] == "bps":
            buys = fill["action"] in ("open_long", "close_short")
            assert fill["price"] >= trigger if buys else fill["price"] <= trigger
    of_a_group_one_fills(given, out)


def of_a_group_one_fills(given: Flow, out: Row) -> None:
    """Once one has filled, nothing of its group that was sent before; of what one fill brought along, one."""
    orders = {order["order"]: order for order in given.orders}
    filled: dict[int, list[Row]] = {}
    brought: Counter[tuple[int, str]] = Counter()
    entries: Counter[int] = Counter()
    for fill in out["fills"]:
        order = orders.get(fill["order"])
        if order is None or order["action"] == "replace":
            continue
        opens = order["action"] in ("open", "target") and not order.get("reduce_only")
        own = not opens or fill["action"].startswith("open") or fill["reason"] in ("flip", "target")
        if own:
            entries[order["order"]] += fill["action"].startswith("open")
        else:
            brought[order["order"], fill["reason"]] += 1
        if own and order.get("group") is not None:
            before = filled.setdefault(order["group"], [])
            assert all(other["order"] == order["order"] or order["ts"] >= other["at"] for other in before)
            before.append({"order": order["order"], "at": fill["ts"]})
    for name in {name for name, _ in brought}:
        assert entries[name] != 1 or sum((name, word) in brought for word in BROUGHT) <= 1


def test_flows() -> None:
    """Fast and slow agree, what must hold does, and between them the flows reach everything."""
    counts, came, left_out = Counter[str](), Counter[str](), 0
    for seed in range(FIRST, FIRST + TRIALS):
        given = flow(seed)
        slow = SlowAccount(given.options, given.symbols).run(
            given.bars, given.orders, given.funding, given.close_at_end, given.quotes
        )
        fast = run_fast(given)
        try:
            what_must_hold(given, fast)
            if slow["closest"] < EDGE:
                left_out += 1
                continue
            compare(given, slow, fast)
        except AssertionError as error:
            raise AssertionError(f"flow {seed}") from error
        counts += given.counts
        came += reached(fast) + Counter(state["state"] for state in fast["states"])
    assert left_out <= 0.03 * TRIALS + 3
    if TRIALS >= FEW:
        assert not wanted() - set(counts) - set(came)


def wanted() -> set[str]:
    found = {f"{name} {value}" for name, values in (CHOICES | LATER).items() for value in values}
    found |= {f"type {name}" for name in TYPES} | {f"unit {name}" for name in UNITS} | {f"tif {name}" for name in TIFS}
    found |= {f"action {name}" for name in ("open", "close", "target", "cancel", "replace")}
    found |= {f"symbols {count}" for count in (1, 2, 3)} | {"cancel ref", "cancel all", "reduce_only", "post_only"}
    found |= {f"with {name}" for name in ("stop", "take", "trail", "trail_frac", "group")}
    found |= {"funding at", "funding inside", "funding between", "funding with a mark", "flat bar", "mark columns"}
    fills = ("signal", "cut by margin", "cut by bracket", "cut to position", "flip", "liquidation", "end of input")
    fills += (*BROUGHT, "limit", "stop_limit", "target", "maker", "taker")
    fills += ("open_long", "close_long", "open_short", "close_short")
    refused = ("size", "notional", "margin", "bracket", "pyramid", "conflict", "flat", "post_only", "not in this mode")
    ended = ("group", "replaced", "liquidation", "bankrupt", "tif", "flat", "cancel", "end of input")
    found |= {f"fill {word}" for word in fills} | {f"rejected {word}" for word in (*refused, "no such order")}
    found |= {f"cancelled {word}" for word in ended} | {"expired expire", "filled", "partly", "accepted"}
    return found | {"payments", "liquidations", "steps of a liquidation", "insurance"}


def cuts_of(given: Flow, rng: random.Random) -> tuple[int, ...]:
    """Rows before which a call ends: anywhere, of several symbols between two ts."""
    several = len(given.symbols) > 1
    may = [i for i in range(1, len(given.bars)) if not several or given.bars[i]["ts"] != given.bars[i - 1]["ts"]]
    return tuple(sorted(rng.sample(may, min(len(may), rng.choice([1, 2, 5, len(may)])))))


def bits(out: Row) -> list[str]:
    """All that happened, to the bit."""
    rows = [
        f"{name} {row!r}"
        for name in ("fills", "states", "liquidations", "payments", "positions", "equity")
        for row in out[name]
    ]
    return [*rows, repr(list(out["account"].tally))]


@pytest.mark.parametrize("again", [False, True], ids=["cut", "saved and taken up"])
def test_any_cut_gives_the_same_bits(again: bool) -> None:
    for seed in range(FIRST, FIRST + max(TRIALS // 2, 1)):
        given, rng = flow(seed), random.Random(seed)
        assert bits(run_fast(given)) == bits(run_fast(given, cuts_of(given, rng), again)), seed


@pytest.fixture(scope="module")
def working() -> Any:
    """An account with orders that rest."""
    for seed in range(100):
        account = run_fast(flow(seed))["account"]
        if account.state.resting > 3:
            return account
    raise AssertionError


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (O_SYMBOL, 7.0),
        (O_SYMBOL, -1.0),
        (O_STATUS, 5.0),
        (O_STATUS, 1.5),
        (O_ACTION, 99.0),
        (O_TYPE, float("nan")),
        (O_WORD, 1000.0),
        (O_CUT, -3.0),
    ],
)
def test_a_damaged_order_is_not_taken_up(working: Any, place: int, value: float) -> None:
    saved = working.save()
    orders = bytearray(saved[3])
    memoryview(orders).cast("d")[ORDER_WIDTH + place] = value
    saved[3] = bytes(orders)
    with pytest.raises(Damaged):
        working.load(saved)


@pytest.mark.parametrize(("part", "cut"), [(2, 8), (3, 8), (3, 8 * ORDER_WIDTH), (4, 8)])
def test_a_state_of_another_length_is_not_taken_up(working: Any, part: int, cut: int) -> None:
    saved = working.save()
    saved[part] = saved[part][:-cut]
    with pytest.raises(Damaged):
        working.load(saved)
