"""What actions are given: sizes in their units, prices, how long an order works; several actions and ELSE."""

from __future__ import annotations

import math
from typing import Any

import pytest
from signal_runs import SECOND, Run, bars, strategy
from strategies import form, refused

from hq_core.errors import HqError

NAN, INF = math.nan, math.inf
CLOSES = [5.0, 1.0, 3.0]


def orders(text: str, closes: list[float] = CLOSES) -> list[dict[str, Any]]:
    """The orders, with the row in place of its ts."""
    run = Run(strategy(text)).announce("15m").feed("15m", bars(closes)).finish()
    return [{**row, "ts": row["ts"] // (900 * SECOND) - 1} for row in run.rows.get("order/X/15m", [])]


def column(text: str, name: str, closes: list[float] = CLOSES) -> list[Any]:
    return [row[name] for row in orders(text, closes)]


UNITS = {"contracts": 0, "base": 1, "quote": 2, "equity": 3, "size": -1}


@pytest.mark.parametrize(("key", "unit"), UNITS.items())
def test_sizes_have_their_units(key: str, unit: int) -> None:
    for action in ("OPEN_LONG", "CLOSE_SHORT", "TARGET"):
        (first, *_) = orders(f"IF close > 2 THEN {action}({key}=0.5)")
        assert (first["quantity"], first["unit"]) == (0.5, unit)


def test_risk_is_lost_at_the_stop() -> None:
    found = orders("IF close > 2 THEN OPEN_LONG(risk=0.01, stop=close - 1)")
    assert [(one["quantity"], one["unit"], one["stop"]) for one in found] == [(0.01, 4, 4.0), (0.01, 4, 2.0)]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("", 0),
        ("size=2", 0),
        ("stop=1, take=9, trail=1", 0),  # of what it opens
        ("limit=2", 1),
        ("trigger=2", 2),
        ("limit=2, trigger=3", 3),
        ("limit=2, stop=1", 1),
    ],
)
def test_the_prices_say_how_it_is_carried_out(given: str, kind: int) -> None:
    assert set(column(f"IF close > 2 THEN OPEN_LONG({given})", "type")) == {kind}


def test_a_trailing_close() -> None:
    found = orders("IF close > 2 THEN CLOSE_LONG(trail=close / 2)")
    said = [(one["type"], one["trail"], one["action"], one["side"]) for one in found]
    assert said == [(5, 2.5, 1, 1), (5, 1.5, 1, 1)]
    assert set(column("IF close > 2 THEN CLOSE_LONG(limit=3)", "type")) == {1}
    (first, _) = orders("IF close > 2 THEN CLOSE_LONG(trail_frac=0.05)")
    assert (first["type"], first["trail_frac"]) == (5, 0.05)


def test_prices_of_one_rule_are_nan_in_the_others() -> None:
    found = orders("IF close > 4 THEN OPEN_LONG(limit=close - 1)\nIF close < 4 THEN CLOSE_LONG(trigger=9)")
    assert [(one["ts"], repr(one["limit"]), repr(one["trigger"])) for one in found] == [
        (0, "4.0", "nan"),
        (1, "nan", "9.0"),
        (2, "nan", "9.0"),
    ]
    assert "stop" not in found[0]


