"""Bars against a slow oracle; how the input is cut, which way a coarse bar is made, and what happens at the edges."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import oracle_bars
import pytest
from bar_runs import DAY, HOUR, IDS, MINUTE, PLAIN, SECOND, START, TRADES, run, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.stages.aggregate import Aggregate

CHAIN = "5s:1m:15m:4h:1d"
LENGTHS = {"5s": 5 * SECOND, "1m": MINUTE, "15m": 15 * MINUTE, "4h": 4 * HOUR, "1d": DAY}
GAPS = (0, 0, 1, 10**6, SECOND, 5 * SECOND, 7 * SECOND, MINUTE, 16 * MINUTE, 5 * HOUR)

steps = st.lists(
    st.tuples(
        st.sampled_from(GAPS),
        st.integers(1, 10**7).map(lambda n: n / 100),
        st.integers(0, 10**9).map(lambda n: n / 1000),
        st.sampled_from((1, -1, 0, 1, -1)),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=60,
)
cuts = st.sets(st.integers(0, 60))


def trades_of(found, start=START):
    rows, ts = [], start
    for gap, price, qty, side, count in found:
        ts += gap
        rows.append((ts, price, qty, side, count))
    return rows


def same(value, expected):
    return value == expected or (math.isnan(value) and math.isnan(expected))


@given(found=steps, offset=st.integers(0, DAY))
def test_every_bar_from_trades_is_the_oracles_to_the_last_bit(found, offset):
    rows = trades_of(found, START + offset)
    out, _ = run(rows, CHAIN, partial="keep")
    for period, length in LENGTHS.items():
        expected = oracle_bars.bars_of_trades(rows, length)
        got = out.of(period)
        assert [row["open_time"] for row in got] == list(expected)
        for row in got:
            bar = expected[row["open_time"]]
            if row["open_time"] + length > rows[-1][0]:
                assert row["complete"] == 0  # the end of the input cut it short; it is known at its last trade
                assert row["ts"] == rows[-1][0]
            else:
                assert row["ts"] == bar["ts"]
                assert row["complete"] == (row["open_time"] >= rows[0][0])
            assert {name: row[name] for name in bar if name not in ("ts", "vwap")} == {
                name: value for name, value in bar.items() if name not in ("ts", "vwap")
            }
            assert same(row["vwap"], bar["vwap"])


@settings(max_examples=60)
@given(
    found=steps,
    first=cuts,
    offset=st.integers(0, HOUR),
    options=st.sampled_from(
        [
            {},
            {"partial": "keep"},
            {"fill": "flat"},
            {"emit": "updates"},
            {"emit": "updates", "fill": "flat", "partial": "keep"},
            {"lateness": "3s"},
            {"time_label": True, "tiers": (100.0, 20_000.0, 300_000.0), "fx": 7.0},
            {"tz": "Asia/Kathmandu", "fill": "flat", "partial": "keep"},
        ]
    ),
)
def test_how_the_rows_are_cut_changes_no_bit(found, first, offset, options):
    rows = trades_of(found, START + offset)
    whole, _ = run(rows, CHAIN, **options)
    parts, _ = run(rows, CHAIN, cuts=first, **options)
    single, _ = run(rows, CHAIN, cuts=range(len(rows)), **options)
    assert texts(parts, CHAIN) == texts(whole, CHAIN)
    assert texts(single, CHAIN) == texts(whole, CHAIN)


@settings(max_examples=40)
@given(
    found=steps,
    at=st.integers(0, 60),
    offset=st.integers(0, HOUR),
    options=st.sampled_from(
        [
            {},
            {"fill": "flat"},
            {"emit": "updates"},
            {"lateness": "1m"},
            {"tiers": (1e4, 2e4, 3e5), "fill": "flat"},
            {"tz": "Europe/London"},
        ]
    ),
)
def test_a_saved_state_carries_on_as_if_nothing_had_happened(found, at, offset, options):
    rows = trades_of(found, START + offset)
    whole, _ = run(rows, CHAIN, more=True, **options)
    one, stage = run(rows[:at], CHAIN, more=True, **options)
    two, _ = run(rows[at:], CHAIN, more=True, saved=stage.save(), **options)
    both = {period: texts(one, CHAIN)[period] + texts(two, CHAIN)[period] for period in LENGTHS}
    assert both == texts(whole, CHAIN)


@settings(max_examples=40)
@given(
    found=steps,
    at=st.integers(0, 60),
    fill=st.sampled_from(("none", "flat")),
    emit=st.sampled_from(("closed", "updates")),
)
def test_no_row_depends_on_rows_after_its_ts(found, at, fill, emit):
    rows = trades_of(found)
    part, _ = run(rows[:at], CHAIN, fill=fill, emit=emit)
    whole, _ = run(rows, CHAIN, fill=fill, emit=emit)
    for period, got in texts(part, CHAIN).items():
        assert texts(whole, CHAIN)[period][: len(got)] == got
    assert all(row["ts"] <= rows[:at][-1][0] for _, row in part.events)


@settings(max_examples=60)
@given(found=steps, offset=st.integers(0, HOUR))
def test_every_way_to_a_coarse_bar_gives_the_same_bits(found, offset):
    """trades to 1d; through 5s, 1m, 15m and 4h; and with days made from trades beside forming rows."""
    rows = trades_of(found, START + offset)
    chain, _ = run(rows, CHAIN, partial="keep")
    direct, _ = run(rows, "1d", partial="keep")
    updates, _ = run(rows, CHAIN, partial="keep", emit="updates")
    assert texts(chain, "1d") == texts(direct, "1d")
    for period in LENGTHS:
        closed = [repr(row) for row in updates.of(period) if row["ts"] == row["open_time"] + LENGTHS[period]]
        expected = [repr(row) for row in chain.of(period) if row["ts"] == row["open_time"] + LENGTHS[period]]
        assert [row for row in closed if row in expected] == expected


def test_sums_are_exact_where_adding_up_is_not():
    """1e16 + 1 + 1 ... loses every 1 in plain float64; 0.1 ten times is not 1 there."""
    rows = [(START, 1.0, 1e16, 1, 1)] + [(START + i, 1.0, 1.0, 1, 1) for i in range(1, 101)]
    rows += [(START + 60 * SECOND + i, 1.0, 0.1, -1, 1) for i in range(10)]
    out, _ = run([*rows, (START + DAY, 1.0, 1.0, 1, 1)], "1m:1d")
    first, second = out.of("1m")
    assert first["volume"] == 1e16 + 100
    assert second["sell_volume"] == math.fsum([0.1] * 10) == 1.0
    assert out.of("1d")[0]["buy_volume"] == 1e16 + 100


# -- edges ------------------------------------------------------------------------------------------------
def trade(ts, price=10.0, qty=1.0):
    return (START + ts, price, qty, 1, 1)


def test_a_trade_at_the_very_end_belongs_to_the_next_bar():
    out, _ = run([trade(0, 1), trade(MINUTE - 1, 2), trade(MINUTE, 3), trade(2 * MINUTE, 4)], "1m")
    assert [(row["open"], row["close"], row["ts"] - START) for row in out.of("1m")] == [
        (1, 2, MINUTE),
        (3, 3, 2 * MINUTE),
    ]


def test_the_first_bar_counts_only_if_the_input_reaches_back_to_its_beginning():
    late_start = [trade(1), trade(MINUTE), trade(2 * MINUTE)]
    out, stage = run(late_start, "1m:15m", more=True)
    assert [row["open_time"] - START for row in out.of("1m")] == [MINUTE]
    assert stage.dropped == {"partial": 1}
    out, stage = run([("mark", START), *late_start], "1m", more=True)
    assert [row["open_time"] - START for row in out.of("1m")] == [0, MINUTE]
    out, _ = run(late_start, "1m", partial="keep")
    assert [(row["open_time"] - START, row["complete"], row["ts"] - START) for row in out.of("1m")] == [
        (0, 0, MINUTE),
        (MINUTE, 1, 2 * MINUTE),
        (2 * MINUTE, 0, 2 * MINUTE),
    ]
    with pytest.raises(HqError, match="1m bar of 2023-11-15T00:00:00Z is partial") as caught:
        run(late_start, "1m", partial="error")
    assert caught.value.code == DATA


def test_a_partial_bar_makes_every_coarser_bar_around_it_partial():
    rows = [trade(20 * MINUTE + 1), trade(4 * HOUR), trade(DAY), trade(DAY + 15 * MINUTE)]
    out, stage = run(rows, "15m:4h:1d", more=True)
    assert [row["open_time"] - START for row in out.of("4h")] == [4 * HOUR]
    assert out.of("1d") == []
    assert stage.dropped == {"partial": 3}


def test_with_a_state_file_to_come_open_bars_stay_open():
    out, stage = run([trade(0), trade(30 * SECOND)], "1m:15m", more=True)
    assert out.events == []
    assert stage.dropped == {}
    out, stage = run([trade(0), trade(30 * SECOND)], "1m:15m")
    assert stage.dropped == {"partial": 2}


def test_trades_that_end_just_before_the_end_of_a_bar_have_filled_it():
    """1 s, and 1 % of the period: 600 ms of a minute, 150 ms of 15 s."""
    rows = [trade(0), trade(MINUTE - 600_000_000)]
    assert [(row["complete"], row["ts"]) for row in run(rows, "15s:1m", slack="1s")[0].of("1m")] == [
        (1, START + MINUTE)
    ]
    assert [row["ts"] - START for row in run(rows, "15s:1m", slack="1s")[0].of("15s")] == [15 * SECOND]
    assert run([trade(0), trade(MINUTE - 600_000_001)], "1m", slack="1s")[0].of("1m") == []
    assert run(rows, "1m", slack="500ms")[0].of("1m") == []
    assert run([trade(1), *rows[1:]], "1m", slack="1s")[0].of("1m") == []


def test_a_coarse_bar_closes_with_the_row_that_shows_its_end_also_when_no_fine_bar_closes():
    rows = [trade(0), trade(15 * MINUTE), trade(5 * HOUR)]
    out, _ = run(rows, "15m:4h", more=True)
    assert [row["ts"] - START for row in out.of("4h")] == [4 * HOUR]


def test_coarse_bars_come_before_the_fine_bars_that_close_with_them():
    out, _ = run([trade(0), trade(DAY)], "15m:4h:1d", more=True)
    assert [schema.period for schema, _ in out.events] == ["1d", "4h", "15m"]


def test_a_mark_closes_what_has_ended_and_goes_on():
    out, stage = run([trade(0), ("mark", START + MINUTE - 1)], "1m", more=True)
    assert out.of("1m") == []
    out, stage = run([trade(0), ("mark", START + MINUTE)], "1m", more=True)
    assert len(out.of("1m")) == 1
    assert out.marks == [START + MINUTE]
    with pytest.raises(HqError, match="row 2: ts lies 1 ns before a mark"):
        run([trade(0), ("mark", START + MINUTE), trade(MINUTE - 1)], "1m")


# -- order ------------------------------------------------------------------------------------------------
def test_going_back_in_time_is_an_error_and_what_was_before_has_been_written():
    rows = [trade(0), trade(MINUTE), trade(MINUTE + 1_500_000), trade(MINUTE)]
    stage = Aggregate("1m")
    with pytest.raises(HqError, match="row 4: ts goes back by 1.5 ms; sort the input or pass lateness") as caught:
        run(rows, "1m", stage=stage)
    assert caught.value.code == DATA
    assert len(stage.out.of("1m")) == 1


@pytest.mark.parametrize("at", [1, 255, 256, 257, 511, 700, 999])
def test_disorder_is_found_wherever_it_is(at):
    rows = [trade(i * SECOND) for i in range(1000)]
    rows[at] = trade(at * SECOND - 2 * SECOND)
    for cuts in ((), (at,), (at - 1, at, at + 1)):
        with pytest.raises(HqError, match=f"row {at + 1}: ts goes back by 1s"):
            run(rows, "1m", cuts=cuts)


def test_ties_come_in_their_order_or_with_lateness_by_id():
    rows = [(START, 1.0, 1.0, 7), (START, 2.0, 1.0, 8), (START, 3.0, 1.0, 8), (START + MINUTE, 1.0, 1.0, 1)]
    out, _ = run(rows, "1m", schema=IDS)
    assert out.of("1m")[0]["close"] == 3
    rows[2] = (START, 3.0, 1.0, 7)
    out, _ = run(rows, "1m", schema=IDS, lateness="1ns")
    assert out.of("1m")[0]["close"] == 2


def test_lateness_waits_for_stragglers_and_counts_those_that_come_after_it():
    """2 s: the trade 2 s late is taken in, the one 2 s and 1 ns late is not; both were before the bar's end."""
    rows = [
        trade(0, 1),
        trade(MINUTE + SECOND, 4),
        trade(MINUTE - SECOND, 2),
        trade(MINUTE - SECOND - 1, 3),
        trade(MINUTE + 9 * SECOND, 5),
    ]
    out, stage = run(rows, "1m", lateness="2s", more=True)
    assert [(row["open"], row["close"], row["trades"]) for row in out.of("1m")] == [(1, 2, 2)]
    assert stage.dropped == {"late": 1}


