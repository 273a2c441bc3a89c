"""--liquidation tiers: a position goes tier by tier until it is safe; hand-worked in fractions, and what must hold."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction as F
from math import floor

import pytest
from fast_account import run_fast
from flows import flow
from slow_account import SlowAccount
from test_flows import compare, what_must_hold

from hq_core.api.backtest import Backtest
from hq_core.futures.brackets import Brackets

# of a symbol at 100: 1 % up to 1000, 2 % up to 5000, 5 % up to 20000
CAPS, RATES = (1000, 5000, 20000), (F(1, 100), F(2, 100), F(5, 100))
CUMS = (F(0), F(10), F(160))
LOT = F(1, 10)
MINUTE = 60_000_000_000
ROWS = ("side", "price", "quantity", "fee", "realised", "position", "reason")


def table(name="X"):
    return Brackets(name, [*map(float, RATES)], [*map(float, CUMS)], [*map(float, CAPS)], [50, 20, 10])


def account(**more):
    said = {"initial_margin": 1000.0, "leverage": 10, "taker_fee": 0.0, "lot": "0.1", "liquidation": "tiers"}
    return Backtest(**(said | {"brackets": table(), "symbol": "X"} | more))


def maintenance(notional):
    return max(rate * notional - cum for rate, cum in zip(RATES, CUMS))


def level(side, base, entry, margin):
    """The mark at which margin and result are the maintenance margin: of each tier, the first that is reached."""
    found = [(margin + cum - side * base * entry) / (base * rate - side * base) for rate, cum in zip(RATES, CUMS)]
    return max(found) if side > 0 else min(found)


def steps(side, base, entry, margin, mark, price, fee=F(0), tier=2):
    """(closed, level, margin after) of each step at a mark, as hq-account(7) says."""
    found = []
    line = level(side, base, entry, margin)
    while base and (mark <= line if side > 0 else mark >= line):
        t = next((i for i, cap in enumerate(CAPS) if base * mark <= cap), len(CAPS) - 1)
        tier = min(t, tier)
        left = F(floor(CAPS[tier - 1] / mark / LOT)) * LOT if tier else F(0)
        closed = base - left
        result = side * closed * (price - entry)
        margin = max(F(0), margin + result - fee * closed * price)
        found.append((closed, line, margin))
        base, tier = left, max(tier - 1, 0)
        line = level(side, base, entry, margin) if base else line
    return found, base, margin


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("fee", [F(0), F(1, 1000)])
def test_one_step_where_the_path_reaches_the_level(side, fee):
    """60 at 100 with the margin of leverage 10: notional 6000 and so in the third tier, 600 set aside."""
    held = account(taker_fee=float(fee), initial_margin=1000)
    (held.open_long if side > 0 else held.open_short)(100.0, 60.0, ts=MINUTE)
    line = level(side, F(60), F(100), F(600))
    assert held.liquidation_price("long" if side > 0 else "short") == pytest.approx(float(line), rel=1e-14)
    found, base, margin = steps(side, F(60), F(100), F(600), line, line, fee)
    assert len(found) == 1
    assert base * line <= 5000 < (base + LOT) * line  # as many lots as the second tier takes
    after = level(side, base, F(100), margin)
    near = line - side * F(1, 100)
    low, high = sorted((float(near), 100.0))
    held.mark(2 * MINUTE, high=high, low=low, close=float(near))
    fill = {name: column[-1] for name, column in held.fills().items()}
    assert (len(held.fills()["price"]), fill["reason"]) == (2, "liquidation")
    assert fill["price"] == pytest.approx(float(line), rel=1e-14)
    assert fill["quantity"] == pytest.approx(float(found[0][0]), rel=1e-14)
    assert fill["position"] == pytest.approx(float(base), rel=1e-14)
    assert fill["fee"] == pytest.approx(float(fee * found[0][0] * line), rel=1e-13, abs=1e-15)
    assert held.liquidation_price("long" if side > 0 else "short") == pytest.approx(float(after), rel=1e-13)
    end = {name: column[0] for name, column in held.liquidations().items()}
    assert end["quantity"] == fill["quantity"]
    assert end["liquidation_price"] == pytest.approx(float(line), rel=1e-14)
    assert held.backtest_result()["liquidated"] == 1
    assert held.backtest_result()["options"]["liquidation"] == "tiers"


@pytest.mark.parametrize(("side", "opened"), [(1, 90.6), (1, 90.0), (1, 88.0), (-1, 106.5), (-1, 108.5), (-1, 111.0)])
def test_steps_at_a_mark_that_has_jumped(side, opened):
    """As many as it takes at the open; what is left at last goes whole."""
    held = account()
    (held.open_long if side > 0 else held.open_short)(100.0, 60.0, ts=MINUTE)
    mark = F(opened)
    found, base, margin = steps(side, F(60), F(100), F(600), mark, mark)
    held.mark(2 * MINUTE, open=opened, high=opened, low=opened, close=opened)
    fills = held.fills()
    assert fills["quantity"][1:] == pytest.approx([float(one) for one, _, _ in found], rel=1e-13)
    assert set(fills["price"][1:]) <= {opened}
    assert held.liquidations()["liquidation_price"] == pytest.approx([float(one) for _, one, _ in found], rel=1e-13)
    assert fills["position"][-1] == pytest.approx(float(base), abs=1e-12)
    assert held.backtest_result()["insurance"] == pytest.approx(
        float(max(F(0), -(600 + side * 60 * (mark - 100)))) if not base else 0.0, abs=1e-9
    )


def test_the_cases_have_one_two_and_three_steps():
    marks = {1: (90.6, 90.0, 88.0), -1: (106.5, 108.5, 111.0)}
    counts = {len(steps(side, F(60), F(100), F(600), F(one), F(one))[0]) for side in marks for one in marks[side]}
    assert counts >= {1, 3}


def test_the_first_tier_goes_whole_as_by_whole():
    ways = []
    for way in ("whole", "tiers"):
        held = account(liquidation=way)
        held.open_long(100.0, 9.0, ts=MINUTE)
        held.mark(2 * MINUTE, high=100.0, low=80.0, close=85.0)
        ways.append((held.fills(), held.wallet, held.liquidations()))
    assert repr(ways[0]) == repr(ways[1])


def test_a_short_never_takes_a_step_twice_in_a_bar():
    """As a price rises a short comes back to the tier that it has left: each further step of a bar begins lower."""
    held = account(initial_margin=10000.0, margin="cross", leverage=10)
    held.open_short(100.0, 199.0, ts=MINUTE)
    held.mark(2 * MINUTE, high=100000.0, low=100.0, close=1000.0)
    assert len(held.liquidations()["price"]) <= len(CAPS)
    assert held.fills()["position"][-1] == 0.0


def test_cross_takes_the_largest_maintenance_first():
    """A: 60 at 100, B: 30 at 100, both in cross margin of 1000.  A falls; B stands at its last mark."""
    held = account(initial_margin=1000.0, margin="cross", symbols=("A", "B"), symbol="",
                   brackets={"A": table("A"), "B": table("B")})  # fmt: skip
    held.open_long(100.0, 60.0, ts=MINUTE, symbol="A")
    held.open_long(100.0, 30.0, ts=MINUTE, symbol="B")
    # balance 1000 + 60 (m - 100) against 0.05 * 60 m - 160 of A and 0.02 * 3000 - 10 of B
    line = (F(6000) - 1000 + 50 - 160) / 57
    assert maintenance(60 * line) == 3 * line - 160
    mark = F(857, 10)
    assert mark < line
    left = F(floor(5000 / mark / LOT)) * LOT
    held.mark(2 * MINUTE, open=85.7, high=85.7, low=85.7, close=85.7, symbol="A")
    fills = held.fills()
    assert fills["symbol"][2:] == ["A"]
    assert fills["quantity"][2] == pytest.approx(float(60 - left), rel=1e-13)
    wallet = 1000 + (60 - left) * (mark - 100)
    balance = wallet + left * (mark - 100)
    assert balance > maintenance(left * mark) + maintenance(F(3000))
    assert held.wallet == pytest.approx(float(wallet), rel=1e-13)
    # the next fall: A is in the second tier and needs the most still, then B does
    held.mark(3 * MINUTE, open=84.0, high=84.0, low=84.0, close=84.0, symbol="A")
    mark, order, base = F(84), [], {"A": left, "B": F(30)}
    at = {"A": mark, "B": F(100)}
    tiers = {"A": 2, "B": 2}
    while any(base.values()):
        balance = wallet + sum(base[one] * (at[one] - 100) for one in base)
        if balance > sum(maintenance(base[one] * at[one]) if base[one] else 0 for one in base):
            break
        which = max(base, key=lambda one: (maintenance(base[one] * at[one]), one == "A") if base[one] else (-1, False))
        t = min(next(i for i, cap in enumerate(CAPS) if base[which] * at[which] <= cap), tiers[which])
        kept = F(floor(CAPS[t - 1] / at[which] / LOT)) * LOT if t else F(0)
        order.append((which, base[which] - kept))
        wallet += (base[which] - kept) * (at[which] - 100)
        base[which], tiers[which] = kept, max(t - 1, 0)
    fills = held.fills()
    assert len(order) >= 2
    assert fills["symbol"][3:] == [which for which, _ in order]
    assert fills["quantity"][3:] == pytest.approx([float(one) for _, one in order], rel=1e-12)
    assert held.wallet == pytest.approx(float(wallet), rel=1e-12)


def test_the_other_side_of_a_hedge_goes_where_the_path_comes_to_its_level():
    """80, up to 86 and down to 79.  Short 3.92 goes on the way up; what is left of the account holds the long until
    the way down, which comes from there and not from the open again."""
    fee, extra = F(5, 10_000), F(1, 100)
    tiers = Brackets("X", [0.02, 0.05, 0.1], [0.0, 15.0, 115.0], [500.0, 2000.0, 50_000.0], [150, 100, 100])
    held = account(initial_margin=22.0, leverage=25, margin="cross", position_mode="hedge", path="optimistic",
                   brackets=tiers, taker_fee=float(fee), liquidation_fee=float(extra), lot="0.001")  # fmt: skip
    held.open_long(80.0, 1.28, ts=MINUTE)
    held.open_short(80.0, 3.92, ts=MINUTE)
    wallet, long, short = 22 - fee * 80 * F(520, 100), F(128, 100), F(392, 100)
    up = (wallet + (short - long) * 80) / (short - long + F(2, 100) * (short + long))
    assert max(long, short) * up < 500
    wallet -= short * (up - 80) + (fee + extra) * short * up
    down = (long * 80 - wallet) / (long * (1 - F(2, 100)))
    assert 80 < down < up
    held.mark(2 * MINUTE, open=80.0, high=86.0, low=79.0, close=86.0)
    found = held.liquidations()
    assert list(found["side"]) == [-1, 1]
    assert found["price"] == pytest.approx([float(up), float(down)], rel=1e-13)
    wallet += long * (down - 80) - (fee + extra) * long * down
    assert held.wallet == pytest.approx(float(wallet), rel=1e-12)
    assert held.backtest_result()["insurance"] == 0.0


def test_another_symbol_steps_by_its_mark_within_its_bar():
    """B's mark goes to 90 in a bar whose low is 95: its step is at 95, and leaves the lots of the tier at 95."""
    tables = {
        "A": Brackets("A", [0.001], [0.0], [50_000.0], [150]),
        "B": Brackets("B", [0.02, 0.05, 0.1], [0.0, 15.0, 115.0], [500.0, 2000.0, 50_000.0], [150, 100, 100]),
    }
    held = account(initial_margin=600.0, leverage=25, margin="cross", symbols=("A", "B"), symbol="", lot="1",
                   brackets=tables)  # fmt: skip
    held.open_long(100.0, 1.0, ts=MINUTE, symbol="A")
    held.open_long(100.0, 40.0, ts=MINUTE, symbol="B")
    still = dict.fromkeys(("open", "high", "low", "close", "mark_high", "mark_low", "mark_close"), 100.0)
    held.marks(2 * MINUTE, {"A": still, "B": still | {"low": 95.0, "mark_low": 90.0}})
    found = held.liquidations()
    assert list(zip(found["symbol"], found["price"], found["quantity"])) == [("B", 95.0, 40.0 - floor(2000 / 95))]


