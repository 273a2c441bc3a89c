"""Orders as rows: the account does with them what it does with the same orders as columns of the bars."""

from __future__ import annotations

import math
import random
import re

import panel_runs
import promises
import pytest
from frames import items
from hypothesis import given, settings
from hypothesis import strategies as st
from test_backtest import BARS, MINUTE, SIGNALS, START, VERBS, flat, refused, report_of, rows, table

from hq_core.api.backtest import Backtest
from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE
from hq_core.futures.terms import Terms
from hq_core.kinds import ORDER, extra_of
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

PLAIN = Schema("bar", "BTCUSDT", "1m", BARS)
COLUMNS = [(name, kind) for name, kind in ORDER.required]
SERIES = Schema("order", "BTCUSDT", "1m", COLUMNS, extra_of("order"))
NUMBERED = Schema("order", "BTCUSDT", "1m", (*SERIES.cols, ("group", "i8"), ("ref", "i8")))
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


def traded(out):
    """What became of the orders, without their numbers and whose they were."""
    tables = {kind: table(out, kind) for kind in ("fill", "equity", "liquidation", "position")}
    for rows_ in tables.values():
        for one in rows_:
            one.pop("order", None)
    report = {name: value for name, value in report_of(out).items() if name not in ("account", "strategy", "card")}
    return repr(tables), repr(report)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("close_at_end", [False, True])
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 60), max_size=6))
@settings(max_examples=15, deadline=None)
def test_rows_are_traded_as_columns_are(mode, close_at_end, seed, cuts):
    chance, made = random.Random(seed), rows(seed, 50)
    want = promises.run(stage(mode=mode, close_at_end=close_at_end), promises.stream([(SIGNALS, made)]))
    pieces = announced(*as_rows(made, cuts, chance))
    found = promises.run(stage(mode=mode, close_at_end=close_at_end), promises.stream(pieces))
    assert traded(found) == traded(want)
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
        ([(SERIES, [order(START + MINUTE, 0, 1.0, type_=1)])], "of type limit has no limit"),
        ([(SERIES, [order(START + MINUTE, 0, 1.0, type_=9)])], "has the type 9; there are 0 market, 1 limit"),
        ([(SERIES, [order(START + MINUTE, 0, NAN)])], "has no quantity; inf orders all"),
        (
            [(SERIES, [order(START + MINUTE, 0, 1.0, id_=2**53 + 1)])],
            "has an id, ref or group outside 0 to 9007199254740992",
        ),
        ([(SERIES, [order(START + MINUTE, 0, 1.0, id_=0)])], "has an id, ref or group .* or the id 0"),
        ([(NUMBERED, [(*order(START + MINUTE, 0, 1.0), -1, 0)])], "has an id, ref or group"),
        ([(NUMBERED, [(*order(START + MINUTE, 0, 1.0), 0, 2**53 + 1)])], "has an id, ref or group"),
        ([(SERIES, [order(START + MINUTE, 0, 1.0, strategy=5)])], "column 'strategy' has code 5, of which the stream"),
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


@pytest.mark.parametrize(
    ("type_", "more", "says"),
    [
        (
            0,
            {"limit": 90.0},
            "the order of .* of type market has a limit, which means nothing there; say type limit or",
        ),
        (0, {"trigger": 90.0}, "of type market has a trigger, which means nothing there; say type stop, stop_limit or"),
        (1, {"limit": 90.0, "trigger": 95.0}, "of type limit has a trigger"),
        (2, {"limit": 90.0, "trigger": 95.0}, "of type stop has a limit"),
        (5, {"limit": 90.0, "trail": 5.0}, "of type trail has a limit"),
        (0, {"tif": 3}, "works until a time, tif gtd, and has no expire"),
        (0, {"tif": 0, "expire": START + 9 * MINUTE}, "has an expire, which is of an order whose tif is gtd; say tif"),
        (0, {"expire": START + 9 * MINUTE}, "has an expire, which"),
        (0, {"tif": 3, "expire": START + 9 * MINUTE}, ""),
        (0, {"tif": 3, "expire": 0}, "works until a time, tif gtd, and has no expire"),
        (0, {"tif": 3, "expire": -MINUTE}, ""),
        (0, {"tif": 0, "expire": -MINUTE}, "has an expire, which is of an order whose tif is gtd"),
        (5, {"trail": 5.0, "trigger": 120.0}, ""),
        (3, {"limit": 90.0, "trigger": 95.0}, ""),
    ],
)
def test_what_means_nothing_is_refused_and_not_passed_over(type_, more, says):
    kinds = dict(ORDER.cols)
    wide = Schema("order", "BTCUSDT", "1m", [*COLUMNS, *((name, kinds[name]) for name in more)], extra_of("order"))
    pieces = [(wide, []), texts("s"), (wide, [(*order(START + MINUTE, 0, 1.0, type_=type_), *more.values())])]
    pieces += [(PLAIN, [flat(i, 100.0)[:8] for i in range(3)])]
    if not says:
        promises.run(BacktestStage(Terms(leverage=2)), promises.stream(pieces))
        return
    code, text = refused(promises.stream(pieces))
    assert code == DATA
    assert re.search(says, text), text


