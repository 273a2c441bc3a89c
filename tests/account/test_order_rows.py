"""Orders as rows: the account does with them what it does with the same orders as columns of the bars."""

from __future__ import annotations

import math
import random
import re

import promises
import pytest
from frames import items
from hypothesis import given, settings
from hypothesis import strategies as st
from test_backtest import BARS, MINUTE, SIGNALS, START, VERBS, flat, refused, report_of, rows

from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE
from hq_core.futures.terms import Terms
from hq_core.kinds import ORDER, extra_of
from hq_core.stages.backtest import BacktestStage

PLAIN = Schema("bar", "BTCUSDT", "1m", BARS)
COLUMNS = [(name, kind) for name, kind in ORDER.required]
SERIES = Schema("order", "BTCUSDT", "1m", COLUMNS, extra_of("order"))
NAN, INF = math.nan, math.inf
MODES = {"one-way": {}, "hedge": {"position_mode": "hedge", "margin": "cross"}, "close": {"fill": "close"}}


def texts(*names, series=SERIES):
    return ({"kind": "strings", "of": series.key, "col": "strategy", "values": list(names)},)


def order(ts, verb, quantity, strategy=0, type_=0, unit=-1, id_=1):
    """A row of orders in the order of its columns."""
    action, side = VERBS[verb].split("_")
    return (ts, strategy, id_, 1 if side == "long" else -1, ("open", "close").index(action), type_, quantity, unit)


def orders_of(row, chance=random):
    """The rows of what a bar's columns order, in any order."""
    found = [order(row[0], verb, size) for verb, size in enumerate(row[8:]) if row[7] and size == size]
    chance.shuffle(found)
    return found


def as_rows(made, cuts, chance, more=()):
    """Pieces of a stream: of each stretch of bars the orders, then the bars."""
    ends = sorted({cut % len(made) for cut in cuts} | {len(made)})
    pieces = [texts("s", *more)]
    for start, end in zip([0, *ends], ends):
        ordered = [one for row in made[start:end] for one in orders_of(row, chance)]
        if ordered:
            pieces.append((SERIES, ordered))
        if start < end:
            pieces.append((PLAIN, [row[:8] for row in made[start:end]]))
    return pieces


def announced(*pieces):
    """Both series are there from the first on, as hq-signal has it."""
    return [(SERIES, []), (PLAIN, []), *pieces]


def stage(**options):
    mode = options.pop("mode", "one-way")
    return BacktestStage(Terms(leverage=20, **MODES[mode]), **options)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("close_at_end", [False, True])
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 60), max_size=6))
@settings(max_examples=15, deadline=None)
def test_rows_are_traded_as_columns_are(mode, close_at_end, seed, cuts):
    chance, made = random.Random(seed), rows(seed, 50)
    want = promises.run(stage(mode=mode, close_at_end=close_at_end), promises.stream([(SIGNALS, made)]))
    pieces = announced(*as_rows(made, cuts, chance))
    found = promises.run(stage(mode=mode, close_at_end=close_at_end), promises.stream(pieces))
    assert promises.said(found) == promises.said(want)
    assert report_of(found)["orders"]["total"] > 0