def test_what_stays_of_a_hedge_stands_where_that_is_worst():
    """B: 40 long and 30 short at 100, in a bar from 90 to 112.  Together 90 is worse, and takes the long; the short
    alone is worse at 112, where nothing is left of 160 - 400 - 360, so it goes as well, and A after it."""
    tables = {name: Brackets(name, [0.01], [0.0], [50_000.0], [100]) for name in "AB"}
    held = account(initial_margin=160.0, leverage=50, margin="cross", position_mode="hedge", symbols=("A", "B"),
                   symbol="", lot="1", brackets=tables)  # fmt: skip
    held.open_long(100.0, 1.0, ts=MINUTE, symbol="A")
    held.open_long(100.0, 40.0, ts=MINUTE, symbol="B")
    held.open_short(100.0, 30.0, ts=MINUTE, symbol="B")
    still = dict.fromkeys(("open", "high", "low", "close"), 100.0)
    held.marks(2 * MINUTE, {"A": still, "B": still | {"low": 90.0, "high": 112.0}})
    found = held.liquidations()
    went = list(zip(found["symbol"], found["side"], found["price"]))
    assert went == [("B", 1, 90.0), ("B", -1, 112.0), ("A", 1, 100.0)]
    assert held.backtest_result()["insurance"] == 40 * 10 + 30 * 12 - 160


