"""The account kernel against the slow account, row by row, and what must hold whatever the bars."""

from __future__ import annotations

import math
import random
from array import array
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_account import SlowAccount

from hq_core.errors import HqError
from hq_core.futures.account import ROOM
from hq_core.futures.brackets import Brackets
from hq_core.futures.engine import FILLS_AT_ONCE, Account, KernelRows
from hq_core.futures.report import orders, summary
from hq_core.futures.terms import Terms
from hq_core.kinds import EQUITY, FILL, LIQUIDATION

VERBS = ("open_long", "close_long", "open_short", "close_short")
PRICES = ("open", "high", "low", "close", "mark_high", "mark_low", "mark_close")
MINUTE = 60_000_000_000
# Made up: narrow, so that small accounts reach the upper brackets.  cum continues each bracket by hand:
# 2000 * (0.02 - 0.01) = 20; 20 + 10000 * (0.05 - 0.02) = 320; 320 + 40000 * (0.125 - 0.05) = 3320
NARROW = (
    (0.0, 2000.0, 0.01, 0.0),
    (2000.0, 10000.0, 0.02, 20.0),
    (10000.0, 40000.0, 0.05, 320.0),
    (40000.0, 1e6, 0.125, 3320.0),
)
FLAT = ((0.0, math.inf, 0.004, 0.0),)


def bar(i, open, high, low, close, mark=None, **wanted):
    mark = mark or (high, low, close)
    row = {
        "ts": (i + 1) * MINUTE,
        "open_time": i * MINUTE,
        "open": open,
        "high": high,
        "low": low,
        "close": close,
        "mark_high": mark[0],
        "mark_low": mark[1],
        "mark_close": mark[2],
    }
    return {**row, **{verb: wanted.get(verb, math.nan) for verb in VERBS}}


def account_of(brackets=FLAT, leverages=(125, 125, 125, 125), **options):
    table = Brackets(
        "X",
        [b[2] for b in brackets],
        [b[3] for b in brackets],
        [b[1] for b in brackets],
        list(leverages[: len(brackets)]),
    )
    return Account(Terms(**options), table)


def feed(account, bars, cuts=()):
    """Run bars through the kernel in the batches that the cuts make; (equity, fills, liquidations) as dicts."""
    equity, fills, ends = [], [], []
    edges = sorted({0, *(c for c in cuts if c < len(bars)), len(bars)})
    for start, stop in zip(edges, edges[1:]):
        part, n = bars[start:stop], stop - start
        columns = {name: array("q", [row[name] for row in part]) for name in ("ts", "open_time")}
        columns |= {name: array("d", [row[name] for row in part]) for name in (*PRICES, *VERBS)}
        before = {name: column.tobytes() for name, column in columns.items()}
        account.bind({name: column.buffer_info()[0] for name, column in columns.items()}, n)
        first = 0
        while first < n:
            out = KernelRows(EQUITY.cols, n)
            first = account.run(first, out.addresses, n)
            equity += out.maps(account.equities)
            fills += account.fills.maps(account.n_fills)
            ends += account.ends.maps(account.n_ends)
            if account.state.error:
                row = part[first]
                raise account.complaint(first, row["ts"], tuple(row[name] for name in PRICES[:4]))
        assert before == {name: column.tobytes() for name, column in columns.items()}
    return equity, fills, ends


def random_bars(seed, n, spread, marked, rate, sizes):
    chance = random.Random(seed)
    price, bars = 100.0, []
    for i in range(n):
        gap = 1.0 + chance.gauss(0.0, spread / 4)
        ends = [price * gap, price * gap * (1.0 + chance.gauss(0.0, spread))]
        high = max(ends) * (1.0 + abs(chance.gauss(0.0, spread / 2)))
        low = min(ends) / (1.0 + abs(chance.gauss(0.0, spread / 2)))
        mark = None
        if marked:
            middle = 1.0 + chance.gauss(0.0, spread / 8)
            mark = (high * middle, low * middle, ends[1] * middle)
        wanted = {verb: chance.choice(sizes) for verb in VERBS if chance.random() < rate}
        bars.append(bar(i, ends[0], high, low, ends[1], mark, **wanted))
        price = ends[1] if ends[1] > 1.0 else 1.0
    return bars