@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 60), min_size=1, max_size=6), at=st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_a_run_goes_on_between_orders_and_their_bars(seed, cuts, at, tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    chance, made = random.Random(seed), rows(seed, 50)
    pieces = as_rows(made, cuts, chance)
    whole = promises.said(promises.run(stage(), promises.stream(announced(*pieces)), folder / "whole", 0))
    at = 1 + at % len(pieces)
    halves = [announced(*pieces[:at]), announced(texts("s"), *pieces[at:])]
    found = [promises.said(promises.run(stage(), promises.stream(half), folder / "half", 0)) for half in halves]
    for key, held in whole[0].items():
        for name, values in held.items():
            assert b"".join(one[0].get(key, {}).get(name, b"") for one in found) == values


def test_orders_without_their_bar_are_counted():
    made = [flat(i, 100.0) for i in range(4)]
    pieces = [(SERIES, [order(START + MINUTE + 1, 0, 1.0), order(START + 2 * MINUTE, 0, 1.0)])]
    pieces += [(PLAIN, [row[:8] for row in made]), (SERIES, [order(START + 9 * MINUTE, 1, INF)])]
    found = promises.said(promises.run(stage(), promises.stream(announced(texts("s"), *pieces))))
    assert found[2] == {"orders whose bar is not there": 2}
    assert len(found[0]["fill/BTCUSDT/1m"]["ts"]) == 8


@pytest.mark.parametrize(
    ("pieces", "says"),
    [
        ([(PLAIN, [flat(0, 1.0)[:8]]), (SERIES, [order(START + MINUTE, 0, 1.0)])], "comes after its bar; orders lie"),
        ([(SERIES, [order(START + MINUTE, 0, 1.0, type_=1)])], "is of type limit, action open, side long; the account"),
        ([(SERIES, [order(START + MINUTE, 0, NAN)])], "has no quantity; inf orders all"),
        (
            [(SERIES, [order(START + MINUTE, 0, 1.0, unit=2)])],
            "is in quote, the account's sizes are in contracts; pass",
        ),
        ([(SERIES, [order(START + MINUTE, 0, 1.0, strategy=5)])], "column 'strategy' has code 5, of which the stream"),
        (
            [(SERIES, [order(START + MINUTE, 0, 1.0)] * 2), (PLAIN, [flat(0, 1.0)[:8]])],
            "two orders of .* to open long; a bar has one",
        ),
        (
            [
                (SERIES, [order(START + MINUTE, 0, 1.0)]),
                (PLAIN, [flat(0, 1.0)[:8], (START + MINUTE, *flat(1, 1.0)[1:8])]),
            ],
            "two bars of bar/BTCUSDT/1m have the ts .*, so nobody can tell whose its orders are",
        ),
        (
            [(SERIES, [order(START + MINUTE, 0, 1.0)]), (SIGNALS, [flat(0, 1.0)])],
            "bar/BTCUSDT/1m has columns of orders, as 'open_long', and there is order/BTCUSDT/1m too; trade one of",
        ),
    ],
)
def test_what_the_account_cannot_carry_out_is_refused(pieces, says):
    code, text = refused(promises.stream([(SERIES, []), texts("s"), *pieces]))
    assert code == DATA
    assert re.search(says, text), text


def test_orders_with_more_than_a_market_order_has_are_refused():
    with_stop = Schema("order", "BTCUSDT", "1m", [*COLUMNS, ("stop", "f8")], extra_of("order"))
    pieces = [(with_stop, [(*order(START + MINUTE, 0, 1.0), 90.0)])]
    code, text = refused(promises.stream([texts("s"), *pieces]))
    assert (code, text) == (DATA, "order/BTCUSDT/1m has stop; the account carries out plain market orders only")


def test_the_strategy_is_chosen_by_its_name():
    made = [flat(i, 100.0) for i in range(4)]
    first, second = order(START + MINUTE, 0, 1.0), order(START + 2 * MINUTE, 2, 1.0, strategy=1)
    pieces = announced(texts("a", "b"), (SERIES, [first, second]), (PLAIN, [row[:8] for row in made]))
    data = promises.stream(pieces)
    assert refused(data) == (USAGE, "strategy: order/BTCUSDT/1m has the orders of a, b; choose one with strategy")
    code, text = refused(data, strategy="c")
    assert (code, text.partition(";")[0]) == (USAGE, "strategy: 'c' has no orders in order/BTCUSDT/1m")
    for name, one in (("a", flat(0, 100.0, 1.0, NAN, NAN, NAN)), ("b", flat(1, 100.0, NAN, NAN, 1.0, NAN))):
        alone = [one if row[0] == one[0] else row for row in made]
        want = promises.said(promises.run(stage(), promises.stream([(SIGNALS, alone)])))
        assert promises.said(promises.run(stage(strategy=name), data)) == want


def test_of_two_series_the_one_that_has_orders_is_traded():
    made = [flat(i, 100.0) for i in range(6)]
    other = Schema("order", "ETHUSDT", "1m", COLUMNS, extra_of("order"))
    bars = Schema("bar", "ETHUSDT", "1m", BARS)
    start = [(other, []), (SERIES, []), (bars, []), (PLAIN, []), texts("s"), texts("s", series=other)]
    both = [(bars, [row[:8] for row in made]), (SERIES, [order(START + 3 * MINUTE, 0, 1.0)])]
    both += [(PLAIN, [row[:8] for row in made])]
    report = report_of(promises.run(stage(), promises.stream([*start, *both])))
    assert (report["symbol"], report["orders"]["total"]) == ("BTCUSDT", 1)
    more = [(other, [order(START + 9 * MINUTE, 0, 1.0)])]
    code, text = refused(promises.stream([*start, *both, *more]))
    assert (code, text) == (
        DATA,
        "bar/BTCUSDT/1m and bar/ETHUSDT/1m both carry orders; one account trades one series; choose one with symbol",
    )
    chosen = report_of(promises.run(stage(symbol="ETHUSDT"), promises.stream([*start, *both, *more])))
    assert (chosen["symbol"], chosen["orders"]["total"]) == ("ETHUSDT", 0)


def test_of_a_panel_nothing_is_said_of_the_orders_that_are_taken():
    """Texts of codes of rows that are not passed on; of 5,000 symbols they would be as many maps."""
    panel = Schema("order", "", "1m", [COLUMNS[0], ("symbol", "s4"), *COLUMNS[1:]], extra_of("order"))
    bars = Schema("bar", "", "1m", [BARS[0], ("symbol", "s4"), *BARS[1:]])
    given_ = [(panel, []), (bars, [])]
    for series in (panel, bars):
        given_.append(({"kind": "strings", "of": series.key, "col": "symbol", "values": ["A", "B"]},))
    given_.append(texts("s", series=panel))
    one = order(START + MINUTE, 0, 1.0)
    given_.append((panel, [(one[0], 1, *one[1:])]))
    given_.append((bars, [(row[0], at, *row[1:8]) for row in (flat(i, 100.0) for i in range(3)) for at in (0, 1)]))
    out = promises.run(stage(), promises.stream(given_))
    assert (report_of(out)["symbol"], report_of(out)["orders"]["total"]) == ("B", 1)
    assert [item for kind, item in items(out) if kind == "map" and item["kind"] == "strings"] == []
