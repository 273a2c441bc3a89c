"""The slow account's orders, by hand: one tiny case for each rule, worked out in its comment (helpers/slow_runs.py)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from slow_account_ledger import lots
from slow_account_orders import DAY
from slow_runs import FLAT, Row, bars, fills, order, run, states

# when an order begins to work


def test_a_market_order_fills_at_the_next_open() -> None:
    out = run(bars(FLAT, (102, 104, 101, 103)), [order(10, "open long", 2.0)], taker_fee=0.125)
    # 2 at 102: fee 204 / 8 = 25.5; at the close 103 it has gained 2
    assert fills(out) == [(20, "open_long", 2, 102, "signal")]
    assert out["fills"][0]["fill_time"] == 10
    last = out["equity"][-1]
    assert (last["wallet"], last["fees"], last["unrealised"], last["equity"]) == (974.5, 25.5, 2, 976.5)
    assert states(out, 0) == ["filled"]


def test_fill_close_takes_the_close_of_its_own_bar() -> None:
    out = run(bars(FLAT, (102, 104, 101, 103)), [order(20, "open long")], fill="close")
    assert fills(out) == [(20, "open_long", 1, 103, "signal")]


def test_an_order_of_no_bar_is_lost() -> None:
    out = run(bars(FLAT, FLAT, FLAT), [order(15, "open long")])
    assert (out["fills"], out["states"]) == ([], [])


def test_what_is_refused_at_once_has_the_time_of_its_decision() -> None:
    sent = [order(10, "open long", post_only=True), order(10, "open long", tif="gtd", expire=10)]
    out = run(bars(FLAT, FLAT), [*sent, order(10, "open long", order="in"), order(10, "close long", order="out")])
    found = [(row["ts"], row["order"], row["state"], row["reason"]) for row in out["states"]]
    assert found == [
        (10, 0, "rejected", "post_only"),
        (10, 1, "expired", "expire"),
        (10, "in", "rejected", "conflict"),
        (10, "out", "rejected", "conflict"),
    ]


LATENCIES: list[tuple[Row, int]] = [({}, 20), ({"latency": 1}, 30), ({"latency": 10}, 30), ({"latency_bars": 2}, 40)]


@pytest.mark.parametrize(("options", "ts"), LATENCIES)
def test_latency(options: Row, ts: int) -> None:
    # bars begin at 10, 20, 30: 10 + 1 and 10 + 10 have come at 20; two bars later than the next is the one of 40
    out = run(bars(FLAT, FLAT, FLAT, FLAT), [order(10, "open long")], **options)
    assert [fill[0] for fill in fills(out)] == [ts]


def test_a_bar_that_began_before_the_order_is_not_its_own() -> None:
    # the second bar began at 8, the order was sent at 10
    out = run(bars(FLAT, FLAT, FLAT, open_time=[0, 8, 20]), [order(10, "open long")])
    assert [fill[0] for fill in fills(out)] == [30]


def test_verbs_one_way_close_before_open() -> None:
    sent = [order(10, "open long"), order(20, "open short", order="in"), order(20, "close long", order="out")]
    out = run(bars(FLAT, FLAT, FLAT), sent)
    assert fills(out, "order", "reason") == [(0, "signal"), ("out", "signal"), ("in", "signal")]


def test_verbs_hedge_open_long_close_short_open_short_close_long() -> None:
    sent = [order(10, "open long"), order(10, "open short")]
    sent += [order(20, "close short", order="b"), order(20, "open long", order="a")]
    out = run(bars(FLAT, FLAT, FLAT), sent, position_mode="hedge", pyramid=1)
    assert fills(out, "order") == [(0,), (1,), ("a",), ("b",)]


# types


def test_a_limit_at_the_open_takes_when_it_begins_and_makes_when_it_rested() -> None:
    # opens at 95 within the limit of 96: taker; the one at 90 rests, and the bar that opens at 88 has it at 88
    rows = bars(FLAT, (95, 97, 94, 96), (88, 90, 88, 90))
    sent = [order(10, "open long", type="limit", limit=96.0), order(10, "open long", type="limit", limit=90.0)]
    out = run(rows, sent, pyramid=1)
    assert fills(out, "price", "liquidity", "reason") == [(95, "taker", "limit"), (88, "maker", "limit")]
    assert states(out, 1) == ["accepted", "filled"]


def test_a_limit_is_reached_on_the_way_down_at_its_price() -> None:
    out = run(bars(FLAT, (100, 101, 94, 96)), [order(10, "open long", type="limit", limit=95.0)], maker_fee=0.125)
    assert fills(out, "price", "liquidity", "fee", "fill_time") == [(95, "maker", 95 / 8, 20)]


def test_post_only_does_not_take() -> None:
    sent = [order(10, "open long", type="limit", limit=96.0, post_only=True)]
    assert states(run(bars(FLAT, (95, 97, 94, 96)), sent), 0) == ["rejected post_only"]
    assert states(run(bars(FLAT, (97, 97, 94, 96)), sent), 0) == ["accepted", "filled"]


def test_a_stop_fills_at_its_trigger_or_where_the_open_jumped() -> None:
    sent = [order(10, "open long", type="stop", trigger=105.0)]
    assert fills(run(bars(FLAT, (100, 106, 99, 103)), sent)) == [(20, "open_long", 1, 105, "stop")]
    assert fills(run(bars(FLAT, (108, 109, 107, 108)), sent)) == [(20, "open_long", 1, 108, "stop")]


def test_a_take_waits_for_the_better_price() -> None:
    out = run(bars(FLAT, (100, 101, 94, 96)), [order(10, "open long", type="take", trigger=95.0)])
    assert fills(out, "price", "liquidity", "reason") == [(95, "taker", "take")]


def test_a_stop_limit_fills_at_its_trigger_or_rests() -> None:
    # up to 105: within 106 at once. With a limit of 103 it rests; the way goes on to 106, then down to 99 through 103
    rows = bars(FLAT, (100, 106, 93, 104))
    within = order(10, "open long", type="stop_limit", trigger=105.0, limit=106.0)
    beyond = within | {"limit": 103.0}
    assert fills(run(rows, [within]), "price", "liquidity", "reason") == [(105, "taker", "stop_limit")]
    assert fills(run(rows, [beyond]), "price", "liquidity", "reason") == [(103, "maker", "stop_limit")]


def test_a_trail_follows_the_best_price() -> None:
    # long at 100, trail 4 begins at the open of 101. Pessimistic: low 99, then high 110: best 110; the next bar goes
    # from 109 down to 105 through 106
    rows = bars(FLAT, FLAT, (101, 110, 99, 109), (109, 109, 105, 108))
    out = run(rows, [order(10, "open long"), order(20, "close long", type="trail", trail=4.0)])
    assert fills(out)[1] == (40, "close_long", 1, 106, "trail")


def test_a_trail_with_a_trigger_begins_there() -> None:
    # follows from 104 on: best 105, so 105 * (1 - 1/8) = 91.875
    rows = bars(FLAT, FLAT, (100, 103, 90, 100), (100, 105, 99, 105), (105, 105, 90, 91))
    out = run(rows, [order(10, "open long"), order(20, "close long", type="trail", trail_frac=0.125, trigger=104.0)])
    assert fills(out)[1] == (50, "close_long", 1, Fraction(735, 8), "trail")


# the path


ENTRY = order(10, "open long", stop=95.0, take=105.0)


@pytest.mark.parametrize(("path", "price"), [("pessimistic", 95), ("optimistic", 105), ("ohlc", 105)])
def test_which_extreme_is_first(path: str, price: int) -> None:
    # open 100, high 106, low 93: the high is nearer, which only ohlc asks when something is held
    out = run(bars(FLAT, (100, 106, 93, 100)), [ENTRY], path=path)
    assert fills(out)[1][3] == price
    assert states(out, 0)[:1] == ["filled"]


@pytest.mark.parametrize(("path", "price"), [("pessimistic", 97), ("optimistic", 104), ("ohlc", 104)])
def test_a_fill_in_the_path_begins_it_again(path: str, price: int) -> None:
    # flat, from 100: the high (104) is nearer than the low (95); long at 103 on the way up. Pessimistic then goes
    # to the low first: stop at 97; ohlc goes on to 104: take. Optimistic comes from the low (farther), enters at
    # 103 on its way up and goes on to the high
    sent = [order(10, "open long", type="stop", trigger=103.0, stop=97.0, take=104.0)]
    assert fills(run(bars(FLAT, (100, 104, 95, 100)), sent, path=path))[1][3] == price


def test_ohlc_never_begins_again() -> None:
    # from 100 to the high of 104, down to 95 with a buy at 96 on the way, and to the close: not up to 103 again
    sent = [order(10, "open long", type="limit", limit=96.0, take=103.0)]
    rows = bars(FLAT, (100, 104, 95, 100))
    assert len(fills(run(rows, sent, path="ohlc"))) == 1
    assert len(fills(run(rows, sent))) == 2


def test_flat_the_nearer_extreme_is_first_and_the_low_of_two() -> None:
    # high and low both 4 away: low first, so the buy at 97 is before the sell at 103
    sent = [order(10, "open short", type="limit", limit=103.0, group="g")]
    sent.append(order(10, "open long", type="limit", limit=97.0, group="g"))
    out = run(bars(FLAT, (100, 104, 96, 100)), sent)
    assert fills(out) == [(20, "open_long", 1, 97, "limit")]
    assert states(out, 0) == ["accepted", "cancelled group"]


def test_a_trail_that_an_entry_brings_along_begins_at_its_fill() -> None:
    # bought at 99 on the way to the low of 96: sold at 99 - 2
    sent = [order(10, "open long", type="limit", limit=99.0, trail=2.0)]
    assert fills(run(bars(FLAT, (100, 104, 96, 100)), sent))[1][3:] == (97, "trail")


def test_what_an_entry_brings_along_may_be_due_at_once() -> None:
    # a stop at 102 above the fill at 100: sold at 100
    out = run(bars(FLAT, FLAT), [order(10, "open long", stop=102.0, take=110.0)])
    assert fills(out)[1] == (20, "close_long", 1, 100, "stop")
    assert states(out, 0) == ["filled", "filled", "cancelled group"]


# closing, turning, targets


def test_what_closes_is_cut_to_the_position_or_finds_nothing() -> None:
    out = run(
        bars(FLAT, FLAT, FLAT, FLAT),
        [order(10, "open long", 2.0), order(20, "close long", 5.0), order(30, "close long")],
    )
    assert fills(out)[1] == (30, "close_long", 2, 100, "cut to position")
    assert states(out, 2) == ["rejected flat"]


def test_closing_orders_go_when_their_side_is_flat() -> None:
    sent = [order(10, "open long"), order(10, "close long", type="limit", limit=120.0), order(20, "close long")]
    assert states(run(bars(FLAT, FLAT, FLAT), sent), 1) == ["accepted", "cancelled flat"]


def test_a_closing_order_that_is_reached_while_flat_ends() -> None:
    out = run(bars(FLAT, (100, 121, 99, 100)), [order(10, "close long", type="limit", limit=120.0)])
    assert states(out, 0) == ["accepted", "cancelled flat"]


def test_reduce_only_closes_the_other_side_and_no_more() -> None:
    sent = [order(10, "open long", 2.0), order(20, "open short", 5.0, reduce_only=True)]
    assert fills(run(bars(FLAT, FLAT, FLAT), sent))[1:] == [(30, "close_long", 2, 100, "cut to position")]
    assert states(run(bars(FLAT, FLAT, FLAT), sent, position_mode="hedge"), 1) == ["rejected not in this mode"]


def test_an_order_against_the_other_side_turns() -> None:
    out = run(bars(FLAT, FLAT, (110, 110, 110, 110)), [order(10, "open long", 2.0), order(20, "open short", 3.0)])
    assert fills(out)[1:] == [(30, "close_long", 2, 110, "flip"), (30, "open_short", 3, 110, "signal")]
    assert out["fills"][1]["realised"] == 20


def test_turning_takes_the_volume_that_there_is() -> None:
    # 2 a bar: 2 of the long 3, then its last and 1 of the short 2, then the other
    rows = bars(*[FLAT] * 6, volume=[4.0] * 6)
    out = run(rows, [order(10, "open long", 3.0), order(30, "open short", 2.0)], volume_share=0.5)
    turned = [(40, "close_long", 2), (50, "close_long", 1), (50, "open_short", 1), (60, "open_short", 1)]
    assert fills(out, "ts", "action", "quantity")[2:] == turned


def test_turning_is_a_fill_for_the_group() -> None:
    # the long is closed, for 100 short there is no margin: the other order of the group goes all the same
    sent = [order(10, "open long"), order(10, "open long", type="limit", limit=50.0, group="g")]
    out = run(bars(FLAT, FLAT, FLAT), [*sent, order(20, "open short", 100.0, group="g")], cash_policy="reject")
    assert fills(out)[1:] == [(30, "close_long", 1, 100, "flip")]
    assert states(out, 1) == ["accepted", "cancelled group"]
    assert states(out, 2) == ["rejected margin"]


def test_what_is_refused_for_its_size_does_not_turn() -> None:
    out = run(bars(FLAT, FLAT, FLAT), [order(10, "open long", 2.0), order(20, "open short", 0.5)])
    assert len(fills(out)) == 1
    assert states(out, 1) == ["rejected size"]


def test_a_target_is_the_position_that_is_to_be() -> None:
    sent = [order(10, "target", 3.0), order(20, "target", 1.0), order(30, "target", -2.0), order(40, "target", 0.0)]
    out = run(bars(*[FLAT] * 5), sent)
    steps = [("open_long", 3), ("close_long", 2), ("close_long", 1), ("open_short", 2), ("close_short", 2)]
    assert fills(out, "action", "quantity") == steps
    assert fills(out, "position") == [(3,), (1,), (0,), (-2,), (0,)]
    assert states(run(bars(FLAT, FLAT), sent, position_mode="hedge"), 0) == ["rejected not in this mode"]


# taking back, and time


def test_cancel_takes_back_what_was_sent_before() -> None:
    sent = [order(10, "open long", type="limit", limit=90.0), order(10, "open long", type="limit", limit=91.0)]
    rows = bars(FLAT, FLAT, (100, 100, 89, 90))
    assert len(fills(run(rows, sent, pyramid=1))) == 2
    assert fills(run(rows, [*sent, order(20, "cancel")], pyramid=1)) == []
    assert fills(run(rows, [*sent, order(20, "cancel", ref=0)]), "order") == [(1,)]


def test_cancel_of_all_leaves_what_entries_brought_along() -> None:
    rows = bars(FLAT, FLAT, (100, 100, 89, 90))
    sent = [order(10, "open long", stop=90.0)]
    assert fills(run(rows, [*sent, order(20, "cancel")]))[1][3:] == (90, "stop")
    assert len(fills(run(rows, [*sent, order(20, "cancel", ref=0)]))) == 1


def test_replace_goes_on_with_what_it_names() -> None:
    sent = [order(10, "open long", 2.0, type="limit", limit=90.0)]
    change = {"ts": 20, "symbol": "X", "side": 1, "action": "replace", "ref": 0, "order": "new", "limit": 95.0}
    out = run(bars(FLAT, FLAT, (100, 100, 89, 90)), [*sent, change])
    assert fills(out, "order", "quantity", "price") == [("new", 2, 95)]
    assert states(out, 0) == ["accepted", "cancelled replaced"]
    assert states(run(bars(FLAT, FLAT), [change | {"ts": 10}]), "new") == ["rejected no such order"]


def test_ioc_and_fok() -> None:
    # half of a volume of 4 is 2: ioc fills 2 of 3, fok none
    rows = bars(FLAT, FLAT, FLAT, volume=[4.0, 4.0, 4.0])
    ioc = run(rows, [order(10, "open long", 3.0, tif="ioc")], volume_share=0.5)
    assert fills(ioc, "ts", "quantity") == [(20, 2)]
    assert states(ioc, 0) == ["partly", "cancelled tif"]
    assert states(run(rows, [order(10, "open long", 3.0, tif="fok")], volume_share=0.5), 0) == ["cancelled tif"]
    waits = order(10, "open long", tif="ioc", type="limit", limit=99.0)
    assert states(run(rows, [waits]), 0) == ["cancelled tif"]


def test_ioc_and_fok_of_what_waits_for_a_trigger_count_from_there() -> None:
    # 2 a bar: the stop of 3 is set off in the third bar and fills 2 (ioc) or none (fok)
    rows = bars(FLAT, FLAT, (100, 106, 100, 106), FLAT, volume=[4.0] * 4)
    sent = order(10, "open long", 3.0, type="stop", trigger=105.0, tif="ioc")
    out = run(rows, [sent], volume_share=0.5)
    assert fills(out, "ts", "quantity") == [(30, 2)]
    assert states(out, 0) == ["accepted", "partly", "cancelled tif"]
    assert states(run(rows, [sent | {"tif": "fok"}], volume_share=0.5), 0) == ["accepted", "cancelled tif"]
    sent |= {"type": "stop_limit", "limit": 103.0}
    assert states(run(rows, [sent]), 0) == ["accepted", "cancelled tif"]


def test_gtd_and_day() -> None:
    # gtd 20: over at the bar that opens at 20. Day: sent at midnight it has that day; sent ten before, it is over
    # where the third bar opens, at midnight
    rows = bars(FLAT, FLAT, (100, 100, 80, 80))
    waits = order(10, "open long", type="limit", limit=90.0)
    assert states(run(rows, [waits | {"tif": "gtd", "expire": 20}]), 0) == ["accepted", "expired expire"]
    assert len(fills(run(rows, [waits | {"tif": "gtd", "expire": 21}]))) == 1
    for start, left in ((DAY - 10, 1), (DAY - 20, 0), (-10, 1)):
        later = [row | {"ts": row["ts"] + start} for row in rows]
        assert len(fills(run(later, [waits | {"ts": 10 + start, "tif": "day"}]))) == left


# size and room


@pytest.mark.parametrize(
    ("unit", "quantity", "lots"),
    [
        ("contracts", 3.9, 3),
        ("base", 2.0, 4),  # a contract is half a coin
        ("quote", 260.0, 5),  # 260 / (100 * 0.5) = 5.2
        ("equity_frac", 0.25, 5),  # 250 / 50
        ("risk_frac", 0.01, 4),  # 10 / (|100 - 95| * 0.5)
        ("contracts", float("inf"), 7),  # --size 7
    ],
)
def test_units(unit: str, quantity: float, lots: int) -> None:
    sent = [order(10, "open long", quantity, unit=unit, stop=95.0)]
    out = run(bars(FLAT, FLAT), sent, contract_size=0.5, size="7")
    assert fills(out)[0][2] == lots


@pytest.mark.parametrize(("size", "quantity"), [("50%", 5), ("all", 10), ("300", 3)])
def test_size_of_what_has_none(size: str, quantity: int) -> None:
    unit = "quote" if size == "300" else "contracts"
    out = run(bars(FLAT, FLAT), [order(10, "open long", float("inf"))], size=size, size_unit=unit, cash_policy="reject")
    assert fills(out) == [(20, "open_long", quantity, 100, "signal")]


def test_dust_is_no_lot_less() -> None:
    # the float 0.3 lies below three tenths; 0.29999 is two
    tenth = Fraction(1, 10)
    assert lots(Fraction(0.3), tenth, Fraction(1, 10**12)) == 3 * tenth
    assert lots(Fraction(0.29999), tenth, Fraction(1, 10**12)) == 2 * tenth
    assert lots(Fraction(0.3), tenth) == 3 * tenth - (tenth if Fraction(0.3) < 3 * tenth else 0)


def test_margin_cuts_or_rejects() -> None:
    # 1000 at leverage 2 and a fee of 1/8: 1000 / (100 * (1/2 + 1/8)) = 16
    sent = [order(10, "open long", 20.0)]
    assert fills(run(bars(FLAT, FLAT), sent, leverage=2.0, taker_fee=0.125))[0][2:] == (16, 100, "cut by margin")
    out = run(bars(FLAT, FLAT), sent, leverage=2.0, taker_fee=0.125, cash_policy="reject")
    assert states(out, 0) == ["rejected margin"]


def test_room_is_at_the_price_after_slippage() -> None:
    # 100 bps: 101 each, 1000 / 101 = 9.9
    out = run(bars(FLAT, (100, 102, 100, 100)), [order(10, "open long", 10.0)], slippage_bps=100.0)
    assert fills(out)[0][2:] == (9, 101, "cut by margin")


def test_the_bracket_cuts() -> None:
    # 450 of notional: 4 at 100; then nothing
    sent = [order(10, "open long", 9.0), order(20, "open long")]
    out = run(bars(FLAT, FLAT, FLAT), sent, symbols={"X": {"cap": 450.0}}, pyramid=1)
    assert fills(out) == [(20, "open_long", 4, 100, "cut by bracket")]
    assert states(out, 1) == ["rejected bracket"]


def test_too_small_a_notional() -> None:
    assert states(run(bars(FLAT, FLAT), [order(10, "open long")], min_notional=101.0), 0) == ["rejected notional"]
    out = run(bars(FLAT, FLAT), [order(10, "open long", 2.0)], min_notional=150.0, initial_margin=150.0)
    assert states(out, 0) == ["rejected notional"]  # cut to 1 by margin


def test_pyramid_counts_orders_that_add() -> None:
    sent = [order(10, "open long"), order(20, "open long"), order(30, "open long")]
    out = run(bars(*[FLAT] * 4), sent, pyramid=1)
    assert [fill[0] for fill in fills(out)] == [20, 30]
    assert states(out, 2) == ["rejected pyramid"]


def test_orders_that_contradict_each_other() -> None:
    sent = [order(10, "open long"), order(10, "close long")]
    assert states(run(bars(FLAT, FLAT), sent), 0) == ["rejected conflict"]
    both = [order(10, "open long"), order(10, "open short")]
    assert states(run(bars(FLAT, FLAT), both), 1) == ["rejected conflict"]
    assert len(fills(run(bars(FLAT, FLAT), both, position_mode="hedge"))) == 2
    with pytest.raises(ValueError, match="contradict"):
        run(bars(FLAT, FLAT), sent, conflict="error")


def test_volume_is_shared_by_the_orders_of_a_bar() -> None:
    # 2 a bar: the first order fills 2, then its last 1 and 1 of the second, which goes on
    rows = bars(*[FLAT] * 4, volume=[4.0] * 4)
    out = run(rows, [order(10, "open long", 3.0), order(10, "open long", 2.0)], volume_share=0.5, pyramid=1)
    assert fills(out, "ts", "order", "quantity") == [(20, 0, 2), (30, 0, 1), (30, 1, 1), (40, 1, 1)]
    assert states(out, 0) == ["accepted", "partly", "filled"]


# prices


def test_slippage_spread_and_impact() -> None:
    # 100 + 50 / 2 bps = 1/80 of 80: 81 to buy, 79 to sell; the bar's extremes hold it
    rows = bars((80, 80, 80, 80), (80, 90, 70, 80), (80, 80.5, 70, 80))
    out = run(rows, [order(10, "open long"), order(20, "open long")], slippage_bps=100.0, spread_bps=50.0, pyramid=1)
    assert fills(out, "price") == [(81,), (80.5,)]
    # a quarter of the volume: 0.1 of it is 1/40, 0.1 of its root 1/20 (0.5 is exact as a float)
    for impact, price in (("linear", Fraction(0.1) / 4), ("sqrt", Fraction(0.1) / 2)):
        rows = bars(FLAT, (100, 110, 90, 100), volume=[4.0, 4.0])
        assert fills(run(rows, [order(10, "open short")], impact=impact, impact_coefficient=0.1), "price") == [
            (100 * (1 - price),)
        ]


def test_a_limit_never_pays_more() -> None:
    out = run(bars(FLAT, (95, 99, 94, 96)), [order(10, "open long", type="limit", limit=95.5)], slippage_bps=100.0)
    assert fills(out, "price") == [(95.5,)]