cases = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "n": st.integers(1, 60),
        "spread": st.sampled_from([0.002, 0.02, 0.1]),
        "marked": st.booleans(),
        "rate": st.sampled_from([0.05, 0.2, 0.5]),
        "hedge": st.booleans(),
        "cross": st.booleans(),
        "at_close": st.booleans(),
        "pyramid": st.integers(0, 3),
        "leverage": st.sampled_from([1, 3, 10, 50]),
        "contract_size": st.sampled_from([1.0, 0.01, 10.0]),
        "lot": st.sampled_from(["0.001", "1", "0.03"]),
        "fee": st.sampled_from([0.0, 0.00044, 0.01]),
        "liquidation_fee": st.sampled_from([0.0, 0.015]),
        "unit": st.sampled_from(["contracts", "base", "quote"]),
        "size": st.sampled_from([None, 3.7, 1500.0]),
        "narrow": st.booleans(),
    }
)
SIZES = (math.inf, math.inf, 0.29, 2.0, 33.333, 700.0, 0.0, -1.0, 0.0004)


def made(case):
    """Bars, account and slow account of one drawn case."""
    bars = random_bars(case["seed"], case["n"], case["spread"], case["marked"], case["rate"], SIZES)
    leverages = (50, 50, 10, 3)
    brackets = NARROW if case["narrow"] else FLAT
    fast = account_of(
        brackets,
        leverages if case["narrow"] else (125,),
        initial_margin=1000.0,
        leverage=case["leverage"],
        contract_size=case["contract_size"],
        taker_fee=case["fee"],
        lot=case["lot"],
        size=case["size"],
        size_unit=case["unit"],
        position_mode="hedge" if case["hedge"] else "one-way",
        margin="cross" if case["cross"] else "isolated",
        fill="close" if case["at_close"] else "next-open",
        pyramid=case["pyramid"],
        liquidation_fee=case["liquidation_fee"],
    )
    limit = max((b[1] for b, lev in zip(brackets, leverages) if lev >= case["leverage"]), default=math.inf)
    slow = SlowAccount(
        {
            "start": 1000.0,
            "leverage": case["leverage"],
            "fee": case["fee"],
            "liquidation_fee": case["liquidation_fee"],
            "contract_size": case["contract_size"],
            "lot": Fraction(case["lot"]),
            "size": case["size"],
            "unit": case["unit"],
            "hedge": case["hedge"],
            "cross": case["cross"],
            "at_close": case["at_close"],
            "pyramid": case["pyramid"],
        },
        brackets,
        limit,
    )
    return bars, fast, slow


def close_to(a, b):
    if isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or abs(a - b) <= 1e-9 * max(1.0, abs(b), 1000.0)
    return a == b


def same_rows(fast, slow, what):
    assert len(fast) == len(slow), what
    for i, (a, b) in enumerate(zip(fast, slow)):
        for name, value in b.items():
            if name in a:
                assert close_to(a[name], value), f"{what} {i} {name}: {a[name]!r}, slow {value!r}"


@settings(max_examples=150)
@given(cases)
def test_equals_the_slow_account(case):
    bars, fast, slow = made(case)
    equity, fills, ends = feed(fast, bars)
    for row in bars:
        slow.bar(row)
    same_rows(fills, slow.fills, "fill")
    same_rows(equity, slow.equity, "equity")
    same_rows(ends, slow.nodes, "liquidation")
    counted = orders(fast)
    flatly = {"filled": counted["filled"]} | {
        f"{outcome}_{reason}": n for outcome in ("cut", "ignored", "rejected") for reason, n in counted[outcome].items()
    }
    waiting = flatly.pop("ignored_end_of_input")
    assert {how: n for how, n in flatly.items() if n} == slow.ends
    assert waiting == len(slow.waiting or {})
    assert counted["total"] == slow.orders == sum(flatly.values()) + waiting
    assert fast.state.rows_after == slow.after