def test_with_lateness_a_bar_waits_for_the_watermark():
    rows = [trade(0), trade(MINUTE + 2 * SECOND - 1)]
    assert run(rows, "1m", lateness="2s", more=True)[0].of("1m") == []
    assert len(run([*rows, trade(MINUTE + 2 * SECOND)], "1m", lateness="2s", more=True)[0].of("1m")) == 1
    assert len(run([*rows, ("mark", START + MINUTE)], "1m", lateness="2s", more=True)[0].of("1m")) == 1


def test_rows_of_one_instant_wait_for_each_other_and_keep_their_order():
    """At the watermark a row may still be joined by one of a lower id; without ids the first to come is first."""
    rows = [(START, 1.0, 1.0, 1), (START + 8 * SECOND, 2.0, 1.0, 5), (START + 10 * SECOND, 3.0, 1.0, 9)]
    rows += [(START + 8 * SECOND, 4.0, 1.0, 4), (START + MINUTE + 2 * SECOND, 9.0, 1.0, 10)]
    got, _ = run(rows, "8s:1m", schema=IDS, lateness="2s", cuts=range(5), partial="keep")
    assert [(row["open"], row["close"]) for row in got.of("8s")[:2]] == [(1.0, 1.0), (4.0, 3.0)]
    ties = [(START, 1.0, 1.0), (START, 2.0, 1.0), (START, 3.0, 1.0), (START + MINUTE + SECOND, 1.0, 1.0)]
    bar = run(ties, "1m", schema=PLAIN, lateness="1s", more=True)[0].of("1m")[0]
    assert (bar["open"], bar["close"]) == (1.0, 3.0)


