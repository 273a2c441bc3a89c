"""The account by hand: liquidations, margins and insurance in numbers, its statistics, what it refuses."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from fast_account import run_fast
from flows import Flow

from hq_core.errors import HqError
from hq_core.futures.report import summary

MINUTE = 60_000_000_000
LONG, SHORT = 1, -1
Row = dict[str, Any]


def bar(
    i: int, open: float, high: float, low: float, close: float, mark: tuple[float, float, float] | None = None
) -> Row:
    mark = mark or (high, low, close)
    row = {"ts": (i + 1) * MINUTE, "open_time": i * MINUTE, "symbol": "X", "open": open, "high": high, "low": low}
    return row | {"close": close, "mark_high": mark[0], "mark_low": mark[1], "mark_close": mark[2]}


def order(i: int, action: str, side: int, quantity: float = math.inf) -> Row:
    return {"ts": (i + 1) * MINUTE, "symbol": "X", "action": action, "side": side, "quantity": quantity, "order": i + 1}


def run(bars: list[Row], orders: list[Row], **options: Any) -> Row:
    """By default as documents have it: 1000, leverage 10, 0.4 % of maintenance, no fee, fills at the close."""
    terms = {"leverage": 10, "maintenance": 0.004, "taker_fee": 0.0, "fill": "close", "size": "all"} | options
    return run_fast(Flow(0, terms, {"X": {}}, bars, orders, [], False))


def flat(i: int, price: float) -> Row:
    return bar(i, price, price, price, price)


def test_a_flip_leaves_the_liquidation_price_of_the_new_side() -> None:
    # long 50 at 99000, then the other way at 110000 so that 10 short remain, leverage 2:
    # short: LP = (margin + entry * q) / (q * (1 + rate)) = 110000 * 1.5 / 1.004; the long's would be below
    orders = [order(0, "open", LONG, 50.0), order(1, "open", SHORT, 10.0)]
    out = run([flat(0, 99000), flat(1, 110000)], orders, initial_margin=1e7, leverage=2)
    assert [(f["action"], f["quantity"], f["realised"]) for f in out["fills"]] == [
        ("open_long", 50.0, 0.0),
        ("close_long", 50.0, 550000.0),
        ("open_short", 10.0, 0.0),
    ]
    account = out["account"]
    assert account.position(0, SHORT)["liquidation_price"] == pytest.approx(110000 * 1.5 / 1.004, rel=1e-14)
    assert account.position(0, LONG)["liquidation_price"] is None


def test_a_low_inside_a_bar_liquidates() -> None:
    bars = [flat(0, 10000), bar(1, 10000, 10050, 9036, 10040), flat(2, 10040)]
    out = run(bars, [order(0, "open", LONG, 1.0)])
    (end,) = out["liquidations"]
    assert (end["row"], end["price"], end["mark"], end["side"]) == (1, 9036.144578313253, 9036.0, LONG)
    assert out["fills"][-1]["reason"] == "liquidation"
    assert out["equity"][-1]["equity"] == pytest.approx(1000.0 + 9036.144578313253 - 10000.0, abs=1e-9)
    bars[1] = bar(1, 10000, 10050, 9036.2, 10040)
    assert run(bars, [order(0, "open", LONG, 1.0)])["liquidations"] == []


def test_the_mark_price_decides_and_the_last_price_fills() -> None:
    bars = [flat(0, 10000), bar(1, 10000, 10000, 9500, 9900, mark=(10000, 9000, 9900))]
    out = run(bars, [order(0, "open", LONG, 1.0)])
    assert (out["liquidations"][0]["mark"], out["liquidations"][0]["liquidation_price"]) == (9000.0, 9036.144578313253)
    assert out["fills"][-1]["price"] == 9500.0  # the last price was never at 9036
    bars[1] = bar(1, 10000, 10000, 9000, 9900, mark=(10000, 9500, 9900))
    assert run(bars, [order(0, "open", LONG, 1.0)])["liquidations"] == []


def test_a_position_opened_beyond_its_liquidation_price_does_not_live_to_the_next_bar() -> None:
    # leverage 50: the margin is 2 %, but the mark price lies 5 % below the last price at which it opens;
    # the mark has jumped over the line, and what is closed then is closed at the last price
    bars = [bar(0, 100, 100, 90, 100, mark=(100, 90, 95)), flat(1, 100)]
    out = run(bars, [order(0, "open", LONG, 100.0)], leverage=50)
    (end,) = out["liquidations"]
    assert (end["row"], end["mark"], end["price"]) == (0, 95.0, 100.0)
    assert end["liquidation_price"] == pytest.approx(98 / 0.996)
    out = run(bars, [order(0, "open", LONG, 100.0)], leverage=50, margin="cross")
    assert out["liquidations"] == []  # the wallet carries it


def test_a_gap_past_the_liquidation_price_fills_at_the_open_and_the_insurance_pays_beyond_the_margin() -> None:
    out = run([flat(0, 10000), bar(1, 8000, 8100, 7900, 8000)], [order(0, "open", LONG, 0.5)])
    assert (out["fills"][-1]["price"], out["fills"][-1]["fill_time"]) == (8000.0, MINUTE)
    (end,) = out["liquidations"]
    assert (end["loss"], end["insurance"]) == (500.0, 500.0)  # margin 500; the fall cost 1000
    assert out["equity"][-1]["equity"] == 500.0


def test_impact_that_costs_more_than_there_is_leaves_no_debt() -> None:
    # the room is at the price before impact; what is opened above it takes the wallet below its margin
    bars = [flat(0, 100) | {"volume": 100.0}, bar(1, 100, 110, 100, 110) | {"volume": 100.0}]
    bars.append(bar(2, 50, 50, 50, 50) | {"volume": 100.0})
    out = run(
        bars, [order(0, "open", LONG)], fill="next-open", taker_fee=0.001, impact="linear", impact_coefficient=0.1
    )
    start, last = 1000.0, out["equity"][-1]
    assert out["fills"][0]["price"] * out["fills"][0]["quantity"] / 10 > 1000.0
    assert last["wallet"] == 0.0
    assert start + last["realised"] - last["fees"] + last["insurance"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("long", "short", "low", "high", "price", "mark"),
    [
        # 1000 - 40 (100 - p) = 0.004 * 60 p;  1000 - 40 (p - 100) = 0.004 * 60 p
        (50.0, 10.0, 70.0, 100.0, 3000 / 39.76, 70.0),
        (10.0, 50.0, 100.0, 130.0, 5000 / 40.24, 130.0),
    ],
)
def test_a_cross_account_loses_both_sides_at_once(
    long: float, short: float, low: float, high: float, price: float, mark: float
) -> None:
    orders = [order(0, "open", LONG, long), order(0, "open", SHORT, short)]
    both = {"position_mode": "hedge", "margin": "cross"}
    out = run([flat(0, 100), bar(1, 100, high, low, 100)], orders, **both)
    ends = out["liquidations"]
    assert [(e["side"], e["quantity"], e["mark"]) for e in ends] == [(LONG, long, mark), (SHORT, short, mark)]
    assert [f["price"] for f in out["fills"][2:]] == [pytest.approx(price)] * 2
    assert [e["liquidation_price"] for e in ends] == [pytest.approx(price)] * 2
    assert out["equity"][-1]["equity"] == pytest.approx(0.004 * 60 * price)
    near = bar(1, price * 1.001, 100, price * 1.001, 100) if low < 100 else bar(1, 100, price * 0.999, 100, 100)
    assert run([flat(0, 100), near], orders, **both)["liquidations"] == []


def test_bankruptcy_ends_the_run() -> None:
    bars = [flat(0, 100), flat(1, 100), bar(2, 50, 60, 40, 55), flat(3, 55), flat(4, 55)]
    orders = [order(0, "open", LONG), order(2, "open", LONG, 1.0), order(3, "open", SHORT, 2.0)]
    out = run(bars, orders, margin="cross", fill="next-open")
    assert len(out["equity"]) == 3
    assert out["equity"][-1]["equity"] == 0.0
    assert out["liquidations"][0]["insurance"] == pytest.approx(4000.0)  # 100 contracts fell by 50; there were 1000
    report = summary(out["account"], "X", "1m", [])
    assert report["bankrupt"] is True
    assert (report["rows"], report["rows_after_bankruptcy"]) == (3, 2)
    assert [s["reason"] for s in out["states"] if s["state"] == "rejected"] == ["bankrupt", "bankrupt"]


def test_a_bar_that_is_none_and_orders_that_contradict_each_other_are_named() -> None:
    with pytest.raises(HqError, match="row 1 .*high 99"):
        run([bar(0, 100, 101, 99, 100), bar(1, 100, 99, 98, 100)], [])
    for price in (math.nan, 0.0, -1.0, math.inf):
        with pytest.raises(HqError, match="row 0"):
            run([flat(0, price)], [])
    with pytest.raises(HqError, match="multiples of the tick 0.05"):
        run([bar(0, 100.05, 100.1, 99.95, 100.02)], [], tick="0.05")
    assert len(run([bar(0, 100.05, 100.1, 99.95, 100.0)], [], tick="0.05")["equity"]) == 1
    both = [order(1, "open", LONG, 1.0), order(1, "close", LONG, 1.0)]
    with pytest.raises(HqError, match="contradict"):
        run([flat(i, 100) for i in range(3)], both, conflict="error")


def test_a_size_is_on_the_lot_without_float_dust() -> None:
    for size, got in ((0.29, 0.29), (0.3, 0.3), (0.299999, 0.29), (1.005, 1.0)):
        assert run([flat(0, 100)], [order(0, "open", LONG, size)], lot="0.01")["fills"][0]["quantity"] == got


def test_many_fills_wait_for_room_and_none_is_lost() -> None:
    orders = [order(i, "close" if i % 2 else "open", LONG, 1.0) for i in range(3000)]
    assert len(run([flat(i, 100) for i in range(3000)], orders)["fills"]) == 3000


def test_a_drawdown_lasts_until_it_is_made_good() -> None:
    prices = [100.0, 100.0, 90.0, 95.0, 101.0, 99.0, 102.0]
    out = run([flat(i, price) for i, price in enumerate(prices)], [order(0, "open", LONG, 10.0)], leverage=1)
    assert summary(out["account"], "X", "1m", [])["max_drawdown"] == {
        "frac": pytest.approx(0.1),
        "value": 100.0,
        "start_ts": 2 * MINUTE,
        "trough_ts": 3 * MINUTE,
        "recovery_ts": 5 * MINUTE,
        "duration_ns": 3 * MINUTE,
    }


def test_statistics_equal_the_formulas_over_the_whole_curve() -> None:
    np = pytest.importorskip("numpy")
    chance = random.Random(7)
    price, bars, given = 100.0, [], []
    for i in range(3000):
        open, close = (price * (1.0 + chance.gauss(0.0, 0.002)) for _ in range(2))
        bars.append(bar(i, open, max(open, close) * 1.001, min(open, close) * 0.999, close))
        price = close
        if chance.random() < 0.4:
            given.append(order(i, chance.choice(["open", "close"]), chance.choice([LONG, SHORT]), 2.0))
    for row in (*bars, *given):  # hours, as less than a month has no annual return
        row |= {name: 60 * row[name] for name in ("ts", "open_time") if name in row}
    terms = {"leverage": 3, "taker_fee": 0.00044, "position_mode": "hedge", "margin": "cross", "pyramid": 2}
    out = run(bars, given, **terms)
    account, equity, fills, ends = (out[name] for name in ("account", "equity", "fills", "liquidations"))
    report = summary(account, "X", "1h", [])
    curve = np.array([1000.0] + [row["equity"] for row in equity])
    returns = curve[1:] / curve[:-1] - 1.0
    year = 365 * 24
    assert report["periods_per_year"] == year
    assert report["vol_ann"] == pytest.approx(returns.std(ddof=1) * math.sqrt(year), rel=1e-11)
    assert report["sharpe_ann"] == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(year), rel=1e-9)
    down = math.sqrt((np.minimum(returns, 0.0) ** 2).mean())
    assert report["sortino_ann"] == pytest.approx(returns.mean() / down * math.sqrt(year), rel=1e-9)
    peaks = np.maximum.accumulate(curve)
    falls = (peaks - curve) / peaks
    trough = int(falls.argmax())
    assert report["max_drawdown"]["frac"] == pytest.approx(falls[trough], rel=1e-12)
    assert report["max_drawdown"]["trough_ts"] == bars[trough - 1]["ts"]
    peak = int(np.flatnonzero(curve[: trough + 1] == peaks[trough])[-1])
    assert report["max_drawdown"]["start_ts"] == bars[max(peak - 1, 0)]["ts"]
    assert report["max_drawdown"]["value"] == pytest.approx(peaks[trough] - curve[trough], rel=1e-12)
    back = np.flatnonzero(curve[trough:] >= peaks[trough])
    over = bars[trough + int(back[0]) - 1]["ts"] if len(back) else bars[len(equity) - 1]["ts"]
    assert report["max_drawdown"]["duration_ns"] == over - report["max_drawdown"]["start_ts"]
    assert report["exposure"] == sum(row["gross"] > 0 for row in equity) / len(equity)
    assert report["turnover"] == pytest.approx(math.fsum(f["price"] * f["quantity"] for f in fills), rel=1e-12)
    assert report["fees"] == pytest.approx(math.fsum(f["fee"] for f in fills), rel=1e-12)
    trips, trip = [], {1: 0.0, -1: 0.0}
    for fill in fills:
        trip[fill["side"]] += fill["realised"] - fill["fee"]
        if fill["position"] == 0.0:
            trips.append(trip[fill["side"]])
            trip[fill["side"]] = 0.0
    assert len(ends) == 0, "insurance would have to be added to the trips here"
    assert (report["trades"], report["wins"]) == (len(trips), sum(t > 0.0 for t in trips))
    gains, losses = math.fsum(t for t in trips if t > 0.0), -math.fsum(t for t in trips if t < 0.0)
    assert report["profit_factor"] == pytest.approx(gains / losses, rel=1e-10)
