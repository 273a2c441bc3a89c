"""The strategy language: what is accepted, what is refused and where the error points, canonical form."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lang_oracle as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from stores import store_of
from strategies import check, form, refused

from hq_core import graph
from hq_core.errors import HqError
from hq_core.lang.grammar import Grammar
from hq_core.lang.source import LangError
from hq_core.lang.strategy import Strategy, set_parameters
from hq_core.lang.tokens import GRAMMAR, grammar_text
from hq_core.series import costs
from hq_core.stages.signal import Signal

EXAMPLES = ROOT / "examples"
FUZZ = int(os.environ.get("HQ_FUZZ", "60"))


STORES = {name: store_of([], length=30) for name in ("4h_BTC", "15m_BTC")}


# The documents' own snippets

INDICATORS = """
# 基础指标
ema20 = EMA(close, period=20)           # 返回 EMA 序列
"""
NORMALIZED = (
    INDICATORS
    + """
# 可选增量归一化
vector_ema_20 = NORMALIZE(ema20, length=30)  # 返回归一化后的向量，长度为 30

# 相似度计算
SIMILARITY(
    vector_ema_20, // 实际 vector_ema_20 一个是历史标记数据（外部传入）
    vector_ema_20, // 实际 vector_ema_20 是当前的数据
    method="cosine",
) > 0.9

IF RSI(14) < 30 THEN BUY
IF RSI(14) > 70 THEN SELL
"""
)
STORE = """
  vector_4h = VEC_STORE(<"4h_BTC">)
  close_vector = NORMALIZE(close, length=30)
  hit = SIMILARITY(vector_4h, close_vector)
  IF hit.label == 1 THEN BUY(META(ts=hit.ts))
  IF hit.label == -1 THEN SELL(META(ts=hit.ts))
"""
PERIODS = """
  vector_4h = VEC_STORE("4h_BTC")
  vector_15m = VEC_STORE("15m_BTC")
  close_vector_4h = NORMALIZE(close@4h, length=30)
  close_vector_15m = NORMALIZE(close@15m, length=30)
  hit_4h = SIMILARITY(vector_4h, <close_vector>)
  hit_15m = SIMILARITY(vector_15m, close_vector)
  IF hit_4h AND hit_15m AND hit_4h.label == 1 AND hit_15m.label == 1
    THEN BUY(META(ts=hit.ts))
  IF hit AND hit.label == -1
    THEN SELL(META(ts=hit.ts))
