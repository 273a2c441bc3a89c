"""Strategies in Python by hand and beside the language: calls, what is given, what is taken, errors."""

from __future__ import annotations

import gc
import math
import re
from types import FunctionType, ModuleType
from typing import Any

import pytest
from filters import bars as many
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from promises import cut, run, said, stream
from signal_runs import COLUMNS, SECOND, Run, bar, bars

import hq_core
from hq_core.errors import HqError
from hq_core.kinds import ORDER
from hq_core.stages.signal import Signal

NAN, INF = math.nan, math.inf


def fed(strategy: Any, closes: list[float], cut: int = 0, **options: Any) -> Run:
    return Run(Signal(python=[strategy], **options)).announce("15m").feed("15m", bars(closes), cut=cut).finish()


def gives(*said: Any, **declared: Any) -> type:
    """A strategy that gives these, bar by bar, and then nothing."""

    def next_(self: Any, row: Any) -> Any:
        at = round(row.ts / SECOND / 900) - 1
        return said[at] if at < len(said) else None

    return type("Given", (), {"next": next_, **declared})


def what(strategy: Any, *closes: float) -> list[tuple[Any, ...]]:
    """The orders of a strategy over bars."""
    found = fed(strategy, list(closes) or [1.0, 2.0, 3.0]).orders()
    return [(one["ts"] // SECOND // 900, one["action"], one["side"], one["quantity"], one["rule"]) for one in found]


# -- the calls -------------------------------------------------------------------------------------------------
def test_calls_come_in_order_and_once_each() -> None:
    trace: list[Any] = []

    class Traced:
        def __init__(self) -> None:
            trace.append("made")

        def on_start(self, ctx: Any) -> None:
            trace.append(("on_start", ctx.symbol, ctx.period, ctx.columns))

        def next(self, row: Any) -> None:
            trace.append(("next", row.close))

        def on_stop(self) -> None:
            trace.append("on_stop")

    rows = [*bars([1, 2]), bar(2000, 7, complete=0), *bars([3], start=1800)]
    Run(Signal(python=[Traced])).announce("15m").feed("15m", rows, cut=2).finish()
    names = tuple(name for name, _ in COLUMNS)
    calls = [("next", 1.0), ("next", 2.0), ("next", 3.0)]
    assert trace == ["made", ("on_start", "X", "15m", names), *calls, "on_stop"]


def test_each_symbol_has_an_instance_of_its_own() -> None:
    class Counting:
        meta = {"n": int}

        def on_start(self, ctx: Any) -> None:
            self.n = 0

        def next(self, row: Any) -> Any:
            self.n += 1
            return {"action": "BUY", "meta": {"n": self.n}}

    fed_both = Run(Signal(python=[Counting])).announce("15m").announce("15m", symbol="Y")
    fed_both.feed("15m", bars([1, 2])).feed("15m", bars([1]), symbol="Y").finish()
    assert [one["meta.n"] for one in fed_both.orders()] == [1, 1, 2, 2]
    assert [one["meta.n"] for one in fed_both.orders("Y/15m")] == [1, 1]


def test_only_next_is_needed_and_on_stop_gives_no_orders() -> None:
    assert what(gives("BUY")) == [(1, "close", "short", INF, 1), (1, "open", "long", INF, 1)]
    with pytest.raises(HqError, match="on_stop: gives something back") as told:
        fed(gives(on_stop=lambda self: "SELL"), [1])
    assert told.value.code == 65


# -- what it gives ---------------------------------------------------------------------------------------------
def test_actions_by_hand() -> None:
    assert what(gives(None, "SELL")) == [(2, "close", "long", INF, 1), (2, "open", "short", INF, 1)]
    assert what(gives("OPEN_LONG", "CLOSE_SHORT")) == [(1, "open", "long", INF, 1), (2, "close", "short", INF, 1)]
    two = [{"action": "OPEN_SHORT", "size": 2, "rule": 7}, "CLOSE_LONG"]
    assert what(gives([], two)) == [(2, "open", "short", 2.0, 7), (2, "close", "long", INF, 1)]
    both = what(gives(("BUY", "SELL")))
    assert [one[1:3] for one in both] == [("close", "short"), ("open", "long"), ("close", "long"), ("open", "short")]
    assert what(gives({"action": "BUY", "type": "market", "size": 1.0, "price": None}))[0][3] == 1.0


def test_units_types_and_further_columns_are_the_kind_s() -> None:
    further = tuple(c.name for c in ORDER.columns if c.optional and c.name != "rule")
    order = {
        **{
            "action": "OPEN_LONG",
            "type": "stop_limit",
            "size": 3,
            "unit": "base",
            "price": 9.5,
            "trigger": 9,
            "take": 12,
        },
        **{
            "stop": 8,
            "trail": 0.5,
            "tif": "gtd",
            "expire": 5,
            "reduce_only": False,
            "post_only": True,
            "group": 4,
            "ref": 2,
        },
    }
    run = fed(gives(order, "OPEN_LONG", orders=further), [1, 2])
    first, second = run.orders()
    said = [name for name in further if name != "trail_frac"]  # one of trail and trail_frac
    assert list(run.series["order/X/15m"].names) == list(ORDER.names)
    assert {name: first[name] for name in (*said, "type", "unit", "quantity")} == {
        **{
            "type": 3,
            "unit": 1,
            "quantity": 3.0,
            "limit": 9.5,
            "trigger": 9.0,
            "stop": 8.0,
            "take": 12.0,
            "trail": 0.5,
            "tif": 3,
        },
        **{"expire": 5, "reduce_only": 0, "post_only": 1, "group": 4, "ref": 2},
    }
    assert [second[name] for name in ("type", "unit", "tif", "expire", "reduce_only")] == [0, -1, 0, 0, 0]
    assert all(math.isnan(second[name]) for name in ("limit", "trigger", "stop", "take", "trail", "trail_frac"))


def test_a_trail_is_a_distance_or_a_share_and_may_wait_for_a_trigger() -> None:
    one = {"action": "CLOSE_LONG", "type": "trail", "trail_frac": 0.25, "trigger": 9}
    (found,) = fed(gives(one, orders=("trigger", "trail_frac")), [1]).orders()
    assert (found["type"], found["trail_frac"], found["trigger"]) == (5, 0.25, 9.0)


def test_a_price_is_that_of_the_type() -> None:
    for kind, column in (("limit", "limit"), ("stop", "trigger"), ("take", "trigger"), ("trail", "trail")):
        one = {"action": "CLOSE_LONG", "type": kind, "price": 5}
        assert fed(gives(one, orders=(column,)), [1]).orders()[0][column] == 5.0
        assert (
            fed(gives({"action": "CLOSE_LONG", "type": kind, column: 5}, orders=column), [1]).orders()[0][column] == 5.0
        )


def test_a_target_is_a_position_of_either_side_or_none() -> None:
    run = fed(gives(*({"action": "TARGET", "size": size, "unit": "equity_frac"} for size in (-2, 0.5, 0))), [1, 2, 3])
    rows = run.rows["order/X/15m"]
    assert [(one["action"], one["side"], one["quantity"], one["unit"]) for one in rows] == [
        (2, -1, 2.0, 3),
        (2, 1, 0.5, 3),
        (2, 1, 0.0, 3),
    ]
    with pytest.raises(HqError, match="a target is a position"):
        fed(gives("TARGET"), [1])


def test_meta_is_columns_of_declared_types() -> None:
    declared = {"why": ("dip", "top"), "x": float, "n": int}
    run = fed(gives({"action": "CLOSE_LONG", "meta": {"why": "top", "n": 7}}, "CLOSE_LONG", meta=declared), [1, 2])
    assert [(one["meta.why"], one["meta.n"]) for one in run.orders()] == [("top", 7), ("", 0)]
    assert all(math.isnan(one["meta.x"]) for one in run.orders())


def test_a_size_that_is_none_is_left_out_and_counted() -> None:
    stage = Signal(
        python=[gives({"action": "BUY", "size": NAN}, {"action": "BUY", "size": 0}, {"action": "BUY", "size": -1.0})]
    )
    run = Run(stage).announce("15m").feed("15m", bars([1, 2, 3])).finish()
    assert run.orders() == []
    assert stage.notices == {"Given: an order has no size above 0": 3}


WRONG = {
    "unknown key": ({"action": "BUY", "sise": 1}, "unknown key 'sise'; did you mean size?"),
    "quantity": ({"action": "BUY", "quantity": 1}, "unknown key 'quantity'; did you mean size?"),
    "no text": ({"action": "BUY", 5: 1}, "unknown key 5; keys are action, type, size, unit, price, rule, meta"),
    "no action": ({"size": 1}, "the dict has no action; such as {'action': 'BUY'}"),
    "unknown action": ("BYU", "action is 'BYU'; did you mean BUY?"),
    "small letters": ({"action": "buy"}, "action is 'buy'; did you mean BUY?"),
    "action of no text": ({"action": ["BUY"]}, "action is ['BUY'], must be one of BUY, SELL"),
    "limit without a price": ({"action": "BUY", "type": "limit", "limit": None}, "a limit order without a price"),
    "stop_limit without a trigger": (
        {"action": "BUY", "type": "stop_limit", "price": 5},
        "a stop_limit order has a column 'trigger', which the class does not declare",
    ),
    "two prices": (
        {"action": "BUY", "type": "limit", "limit": 5, "price": 6},
        "price and limit are one of a limit order",
    ),
    "price of a market order": ({"action": "BUY", "price": 5}, "a market order has a price; say type"),
    "price of no order": ({"action": "BUY", "type": "limit", "price": -1}, "limit is -1, must be above 0"),
    "undeclared column": ({"action": "BUY", "trail": 5}, "does not declare 'trail' as a column of its orders"),
    "undeclared type": ({"action": "CLOSE", "type": "trail", "price": 5}, "a trail order has a column 'trail'"),
    "unknown type": ({"action": "BUY", "type": "limt"}, "type is 'limt'; did you mean limit?"),
    "unknown unit": ({"action": "BUY", "unit": "coins"}, "unit is 'coins', must be one of account, contracts"),
    "size of text": ({"action": "BUY", "size": "1"}, "size is '1', must be a number"),
    "size of truth": ({"action": "BUY", "size": True}, "size is True, must be a number"),
    "size beyond": ({"action": "BUY", "size": 10**400}, "must be a number"),
    "rule": ({"action": "BUY", "rule": 1.5}, "rule is 1.5, must be a whole number"),
    "rule beyond": ({"action": "BUY", "rule": 1 << 40}, "rule is 1099511627776, must be a number from 0 on"),
    "meta undeclared": ({"action": "BUY", "meta": {"wy": "a"}}, "meta: 'wy' is not declared; did you mean why?"),
    "meta text": ({"action": "BUY", "meta": {"why": "dib"}}, "which is none of its texts; did you mean dip?"),
    "meta no dict": ({"action": "BUY", "meta": "dip"}, "meta is 'dip', must be a dict"),
    "truth": (True, "next gave True, must be None, an action such as 'BUY', a dict or a list of them"),
    "number": (1, "next gave 1, must be None"),
    "list of lists": ([["BUY"]], "next gave ['BUY'], must be None"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_action_is_an_error_that_names_the_bar(name: str) -> None:
    said, words = WRONG[name]
    strategy = gives(None, said, orders=("limit", "stop"), meta={"why": ("dip",)})
    with pytest.raises(HqError, match=re.escape(words)) as told:
        fed(strategy, [1, 2, 3])
    assert told.value.code == 65
    assert str(told.value).startswith("Given: next at 1970-01-01T00:30:00Z: ")


UNFIT = {  # what the language refuses too
    "limit without a type": (
        {"action": "OPEN_LONG", "size": 1, "limit": 100.0},
        "a market order has no limit; say type 'limit'",
    ),
    "trigger of a limit order": (
        {"action": "BUY", "type": "limit", "limit": 5, "trigger": 5},
        "a limit order has no trigger; say type 'stop_limit'",
    ),
    "limit of a stop order": (
        {"action": "BUY", "type": "stop", "limit": 5, "trigger": 5},
        "a stop order has no limit; say type 'stop_limit'",
    ),
    "trail of a market order that closes": (
        {"action": "CLOSE", "trail": 5},
        "a market order has no trail; say type 'trail'",
    ),
    "trail_frac of a market order that closes": (
        {"action": "CLOSE", "trail_frac": 0.1},
        "a market order has no trail_frac; say type 'trail'",
    ),
    "two trails": (
        {"action": "OPEN_LONG", "trail": 5, "trail_frac": 0.1},
        "trail and trail_frac both say how far behind; give one of them",
    ),
    "risk without a stop": (
        {"action": "BUY", "unit": "risk_frac", "size": 0.01},
        "risk_frac is what is lost at the stop",
    ),
    "risk of a target": ({"action": "TARGET", "unit": "risk_frac", "size": 0.01}, "TARGET takes no size in risk_frac"),
    "risk of what closes": (
        {"action": "CLOSE_LONG", "unit": "risk_frac", "size": 0.01},
        "CLOSE_LONG takes no size in risk",
    ),
    "stop of what closes": ({"action": "CLOSE_SHORT", "stop": 5}, "CLOSE_SHORT takes no stop"),
    "gtd": ({"action": "BUY", "tif": "gtd"}, "an order works until a time, tif gtd, and has no expire"),
    "expire": (
        {"action": "BUY", "expire": 5},
        "an order has an expire, which is of an order whose tif is gtd; say tif gtd",
    ),
    "expire of ioc": (
        {"action": "BUY", "tif": "ioc", "expire": 5},
        "has an expire, which is of an order whose tif is gtd",
    ),
    "trail that opens": ({"action": "OPEN_LONG", "type": "trail", "trail": 5}, "OPEN_LONG is of no type trail"),
    "trail that closes and opens": ({"action": "BUY", "type": "trail", "trail": 5}, "BUY is of no type trail"),
    "cancel of a size": ({"action": "CANCEL", "size": 1}, "CANCEL takes no size"),
    "cancel in a unit": ({"action": "CANCEL", "unit": "base"}, "CANCEL takes no size in base"),
    "cancel at a price": ({"action": "CANCEL", "type": "limit", "limit": 5}, "CANCEL takes no limit"),
    "target at a price": ({"action": "TARGET", "size": 1, "type": "limit", "price": 5}, "TARGET takes no limit"),
    "target for a time": ({"action": "TARGET", "size": 1, "tif": "ioc"}, "TARGET takes no tif"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_an_action_does_not_take_is_refused_as_in_the_language(name: str) -> None:
    said, words = UNFIT[name]
    orders = ("limit", "trigger", "stop", "take", "trail", "trail_frac", "tif", "expire", "ref")
    with pytest.raises(HqError, match=re.escape(words)) as told:
        fed(gives(said, orders=orders), [1])
    assert told.value.code == 65


def test_what_fits_together_is_taken() -> None:
    fine = [
        "CANCEL",
        {"action": "CANCEL", "ref": 2, "rule": 3},
        {"action": "BUY", "unit": "risk_frac", "size": 0.01, "stop": 5},
        {"action": "OPEN_LONG", "stop": 5, "take": 9, "trail": 1},
        {"action": "CLOSE_LONG", "type": "take", "price": 5, "tif": "gtd", "expire": 9},
    ]
    further = ("stop", "take", "trail", "tif", "expire", "ref", "trigger")
    orders = fed(gives(fine, orders=further), [1]).rows["order/X/15m"]
    assert [one["ref"] for one in orders[:4]] == [0, 0, 2, 2]
    assert orders[-1]["expire"] == 9


DECLARED = {
    "no next": ({"next": None}, "has no next(self, row)"),
    "a number beyond floats": ({"BIG": 10**400}, "BIG is a number that float64 cannot hold, so it is no param; call"),
    "on_trade": ({"on_trade": lambda self: None}, "on_trade: hq-signal has no account"),
    "indicators": ({"indicators": ("rsii:3",)}, "indicators: unknown indicator 'rsii'; did you mean rsi?"),
    "orders": ({"orders": ("limt",)}, "orders: 'limt' is no further column of orders; did you mean limit?"),
    "orders that all have": ({"orders": ("rule",)}, "'rule' is no further column of orders"),
    "reads": ({"reads": 5}, "reads is 5, must be names"),
    "meta": ({"meta": {"x": str}}, "meta: x is <class 'str'>, must be float, int, or a tuple of the texts"),
    "meta of what": ({"meta": ["x"]}, "meta is ['x'], must be types by names"),
}


@pytest.mark.parametrize("name", DECLARED)
def test_what_a_class_declares_wrongly_is_told_before_any_row(name: str) -> None:
    declared, words = DECLARED[name]
    with pytest.raises(HqError, match=re.escape(words)) as told:
        Signal(python=[gives(**declared)])
    assert told.value.code == 65


def test_what_is_made_of_the_class_has_next_too() -> None:
    strategy = gives(__new__=lambda cls: 5)
    with pytest.raises(HqError, match=re.escape("Given: its instance, of int, has no next(self, row)")) as told:
        fed(strategy, [1, 2, 3])
    assert told.value.code == 65


def test_what_is_no_strategy() -> None:
    with pytest.raises(TypeError, match="5 is no strategy; it is a class, or FILE:CLASS"):
        Signal(python=[5])  # type: ignore[list-item]
    with pytest.raises(HqError, match="two strategies are called 'Given'"):
        Signal(python=[gives(), gives()])
    with pytest.raises(HqError, match="not told one by one"):
        Signal(python=[gives()], tell=print)


# -- what it is given --------------------------------------------------------------------------------------------
def test_a_row_is_the_bar_by_names_and_cannot_be_changed() -> None:
    kept: list[Any] = []

    class Looking:
        indicators = ("macd:2,3,2",)

        def next(self, row: Any) -> None:
            kept.append(row)

    rows = bars([1, 2, 4, 8, 16, 32])
    Run(Signal(python=[Looking])).announce("15m").feed("15m", rows).finish()
    names = tuple(name for name, _ in COLUMNS)
    assert [tuple(row)[: len(names)] for row in kept] == [tuple(one[name] for name in names) for one in rows]
    last = kept[-1]
    assert last.close == last["close"] == last[5] == 32.0
    assert last.ts == 6 * 900 * SECOND
    assert last.macd_2_3_2_hist == last["macd_2_3_2.hist"] == last.macd_2_3_2_macd - last.macd_2_3_2_signal
    assert math.isnan(kept[0].macd_2_3_2_hist)
    with pytest.raises(AttributeError):
        last.close = 5
    with pytest.raises(AttributeError, match="no column 'clos'; did you mean close?"):
        last.clos  # noqa: B018
    with pytest.raises(KeyError, match="did you mean close"):
        last["clos"]


def test_reads_names_the_columns_of_a_row() -> None:
    seen: list[Any] = []
    declared = {"reads": ("close", "ts"), "next": lambda self, row: seen.append(row)}
    fed(type("Few", (), {**declared, "indicators": ["sma:2(volume)"]}), [1, 2])
    assert [row._fields for row in seen] == [("close", "ts", "sma_2_volume")] * 2
    with pytest.raises(HqError, match="reads: column 'clos' is missing"):
        fed(type("Few", (), {**declared, "reads": ["clos"]}), [1, 2])


def test_history_is_nan_before_the_first_bar_and_ends_with_this_one() -> None:
    seen: list[Any] = []

    class Remembering:
        reads = "close"

        def on_start(self, ctx: Any) -> None:
            ctx.indicators("sma:2")
            self.close, self.mean = ctx.history("close", 3), ctx.history("sma_2", 2)
            self.volume = ctx.history("volume", 1)

        def next(self, row: Any) -> None:
            seen.append((list(self.close), self.close[-1], self.close[-3:-1], list(self.mean), len(self.close)))

        def on_stop(self) -> None:
            with pytest.raises(TypeError):
                self.close[0] = 1  # type: ignore[index]
            with pytest.raises(IndexError):
                self.close[-4]

    fed(Remembering, [1, 2, 3, 4], cut=1)
    assert repr(seen) == repr(
        [
            ([NAN, NAN, 1.0], 1.0, [NAN, NAN], [NAN, NAN], 3),
            ([NAN, 1.0, 2.0], 2.0, [NAN, 1.0], [NAN, 1.5], 3),
            ([1.0, 2.0, 3.0], 3.0, [1.0, 2.0], [1.5, 2.5], 3),
            ([2.0, 3.0, 4.0], 4.0, [2.0, 3.0], [2.5, 3.5], 3),
        ]
    )


STARTS = {
    "unknown column": (lambda ctx: ctx.history("rsi", 3), "history: there is no column 'rsi'"),
    "rows": (lambda ctx: ctx.history("close", 0), "on_start: history of close is 0 rows, must be a whole number"),
    "indicator": (lambda ctx: ctx.indicators("rsi:0"), "on_start: "),
    "another symbol": (
        lambda ctx: ctx.indicators("sma:3(close@Y)"),
        "reads another symbol, whose rows may have gone by",
    ),
    "of what is not there": (lambda ctx: ctx.indicators("sma:3(vola)"), "vola"),
}


@pytest.mark.parametrize("name", STARTS)
def test_what_on_start_asks_for_wrongly(name: str) -> None:
    asks, words = STARTS[name]
    with pytest.raises(HqError, match=re.escape(words)) as told:
        fed(gives(on_start=lambda self, ctx: asks(ctx)), [1])
    assert told.value.code == 65


def test_nothing_is_asked_for_after_on_start() -> None:
    class Late:
        def on_start(self, ctx: Any) -> None:
            self.ctx = ctx

        def next(self, row: Any) -> None:
            self.ctx.indicators("rsi:14")

    with pytest.raises(RuntimeError, match="ctx.indicators is for on_start"):
        fed(Late, [1])


def test_no_later_row_is_in_anything_that_it_is_given() -> None:
    """Everything that can be reached from the instance, the row and the context, with closes that rise."""

    class Prying:
        indicators = ("ema:3",)

        def on_start(self, ctx: Any) -> None:
            self.ctx, self.closes, self.highest = ctx, ctx.history("close", 5), 0.0

        def next(self, row: Any) -> None:
            met: set[int] = set()
            waiting: list[Any] = [self, row]
            while waiting:
                one = waiting.pop()
                if id(one) in met or isinstance(one, (type, ModuleType, FunctionType)):
                    continue
                met.add(id(one))
                if type(one) is float and 1000.0 <= one <= 2000.0:
                    assert one <= row.close
                waiting += gc.get_referents(one)
            assert row.close > self.highest
            self.highest = row.close

    fed(Prying, [1000.0 + i for i in range(600)])


# -- beside the language ---------------------------------------------------------------------------------------
class Same:
    """What SAME says, rule by rule."""

    meta = {"at": float, "calm": float}
    indicators = ("sma:5", "stddev:4", "ema:7")

    def on_start(self, ctx: Any) -> None:
        self.close, self.mean = ctx.history("close", 2), ctx.history("ema_7", 2)

    def next(self, row: Any) -> Any:
        found = []
        calm = row.stddev_4 < 1.2
        if row.close > row.sma_5 and calm:
            meta = {"at": row.close, "calm": 1.0}
            found.append({"action": "BUY", "size": row.volume, "meta": meta})
        before, mean = self.close[0], self.mean[0]
        if before >= mean and row.close < row.ema_7:
            found.append({"action": "SELL", "rule": 2})
        return found


SAME = """calm = STDDEV(close, 4) < 1.2
IF close > SMA(close, 5) AND calm THEN BUY(size=volume, META(at=close, calm=calm))
IF close[1] >= EMA(close, 7)[1] AND close < EMA(close, 7) THEN SELL
"""


@settings(max_examples=30)
@given(
    seed=st.integers(0, 999),
    n=st.integers(0, 120),
    first=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    second=st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
def test_the_same_strategy_in_the_language_gives_the_same_bits(seed: int, n: int, first: Any, second: Any) -> None:
    schema, rows = many(seed, n)
    python = said(run(Signal(python=[Same]), stream(cut(schema, rows, first))))
    language = said(run(Signal([("Same", SAME, "s.hq")]), stream(cut(schema, rows, second))))
    assert python == language


@settings(max_examples=20)
@given(seed=st.integers(0, 999), n=st.integers(1, 80), sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_several_in_one_run_are_each_as_alone(seed: int, n: int, sizes: Any) -> None:
    """By strategy, the orders of a run of three; and theirs of one bar lie together, rules first."""
    schema, rows = many(seed, n)
    text = "IF close > close[1] THEN OPEN_LONG(size=close)"

    def orders(**strategies: Any) -> list[dict[str, Any]]:
        stage = Signal(**strategies)
        fed_by_hand = Run(stage)
        fed_by_hand.schemas["X", "1m"] = schema
        stage.schema(schema)
        names = schema.names
        given_rows = [dict(zip(names, row)) for row in rows]
        for part in cut(schema, given_rows, sizes):
            fed_by_hand.feed("1m", part[1])
        return fed_by_hand.finish().orders("BTCUSDT/1m")

    class Other(Same):
        pass

    rules = [("a", text, "a.hq")]
    whole = orders(files=rules, python=[Same, Other])
    turn = [(one["ts"], ("a", "Same", "Other").index(one["strategy"])) for one in whole]
    assert turn == sorted(turn)
    for name, alone in (("a", {"files": rules}), ("Same", {"python": [Same]}), ("Other", {"python": [Other]})):
        wanted = orders(**alone)
        found = [one for one in whole if one["strategy"] == name]
        assert repr([{key: one[key] for key in two} for one, two in zip(found, wanted, strict=True)]) == repr(wanted)


@settings(max_examples=20)
@given(seed=st.integers(0, 999), n=st.integers(2, 80), at=st.floats(0, 1), poison=st.sampled_from([NAN, 1e308, 0.5]))
def test_rows_that_come_later_change_nothing_before(seed: int, n: int, at: float, poison: float) -> None:
    schema, rows = many(seed, n)
    keep = int(at * (len(rows) - 1))
    price = [i for i, name in enumerate(schema.names) if name in ("open", "high", "low", "close", "volume")]
    bad = [tuple(poison if i in price else value for i, value in enumerate(row)) for row in rows[keep:]]

    def until(given_rows: list[Any]) -> Any:
        stage = Signal(python=[Same])
        fed_by_hand = Run(stage)
        fed_by_hand.schemas["X", "1m"] = schema
        stage.schema(schema)
        fed_by_hand.feed("1m", [dict(zip(schema.names, row)) for row in given_rows]).finish()
        last = rows[keep][0]
        return repr([one for one in fed_by_hand.orders("BTCUSDT/1m") if one["ts"] < last])

    assert until(rows) == until(rows[:keep] + bad)


# -- errors ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 3, 100])
def test_what_was_good_before_an_exception_is_written(size: int) -> None:
    class Breaks:
        def next(self, row: Any) -> Any:
            if row.close == 5:
                raise ValueError("five")
            return "BUY"

    class Goes:
        def next(self, row: Any) -> Any:
            return "SELL"

    stage = Signal([("a", "IF close > 0 THEN CLOSE_LONG", "a.hq")], python=[Goes, Breaks])
    fed_by_hand = Run(stage).announce("15m")
    with pytest.raises(ValueError, match="five"):
        fed_by_hand.feed("15m", bars([1, 2, 3, 4, 5, 6, 7, 8]), cut=size)
    stage.finish = lambda more: None  # type: ignore[method-assign]  the run is over
    fed_by_hand.finish()
    assert [row["close"] for row in fed_by_hand.rows["bar/X/15m"]] == [1, 2, 3, 4]
    assert [(one["ts"] // SECOND // 900, one["strategy"]) for one in fed_by_hand.orders()] == [
        (at, name) for at in (1, 2, 3, 4) for name in ("a", "Goes", "Goes", "Breaks", "Breaks")
    ]


def test_a_column_of_meta_has_one_type_in_all_strategies() -> None:
    stage = Signal([("a", 'IF close > 0 THEN BUY(META(x="t"))', "a.hq")], python=[gives(meta={"x": float})])
    with pytest.raises(HqError, match="meta: x is f8 here and s4 in another strategy"):
        Run(stage).announce("15m").feed("15m", bars([1]))


def test_params_are_the_numbers_of_the_class() -> None:
    class Numbered:
        n, x, on, _hidden, text = 3, 2.5, True, 4, "t"

        def next(self, row: Any) -> Any:
            return {"action": "OPEN_LONG", "size": self.x, "rule": self.n}

    stage = Signal(python=[Numbered])
    assert stage.parameters() == [
        {"strategy": "Numbered", "name": name, "default": value} | dict.fromkeys(("min", "max", "step", "choices"))
        for name, value in (("n", 3), ("x", 2.5))
    ]
    run = fed(Numbered, [1], params={"n": 9, "Numbered.x": 4})
    assert [(one["rule"], one["quantity"]) for one in run.orders()] == [(9, 4.0)]
    assert (Numbered.n, Numbered.x) == (3, 2.5)
    with pytest.raises(HqError, match="unknown parameter '_hidden'"):
        fed(Numbered, [1], params={"_hidden": 1})


def test_a_class_is_a_strategy_of_a_program() -> None:
    """In a pipe of the library; its exceptions are the program's own."""

    class Buys:
        def next(self, row: Any) -> str:
            return "BUY"

    class Breaks:
        def next(self, row: Any) -> None:
            raise ZeroDivisionError

    def items(strategy: type) -> Any:
        return hq_core.pipe(Signal(python=[strategy])).run(hq_core.generate("bar", 50, seed=1))

    batches = [one for one in items(Buys) if isinstance(one, hq_core.Batch)]
    assert sum(one.n for one in batches if one.schema.of == "order") == 100
    assert sum(one.n for one in batches if one.schema.of == "bar") == 50
    with pytest.raises(ZeroDivisionError):
        list(items(Breaks))


def test_the_example_of_the_page_runs() -> None:
    page = (ROOT / "man" / "hq-python.7").read_text().replace("\\-", "-")
    code = re.search(r"^\.nf\n(class Dip:.*?)^\.fi", page, re.M | re.S)
    assert code is not None
    made: dict[str, Any] = {}
    exec(code[1], made)  # noqa: S102
    stage = Signal(python=[made["Dip"]], missing="warn")
    closes = [100 + 10 * math.sin(i / 5) for i in range(200)]
    found = Run(stage).announce("15m").feed("15m", bars(closes)).finish().orders()
    assert {(one["rule"], one["meta.why"]) for one in found} == {(1, "dip"), (2, "over")}


def test_params_of_both_kinds_have_the_same_keys() -> None:
    stage = Signal([("s", "param x = 3 in 1..9 step 1\nIF close > x THEN BUY", "s.hq")], python=[gives(n=5)])
    language, python = stage.parameters()
    assert list(language) == list(python) == ["strategy", "name", "default", "min", "max", "step", "choices"]
    assert python == {"strategy": "Given", "name": "n", "default": 5} | dict.fromkeys(("min", "max", "step", "choices"))