def test_more_rows_wait_than_there_was_room_for():
    rows = [trade(i) for i in range(5000)]
    backwards = [row for i in range(0, 5000, 50) for row in reversed(rows[i : i + 50])]
    for cuts in ((), (10, 1034, 1035, 4000)):
        got, stage = run([*backwards, trade(DAY)], "1m", lateness="1h", cuts=cuts)
        assert (got.of("1m")[0]["trades"], got.of("1m")[0]["open"], stage.dropped) == (5000, 10.0, {"partial": 1})


@settings(max_examples=40)
@given(found=steps, shuffle=st.randoms(use_true_random=False), at=cuts, jitter=st.integers(0, 20))
def test_with_enough_lateness_any_order_gives_the_bars_of_the_sorted_rows(found, shuffle, at, jitter):
    rows = [(*row[:3], i) for i, row in enumerate(trades_of(found))]
    sooner = [(row[0] + shuffle.randint(0, jitter) * SECOND, i) for i, row in enumerate(rows)]
    mixed = [rows[i] for _, i in sorted(sooner)]
    expected, _ = run(rows, CHAIN, schema=IDS, partial="keep")
    got, stage = run(mixed, CHAIN, schema=IDS, partial="keep", lateness="20s", cuts=at)
    if min(row[0] for row in rows) == mixed[0][0]:
        assert texts(got, CHAIN) == texts(expected, CHAIN)
    assert stage.dropped == {}