@settings(max_examples=60)
@given(cases)
def test_what_always_holds(case):
    bars, fast, _ = made(case)
    equity, fills, ends = feed(fast, bars)
    by_ts = {row["ts"]: row for row in bars}
    for row in equity:
        ledger = 1000.0 + row["realised"] + row["unrealised"] - row["fees"] + row["insurance"]
        assert abs(ledger - row["equity"]) <= 1e-9 * 1000.0
        assert row["equity"] >= 0.0
        assert row["long"] >= 0.0
        assert row["short"] >= 0.0
        assert row["max_open"] >= 0.0
        if not case["hedge"]:
            assert row["long"] == 0.0 or row["short"] == 0.0
    num, den = fast.terms.lots
    held = {1: 0, -1: 0}
    for fill in fills:
        assert by_ts[fill["ts"]]["low"] <= fill["price"] <= by_ts[fill["ts"]]["high"]
        assert fill["fill_time"] in (by_ts[fill["ts"]]["open_time"], fill["ts"])
        lots = fill["quantity"] * den / num
        assert lots == round(lots) > 0 or abs(lots - round(lots)) < 1e-9 * lots
        held[fill["side"]] += round(lots) if fill["action"] in (1, 3) else -round(lots)
        assert held[fill["side"]] == round(fill["position"] * den / num) >= 0
    assert held == {1: fast.state.long_lots, -1: fast.state.short_lots}
    for end in ends:
        assert end["loss"] >= -1e-9 or case["cross"]
    report = summary(fast, "X", "1m", ends)
    assert_clean(report)
    assert report["final_equity"] >= 0.0
    assert report["return_frac"] >= -1.0


def assert_clean(value):
    """Every number of a report is finite and real; dicts and lists to any depth."""
    if isinstance(value, dict):
        for each in value.values():
            assert_clean(each)
    elif isinstance(value, list):
        for each in value:
            assert_clean(each)
    else:
        assert value is None or isinstance(value, (str, bool, int, float))
        assert not isinstance(value, float) or math.isfinite(value)


@settings(max_examples=60)
@given(cases, st.lists(st.integers(1, 59), max_size=12), st.integers(0, 60))
def test_any_cut_and_any_restart_give_the_same_bits(case, cuts, stop):
    bars, whole, _ = made(case)
    rows = feed(whole, bars)
    _, cut, _ = made(case)
    assert repr(feed(cut, bars, cuts)) == repr(rows)
    assert cut.save() == whole.save()
    _, before, _ = made(case)
    _, after, _ = made(case)
    first = feed(before, bars[:stop])
    after.load(before.save())
    second = feed(after, bars[stop:])
    assert repr(tuple(a + b for a, b in zip(first, second))) == repr(rows)
    assert after.save() == whole.save()


def test_statistics_equal_the_formulas_over_the_whole_curve():
    np = pytest.importorskip("numpy")
    bars = random_bars(7, 3000, 0.004, False, 0.3, (math.inf, 2.0))
    for one in bars:  # hours, as less than a month has no annual return
        one["ts"], one["open_time"] = 60 * one["ts"], 60 * one["open_time"]
    account = account_of(leverage=3, position_mode="hedge", margin="cross", pyramid=2, initial_margin=1000.0)
    equity, fills, ends = feed(account, bars)
    report = summary(account, "X", "1h", ends)
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
    assert report["exposure"] == sum(row["long"] + row["short"] > 0 for row in equity) / len(equity)
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


# -- rules, in numbers ---------------------------------------------------------------------------------------
def test_order_fills_at_the_next_open():
    bars = [bar(0, 100, 101, 99, 100, open_long=1.0), bar(1, 102, 110, 101, 109), bar(2, 109, 109, 109, 109)]
    _, fills, _ = feed(account_of(), bars)
    assert [(f["ts"], f["fill_time"], f["price"]) for f in fills] == [(2 * MINUTE, MINUTE, 102.0)]
    _, fills, _ = feed(account_of(fill="close"), bars)
    assert [(f["ts"], f["fill_time"], f["price"]) for f in fills] == [(MINUTE, MINUTE, 100.0)]