def test_what_an_order_says_is_carried_out():
    """A stop that comes with the entry closes it where the price falls to it; an order at a limit waits for it."""
    more = [("limit", "f8"), ("stop", "f8")]
    wide = Schema("order", "BTCUSDT", "1m", [*COLUMNS, *more], extra_of("order"))
    ordered = [
        (*order(START + MINUTE, 0, 1.0), NAN, 90.0),
        (*order(START + 3 * MINUTE, 0, 2.0, type_=1, id_=2), 70.0, NAN),
    ]
    made = [flat(0, 100.0), flat(1, 100.0), flat(2, 80.0), flat(3, 75.0), flat(4, 60.0)]
    pieces = [texts("s"), (wide, ordered), (PLAIN, [row[:8] for row in made])]
    out = promises.run(BacktestStage(Terms(leverage=2)), promises.stream(pieces))
    found = [(one["action"], one["price"], one["quantity"], one["order"]) for one in table(out, "fill")]
    assert found == [(1, 100.0, 1.0, 1), (2, 80.0, 1.0, 1), (1, 60.0, 2.0, 2)]


def test_the_strategy_is_chosen_by_its_name():
    made = [flat(i, 100.0) for i in range(4)]
    first, second = order(START + MINUTE, 0, 1.0), order(START + 2 * MINUTE, 2, 1.0, strategy=1)
    pieces = announced(texts("a", "b"), (SERIES, [first, second]), (PLAIN, [row[:8] for row in made]))
    data = promises.stream(pieces)
    both = promises.run(stage(), data)
    assert [(one["account"], one["side"]) for one in table(both, "fill")] == [(0, 1), (1, -1)]
    code, text = refused(data, strategy="c")
    assert (code, text.partition(";")[0]) == (USAGE, "strategy: 'c' has no orders in order/BTCUSDT/1m")
    for name, one in (("a", flat(0, 100.0, 1.0, NAN, NAN, NAN)), ("b", flat(1, 100.0, NAN, NAN, 1.0, NAN))):
        alone = [one if row[0] == one[0] else row for row in made]
        want = traded(promises.run(stage(), promises.stream([(SIGNALS, alone)])))
        assert traded(promises.run(stage(strategy=name), data)) == want


def test_two_series_are_traded_on_one_wallet():
    made = [flat(i, 100.0) for i in range(6)]
    other = Schema("order", "ETHUSDT", "1m", COLUMNS, extra_of("order"))
    bars = Schema("bar", "ETHUSDT", "1m", BARS)
    start = [(other, []), (SERIES, []), (bars, []), (PLAIN, []), texts("s"), texts("s", series=other)]
    both = [(SERIES, [order(START + 3 * MINUTE, 0, 1.0)]), (other, [order(START + 2 * MINUTE, 2, 2.0)])]
    both += [(bars, [row[:8] for row in made]), (PLAIN, [row[:8] for row in made])]
    out = promises.run(stage(), promises.stream([*start, *both]))
    assert (report_of(out)["symbol"], report_of(out)["orders"]["total"]) == ("", 2)
    assert [(one["side"], one["quantity"]) for one in table(out, "fill")] == [(-1, 2.0), (1, 1.0)]
    chosen = promises.run(stage(symbol="ETHUSDT"), promises.stream([*start, *both]))
    assert (report_of(chosen)["symbol"], report_of(chosen)["orders"]["total"]) == ("ETHUSDT", 1)


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
    assert (report_of(out)["symbol"], report_of(out)["orders"]["total"]) == ("", 1)
    said = [item for kind, item in items(out) if kind == "map" and item["kind"] == "strings"]
    assert [item for item in said if item["of"] == panel.key] == []