@pytest.mark.parametrize("seed", [135, 366, 894])
def test_several_hedges_go_as_in_the_slow_account(seed):
    """Flows in which another symbol lost one side and kept the other."""
    made = flow(seed, count=40, margin="cross", position_mode="hedge", liquidation="tiers", spread="bps", pyramid=3,
                leverage=20)  # fmt: skip
    for one in made.symbols.values():
        one["brackets"] = [(0, 100, 0.01, 0.0), (100, 300, 0.05, 4.0), (300, 900, 0.1, 19.0), (900, 1e9, 0.25, 154.0)]
        one.pop("cap", None)
    slow = SlowAccount(made.options, made.symbols)
    compare(made, slow.run(made.bars, made.orders, made.funding, made.close_at_end, made.quotes), run_fast(made))


@pytest.mark.parametrize("margin", ["isolated", "cross"])
@pytest.mark.parametrize("mode", ["one-way", "hedge"])
def test_flows_keep_the_ledger_and_their_bits_wherever_they_are_cut(margin, mode):
    several = 0
    for seed in range(80):
        made = flow(seed, margin=margin, position_mode=mode, spread="bps")
        made.options["liquidation"] = "tiers"
        for one in made.symbols.values():
            one["brackets"] = [
                (0, 200, 0.01, 0.0),
                (200, 500, 0.02, 2.0),
                (500, 1500, 0.05, 17.0),
                (1500, 9e9, 0.2, 242.0),
            ]
        chance = random.Random(seed)
        whole = run_fast(made)
        what_must_hold(made, whole)
        cuts = tuple(sorted(chance.sample(range(1, len(made.bars)), min(4, len(made.bars) - 1))))
        ts = [bar["ts"] for bar in made.bars]
        cuts = tuple(cut for cut in cuts if ts[cut] != ts[cut - 1])
        for again in (False, True):
            other = run_fast(made, cuts, again=again)
            for kind in ("fills", "states", "liquidations", "positions", "payments", "equity"):
                assert repr(whole[kind]) == repr(other[kind])
        counts = {}
        for row in whole["liquidations"]:
            counts[row["ts"], row["symbol"], row["side"]] = counts.get((row["ts"], row["symbol"], row["side"]), 0) + 1
        assert all(n <= 4 + len(made.orders) for n in counts.values())
        several += sum(n > 1 for n in counts.values())
    assert several


