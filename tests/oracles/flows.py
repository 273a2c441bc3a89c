"""Seeded random flows of orders over random bars, for an account and its slow form.

Prices walk on a small grid, so that touches, ties, gaps, flat bars, jumps over stops and liquidations are frequent.
`flow(seed)` makes one; `counts` says which constructs it has, and `reached` which of them came to something in a run.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
STEP = 1000  # nanoseconds from bar to bar
DAY = 86_400_000_000_000
BRACKETS = [(0.0, 500.0, 0.02, 0.0), (500.0, 2000.0, 0.05, 15.0), (2000.0, 50_000.0, 0.1, 115.0)]
TYPES = ("market", "limit", "stop", "stop_limit", "take", "trail")
UNITS = ("contracts", "base", "quote", "equity_frac", "risk_frac", "inf")
TIFS = ("gtc", "ioc", "fok", "day", "gtd")


@dataclass
class Flow:
    """What an account is given: options and symbols as SlowAccount takes them, and three sorted lists of rows."""

    seed: int
    options: Row
    symbols: dict[str, Row]
    bars: list[Row]
    orders: list[Row]
    funding: list[Row]
    close_at_end: bool
    quotes: list[Row] = field(default_factory=list)  # with `spread` quotes, of each symbol the first before its bars

    @property
    def counts(self) -> Counter[str]:
        """How often each construct stands in the flow."""
        drawn = [name for name in (*CHOICES, *LATER) if name in self.options]
        found: Counter[str] = Counter({f"{name} {self.options[name]}": 1 for name in drawn})
        found[f"symbols {len(self.symbols)}"] += 1
        for order in self.orders:
            found["action " + order["action"]] += 1
            if order["action"] in ("cancel", "replace"):
                found[f"{order['action']} {'ref' if order.get('ref') is not None else 'all'}"] += 1
                continue
            found["type " + order["type"]] += 1
            found["unit " + ("inf" if order["quantity"] in (float("inf"), -float("inf")) else order["unit"])] += 1
            found["tif " + order["tif"]] += 1
            for name in ("reduce_only", "post_only"):
                found[name] += bool(order.get(name))
            for name in ("stop", "take", "trail", "trail_frac", "group"):
                if order.get(name) is not None:
                    found["with " + name] += 1
        times = {(bar["symbol"], bar["ts"]) for bar in self.bars}
        for row in self.funding:
            inside = any(
                bar.get("open_time") is not None and bar["open_time"] < row["ts"] < bar["ts"]
                for bar in self.bars
                if bar["symbol"] == row["symbol"]
            )
            found[
                "funding " + ("at" if (row["symbol"], row["ts"]) in times else "inside" if inside else "between")
            ] += 1
            found["funding with a mark"] += row.get("mark_price") is not None
        for bar in self.bars:
            found["flat bar"] += bar["high"] == bar["low"]
            found["mark columns"] += bar.get("mark_low") is not None
        return found


CHOICES: dict[str, list[Any]] = {
    "leverage": [1.0, 3.0, 10.0, 25.0],
    "taker_fee": [0.0, 0.0005],
    "maker_fee": [0.0, 0.0002, -0.0001],
    "liquidation_fee": [0.0, 0.01],
    "contract_size": [1.0, 0.1],
    "lot": ["1", "0.1", "0.001"],
    "position_mode": ["one-way", "hedge"],
    "margin": ["isolated", "cross"],
    "fill": ["next-open", "close"],
    "pyramid": [0, 1, 3],
    "size": ["100%", "all", "30%", "2"],
    "size_unit": ["contracts", "base", "quote"],
    "cash_policy": ["cut", "reject"],
    "path": ["pessimistic", "optimistic", "ohlc"],
    "latency": [0, 0, 0, STEP // 2, 2 * STEP],
    "latency_bars": [0, 0, 0, 1],
    "volume_share": [None, None, 0.1234567, 0.4567891],
    "slippage_bps": [0.0, 10.0],
    "spread_bps": [0.0, 4.0],
    "impact": ["none", "linear", "sqrt"],
    "impact_coefficient": [0.01],
    "min_notional": [0.0, 0.0, 19.37],
}
LATER: dict[str, list[Any]] = {  # drawn apart, so that a seed's flow stays what it was before they came
    "liquidation": ["whole", "tiers"],
    "spread": ["bps", "bps", "quotes"],
}


def walk(rng: random.Random, symbol: str, count: int, marks: bool, holes: bool, start: int) -> list[Row]:
    """Bars on a grid of whole prices near 100; now and then a gap, a jump or a bar without a move."""
    bars = []
    price = float(rng.randint(90, 110))
    spread = rng.choice([1, 3, 8])
    for place in range(count):
        if holes and rng.random() < 0.15:
            continue
        if rng.random() < 0.2:  # a gap
            price = max(5.0, price + rng.randint(-2 * spread, 2 * spread))
        if rng.random() < 0.04:  # a jump
            price = max(5.0, price * rng.choice([0.8, 0.9, 1.15, 1.3]) // 1)
        flat = rng.random() < 0.08
        low = price if flat else max(2.0, price - rng.randint(0, spread))
        high = price if flat else price + rng.randint(0, spread)
        close = float(rng.randint(int(low), int(high)))
        ts = start + (place + 1) * STEP
        bar: Row = {"ts": ts, "symbol": symbol, "open": price, "high": high, "low": low, "close": close}
        bar["volume"] = float(rng.choice([0, 5, 20, 100, 400]))
        if holes:
            bar["open_time"] = ts - rng.choice([STEP, STEP, STEP // 2])
        if marks:
            bar["mark_low"] = low - rng.choice([0.0, 0.5, 3.0]) if low > 6 else low
            bar["mark_high"] = max(bar["mark_low"], high + rng.choice([0.0, 0.5, -0.5, 3.0]))
            bar["mark_close"] = min(max(close, bar["mark_low"]), bar["mark_high"])
        bars.append(bar)
        price = close
    return bars


def trailed(rng: random.Random, tick: int) -> Row:
    if rng.random() < 0.5:
        return {"trail": float(rng.randint(1, tick))}
    return {"trail_frac": rng.choice([0.0137, 0.0311])}


def numbered(rng: random.Random, side: int, near: float, tick: int) -> Row:
    """The type of an order with its prices, about the price `near`."""
    kind = rng.choice(("market",) * 5 + TYPES)
    away = [float(max(1, near + rng.randint(-tick, tick))) for _ in range(2)]
    row: Row = {"type": kind}
    if kind in ("limit", "stop_limit"):
        row["limit"] = away[0]
    if kind in ("stop", "take", "stop_limit") or (kind == "trail" and rng.random() < 0.4):
        row["trigger"] = away[1]
    if kind == "trail":
        row |= trailed(rng, tick)
    return row


def sized(rng: random.Random, near: float) -> Row:
    unit = rng.choice(("contracts", "contracts", "contracts") + UNITS)
    quantities = {
        "contracts": [1.0, 2.0, 0.5, 7.3, 0.3],
        "base": [1.0, 0.25, 3.0],
        "quote": [50.0, near, 3 * near, 1000.0],
        "equity_frac": [0.1, 0.5, 1.0, 3.0],
        "risk_frac": [0.01, 0.05],
        "inf": [float("inf")],
    }
    return {"unit": "contracts" if unit == "inf" else unit, "quantity": rng.choice(quantities[unit])}


def an_order(rng: random.Random, ts: int, symbol: str, near: float, hedge: bool, groups: list[int]) -> Row:
    tick = rng.choice([2, 5, 12])
    side = rng.choice([1, -1])
    row: Row = {
        "ts": ts,
        "symbol": symbol,
        "side": side,
        "action": rng.choices(["open", "close", "target"], [6, 3, 0.2 if hedge else 1])[0],
    }
    row |= numbered(rng, side, near, tick) | sized(rng, near)
    row["tif"] = rng.choices(TIFS, [8, 1, 1, 1, 1])[0]
    if row["tif"] == "gtd":
        row["expire"] = ts + rng.randint(1, 6) * STEP
    if row["action"] == "target":
        row |= {
            "type": "market",
            "quantity": rng.choice([1, -1, 1, 0]) * row["quantity"] if row["quantity"] < 1e9 else 2.0,
        }
        row["unit"] = "contracts" if row["unit"] == "risk_frac" else row["unit"]
    if row["action"] == "open":
        if rng.random() < 0.35 or row["unit"] == "risk_frac":
            row["stop"] = float(max(1, near - side * rng.randint(0, tick)))
        if rng.random() < 0.3:
            row["take"] = float(max(1, near + side * rng.randint(0, tick)))
        if rng.random() < 0.15:
            row |= trailed(rng, tick)
        row["reduce_only"] = rng.random() < (0.02 if hedge else 0.07)
    if row["type"] in ("limit", "stop_limit"):
        row["post_only"] = rng.random() < 0.2
    if rng.random() < 0.12:
        row["group"] = rng.choice(groups)
    return row


def a_change(rng: random.Random, ts: int, symbol: str, near: float, before: list[Row]) -> Row | None:
    """A cancel or a replace of an order that was sent before."""
    mine = [order for order in before[-12:] if order["symbol"] == symbol and order.get("type", "market") != "market"]
    if not mine:
        return None
    old = rng.choice(mine)
    row: Row = {"ts": ts, "symbol": symbol, "side": old["side"], "ref": old["order"]}
    if rng.random() < 0.5:
        row["action"] = "cancel"
        if rng.random() < 0.4:
            row["ref"] = None
        return row
    row["action"] = "replace"
    for name in ("limit", "trigger"):
        if old.get(name) is not None and rng.random() < 0.8:
            row[name] = float(max(1, near + rng.randint(-5, 5)))
    if rng.random() < 0.3:
        row["quantity"] = old["quantity"] * 2
    return row


def flow(seed: int, count: int = 60, **fixed: Any) -> Flow:
    """A flow of `count` bars a symbol; the same seed makes the same one. `fixed` are options that are not drawn."""
    rng = random.Random(seed)
    options = {name: rng.choice(values) for name, values in CHOICES.items()}
    options["initial_margin"] = rng.choice([41.37, 153.71, 1013.9173, 20_071.3391])
    apart = random.Random(f"{seed} later")
    options |= {name: apart.choice(values) for name, values in LATER.items()} | fixed
    names = ["AAA", "BBB", "CCC"][: rng.choice([1, 1, 1, 2, 3])]
    symbols: dict[str, Row] = {}
    for name in names:
        symbols[name] = {"brackets": BRACKETS} if rng.random() < 0.7 else {}
        if rng.random() < 0.4:
            symbols[name]["cap"] = rng.choice([411.7, 2013.3])
        if rng.random() < 0.3:
            symbols[name]["leverage"] = rng.choice([2.0, 20.0])
    marks, holes = rng.random() < 0.3, rng.random() < 0.3
    start = DAY - count // 2 * STEP  # midnight lies in the middle
    bars = [bar for name in names for bar in walk(rng, name, count, marks, holes, start)]
    bars.sort(key=lambda bar: (bar["ts"], bar["symbol"]))
    orders: list[Row] = []
    busy = rng.choice([0.1, 0.2, 0.35, 0.6])
    groups = list(range(1, 7))
    for bar in bars:
        while rng.random() < busy:
            ts, near = bar["ts"], bar["close"]
            if holes and rng.random() < 0.02:
                ts -= STEP // 4  # no bar ends there: it is lost
            found = None
            if rng.random() < 0.15:
                found = a_change(rng, ts, bar["symbol"], near, orders)
            found = found or an_order(rng, ts, bar["symbol"], near, options["position_mode"] == "hedge", groups)
            found["order"] = len(orders) + 1
            orders.append(found)
    orders.sort(key=lambda order: order["ts"])
    funding = []
    for name in names:
        for place in range(0, count, rng.choice([4, 9])):
            row = {"ts": start + place * STEP + rng.choice([0, 0, STEP // 3, STEP - 200]), "symbol": name}
            row["rate"] = rng.choice([0.0001, -0.0003, 0.01])
            if rng.random() < 0.3:
                row["mark_price"] = float(rng.randint(80, 120))
            funding.append(row)
    funding.sort(key=lambda row: (row["ts"], row["symbol"]))
    close_at_end = rng.random() < 0.5
    quotes: list[Row] = []
    if options["spread"] == "quotes":
        options["spread_bps"] = 0.0
        quotes = [row for name in names for row in quoted(apart, name, count, start)]
        quotes.sort(key=lambda row: row["ts"])
    return Flow(seed, options, symbols, bars, orders, funding, close_at_end, quotes)


def quoted(rng: random.Random, symbol: str, count: int, start: int) -> list[Row]:
    """Quotes of a symbol, the first one long before its bars; at some there is little to take, or nothing."""
    found = []
    sizes = rng.choice([[4321.037743], [0.0, 0.01037, 0.53737, 3.10073, 12.00091, 4321.037743]])
    for place in range(-3, count):
        if place > -3 and rng.random() < 0.5:
            continue
        at = start + place * STEP + rng.choice([0, 0, 1, STEP // 3, STEP // 2, STEP - 1])
        row: Row = {"ts": at, "symbol": symbol}
        row |= {"bid": 100.0 - rng.choice([0.0, 0.013, 0.7]), "ask": 100.0 + rng.choice([0.0, 0.02, 1.1])}
        row |= {name: rng.choice(sizes) for name in ("bid_qty", "ask_qty")}
        found.append(row)
    return found


def reached(ran: dict[str, Any]) -> Counter[str]:
    """What came of a flow: fills by reason and liquidity, states by reason, payments, liquidations, insurance."""
    found: Counter[str] = Counter()
    for fill in ran["fills"]:
        found[f"fill {fill['reason']}"] += 1
        found[f"fill {fill['liquidity']}"] += 1
        found[f"fill {fill['action']}"] += 1
    for state in ran["states"]:
        found[f"{state['state']} {state['reason']}".strip()] += 1
    found["payments"] += len(ran["payments"])
    found["liquidations"] += len(ran["liquidations"])
    found["steps of a liquidation"] += sum(
        fill["reason"] == "liquidation" and fill["position"] != 0 for fill in ran["fills"]
    )
    found["insurance"] += ran["equity"][-1]["insurance"] > 0
    found["bankrupt"] += ran["bankrupt"] is not None
    return found
