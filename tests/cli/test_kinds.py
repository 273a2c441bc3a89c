"""kinds.py is the one list of columns: it is whole in itself, what commands write is in it, and no file repeats it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from inputs import descriptor
from places import ROOT

from hq_core.batch import Schema
from hq_core.formats.names import BAR_NAMES, TRADE_NAMES
from hq_core.formats.own_csv import own_kind
from hq_core.kinds import KINDS, WRITTEN
from hq_core.wire import Reader

# files that name three columns or more one after the other, and why that is no list of ours
ALLOWED = {
    "core/hq_core/indicators/": "an indicator names its inputs, as its formula does",
    "core/hq_core/factors/": "a factor names its inputs, as its formula does",
    "core/hq_core/factoring/": "records of kernels, what a row is chosen by, and each input with what it is",
    "core/hq_core/testing.py": "made up events, each column with what it is",
    "core/hq_core/kernels/session.py": "the record of a kernel",
    "core/hq_core/bars/trades.py": "the record of a kernel",
    "core/hq_core/bars/of_factors.py": "the record of a kernel",
    "core/hq_core/book/shown.py": "the record of a kernel",
    "core/hq_core/book/trades.py": "the arguments of a kernel, and the columns that it makes",
    "core/hq_core/stream/findings.py": "what is told of a finding, each with its value",
    "core/hq_core/formats/names.py": "what others call the columns, and the order of their files",
    "core/hq_core/futures/report.py": "the keys of the report, each with how it is computed",
    "core/hq_core/futures/explain.py": "what is told of a fill, each number with how it is come by",
    "core/hq_core/series/orders.py": "the arguments of a kernel, and the keys of what a program is told of a rule",
    "core/hq_core/series/vectors.py": "the outputs of a hit",
    "core/hq_core/formats/venues/rows.py": "each column with how it is made",
    "core/hq_core/vectors/": "the keys of others' files, and each column with how it is made",
    "core/hq_cli/export.py": "an example as it is typed",
    "scripts/make_vectors.py": "vectors that readers are tested by must not follow the code",
    "core/hq_core/conformance/made.py": "made up bars, each column with how it is computed",
    "scripts/bench_indicators.py": "made up bars, each column with how it is computed",
    "scripts/bench_doors.py": "a program as others write it",
    "scripts/bench_language.py": "what a strategy reads, as others write it",
    "core/hq_core/api/backtest.py": "functions for programs: what they take and give, by name",
    "core/hq_core/futures/engine.py": "what a program is told of a position",
    "core/hq_core/futures/finer.py": "the arguments of a kernel",
}
OF_KIND = {name: {*kind.names, *(one.name for one in kind.behind)} for name, kind in KINDS.items()}


def sources() -> list[Path]:
    found = [path for folder in ("core", "scripts") for path in (ROOT / folder).rglob("*.py")]
    return [path for path in (*found, ROOT / "scripts" / "bench") if path.name != "kinds.py"]


def named(node: ast.AST) -> str:
    """The column that an element of a list may be: a text, or the first one of a pair."""
    if isinstance(node, (ast.Tuple, ast.List)) and node.elts:
        node = node.elts[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def lists(tree: ast.AST) -> list[tuple[int, list[str]]]:
    """Every list of texts with its line: tuples, lists, sets, keys of dicts, and words of a text that is no prose."""
    found = []
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            found.append((node.lineno, [named(one) for one in node.elts]))
        elif isinstance(node, ast.Dict):
            found.append((node.lineno, [named(one) if one else "" for one in node.keys]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            found.append((node.lineno, [word.partition(":")[0] for word in re.split(r"[\s,|]+", node.value)]))
    return found


def runs(words: list[str]) -> bool:
    """Whether three words that follow each other are columns of one kind."""
    return any(
        len(set(three)) == 3 and any(set(three) <= names for names in OF_KIND.values())
        for three in zip(words, words[1:], words[2:])
    )


def repeated() -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {' '.join(words)[:80]}"
        for path in sources()
        for line, words in lists(ast.parse(path.read_text()))
        if runs(words)
    ]


def test_no_file_writes_columns_down_a_second_time():
    found = repeated()
    assert [one for one in found if not one.startswith(tuple(ALLOWED))] == []
    assert [start for start in ALLOWED if not any(one.startswith(start) for one in found)] == []


@pytest.mark.parametrize(
    "text",
    [
        "X = ('open', 'high', 'low')",
        "X = {'side', 'price', 'fee'}",
        "X = [('px', 'f8'), ('qty', 'f8'), ('ev', 'i8')]",
        "X = 'open high low close'",
        "X = {'equity': 1, 'wallet': 2, 'fees': 3}",
        "X = set(('mark_low', 'open', 'ts'))",
    ],
)
def test_a_second_list_is_seen(text):
    assert any(runs(words) for _, words in lists(ast.parse(text)))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_whole(name):
    kind = KINDS[name]
    columns = {one.name: one for one in (*kind.columns, *kind.behind)}
    assert len(columns) == len(kind.columns) + len(kind.behind)
    assert kind.columns[0].name == "ts"
    assert not kind.columns[0].optional
    assert set(kind.key) <= set(kind.names)
    assert all(columns[of].unit == "code" for of in kind.codes)
    assert all(one.meaning for one in columns.values())
    assert all(one.optional for one in kind.behind)


@pytest.mark.parametrize("name", KINDS)
def test_a_series_of_a_kind_can_be_announced(name):
    cols = [(column, type_.replace("xN", "x3")) for column, type_ in KINDS[name].cols]
    assert Schema(name, "X", "1m", cols).cols == tuple(cols)


OURS = ("fill", "liquidation", "equity", "order", "vector", "funding", "quote", "order_state", "payment", "position")
OURS += ("book", "depth", "book_update", "finding", "factor")


@pytest.mark.parametrize("name", KINDS)
def test_a_csv_of_ours_is_known_by_its_header_once_a_command_writes_it(name):
    header = ",".join(KINDS[name].names).encode() + b"\n"
    assert own_kind(header)[0] == (name if name in OURS else "")


def test_the_order_of_kinds_at_one_ts():
    ordered = sorted(KINDS, key=lambda name: (KINDS[name].rank, name))
    first = ["universe", "funding", "mark_price", "index_price", "quote", "book", "trade", "order", "bar"]
    assert ordered[:9] == first
    assert ordered[9:] == sorted(ordered[9:])


def test_every_column_of_bars_and_trades_can_be_read_from_a_file():
    assert set(BAR_NAMES) == {*KINDS["bar"].names, "close_time", "symbol"}
    assert set(TRADE_NAMES) == {*KINDS["trade"].names, "maker", "first", "last", "symbol"}


# -- what commands write ---------------------------------------------------------------------------------------------
GAP = """
for u, pu in ((7, 5), (12, 9)):
    print(17900000000001 * 100 + u, end=" ")
    print(f'{{"e":"depthUpdate","E":1790000000000,"s":"X","U":{u},"u":{u},"pu":{pu},"b":[],"a":[]}}')