# -- values -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("price", "qty"),
    [
        (math.nan, 1.0),
        (math.inf, 1.0),
        (0.0, 1.0),
        (-1.0, 1.0),
        (1.0, math.nan),
        (1.0, -1e-9),
        (1.0, math.inf),
        (1e300, 1e300),
    ],
)
def test_a_price_or_quantity_that_cannot_be_is_an_error_with_its_row(price, qty):
    rows = [trade(0), trade(MINUTE), trade(MINUTE + 1, price, qty), trade(2 * MINUTE)]
    stage = Aggregate("1m")
    with pytest.raises(HqError, match="row 3: price .* and qty .*"):
        run(rows, "1m", stage=stage)
    assert [row["open_time"] for row in stage.out.of("1m")] == [START]


def test_columns_that_the_input_does_not_have_are_not_made_up():
    out, _ = run([(START, 1.0, 1.0), (START + MINUTE, 1.0, 1.0)], "1m", schema=PLAIN)
    assert list(out.of("1m")[0]) == [
        "ts",
        "open_time",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "quote_volume",
        "trades",
        "vwap",
        "complete",
    ]
    assert out.of("1m")[0]["trades"] == 1


def test_without_volume_the_average_price_is_absent():
    out, _ = run([trade(0, 5.0, 0.0), trade(MINUTE)], "1m")
    assert math.isnan(out.of("1m")[0]["vwap"])
    assert out.of("1m")[0]["volume"] == 0