def test_a_time_before_1970_ends_an_order():
    """Five minutes before 1970 until a minute before it; its limit is reached at 1970."""
    wide = Schema("order", "BTCUSDT", "1m", [*COLUMNS, ("limit", "f8"), ("tif", "i1"), ("expire", "i8")], SERIES.extra)
    made = [(at * MINUTE, (at - 1) * MINUTE, *[100.0] * 4, 1.0, 1) for at in range(-5, 1)]
    made[-1] = (*made[-1][:4], 80.0, *made[-1][5:])
    for expire, state in ((-MINUTE, 4), (-2 * MINUTE, 4), (MINUTE, 1)):
        said = (*order(-5 * MINUTE, 0, 1.0, type_=1), 90.0, 3, expire)
        pieces = announced((wide, []), texts("s"), (wide, [said]), (PLAIN, made))
        out = promises.run(stage(), promises.stream(pieces))
        assert [one["state"] for one in table(out, "order_state")] == [0, state]


class UntilZero:
    orders = ("limit", "tif", "expire")

    def next(self, row):
        if row.close > 100.0:
            return {"action": "OPEN_LONG", "type": "limit", "price": 90.0, "tif": "gtd", "expire": 0}
        return None


@pytest.mark.parametrize("python", [False, True])
def test_who_orders_until_1970_has_an_expire(python):
    """Its instant 0 is what no expire is, so the nanosecond before it stands there."""
    made = [(at * MINUTE, (at - 1) * MINUTE, *[100.0 + (at == -5)] * 4, 1.0, 1) for at in range(-5, 2)]
    rule = 'IF close > 100 THEN OPEN_LONG(limit=90, expire="5m")'
    signal = Signal(python=[UntilZero]) if python else Signal([("s", rule, "s.hq")])
    ordered = promises.run(signal, promises.stream([(PLAIN, made)]))
    assert [one["expire"] for one in table(ordered, "order")] == [-1]
    out = promises.run(BacktestStage(Terms()), ordered)
    assert [one["state"] for one in table(out, "order_state")] == [0, 4]


def test_a_program_orders_until_1970():
    account = Backtest(leverage=2)
    account.mark(-5 * MINUTE, 100.0, 100.0, 100.0)
    account.order(side="long", type="limit", limit=90.0, tif="gtd", expire=0)
    for at in (-4, 0):
        account.mark(at * MINUTE, 100.0, 100.0, 100.0, open_time=at * MINUTE)
    assert account.orders()["state"] == ["accepted", "expired"]


def test_nothing_remains_of_a_target_that_is_reached_already():
    account = Backtest(leverage=2)
    for at, quantity in enumerate((2.0, 2.0, 0.0, 0.0)):
        account.mark((at + 1) * MINUTE, 100.0, 100.0, 100.0)
        account.target(quantity)
    account.mark(9 * MINUTE, 100.0, 100.0, 100.0)
    assert account.orders()["state"] == ["filled"] * 4
    assert account.orders()["remaining"].tolist() == [0.0] * 4


def test_series_that_hq_merge_lays_together_share_a_wallet():
    """Through hq-signal in a pipe: both series have their orders announced before the first rows of either."""
    streams = [panel_runs.bars(name, {at: 100.0 + (7 * at + k) % 5 for at in range(40)}) for k, name in enumerate("AB")]
    rules = "IF close > close[1] THEN BUY(size=1)\nIF close < close[1] THEN CLOSE"
    found = []
    for series in (True, False):
        told = promises.run(Signal([("s", rules, "s.hq")]), panel_runs.merged(*streams, series=series))
        out = promises.run(BacktestStage(Terms()), told)
        found.append((repr(table(out, "fill")), repr(table(out, "equity")), report_of(out)["card"]["digest"]))
        assert len(table(out, "fill")) > 20
    assert found[0] == found[1]