"""
RULES = "IF close > open THEN BUY()\nIF close < open THEN SELL()\n"
STAGES = {  # and the columns that it adds under names of the user's
    "cat trades": (),
    "cat bars": (),
    "cat book": (),
    "hq-export csv < trades | hq-import": (),
    "hq-export csv < bars | hq-import --period 1m": (),
    "hq-indicators rsi:3 < bars | hq-export csv | hq-import --period 1m": ("rsi_3",),
    "hq-export jsonl < bars | hq-import": (),
    "hq-export npz < bars | hq-import": (),
    "hq-export parquet < trades | hq-import": (),
    "hq-aggregate 1m:5m --time-label --tiers 10,100,1000 --partial keep < trades": (),
    "hq-aggregate 1m:5m < bars": (),
    "hq-indicators macd 'sma:3(volume)' < bars": (
        "macd_12_26_9.macd",
        "macd_12_26_9.signal",
        "macd_12_26_9.hist",
        "sma_3_volume",
    ),
    "hq-vector build --length 5 < bars": (),
    "hq-vector build --length 5 < bars | hq-vector dump | hq-vector load": (),
    """echo '{"kind":"funding","symbol":"X","ts":"2024-01-01T08:00:00Z","rate":0.0001}' | hq-import""": (),
    "printf 'symbol,ts_ms,bid,bid_qty,ask,ask_qty\\nX,1704096000001,1,2,3,4\\n' | hq-import": (),
    "printf 'ts_ms,ev,exch_ts_ms,px,qty,order_id,ival,fval\\n1,3758096385,0,1,2,0,0,0\\n' | hq-import": (),
    "python3 gap.py | hq-import --venue binance": (),
    "hq-book --tick 0.2 < events": (),
    "hq-book --tick 0.1 < events | hq-export csv | hq-import": (),
    "hq-book --tick 0.1 --emit updates < events": (),
    "hq-book --tick 0.1 --emit depth:1 < events": ("bid_1", "bid_qty_1", "ask_1", "ask_qty_1"),
    "hq-export csv < bars | hq-import --kind mark_price --period 1m": (),
    "hq-export csv < bars | hq-import --kind index_price --period 1m": (),
    "hq-signal one.hq < bars": (),
    "hq-signal meta.hq < bars": (),
    "hq-factors --tick 0.1 mid spread < book": ("mid", "spread", "spread_bps"),
    "hq-factors --tick 0.1 --long mid < book": (),
    "hq-factors --tick 0.1 mid < book | hq-aggregate 1s --of mid": (
        "mid",
        "mid_open",
        "mid_high",
        "mid_low",
        "mid_close",
        "mid_mean",
    ),
    "hq-factors --tick 0.1 mid < panel | hq-pairs BTCUSDT,X ratio_dev": ("mid", "ratio_dev_1"),
    "hq-signal one.hq two.hq < bars": (),
    "hq-signal one.hq < bars | hq-backtest": (),
    "hq-signal one.hq < bars | hq-backtest | hq-export jsonl | hq-import": (),
}


def judge(schema: Schema, added: tuple[str, ...]) -> None:
    """What the kind declares comes first and in its order; behind it only what the kind or the stage says it adds."""
    kind = KINDS[schema.of]
    own = tuple((name, re.sub("^f4x.*", "f4xN", type_)) for name, type_ in schema.cols if name in kind.names)
    assert [name for name, _ in own] == list(schema.names[: len(own)])
    assert own == tuple(col for col in kind.cols if col in own)
    assert set(kind.required) <= set(own)
    behind = {(one.name, one.type) for one in kind.behind}
    if any(name == "meta.NAME" for name, _ in behind):
        behind |= {("meta.a", "f8"), ("meta.b", "i8"), ("meta.c", "s4")}
    for name, type_ in schema.cols[len(own) :]:
        of_strategy = name.partition(".")[2], type_
        assert (name, type_) in behind or of_strategy in behind or (name in added and type_ == "f8"), name
    assert schema.extra.get("codes", {}) == kind.codes


def test_what_commands_write_is_declared(run, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.hq").write_text(RULES)
    (tmp_path / "meta.hq").write_text(f'{RULES}IF open > 0 THEN OPEN_LONG(META(a=open, b=ts, c="x"))')
    (tmp_path / "gap.py").write_text(GAP)
    assert run("hq-gen bars --rows 60 --seed 1 > bars && hq-gen trades --rows 3000 --seed 1 > trades").code == 0
    assert run(f"hq-import < {ROOT}/examples/events.csv > events").code == 0
    assert run("hq-gen books --rows 100 --seed 1 > book").code == 0
    assert run("hq-gen books --rows 100 --seed 1 --symbol X | hq-merge book - > panel").code == 0
    seen: set[str] = set()
    for line, added in STAGES.items():
        ran = run(line)
        assert ran.code == 0, (line, ran.stderr)
        schemas = [item for item in Reader(descriptor(ran.stdout)) if isinstance(item, Schema)]
        assert schemas, line
        for schema in schemas:
            judge(schema, added)
            seen.add(schema.of)
    assert seen == WRITTEN