# -- flat bars --------------------------------------------------------------------------------------------
def test_flat_bars_repeat_the_close_and_change_no_coarse_bar():
    rows = [
        trade(0, 7.0),
        trade(MINUTE - 1, 8.0),
        trade(3 * MINUTE, 9.0),
        trade(15 * MINUTE, 9.5),
        trade(30 * MINUTE, 9.5),
    ]
    out, _ = run(rows, "1m:15m", fill="flat")
    minutes = out.of("1m")
    assert [row["open_time"] - START for row in minutes] == [i * MINUTE for i in range(30)]
    flat = minutes[1]
    assert (flat["open"], flat["high"], flat["low"], flat["close"]) == (8.0, 8.0, 8.0, 8.0)
    assert (flat["volume"], flat["quote_volume"], flat["trades"], flat["buy_volume"], flat["complete"]) == (
        0,
        0,
        0,
        0,
        1,
    )
    assert math.isnan(flat["vwap"])
    assert repr(out.of("15m")) == repr(run(rows, "1m:15m")[0].of("15m"))


def test_a_coarse_average_price_is_absent_only_when_all_of_it_is_empty():
    rows = [trade(0, 7.0), trade(2 * HOUR, 9.0), trade(2 * HOUR + MINUTE, 10.0, 3.0), trade(3 * HOUR)]
    hours = run(rows, "1m:1h", fill="flat")[0].of("1h")
    assert [row["vwap"] for row in hours if not math.isnan(row["vwap"])] == [7.0, 39.0 / 4]
    assert math.isnan(hours[1]["vwap"])


def test_there_is_no_flat_bar_before_the_first_trade_nor_after_a_mark_says_nothing():
    out, _ = run([("mark", START), trade(5 * MINUTE), ("mark", START + 8 * MINUTE)], "1m", fill="flat", more=True)
    assert [row["open_time"] - START for row in out.of("1m")] == [5 * MINUTE, 6 * MINUTE, 7 * MINUTE]


