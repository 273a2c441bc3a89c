"""The slow account's margin, liquidations, funding and end, by hand (helpers/slow_runs.py); and published figures."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import Any

import pytest
from places import ROOT
from slow_account import SlowAccount
from slow_account_ledger import Ledger, Position, Terms
from slow_runs import FLAT, Row, bars, fills, order, run, states

TIERS = {"X": {"brackets": [(0.0, 1e9, 0.0625, 0.0)]}}  # 1/16 of the notional


def test_liquidation_on_the_leg_and_over_a_gap() -> None:
    # leverage 4: margin 25 of 100; 25 + (p - 100) = p / 16 at p = 80
    options: Row = {"leverage": 4.0, "symbols": TIERS}
    sent = [order(10, "open long")]
    out = run(bars(FLAT, (100, 101, 79, 90)), sent, **options)
    assert fills(out)[1] == (20, "close_long", 1, 80, "liquidation")
    assert fills(run(bars(FLAT, (100, 101, 80.5, 90)), sent, **options))[1:] == []
    # jumped over: at the open of 60 it loses 40, margin 25: the insurance pays 15, and the fee of 60 / 8
    out = run(bars(FLAT, FLAT, (60, 70, 60, 70)), sent, liquidation_fee=0.125, **options)
    assert fills(out)[1] == (30, "close_long", 1, 60, "liquidation")
    last = out["equity"][-1]
    assert (last["wallet"], last["insurance"], last["fees"]) == (975, 22.5, 7.5)
    # 25 - (p - 100) = p / 16 at 2000 / 17
    out = run(bars(FLAT, (100, 118, 99, 100)), [order(10, "open short")], **options)
    assert fills(out)[1] == (20, "close_short", 1, Fraction(2000, 17), "liquidation")


def test_an_order_above_the_liquidation_price_is_first() -> None:
    sent = [order(10, "open long", stop=81.0)]
    rows = bars(FLAT, (100, 101, 79, 90))
    assert fills(run(rows, sent, leverage=4.0, symbols=TIERS))[1][3:] == (81, "stop")
    sent[0]["stop"] = 80.0  # at the same price the liquidation is
    out = run(rows, sent, leverage=4.0, symbols=TIERS)
    assert fills(out)[1][3:] == (80, "liquidation")
    assert states(out, 0) == ["filled", "accepted stop", "cancelled liquidation"]


def test_the_mark_liquidates_not_the_last_price() -> None:
    # the mark falls to 79 while the last price stays above 90: after the orders of the leg, at its low
    marks = {"mark_high": [100.0, 100.0], "mark_low": [100.0, 79.0], "mark_close": [100.0, 95.0]}
    out = run(bars(FLAT, (100, 101, 90, 95), **marks), [order(10, "open long")], leverage=4.0, symbols=TIERS)
    assert fills(out)[1] == (20, "close_long", 1, 90, "liquidation")
    # the last price falls to 79, the mark does not
    marks["mark_low"] = [100.0, 85.0]
    out = run(bars(FLAT, (100, 101, 79, 95), **marks), [order(10, "open long")], leverage=4.0, symbols=TIERS)
    assert len(fills(out)) == 1


def test_the_mark_of_the_close_liquidates_what_was_bought_at_it() -> None:
    # bought at the close of 100 while the mark closes at 79
    marks = {"mark_high": [100.0], "mark_low": [79.0], "mark_close": [79.0]}
    sent = [order(10, "open long")]
    out = run(bars((100, 100, 79, 100), **marks), sent, leverage=4.0, symbols=TIERS, fill="close")
    assert fills(out) == [(10, "open_long", 1, 100, "signal"), (10, "close_long", 1, 100, "liquidation")]


def test_the_leg_to_the_close_liquidates_nobody() -> None:
    # the mark is at 70 from the beginning; set off at 98.5 on the way to the high, bought at 97.5 on the way down to
    # the close, gone there
    marks = {name: [100.0, 70.0] for name in ("mark_high", "mark_low", "mark_close")}
    sent = [order(10, "open long", type="stop_limit", trigger=98.5, limit=97.5)]
    rows = bars(FLAT, (97, 99, 95, 96), **marks)
    out = run(rows, sent, leverage=4.0, symbols=TIERS, path="ohlc")
    assert fills(out, "price", "reason") == [(97.5, "stop_limit"), (96, "liquidation")]


def test_orders_of_what_is_liquidated_go() -> None:
    # hedge: those of the long; one-way: all of the symbol; cross: all of the account
    rests: Row = {"type": "limit", "order": "rests"}
    rows = bars(FLAT, (100, 101, 79, 90)) + bars(FLAT, FLAT, symbol="Y")
    high, elsewhere = order(10, "open short", limit=300.0, **rests), order(10, "open long", limit=50.0, **rests)
    cases: list[tuple[Row, Row, bool]] = [
        ({"position_mode": "hedge"}, high, False),
        ({"position_mode": "hedge"}, order(10, "open long", limit=50.0, **rests), True),
        ({}, high, True),
        ({}, elsewhere | {"symbol": "Y"}, False),
        ({"margin": "cross", "initial_margin": 25.0}, elsewhere | {"symbol": "Y"}, True),
    ]
    for options, order_that_rests, gone in cases:
        tiers = {"X": TIERS["X"], "Y": TIERS["X"]}
        out = run(rows, [order(10, "open long"), order_that_rests], leverage=4.0, symbols=tiers, pyramid=1, **options)
        assert "liquidation" in {fill["reason"] for fill in out["fills"]}
        assert (states(out, "rests") == ["accepted", "cancelled liquidation"]) is gone


def test_tiers_by_the_largest_maintenance() -> None:
    # 10 at 100, tiers 1/16 and, from 500 on, 1/8 less 31.25: 250 + 10 (p - 100) = 10 p / 8 - 31.25 at 82.14...
    symbols = {"X": {"brackets": [(0.0, 500.0, 0.0625, 0.0), (500.0, 1e9, 0.125, 31.25)]}}
    out = run(bars(FLAT, (100, 101, 79, 90)), [order(10, "open long", 10.0)], leverage=4.0, symbols=symbols)
    assert fills(out)[1][3] == Fraction(71875, 875)


def test_cross_counts_the_wallet_and_both_symbols() -> None:
    # 5 X and 5 Y long at 100 with 150. While X moves, Y stands at its low of 90:
    # 150 + 5 (x - 100) + 5 (90 - 100) = (5 x + 450) / 16, so 75 x = 6850
    rows = bars(FLAT, FLAT, (100, 100, 85, 85)) + bars(FLAT, FLAT, (100, 100, 90, 95), symbol="Y")
    sent = [order(10, "open long", 5.0), order(10, "open long", 5.0, symbol="Y")]
    tiers = {"X": TIERS["X"], "Y": TIERS["X"]}
    out = run(rows, sent, initial_margin=150.0, margin="cross", leverage=10.0, symbols=tiers)
    x = Fraction(6850, 75)
    assert fills(out)[2:] == [(30, "close_long", 5, x, "liquidation"), (30, "close_long", 5, 90, "liquidation")]
    # isolated, each by itself: margin 50, 50 + 5 (p - 100) = 5 p / 16 at 96: both, at 96
    out = run(rows, sent, initial_margin=150.0, leverage=10.0, symbols=tiers)
    assert fills(out, "symbol", "price")[2:] == [("X", 96), ("Y", 96)]


def test_cross_both_sides_stand_where_they_are_worse_together() -> None:
    # Y 5 long and 10 short stands at its high of 110: -50, and 15 * 110 / 16 of maintenance.
    # 250 + 5 (x - 100) - 50 - 103.125 = 5 x / 16 at 86
    rows = bars(FLAT, FLAT, (100, 100, 85, 85)) + bars(FLAT, FLAT, (100, 110, 95, 100), symbol="Y")
    sent = [order(10, "open long", 5.0), order(10, "open long", 5.0, symbol="Y")]
    sent.append(order(10, "open short", 10.0, symbol="Y"))
    tiers = {"X": TIERS["X"], "Y": TIERS["X"]}
    options = {"margin": "cross", "position_mode": "hedge", "leverage": 10.0, "symbols": tiers}
    out = run(rows, sent, initial_margin=250.0, **options)
    assert fills(out, "symbol", "side", "price", "reason")[3:] == [
        ("X", 1, 86, "liquidation"),
        ("Y", 1, 110, "liquidation"),
        ("Y", -1, 110, "liquidation"),
    ]


def test_cross_has_free_what_is_unrealised() -> None:
    # 5 at 100, now at 120: 1000 + 100 - 600 = 500, so 4 more
    sent = [order(10, "open long", 5.0), order(20, "open long", 9.0)]
    out = run(bars(FLAT, FLAT, (120, 120, 120, 120)), sent, margin="cross", pyramid=1)
    assert fills(out)[1][2:] == (4, 120, "cut by margin")


def test_cross_a_close_at_a_loss_beyond_the_wallet() -> None:
    # the mark stands still at 100, the close is at 70: 300 lost of 200
    still = {name: [100.0] * 3 for name in ("mark_high", "mark_low", "mark_close")}
    sent = [order(10, "open long", 10.0), order(20, "close long", 10.0)]
    options = {"margin": "cross", "leverage": 10.0}
    out = run(bars(FLAT, FLAT, (70, 70, 70, 70), **still), sent, initial_margin=200.0, **options)
    assert (out["equity"][-1]["wallet"], out["equity"][-1]["insurance"]) == (0, 100)


def test_cross_pays_no_more_than_the_wallet() -> None:
    # 10 at 100 with 200; the open jumps to 70: 300 lost, the insurance pays 100
    rows = bars(FLAT, FLAT, (70, 70, 70, 70))
    out = run(rows, [order(10, "open long", 10.0)], initial_margin=200.0, margin="cross", leverage=10.0)
    last = out["equity"][-1]
    assert (last["wallet"], last["insurance"]) == (0, 100)
    assert out["bankrupt"] == 30


def test_a_part_that_loses_more_than_it_releases_eats_the_margin() -> None:
    # 4 at 100, leverage 4, all of 100 is margin. 2 closed at 80 lose 40 and release 50: 60 is left, of which 50 is
    # margin. 2 closed at 70 lose 60: 40 is left, the margin kept is 40
    sent = [order(10, "open long", 4.0), order(20, "close long", 2.0)]
    still = {name: [100.0] * 3 for name in ("mark_high", "mark_low", "mark_close")}
    for price, kept in ((80, 50), (70, 40)):
        out = run(bars(FLAT, FLAT, (price, 100, price, 100), **still), sent, initial_margin=100.0, leverage=4.0)
        assert out["equity"][-1]["margin_used"] == kept
        assert out["equity"][-1]["insurance"] == 0


# funding


def test_funding_at_inside_and_between() -> None:
    # 2 long: at 20 the close's mark of 100: -2 * 100 / 8; inside the third bar at its open's mark of 104; between (the
    # fourth begins at 35): the last mark, 96; and a row that has its own. What is before the fill is not paid
    times = [(10, None), (20, None), (25, None), (33, None), (40, 64.0)]
    funding = [{"ts": ts, "symbol": "X", "rate": 0.125, "mark_price": mark} for ts, mark in times]
    rows = bars(FLAT, FLAT, (104, 104, 96, 96), FLAT, open_time=[0, 10, 20, 35])
    out = run(rows, [order(10, "open long", 2.0)], funding)
    paid = [(row["ts"], row["amount"]) for row in out["payments"]]
    assert paid == [(20, -25), (25, -26), (33, -24), (40, -16)]
    assert out["equity"][-1]["funding"] == -91


def test_funding_moves_the_margin_and_with_it_the_liquidation_price() -> None:
    # margin 25 less 100 / 16: 18.75 + (p - 100) = p / 16 at 260 / 3; a short gets it
    funding = [{"ts": 20, "symbol": "X", "rate": 0.0625}]
    rows = bars(FLAT, FLAT, (100, 100, 81, 90))
    out = run(rows, [order(10, "open long")], funding, leverage=4.0, symbols=TIERS)
    assert fills(out)[1] == (30, "close_long", 1, Fraction(260, 3), "liquidation")
    assert out["equity"][1]["margin_used"] == 18.75
    # more than the margin comes out of the free wallet
    much = run(rows, [order(10, "open long")], [funding[0] | {"rate": 0.5}], leverage=4.0, symbols=TIERS)
    assert (much["equity"][1]["margin_used"], much["equity"][1]["wallet"]) == (0, 950)
    short = run(rows, [order(10, "open short")], funding, leverage=4.0, symbols=TIERS)
    assert short["equity"][-1]["margin_used"] == 31.25


# the end


def test_close_at_end() -> None:
    sent = [order(10, "open long"), order(10, "close long", type="limit", limit=200.0)]
    out = run(bars(FLAT, (100, 110, 100, 110)), sent, end=True, taker_fee=0.125, slippage_bps=50.0)
    assert fills(out)[1] == (20, "close_long", 1, 110, "end of input")
    assert out["fills"][1]["fee"] == 13.75
    assert states(out, 1) == ["accepted", "cancelled end of input"]


def test_bankrupt_when_not_one_lot_can_be_opened() -> None:
    # 150: one at 100, closed at 60: 110 is left, and the close is 120
    sent = [order(10, "open long"), order(20, "close long"), order(20, "open short", type="limit", limit=500.0)]
    out = run(bars(FLAT, FLAT, (60, 120, 60, 120), FLAT), sent, initial_margin=150.0)
    assert out["bankrupt"] == 30
    assert out["equity"][-1]["ts"] == 30
    assert states(out, 2) == ["accepted", "cancelled bankrupt"]


def test_liquidation_prices_are_where_the_margin_is_the_maintenance() -> None:
    # whatever the sides and tiers: nothing is left at the prices themselves, something between them
    rng = random.Random(1)
    for _ in range(200):
        tiers = [(Fraction(step, 16), Fraction(rng.randint(0, 40) * step)) for step in range(rng.randint(1, 4))]
        ledger = Ledger(Fraction(0), True, Fraction(0), Fraction(0), {"X": Terms(*[Fraction(1)] * 3, None, tiers)})
        keys = rng.choice([[("X", 1)], [("X", -1)], [("X", 1), ("X", -1)]])
        for key in keys:
            ledger.held[key] = Position(Fraction(rng.randint(1, 9)), Fraction(rng.randint(50, 150)), Fraction(0))
        balance = Fraction(rng.randint(0, 300))
        low, high = ledger.bounds(keys, balance)
        for edge in (low, high):
            if edge is not None and low != 10**30:
                assert balance + sum(ledger.surplus(key, edge) for key in keys) <= 0
        if low is None and high is None:
            continue
        left, right = low if low is not None else high - 2, high if high is not None else low + 2
        if left < right:
            assert balance + sum(ledger.surplus(key, (left + right) / 2) for key in keys) > 0


# published figures


def published(path: str) -> Any:
    file = ROOT.parent / "shared" / "data" / path
    if not file.exists():
        pytest.skip(f"shared/data/{path} is not beside the checkout")
    return json.loads(file.read_text())


def test_published_liquidation_prices() -> None:
    for case in published("brackets/liquidation_price_examples.json")["cases"]:
        given = {name: Fraction(value) for name, value in case["inputs"].items()}
        terms = Terms(Fraction(1), Fraction(1), Fraction(1), None, [(given["mmr"], given["cum"])])
        ledger = Ledger(given["WB"], False, Fraction(0), Fraction(0), {"X": terms})
        key = ("X", int(given["side"]))
        ledger.held[key] = Position(given["pos"], given["ep"], Fraction(0))
        low, high = ledger.bounds([key], given["WB"] - given["TMM"] + given["UPNL"])
        assert float(low if key[1] > 0 else high) == pytest.approx(case["expected"], abs=case["abs_tolerance"])


def test_published_liquidation_of_two_symbols_through_their_marks() -> None:
    # the example's marks give its TMM and UPNL: what the account sees where BTC is looked at, and where ETH is
    held = {"BTC": (109.488, 32481.98, 31967.27, 0.025, 16300.0), "ETH": (3683.979, 1456.84, 1335.18, 0.1, 135365.0)}
    cases = {case["name"]: case for case in published("brackets/liquidation_price_examples.json")["cases"]}
    account = SlowAccount(
        {"margin": "cross", "initial_margin": 1535443.01},
        {name: {"brackets": [(0.0, 1e12, rate, cum)]} for name, (_, _, _, rate, cum) in held.items()},
    )
    for name, (quantity, entry, mark, _, _) in held.items():
        account.ledger.held[name, 1] = Position(Fraction(quantity), Fraction(entry), Fraction(0))
        account.ledger.marks[name] = Fraction(mark)
    for name, other in (("ETH", "BTC"), ("BTC", "ETH")):
        [(_, low, _)] = account.targets_of(name, "open")
        expected = cases[f"{name}USDT cross, other position {other}USDT"]
        assert float(low) == pytest.approx(expected["expected"], abs=0.01)


def test_published_funding_fees() -> None:
    found = published("funding/funding_fee_examples.json")
    for case in found["simple"]:
        rows = bars((2, 2, 2, 2), (2, 2, 2, 2))
        row = {"ts": 20, "symbol": "X", "rate": case["rate"], "mark_price": case["mark"]}
        out = run(rows, [order(10, "open long", float(case["size"]))], [row])
        assert float(-out["payments"][0]["amount"]) == pytest.approx(case["fee_abs"], rel=1e-12)


def test_a_published_series_of_funding() -> None:
    # A short of ADA over hourly marks. Sold at an hour's close it is there for that hour's funding, as at the
    # exchange; bought back at an open it was there for that of the hour before.
    found = published("funding/funding_fee_examples.json")["series"]
    hour, marks = 3600 * 10**9, found["marks_hourly"]
    rows = [
        {"ts": place * hour, "symbol": "X", "open": before, "high": max(before, mark)}
        | {"low": min(before, mark), "close": mark}
        for place, (before, mark) in enumerate(zip([marks[0], *marks], marks))
    ]
    funding = [{"ts": place * hour, "symbol": "X", "rate": row["rate"]} for place, row in zip((0, 8), found["funding"])]
    # hours of the closes at which it is sold, and at which it is sent to be bought at the next open
    hours = [(1, 4), (0, 8), (1, 8), (0, 7), (0, 12), (0, 8)]
    for case, (first, last) in zip(found["cases"], hours, strict=True):
        sent = [order(first * hour, "open short", float(case["size"]))]
        sent.append(order(last * hour, "close short", float("inf"), type="limit", limit=100.0))
        out = run(rows, sent, funding, fill="close")
        assert float(out["equity"][-1]["funding"]) == pytest.approx(case["short_receives"], abs=1e-10)
        assert len(fills(out)) == 2