def test_flip_is_a_close_and_an_open_and_the_liquidation_price_is_of_the_new_side():
    # long 50 at 99000, then the other way at 110000 so that 10 short remain, leverage 2, maintenance 0.4 %:
    # short: LP = (margin + entry * q) / (q * (1 + rate)) = 110000 * 1.5 / 1.004; the long's would be below
    bars = [bar(0, 99000, 99000, 99000, 99000, open_long=50.0), bar(1, 110000, 110000, 110000, 110000, open_short=10.0)]
    account = account_of(initial_margin=1e7, leverage=2, taker_fee=0.0, fill="close")
    equity, fills, _ = feed(account, bars)
    assert [(f["side"], f["action"], f["quantity"], f["realised"]) for f in fills] == [
        (1, 1, 50.0, 0.0),
        (1, 2, 50.0, 550000.0),
        (-1, 3, 10.0, 0.0),
    ]
    assert equity[-1]["short_liquidation"] == pytest.approx(110000 * 1.5 / 1.004, rel=1e-14)
    assert math.isnan(equity[-1]["long_liquidation"])
    assert (equity[-1]["long"], equity[-1]["short"]) == (0.0, 10.0)


def test_low_inside_a_bar_liquidates():
    # LP 9036.14 (FEATURES of the exchange's formula); the close is far above it
    bars = [
        bar(0, 10000, 10000, 10000, 10000, open_long=1.0),
        bar(1, 10000, 10050, 9036, 10040),
        bar(2, 10040, 10040, 10040, 10040),
    ]
    equity, fills, ends = feed(account_of(taker_fee=0.0, fill="close"), bars)
    assert [(e["row"], e["price"], e["mark"], e["side"]) for e in ends] == [(1, 9036.144578313253, 9036.0, 1)]
    assert fills[-1]["reason"] == 5
    assert equity[-1]["equity"] == pytest.approx(1000.0 + 9036.144578313253 - 10000.0, abs=1e-9)
    bars[1]["low"] = bars[1]["mark_low"] = 9036.2
    assert feed(account_of(taker_fee=0.0, fill="close"), bars)[2] == []


def test_mark_price_decides_and_the_last_price_fills():
    bars = [
        bar(0, 10000, 10000, 10000, 10000, open_long=1.0),
        bar(1, 10000, 10000, 9500, 9900, mark=(10000, 9000, 9900)),
    ]
    _, fills, ends = feed(account_of(taker_fee=0.0, fill="close"), bars)
    assert (ends[0]["mark"], ends[0]["liquidation_price"]) == (9000.0, 9036.144578313253)
    assert fills[-1]["price"] == 9500.0  # the last price was never at 9036
    bars[1] = bar(1, 10000, 10000, 9000, 9900, mark=(10000, 9500, 9900))
    assert feed(account_of(taker_fee=0.0, fill="close"), bars)[2] == []
    # nor does the last price's open, also where an order waits for it
    bars = [
        bar(0, 10000, 10000, 10000, 10000, open_long=1.0),
        bar(1, 10000, 10000, 10000, 10000, close_short=1.0),
        bar(2, 8500, 9900, 8500, 9900, mark=(10000, 9500, 9900)),
    ]
    assert feed(account_of(taker_fee=0.0), bars)[2] == []


def test_a_position_opened_beyond_its_liquidation_price_does_not_live_to_the_next_bar():
    # leverage 50: the margin is 2 %, but the mark price lies 5 % below the last price at which it opens
    bars = [bar(0, 100, 100, 90, 100, mark=(100, 90, 95), open_long=100.0), bar(1, 100, 100, 100, 100)]
    equity, _, ends = feed(account_of(leverage=50, taker_fee=0.0, fill="close"), bars)
    assert [(e["row"], e["mark"], e["price"]) for e in ends] == [(0, 95.0, pytest.approx(98 / 0.996))]
    assert equity[0]["equity"] == pytest.approx(1000.0 + 100 * (98 / 0.996 - 100))
    equity, _, ends = feed(account_of(leverage=50, taker_fee=0.0, fill="close", margin="cross"), bars)
    assert (len(ends), equity[0]["equity"] > 0.0) == (0, True)  # the wallet carries it


def test_drawdown_lasts_until_it_is_made_good():
    prices = [100.0, 100.0, 90.0, 95.0, 101.0, 99.0, 102.0]
    bars = [bar(i, p, p, p, p, **({"open_long": 10.0} if i == 0 else {})) for i, p in enumerate(prices)]
    account = account_of(leverage=1, taker_fee=0.0, fill="close")
    feed(account, bars)
    drop = summary(account, "X", "1m", [])["max_drawdown"]
    assert drop == {
        "frac": pytest.approx(0.1),
        "value": 100.0,
        "start_ts": 2 * MINUTE,
        "trough_ts": 3 * MINUTE,
        "recovery_ts": 5 * MINUTE,
        "duration_ns": 3 * MINUTE,
    }