def test_a_gap_that_is_too_long_is_an_error_that_names_it():
    rows = [trade(0), trade(MINUTE), trade(2 * HOUR)]
    assert len(run(rows, "1m", fill="flat", max_gap="2h", more=True)[0].of("1m")) == 120
    with pytest.raises(
        HqError,
        match=r"row 3: nothing from 2023-11-15T00:01:00Z to 2023-11-15T02:00:00Z \(1h 59m\), longer than max_gap 1h",
    ):
        run(rows, "1m", fill="flat", max_gap="1h")
    assert len(run(rows, "1m", max_gap="1h", more=True)[0].of("1m")) == 2  # nothing is filled, so no gap is too long
    with pytest.raises(HqError, match="longer than max_gap 1h"):
        run([*rows[:2], ("mark", START + 2 * HOUR)], "1m", fill="flat", max_gap="1h")


def test_ten_thousand_flat_bars_between_two_trades():
    out, _ = run([trade(0), trade(SECOND), trade(10_001 * SECOND)], "1s", fill="flat", more=True)
    assert [row["open_time"] - START for row in out.of("1s")] == [i * SECOND for i in range(10_001)]


# -- days, labels, tiers ----------------------------------------------------------------------------------
def test_days_follow_the_clocks_of_a_zone_through_both_changes():
    """London 2024: 31 March has 23 hours and 27 October 25; hours stay on the grid of UTC."""
    for month, day, hours in ((3, 31, 23), (10, 27, 25)):
        begin = int(datetime(2024, month, day, tzinfo=UTC).timestamp()) * SECOND
        first = begin - (HOUR if month == 10 else 0)
        rows = [(first - 24 * HOUR + h * HOUR, 10.0 + h, 1.0, 1, 1) for h in range(80)]
        out, _ = run(rows, "1h:4h:1d", tz="Europe/London", more=True)
        days = [(row["open_time"], row["ts"] - row["open_time"], row["trades"]) for row in out.of("1d")]
        assert days[:3] == [
            (first - 24 * HOUR, 24 * HOUR, 24),
            (first, hours * HOUR, hours),
            (first + hours * HOUR, 24 * HOUR, 24),
        ]
        assert all(row["open_time"] % (4 * HOUR) == 0 for row in out.of("4h"))