@pytest.mark.parametrize(
    ("price", "rows"),
    [
        ("close - 3", [0]),  # 2, -2, 0
        ("0 * close", []),
        ("close[1]", [1, 2]),  # nan, 5, 1
        ("close / (close - 5)", []),  # nan, below 0 twice
        ("10 ^ (close * 400)", []),  # inf
    ],
)
def test_an_order_without_a_price_is_not_given_and_counted(price: str, rows: list[int]) -> None:
    stage = strategy(f"IF close > 0 THEN OPEN_LONG(limit={price})")
    run = Run(stage).announce("15m").feed("15m", bars(CLOSES)).finish()
    assert [row["ts"] // (900 * SECOND) - 1 for row in run.rows.get("order/X/15m", [])] == rows
    assert stage.notices == {"s: an order has no size or no price above 0": 3 - len(rows)}


def test_sizes_that_are_not_above_0_are_no_orders_but_of_target() -> None:
    assert column("IF close > 0 THEN OPEN_LONG(size=close - 3)", "quantity") == [2.0]
    found = orders("IF close > 0 THEN TARGET(base=close - 3)")
    assert [(one["quantity"], one["side"], one["action"]) for one in found] == [(2.0, 1, 2), (2.0, -1, 2), (0.0, 1, 2)]
    assert [(one["quantity"], one["side"]) for one in orders("IF close > 4 THEN TARGET(size=-2)")] == [(2.0, -1)]
    assert column("IF close > 0 THEN TARGET(size=close[1])", "ts") == [1, 2]


def test_how_long_it_works() -> None:
    text = 'IF close > 4 THEN OPEN_LONG(tif="IOC") ELSE OPEN_LONG(limit=2, expire="4h")'
    found = orders(text)
    assert [(one["tif"], one["expire"]) for one in found] == [
        (1, 0),
        (3, (2 * 900 + 14_400) * SECOND),
        (3, (3 * 900 + 14_400) * SECOND),
    ]
    assert column('IF close > 4 THEN BUY(tif="gtd", expire="1d")', "tif") == [3, 3]
    assert column('IF close > 4 THEN SELL(tif="fok") ELSE SELL', "tif") == [2, 2, 0, 0, 0, 0]
    assert column('param how = "gtc" in ("gtc", "fok")\nIF close > 4 THEN OPEN_LONG(tif=how)', "tif") == [0]


def test_flags() -> None:
    text = "IF close > 4 THEN CLOSE_LONG(limit=9, reduce_only=TRUE, post_only=FALSE) ELSE CLOSE_LONG"
    assert [(one["reduce_only"], one["post_only"]) for one in orders(text)] == [(1, 0), (0, 0), (0, 0)]
    assert column('IF close > 4 THEN OPEN_LONG(post_only=symbol == "X")', "post_only") == [1]


def test_several_actions_and_else() -> None:
    text = "IF close > 2 THEN CLOSE_SHORT, OPEN_LONG(size=2) ELSE CANCEL, TARGET(equity=0)\nIF close < 2 THEN SELL"
    found = orders(text)
    said = [(one["ts"], one["rule"], one["action"], one["side"], one["quantity"]) for one in found]
    assert said == [
        (0, 1, 1, -1, INF),
        (0, 1, 0, 1, 2.0),
        (1, 1, 3, 1, INF),
        (1, 1, 3, -1, INF),
        (1, 1, 2, 1, 0.0),
        (1, 2, 1, 1, INF),
        (1, 2, 0, -1, INF),
        (2, 1, 1, -1, INF),
        (2, 1, 0, 1, 2.0),
    ]
    assert [one["id"] for one in found] == list(range(1, 10))


def test_else_holds_wherever_if_does_not_also_in_the_warm_up() -> None:
    assert column("IF close[1] > 4 THEN OPEN_LONG(size=1) ELSE OPEN_LONG(size=2)", "quantity") == [2.0, 1.0, 2.0]


def test_of_rules_that_order_the_same_at_the_market_the_first_one_does() -> None:
    rules = "IF close > 2 THEN BUY(size=1)\nIF close > 4 THEN BUY(size=2)\n"
    found = orders(f"{rules}IF close > 0 THEN OPEN_LONG(size=3, limit=close)")
    said = [(one["ts"], one["rule"], one["action"], one["type"]) for one in found]
    assert said == [(0, 1, 1, 0), (0, 1, 0, 0), (0, 3, 0, 1), (1, 3, 0, 1), (2, 1, 1, 0), (2, 1, 0, 0), (2, 3, 0, 1)]


def test_a_rule_without_a_size_at_a_row_leaves_it_to_the_next_one() -> None:
    rules = "IF close > 0 THEN OPEN_LONG(size=close - 3)\nIF close > 0 THEN OPEN_LONG(size=7)"
    assert column(rules, "quantity") == [2, 7, 7]


def test_meta_of_every_type() -> None:
    text = (
        "IF close > 2 THEN OPEN_LONG(META(n=close * 2, c=close > 4, w='up', at=ts, from=open_time, k=3))\n"
        "ELSE CLOSE_LONG(META(n=close[2]))"
    )
    found = orders(text)
    assert [{key: one[key] for key in one if key.startswith("meta.")} for one in (found[0], found[2])] == [
        {"meta.n": 10.0, "meta.c": 1.0, "meta.w": "up", "meta.at": 900 * SECOND, "meta.from": 0, "meta.k": 3.0},
        {"meta.n": 6.0, "meta.c": 0.0, "meta.w": "up", "meta.at": 2700 * SECOND, "meta.from": 0, "meta.k": 3.0},
    ]
    other = found[1]
    assert (repr(other["meta.n"]), repr(other["meta.c"]), other["meta.w"], other["meta.at"]) == ("nan", "nan", "", 0)


def test_a_key_of_meta_has_one_type() -> None:
    with pytest.raises(HqError, match="META: a is a number in one rule and a text in another"):
        strategy("IF close > 1 THEN BUY(META(a=1))\nIF close > 2 THEN SELL(META(a='x'))")


CANONICAL = [
    (
        "if close>1 then buy(take=9,LIMIT=2,size=1,post_only=true,tif='gtc',META(a=1))else cancel",
        "IF close > 1 THEN BUY(size=1, limit=2, take=9, tif='gtc', post_only=TRUE, META(a=1)) ELSE CANCEL()",
    ),
    ("if close>1 then buy,sell(),target(equity=-.5)", "IF close > 1 THEN BUY(), SELL(), TARGET(equity=-.5)"),
    ("if close>1 then sell_long(trail=1)", "IF close > 1 THEN CLOSE_LONG(trail=1)"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical_form(text: str, canonical: str) -> None:
    assert form(text) == canonical + "\n"
    assert form(canonical) == canonical + "\n"


TAKES = (
    "size, contracts, base, quote, equity, risk, limit, trigger, stop, take, trail, trail_frac, tif, expire, "
    "reduce_only, post_only"
)
REFUSED = [
    ("BUY(<sise>=1)", f"BUY takes {TAKES} and META(...)"),
    ("BUY(size=1, <quote=2>)", "size and quote both say how much; give one of them"),
    ("BUY(<risk=0.1>)", "risk is what is lost at the stop: give stop=... too"),
    ("BUY(limit=<0>)", "limit is 0, must be above 0"),
    ("BUY(limit=<-2>)", "limit is -2, must be above 0"),
    ("BUY(stop=<1e308 * 10>)", "stop is inf, must be above 0"),
    ("BUY(size=<close > 1>)", "a bool is no number"),
    ("BUY(limit=<'a'>)", "a text is no number"),
    ("BUY(limit=<MACD()>)", "a call with several outputs is no number; pick an output: .macd, .signal, .hist"),
    ("BUY(limit=1, <limit>=2)", "limit is given twice"),
    ("CLOSE(<stop>=1)", "CLOSE takes size, contracts, base, quote, equity, limit, trigger, trail, "),
    ("CLOSE(<risk>=1)", "CLOSE takes size, contracts, base, quote, equity, limit, trigger, trail, "),
    ("CLOSE_LONG(limit=1, <trail=2>)", "a trailing order has no other price"),
    ("CLOSE_LONG(limit=1, <trail_frac=0.1>)", "a trailing order has no other price"),
    ("BUY(trail=1, <trail_frac=0.1>)", "trail and trail_frac both say how far behind; give one of them"),
    ("TARGET", "TARGET wants a position: size, contracts, base, quote, equity"),
    ("TARGET(<limit>=2)", "TARGET takes size, contracts, base, quote, equity and META(...)"),
    ("CANCEL(<size>=1)", "CANCEL takes "),
    ("BUY(tif=<'gct'>)", "tif is 'gct', must be one of gtc, ioc, fok, day, did you mean 'gtc'?"),
    ("BUY(tif=<3>)", "tif is a text in quotes, this is a number"),
    ("BUY(<tif='gtd'>)", 'gtd works until a time: give expire, as in expire="4h"'),
    ("BUY(tif='ioc', <expire='4h'>)", "an order that is ioc does not expire"),
    ("BUY(expire=<'4x'>)", "expire is '4x', must be a whole number and s, m, h, d or w, such as 15m"),
    ("BUY(expire=<''>)", "expire is '', must be a whole number and s, m, h, d or w, such as 15m"),
    ("BUY(expire=<'0m'>)", "expire is '0m', must be "),
    ("BUY(expire=<'99999999w'>)", "expire is '99999999w', must be "),
    ("BUY(reduce_only=<1>)", "TRUE or FALSE is wanted here"),
    ("BUY(post_only=<close > 1>)", "TRUE or FALSE is wanted here"),
    ("BUY(META(a=1), <META(b=1)>)", "META is given twice"),
    ("BUY(META(a=<MACD()>))", "pick an output: .macd, .signal, .hist"),
    ("BUY, <HOLD>", "unknown action 'HOLD'"),
    ("BUY ELSE <HOLD>", "unknown action 'HOLD'"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_refused(marked: str, reason: str) -> None:
    marked = marked if "<" in marked else f"<{marked}>"
    assert refused(f"IF close == 1 THEN {marked}").startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<PLOT(a)>", 'PLOT takes a name and a value: PLOT("trend", EMA(close, 50))'),
        ("<PLOT(a, b=3)>", 'PLOT takes a name and a value: PLOT("trend", EMA(close, 50))'),
        ("PLOT(<3>, close)", "PLOT wants the name of a column first"),
        ("PLOT(<close>, open)", "there is a column 'close' already"),
        ("PLOT(a, 3)\nPLOT(<a>, 4)", "there is a column 'a' already"),
        ("PLOT(a, <MACD()>)", "a call with several outputs is no column; pick an output: .macd, .signal, .hist"),
        ("PLOT(a, <'b'>)", "a text is no column"),
        ("x = <PLOT>(a, close)", "PLOT stands alone on its line"),
    ],
)
def test_plots_that_are_none(text: str, reason: str) -> None:
    assert refused(text).startswith(reason)


def test_plots_are_columns() -> None:
    text = "PLOT(up, close > 2)\nPLOT('my trend', close * 2)\nPLOT(k, 3)\nIF close > 9 THEN BUY"
    run = Run(strategy(text)).announce("15m").feed("15m", bars(CLOSES)).finish()
    assert run.column("up") == [1.0, 0.0, 1.0]
    assert run.column("my trend") == [10.0, 2.0, 6.0]
    assert run.column("k") == [3.0] * 3
    assert list(run.rows["bar/X/15m"][0])[-3:] == ["up", "my trend", "k"]