def test_gap_past_the_liquidation_price_fills_at_the_open_and_the_insurance_pays_beyond_the_margin():
    bars = [bar(0, 10000, 10000, 10000, 10000, open_long=0.5), bar(1, 8000, 8100, 7900, 8000)]
    equity, fills, ends = feed(account_of(taker_fee=0.0, fill="close"), bars)
    assert fills[-1]["price"] == 8000.0
    assert fills[-1]["fill_time"] == MINUTE
    assert (ends[0]["loss"], ends[0]["insurance"]) == (500.0, 500.0)  # margin 500; the fall cost 1000
    assert equity[-1]["equity"] == 500.0


@pytest.mark.parametrize(
    ("long", "short", "low", "high", "price", "mark"),
    [
        # 1000 - 40 (100 - p) = 0.004 * 60 p;  1000 - 40 (p - 100) = 0.004 * 60 p
        (50.0, 10.0, 70.0, 100.0, 3000 / 39.76, 70.0),
        (10.0, 50.0, 100.0, 130.0, 5000 / 40.24, 130.0),
    ],
)
def test_a_cross_account_loses_both_sides_at_once(long, short, low, high, price, mark):
    bars = [bar(0, 100, 100, 100, 100, open_long=long, open_short=short), bar(1, 100, high, low, 100)]
    account = account_of(taker_fee=0.0, fill="close", position_mode="hedge", margin="cross")
    equity, fills, ends = feed(account, bars)
    assert [(e["side"], e["quantity"], e["mark"]) for e in ends] == [(1, long, mark), (-1, short, mark)]
    assert [(f["price"], f["reason"]) for f in fills[2:]] == [(pytest.approx(price), 5)] * 2
    assert [e["liquidation_price"] for e in ends] == [pytest.approx(price)] * 2
    assert equity[-1]["equity"] == pytest.approx(0.004 * 60 * price)
    bars[1] = bar(1, price * 1.001, 100, price * 1.001, 100) if low < 100 else bar(1, 100, price * 0.999, 100, 100)
    account = account_of(taker_fee=0.0, fill="close", position_mode="hedge", margin="cross")
    assert feed(account, bars)[2] == []


def test_bankruptcy_ends_the_run():
    bars = [
        bar(0, 100, 100, 100, 100, open_long=math.inf),
        bar(1, 100, 100, 100, 100),
        bar(2, 50, 60, 40, 55, open_long=1.0, close_short=1.0),
        bar(3, 55, 55, 55, 55, open_short=2.0),
        bar(4, 55, 55, 55, 55),
    ]
    account = account_of(margin="cross", leverage=10, taker_fee=0.0)
    equity, fills, ends = feed(account, bars)
    assert len(equity) == 3
    assert equity[-1]["equity"] == 0.0
    assert ends[0]["insurance"] == pytest.approx(4000.0)  # 100 contracts fell by 50; the wallet had 1000
    report = summary(account, "X", "1m", ends)
    assert report["bankrupt"] is True
    assert (report["rows"], report["rows_after_bankruptcy"]) == (3, 2)
    assert report["return_ann"] == -1.0
    assert report["orders"]["ignored"]["bankrupt"] == 3
    assert_clean(report)


def test_modes_differ_in_the_order_of_close_and_open():
    buy = {"open_long": math.inf, "close_short": math.inf}
    bars = [bar(0, 100, 100, 100, 100, open_short=math.inf), bar(1, 100, 100, 100, 100, **buy)]
    _, fills, _ = feed(account_of(taker_fee=0.0, fill="close"), bars)
    assert [f["action"] for f in fills] == [3, 4, 1]
    account = account_of(taker_fee=0.0, fill="close", position_mode="hedge")
    _, fills, _ = feed(account, bars)
    assert [f["action"] for f in fills] == [3, 4]  # the margin was still in the short
    assert orders(account)["rejected"]["margin"] == 1
    bars[0]["open_short"] = 50.0
    _, fills, _ = feed(account_of(taker_fee=0.0, fill="close", position_mode="hedge"), bars)
    assert [(f["action"], f["quantity"]) for f in fills] == [(3, 50.0), (1, 50.0), (4, 50.0)]