def test_weeks_of_a_zone_begin_on_its_mondays():
    """The week of 25 March 2024 in London has 7 days less an hour; it is made of that week's days."""
    monday = int(datetime(2024, 3, 18, tzinfo=UTC).timestamp()) * SECOND
    rows = [(monday + h * HOUR, 10.0 + h, 1.0, 1, 1) for h in range(24 * 22)]
    for periods in ("1d:1w", "1h:1w", "1w"):
        weeks = run(rows, periods, tz="Europe/London", more=True)[0].of("1w")
        assert [(row["open_time"] - monday) // HOUR for row in weeks] == [0, 168, 335]
        assert [row["trades"] for row in weeks] == [168, 167, 168]


def test_days_of_a_zone_are_filled_and_forced_by_marks_as_other_bars_are():
    begin = int(datetime(2024, 3, 30, tzinfo=UTC).timestamp()) * SECOND
    rows = [(begin, 1.0, 1.0, 1, 1), ("mark", begin + 3 * DAY)]
    out, _ = run(rows, "1d:1w", tz="Europe/London", fill="flat", max_gap="9d", more=True)
    assert [(row["ts"] - row["open_time"]) // HOUR for row in out.of("1d")] == [24, 23, 24]
    assert [(row["ts"] - row["open_time"]) // HOUR for row in out.of("1w")] == []


def test_flat_days_of_a_zone_go_on_after_a_restart():
    begin = int(datetime(2024, 3, 29, tzinfo=UTC).timestamp()) * SECOND
    rows = [(begin, 1.0, 1.0, 1, 1), ("mark", begin + DAY), ("mark", begin + 4 * DAY)]
    options = {"tz": "Europe/London", "fill": "flat", "max_gap": "9d", "more": True}
    whole, _ = run(rows, "1d", **options)
    one, stage = run(rows[:2], "1d", **options)
    two, _ = run(rows[2:], "1d", saved=stage.save(), **options)
    assert [(row["ts"] - row["open_time"]) // HOUR for row in whole.of("1d")] == [24, 24, 23, 24]
    assert texts(one, "1d")["1d"] + texts(two, "1d")["1d"] == texts(whole, "1d")["1d"]


def test_the_label_is_the_slot_of_the_open_in_utc():
    rows = [trade(i * 5 * MINUTE) for i in range(289)]
    labels = {
        row["open_time"] - START: row["time_label"]
        for row in run(rows, "5m:1h", time_label=True, more=True)[0].of("5m")
    }
    assert labels[0] == 1
    assert labels[15 * MINUTE] == 4
    assert labels[23 * HOUR + 55 * MINUTE] == 288
    assert sorted(labels.values()) == list(range(1, 289))


def test_money_tiers_include_their_upper_bound():
    """At 7.0 a trade of exactly 40,000/7 lies in the first tier, one of the next float in the second, and so on."""
    bounds = [amount / 7.0 for amount in (40_000.0, 200_000.0, 1_000_000.0)]
    rows = [trade(i, price) for i, price in enumerate(x for b in bounds for x in (b, math.nextafter(b, math.inf)))]
    rows += [(START + 50, bounds[0], 1.0, -1, 3), (START + 51, 1.0, 2.0, 0, 1), trade(DAY)]
    out, _ = run(rows, "1m:1d", tiers=(40_000.0, 200_000.0, 1_000_000.0), fx=7.0)
    for period in ("1m", "1d"):
        bar = out.of(period)[0]
        assert [bar[f"t{tier}_buy_trades"] for tier in (1, 2, 3, 4)] == [1, 2, 2, 1]
        assert bar["t1_sell_trades"] == 3
        assert bar["t1_sell_quote_volume"] == bounds[0]
        for measure in ("volume", "quote_volume"):
            for side in ("buy", "sell"):  # each tier is rounded by itself
                together = math.fsum(bar[f"t{tier}_{side}_{measure}"] for tier in (1, 2, 3, 4))
                assert together == pytest.approx(bar[f"{side}_{measure}"], rel=4e-16)
        assert len([name for name in bar if name.startswith("t1_")]) * 4 == 24
    schema = out.events[0][0]
    assert (schema.extra["tiers"], schema.extra["fx"]) == ([40_000.0, 200_000.0, 1_000_000.0], 7.0)


def test_tiers_that_make_no_sense_are_refused():
    for tiers, fx in (((1.0, 2.0), 1.0), ((3.0, 2.0, 4.0), 1.0), ((1.0, 2.0, 3.0), 0.0)):
        with pytest.raises(HqError) as caught:
            Aggregate("1m", tiers=tiers, fx=fx)
        assert caught.value.code == USAGE
    with pytest.raises(HqError, match="side"):
        run([], "1m", schema=PLAIN, tiers=(1.0, 2.0, 3.0))


def test_symbols_have_their_own_bars():
    stage = Aggregate("1m")
    one, two = (Schema("trade", name, "", PLAIN.cols) for name in "AB")
    out, _ = run([(START, 1.0, 1.0), (START + 2 * MINUTE, 1.0, 1.0)], "1m", schema=one, stage=stage, more=True)
    other, _ = run([(START, 2.0, 1.0), (START + MINUTE, 2.0, 1.0)], "1m", schema=two, stage=stage, more=True)
    assert [row["close"] for row in out.of("1m")] == [1.0]
    assert [row["close"] for row in other.of("1m")] == [2.0]
    with pytest.raises(HqError, match="would make the same bars"):
        stage.schema(
            Schema("bar", "A", "1s", (("ts", "i8"), ("open", "f8"), ("high", "f8"), ("low", "f8"), ("close", "f8")))
        )


def test_columns_may_not_change_under_an_open_bar():
    stage = Aggregate("1m")
    run([(START, 1.0, 1.0)], "1m", schema=PLAIN, stage=stage, more=True)
    stage.schema(Schema("trade", "X", "", (*PLAIN.cols, ("note", "i8"))))  # a column that no bar holds
    with pytest.raises(HqError, match="its columns were"):
        stage.schema(TRADES)