def test_the_log_has_room_for_all_steps_of_a_bar():
    """Forty symbols in twenty tiers each fall at once: more rows than the log begins with."""
    names, tiers = [f"S{i:02}" for i in range(40)], 20
    caps = [100.0 * (k + 1) for k in range(tiers)]
    rates = [0.001 * (k + 1) for k in range(tiers)]
    cums = [0.0]
    for k in range(1, tiers):
        cums.append(cums[-1] + caps[k - 1] * (rates[k] - rates[k - 1]))
    made = flow(1, count=3, margin="cross", position_mode="one-way", liquidation="tiers")
    made.options |= {
        "initial_margin": 1700.0,
        "leverage": 50,
        "lot": "0.1",
        "contract_size": 1.0,
        "latency": 0,
        "volume_share": None,
    }
    made.symbols = {name: {"brackets": [*zip((0.0, *caps), caps, rates, cums)]} for name in names}
    flat = {price: dict.fromkeys(("open", "high", "low", "close"), price) for price in (100.0, 96.0)}
    made.bars = [
        {"ts": ts * MINUTE, "open_time": (ts - 1) * MINUTE, "symbol": name, "volume": 1e9, **flat[price]}
        for ts, price in ((1, 100.0), (2, 100.0), (3, 96.0))
        for name in names
    ]
    made.orders = [
        {"ts": MINUTE, "symbol": name, "order": i + 1, "side": 1, "action": "open", "type": "market", "quantity": 20.0,
         "unit": "contracts", "tif": "gtc"}
        for i, name in enumerate(names)
    ]  # fmt: skip
    made.funding = []
    out = run_fast(made)
    what_must_hold(made, out)
    assert max(Counter(row["ts"] for row in out["liquidations"]).values()) > 1024 // 2
    assert out["equity"][-1]["wallet"] == 0.0