"""


def test_snippet_of_two_vectors_is_accepted_and_its_bare_comparison_told() -> None:
    checked = check(NORMALIZED)
    assert [rule.action for rule in checked.rules] == ["BUY", "SELL"]
    (warning,) = checked.warnings
    assert "the expression has no effect" in warning


def test_snippet_with_a_store_is_accepted_where_the_store_is_given() -> None:
    assert refused(STORE, {}) == "no store '4h_BTC' is given; pass --store 4h_BTC=FILE"
    checked = check(STORE.replace("<", "").replace(">", ""), {"4h_BTC": store_of([], length=30)})
    assert [rule.action for rule in checked.rules] == ["BUY", "SELL"]


def test_canonical_form_of_vectors() -> None:
    text = 'x = similarity(vec_store("4h_BTC"), normalize(close, METHOD="l2", Length=30), MIN=.5, k=3)\n'
    canonical = 'x = SIMILARITY(VEC_STORE("4h_BTC"), NORMALIZE(close, length=30, method="l2"), k=3, min=.5)\n'
    assert form(text) == form(canonical) == canonical


def test_snippet_of_two_periods_is_refused_at_the_name_that_it_does_not_define() -> None:
    assert (
        refused(PERIODS, STORES) == "unknown name 'close_vector', did you mean 'close_vector_4h' or 'close_vector_15m'?"
    )


def test_snippet_without_vectors_is_accepted() -> None:
    checked = check(INDICATORS + "IF RSI(14) < 30 THEN BUY() // BUY可以传meta 比如时间\nIF RSI(14) > 70 THEN SELL()\n")
    assert [(rule.action, rule.verbs) for rule in checked.rules] == [
        ("BUY", ("open_long", "close_short")),
        ("SELL", ("open_short", "close_long")),
    ]
    assert not checked.warnings


def test_undefined_names_of_the_documents_are_refused_with_what_was_meant() -> None:
    defined = "hit_4h = RSI(14)@4h < 30\nhit_15m = RSI(14) < 30\n"
    reason = refused(defined + "IF <hit> AND hit_4h\n  THEN SELL(META(ts=hit))")
    assert reason == "unknown name 'hit', did you mean 'hit_4h' or 'hit_15m'?"
    vectors = "close_vector_4h = EMA(close@4h, 3)\nclose_vector_15m = EMA(close, 3)\n"
    assert "'close_vector_4h' or 'close_vector_15m'" in refused(vectors + "x = CROSSOVER(volume, <close_vector>)")


def test_rule_over_two_lines_and_the_corrected_example() -> None:
    text = "a = RSI(14)@4h < 30\nb = RSI(14) < 30\nIF a AND b\n    THEN BUY(META(ts=ts))\n"
    text += "IF a\n\n # x\n OR b then Sell\n"
    assert [rule.action for rule in check(text).rules] == ["BUY", "SELL"]


@pytest.mark.parametrize("comment", ["# c", "// c", "#", "//", "// a # b"])
def test_both_comments_reach_to_the_end_of_the_line(comment: str) -> None:
    assert check(f"x = close {comment}\n{comment}\ny = x").scope.names.keys() == {"x", "y"}


def test_buy_with_and_without_brackets_are_one() -> None:
    assert form("IF close > 1 THEN buy") == form("if close>1 then BUY()") == "IF close > 1 THEN BUY()\n"


def test_positional_number_is_the_period_and_close_the_source() -> None:
    assert form("x = RSI(14)") == form("x=rsi(close, 14)") == form("x = Rsi(period=14)")
    assert form("x = RSI(14)") == "x = RSI(close, period=14)\n"
    assert form("x = ATR(14)@4h") == "x = ATR(high, low, close, period=14)@4h\n"
    assert form("m = macd(12, 26, 9)\nh = m.Hist") == "m = MACD(close, fast=12, slow=26, signal=9)\nh = m.hist\n"


def test_bare_expression_warns() -> None:
    checked = check("x = close\nx > 3\n")
    assert checked.warnings == ["s.hq:2:1: warning: the expression has no effect; give it a name or use it"]


ACTIONS = [
    ("sell_short", "CLOSE_SHORT", "close_short"),
    ("buy_short", "OPEN_SHORT", "open_short"),
    ("sell_long", "CLOSE_LONG", "close_long"),
    ("open_long", "OPEN_LONG", "open_long"),
    ("CLOSE_LONG", "CLOSE_LONG", "close_long"),
    ("Open_Short", "OPEN_SHORT", "open_short"),
    ("close_short", "CLOSE_SHORT", "close_short"),
]


@pytest.mark.parametrize(("word", "action", "verb"), ACTIONS)
def test_account_words_are_actions(word: str, action: str, verb: str) -> None:
    (rule,) = check(f"IF close > 1 THEN {word}").rules
    assert (rule.action, rule.verbs) == (action, (verb,))


# Errors and where they point

REFUSED = [
    ("x = RSI(14)\nIF CROSS(x, 30) <>> close THEN BUY", "'>' compares bool with price"),
    ("IF <close> THEN BUY", "IF wants a condition, this is a price"),
    ("x = close <+> (close > 1)", "'+' joins price with bool"),
    ("IF close > 1 AND <volume> THEN BUY", "AND wants conditions, this is a series"),
    ("IF NOT <close> THEN BUY", "NOT wants a condition, this is a price"),
    ("x = <RSII>(close, 3)", "unknown function 'RSII', did you mean 'RSI' or 'RISING'?"),
    ("ema20 = EMA(close, 20)\nIF <emma20> > 1 THEN BUY", "unknown name 'emma20', did you mean 'ema20'?"),
    ("x = <later>\nlater = close", "'later' is given on line 2, and is read above it"),
    ("x = close\n<x> = open", "'x' is defined already; a name is given once"),
    ("<close> = 3", "'close' is a column of the input"),
    ("x = RSI(<0>)", "rsi: period is 0, must be 2 to 100000"),
    ("x = RSI(<1.5>)", "rsi: period is 1.5, must be a whole number"),
    ("x = RSI(<priod>=3)", "RSI has no 'priod', did you mean 'period'?"),
    ("x = EMA(period=<close>)", "period wants a number that is known beforehand, this is a price"),
    ("x = EMA(close, 2, <3>)", "EMA has no place for this number; it takes close, period"),
    ("x = EMA(20, <close>)", "EMA takes its series before its numbers"),
    ("x = <ATR(high, 14)>", "ATR reads high, low, close: give all of them or none"),
    ("m = MACD()\nx = <m> + 1", "pick an output: .macd, .signal, .hist"),
    ("m = MACD()\nx = m.<hits>", "no output 'hits', did you mean 'hist'?; pick an output: .macd, .signal, .hist"),
    ("x = close.<high>", "a price has no output 'high'"),
    ("x = close[<1.5>]", "history wants a whole number of bars that is known beforehand, as in close[1]"),
    ("x = close[<-1>]", "history is -1 bars, must be 0 to 100000"),
    ("x = close[<volume>]", "history wants a whole number of bars that is known beforehand, as in close[1]"),
    ("x = <3>[1]", "a number has no history"),
    ("x = 1 / <0>", "division by 0"),
    ("x = close<@4q>", "period is '4q', must be a whole number and s, m, h, d or w, such as 15m"),
    ("x = close<@ETH:0m>", "period is '0m', must be a whole number and s, m, h, d or w, such as 15m"),
    ("x = close<@>", "'@' wants a period or a symbol, as in close@4h or close@ETHUSDT:4h"),
    ("x = close\ny = <x>@4h", "'x' is computed on its own clock; '@' reads a column or a call"),
    ("x = (3 + 4)<@4h>", "'@' reads series, this is a number"),
    ("x = close + open\ny = EMA(<x>, 3)@4h", "'x' has a clock of its own and cannot be read on another"),
    ("x = EMA(close@1d, 3)<@4h>", "what it reads has '@' of its own; give each part one"),
    ("IF close > 1 THEN <BUYY>", "unknown action 'BUYY', did you mean 'BUY'?"),
    (
        "IF close > 1 THEN CLOSE(<100>)",
        "CLOSE takes size=..., contracts=..., base=..., quote=..., equity=..., limit=..., "
        "trigger=..., trail=..., trail_frac=..., tif=..., expire=..., reduce_only=..., post_only=... and META(...)",
    ),
    ("IF close > 1 THEN BUY(size=<-1>)", "size is -1, must be above 0"),
    ("IF close > 1 THEN BUY(size=1, <size>=2)", "size is given twice"),
    ("IF close > 1 THEN BUY(META(<3>))", "META takes key=value"),
    ("IF close > 1 THEN BUY(META(a=1, <a>=2))", "a is given twice"),
    ("x = <META>(a=1)", "META stands only after THEN"),
    ("x = <ts> + 1", "'ts' is a time, which only META takes"),
    ('x = close <+> "a"', "'+' joins price with text"),
    ("param fast = <99> in 5..50", "fast is 99, must be 5 to 50"),
    ("param fast = 9 in <50..5>", "the range 50..5 is empty"),
    ("IF close > 1 <BUY>", "expected THEN, found 'BUY'"),
    ("IF close <=> 1 THEN BUY", "expected THEN, found '='; a comparison is '=='"),
    ("x = EMA(close <open>)", "expected ')', found 'open'"),
    ("x = <(>1 + 2\n", "'(' is never closed"),
    ("x = MAX<(>close, open\nIF x > 1 THEN BUY", "'(' is never closed"),
    ("x = 1<)>", "')' closes nothing"),
    ("x = close <$>", "'$' is not part of the language"),
    ("IF close > 1 <&>& open > 1 THEN BUY", "'&&' is not part of the language; AND joins conditions"),
    ("IF <!>(close > 1) THEN BUY", "'!' is not part of the language; NOT is before a condition"),
    ("x = close > 1 <?> 2 : 3", "'?' is not part of the language; IF(condition, a, b) is one of two values"),
    ("x <:>= 3", "':=' is not part of the language; a value made of its last one is VAR name = value SEED seed"),
    ("IF close > 1 THEN BUY<;>", "';' is not part of the language; a statement ends with its line"),
    ("x = IF <close> > 1 THEN 2", "expected '(', found 'close'; IF(condition, a, b) is one of two values"),
    ("IF <rsi> < 30 THEN BUY", "unknown name 'rsi'; RSI is a function: rsi(...)"),
    ("x = <NA>", "unknown name 'NA'; NA is a function: NA(...)"),
    ('x = <">abc', "the text has no end on its line"),
    ("<=> 3", "expected a statement, found '='; a comparison is '=='"),
    ("IF close > 1 THEN <IF>", "expected an action, found 'IF'"),
    ("x = <CROSSOVER(close)>", "CROSSOVER lacks y: CROSSOVER(x, y)"),
    ("x = CROSSOVER(close, <k>=1)", "CROSSOVER takes no 'k=': CROSSOVER(x, y)"),
    ("x = <CROSSOVER(1, 2)>", "CROSSOVER wants a series"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_refused(marked: str, reason: str) -> None:
    assert refused(marked) == reason


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x = -(close > 1)", "close > 1"),
        ("x = ABS(close > 1)", "close > 1"),
        ("x = EMA(close > 1)", "close > 1"),
        ("param x = close", "close"),
        ("x = 1 +", ""),
        ("IF", ""),
    ],
)
def test_refused_at(text: str, wrong: str) -> None:
    with pytest.raises(LangError) as error:
        check(text)
    assert text[error.value.start : error.value.end] == wrong


def test_error_shows_file_line_column_source_and_caret() -> None:
    with pytest.raises(LangError) as error:
        check("# 基础\nIF\tRSI(14) > 3 AND 值 > emma THEN BUY")
    assert (
        str(error.value) == "s.hq:2:20: unknown name '值'\n  IF\tRSI(14) > 3 AND 值 > emma THEN BUY\n  "
        "  \t                ^^"
    )
    assert error.value.code == 65


def test_error_in_a_very_long_line_stays_short() -> None:
    with pytest.raises(LangError) as error:
        check("x = " + "close + " * 100 + "nowhere" + " + close" * 5)
    assert all(len(line) < 200 for line in str(error.value).splitlines())
    assert "nowhere" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000 + "1",
        "x = " + "-" * 5000 + "1",
        "x = " + "1 + " * 5000 + "1",
        "x = " + "close ^ " * 5000 + "1",
        "x = " + "close ^ -" * 5000 + "1",
        "IF " + "NOT " * 5000 + "TRUE THEN BUY",
        "x = close" + "[1]" * 5000,
        "x = " + "ABS(" * 5000,
        "x = close" + ".a" * 5000,
        "[" * 100000,
    ],
)
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises(LangError, match="nest"):
        check(text)


def test_deepest_allowed_brackets_leave_room_on_the_stack() -> None:
    inner = "close"
    for _ in range(16):
        inner = f"(1 - 2 * {inner})"
    assert check(f"x = {inner}\ny = NOT {inner.replace('close', 'open')} > 1 AND TRUE OR FALSE").scope.names.keys() == {
        "x",
        "y",
    }


# Meaning of the text

CANONICAL = [
    ("x = close+open*high/low-1", "x = close + open * high / low - 1"),
    ("x = (close + open) * high", "x = (close + open) * high"),
    ("x = ((close + open)) - (high - low)", "x = close + open - (high - low)"),
    ("x = close / (open * high)", "x = close / (open * high)"),
    ("x = -(close + open)[1]", "x = -(close + open)[1]"),
    ("x = (-close)[2]", "x = (-close)[2]"),
    ("x = - - close", "x = --close"),
    ("x = -2 ^ -close^3", "x = -2 ^ -close ^ 3"),
    ("x = (-2) ^ (-(close^3))", "x = (-2) ^ -close ^ 3"),
    ("x = (close ^ 2) ^ (open^ 3)", "x = (close ^ 2) ^ open ^ 3"),
    ("x = not not close>1", "x = NOT NOT close > 1"),
    ("x = not (close>1 and open>1) or true", "x = NOT (close > 1 AND open > 1) OR TRUE"),
    ("x = (close>1 or open>1) and high>1", "x = (close > 1 OR open > 1) AND high > 1"),
    ("x = (close > 1) == (open > 1)", "x = (close > 1) == (open > 1)"),
    ('x = close@60m + open@ETHUSDT:4h + low@"BTC-PERP"', 'x = close@60m + open@ETHUSDT:4h + low@"BTC-PERP"'),
    ("PARAM a=1.50 In .5..2e0", "param a = 1.50 in .5..2e0"),
    (
        "if close>1 then sell_short ( META ( why='dip', at=ts ), size=1+1, )",
        "IF close > 1 THEN CLOSE_SHORT(size=1 + 1, META(why='dip', at=ts))",
    ),
    ("x = crossOver(close,open[1])", "x = CROSSOVER(close, open[1])"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical_form(text: str, canonical: str) -> None:
    assert form(text) == canonical + "\n"
    assert form(canonical) == canonical + "\n"


def test_format_keeps_comments_and_single_blank_lines() -> None:
    text = "\n\n# top\n\n\nx = MAX( // inside\n  close,\n  # alone\n  open)   // after\n#end"
    canonical = "# top\n\n// inside\n# alone\nx = MAX(close, open)  // after\n#end\n"
    assert form(text) == canonical
    assert form(canonical) == canonical


def test_long_rule_breaks_before_then() -> None:
    text = "IF " + " AND ".join(["close > open"] * 8) + " THEN BUY\n"
    assert form(text).count("\n  THEN BUY()\n") == 1
    assert form(form(text)) == form(text)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.hq")), ids=lambda path: path.name)
def test_examples_are_canonical_and_right(path: Path) -> None:
    text = path.read_text()
    assert form(text) == text
    if "hq-factors" not in text:  # those are of columns that bars lack
        assert not check(text, STORES).warnings


@given(oracle.CONDITIONS, oracle.NUMBERS)
@settings(max_examples=FUZZ)
def test_format_is_idempotent_and_keeps_the_meaning(condition: oracle.Expr, number: oracle.Expr) -> None:
    text = f"a = {number.text}\nIF {condition.text} THEN BUY(size=10 + {number.text})"
    once = form(text)
    assert form(once) == once
    assert shape(once) == shape(text)


def shape(text: str) -> object:
    """The typed values as nested tuples."""

    def of(value: object) -> object:
        return (value.dtype, value.clock, value.op, value.data, tuple(of(arg) for arg in value.args))  # type: ignore[attr-defined]

    checked = check(text)
    return [of(value) for value in checked.scope.names.values()] + [
        (of(rule.condition), rule.verbs, rule.size and of(rule.size)) for rule in checked.rules
    ]


WORDS = [
    "IF",
    "THEN",
    "AND",
    "OR",
    "NOT",
    "param",
    "in",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "==",
    "<",
    "-",
    "+",
    "*",
    "/",
    ".",
    "..",
    "\n",
    "close",
    "x",
    "RSI",
    "BUY",
    "META",
    "size",
    "14",
    "0.5",
    "@4h",
    '"t"',
    "# c",
    "// c\n",
    "TRUE",
    " ",
]


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join) | st.text(max_size=40))
@settings(max_examples=4 * FUZZ)
def test_any_text_is_accepted_or_refused_at_a_place(text: str) -> None:
    try:
        check(text)
    except LangError as error:
        assert 0 <= error.start <= error.end <= len(text)  # noqa: PT017  the place is what is tested
    else:
        once = form(text)
        assert form(once) == once


# Parameters, grammar, start-up


def test_params_from_outside() -> None:
    strategy = Strategy("s", "param fast = 12 in 5..50\nx = EMA(close, fast)", "s.hq")
    [nine] = set_parameters([strategy], {"s.fast": 9})
    assert nine.check_alone(strict=True).scope.names["x"].data == ("ema", {"period": 9})
    [over] = set_parameters([strategy], {"fast": 51})
    with pytest.raises(LangError, match="fast is 51, must be 5 to 50"):
        over.check_alone(strict=True)
    with pytest.raises(HqError, match="unknown parameter 'slow'"):
        set_parameters([strategy], {"slow": 1})
    with pytest.raises(HqError, match="unknown parameter 'other.fast'; did you mean fast"):
        set_parameters([strategy], {"other.fast": 6})


def test_column_of_the_input_is_left_to_the_input() -> None:
    strategy = Strategy("s", "IF rsi_14 < 30 THEN BUY", "s.hq")
    strategy.check_alone(strict=False)
    with pytest.raises(LangError, match="unknown name 'rsi_14'"):
        strategy.check_alone(strict=True)


def test_parser_follows_the_grammar_text() -> None:
    """Another text is another language: the parser has no rules of its own."""
    toy = Grammar('list = "(" [ item { "," item } ] ")" ; item = WORD | list ; WORD = /[a-z]+/ ;')
    from hq_core.lang.grammar import Parse

    kinds = ["(", "WORD", ",", "(", ")", ")", "END"]
    assert toy.parse("list", Parse(kinds)) == ("list", [0, ("item", [1], 1, 2), 2, ("list", [3, 4], 3, 5), 5], 0, 6)
    run = Parse(["(", "WORD", "WORD", "END"])
    assert toy.parse("list", run) is None
    assert (run.far, run.expected) == (2, (")",))
    assert set(GRAMMAR.tokens) == {"COMMENT", "REFERENCE", "STRING", "COLUMN", "NUMBER", "NAME"}
    assert '"PARAM"' in grammar_text()


def test_language_needs_no_compiler_and_no_numpy() -> None:
    code = (
        "import sys; from hq_core.lang.strategy import Strategy; "
        "Strategy('s', 'IF RSI(14) < 30 THEN BUY', 's.hq').check_alone(strict=True); "
        "bad = {'numba', 'numpy', 'dataclasses', 'inspect', 'difflib', 'unicodedata'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def test_each_node_is_measured_apart_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What --explain runs for a node does not grow with the plan: 50,000 choices took minutes."""
    given: list[int] = []

    class Block(graph.ArgumentBlock):
        def column(self, name: str, at: int, size: int) -> None:
            given.append(size if name in ("plan", "moving", "lengths") else 0)
            super().column(name, at, size)

    monkeypatch.setattr(graph, "ArgumentBlock", Block)
    monkeypatch.setattr(costs, "TURNS", 1)
    total = []
    for n in (50, 100):
        given.clear()
        Signal([("s", f"IF close IN ({', '.join(map(str, range(n)))}) THEN BUY", "s.hq")]).explain()
        total.append(sum(given))
    assert 0 < total[1] < 2.5 * total[0]