def test_contradicting_orders_are_counted_or_refused():
    both = {"open_long": 1.0, "close_short": 1.0, "open_short": 1.0, "close_long": 1.0}
    bars = [bar(0, 100, 100, 100, 100), bar(1, 100, 100, 100, 100, **both), bar(2, 100, 100, 100, 100)]
    account = account_of()
    assert feed(account, bars)[1] == []
    assert orders(account)["ignored"]["conflict"] == 4
    with pytest.raises(HqError, match="row 1 .*contradict"):
        feed(account_of(conflict="error"), bars)
    straddle = [bar(0, 100, 100, 100, 100, open_long=1.0, open_short=1.0), bar(1, 100, 100, 100, 100)]
    assert len(feed(account_of(conflict="error", position_mode="hedge"), straddle)[1]) == 2


def test_repeated_opens_pyramid_only_as_often_as_asked():
    bars = [bar(i, 100, 100, 100, 100, open_long=1.0) for i in range(5)]
    for allowed, held in ((0, 1.0), (2, 3.0)):
        account = account_of(pyramid=allowed, fill="close")
        equity, _, _ = feed(account, bars)
        assert equity[-1]["long"] == held
        assert orders(account)["ignored"]["pyramid"] == 4 - allowed


def test_bracket_caps_what_opens():
    # leverage 10 reaches bracket 3 of NARROW: notional up to 40000, 400 contracts at 100
    bars = [bar(0, 100, 100, 100, 100, open_long=450.0), bar(1, 100, 100, 100, 100, open_long=1.0)]
    account = account_of(NARROW, (50, 50, 10, 3), initial_margin=1e6, taker_fee=0.0, fill="close", pyramid=5)
    equity, fills, _ = feed(account, bars)
    assert [(f["quantity"], f["reason"]) for f in fills] == [(400.0, 2)]
    assert orders(account)["rejected"]["bracket"] == 1
    assert [row["max_open"] for row in equity] == [0.0, 0.0]


def test_provisional_rows_and_bad_bars():
    wrong = [bar(0, 100, 101, 99, 100), bar(1, 100, 99, 98, 100)]
    with pytest.raises(HqError, match="row 1 .*high 99"):
        feed(account_of(), wrong)
    for price in (math.nan, 0.0, -1.0, math.inf):
        with pytest.raises(HqError, match="row 0"):
            feed(account_of(), [bar(0, price, price, price, price)])
    with pytest.raises(HqError, match="multiples of the tick 0.05"):
        feed(account_of(tick="0.05"), [bar(0, 100.05, 100.1, 99.95, 100.02)])
    assert len(feed(account_of(tick="0.05"), [bar(0, 100.05, 100.1, 99.95, 100.0)])[0]) == 1


def test_size_is_on_the_lot_without_float_dust():
    for size, got in ((0.29, 0.29), (0.3, 0.3), (0.299999, 0.29), (1.005, 1.0)):
        bars = [bar(0, 100, 100, 100, 100, open_long=size)]
        assert feed(account_of(lot="0.01", fill="close"), bars)[1][0]["quantity"] == got


def test_many_fills_wait_for_room_and_none_is_lost():
    bars = [
        bar(i, 100, 100, 100, 100, **({"open_long": 1.0} if i % 2 == 0 else {"close_long": 1.0}))
        for i in range(3 * FILLS_AT_ONCE)
    ]
    _, fills, _ = feed(account_of(fill="close", taker_fee=0.0), bars)
    assert len(fills) == 3 * FILLS_AT_ONCE


def test_the_kernel_writes_the_columns_that_are_named():
    args = {name: kind.lower() for name, kind in account_of().cell.kernel.args}
    for letter, kind in (("e_", EQUITY), ("f_", FILL), ("l_", LIQUIDATION)):
        written = {name.removeprefix(letter): type_ for name, type_ in args.items() if name.startswith(letter)}
        assert written == dict(kind.cols)
    assert ROOM < FILLS_AT_ONCE
