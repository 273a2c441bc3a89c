"""Strategies made at random, run in every way that must make no difference, and compared with what they mean."""

from __future__ import annotations

import math
import os
import random
import tempfile
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

import panel_runs
from frames import frames
from inputs import descriptor
from program_maker import Maker
from program_parts import MORE, TEXTS, Program
from signal_runs import COLUMNS, Run
from slow_language import Action, Bar, Key, Meaning, Node, World, length, orders

from hq_core.batch import Batch, Schema
from hq_core.flow import State
from hq_core.lang.format import format_text
from hq_core.lang.grammar import Parse
from hq_core.lang.source import StrategyText
from hq_core.lang.tokens import GRAMMAR, tokenize
from hq_core.stages.signal import Signal
from hq_core.stream.handover import split
from hq_core.wire import Reader

FEW, FULL = 150, 10_000
SECOND = 10**9
BASE = "1h"
CODES = {"i8": "q", "i4": "i", "i1": "b", "b1": "b", "f8": "d", "s4": "i"}
WIDE = (*COLUMNS, *MORE.items())
KEYS: tuple[Key, ...] = (("X", "4h"), ("Y", "4h"), ("X", "1h"), ("Y", "1h"), ("X", "30m"))  # coarse ones first
ACROSS: tuple[Key, ...] = (("X", "1h"), ("Y", "1h"), ("Z", "1h"))  # what a cross-section sees
STARTS = (  # hours in which clocks are put, and others
    "2026-03-07T22:00",
    "2026-11-01T00:00",
    "2025-10-25T20:00",
    "2026-10-03T06:00",
    "2026-06-15T00:00",
    "1969-12-31T05:00",
)
Rows = dict[str, list[dict[str, Any]]]


# -- bars ------------------------------------------------------------------------------------------------------------
def world(rng: random.Random) -> World:
    """Bars of three symbols and three periods, with holes, nan, and forming bars; in short numbers."""
    from datetime import UTC, datetime

    start = int(datetime.fromisoformat(rng.choice(STARTS)).replace(tzinfo=UTC).timestamp())
    hours, spoilt = rng.randint(6, 36), rng.choice((0.0, 0.05, 0.2))
    series: dict[Key, list[Bar]] = {}
    for symbol, period in dict.fromkeys((*KEYS, *ACROSS)):
        step, lacks = length(period), 0.0 if (symbol, period) == ("X", BASE) else rng.choice((0.0, 0.2, 0.6))
        bars = []
        for at in range(start - start % step + step, start + 3600 * hours + 1, step):
            if rng.random() < 0.06:
                bars.append(_bar(rng, at - step // 2, step, spoilt, complete=0))
            if rng.random() >= lacks:
                bars.append(_bar(rng, at, step, spoilt))
        series[symbol, period] = bars
    return World(series, BASE)


def _bar(rng: random.Random, at: int, step: int, spoilt: float, complete: int = 1) -> Bar:
    def price() -> float:
        return math.nan if rng.random() < spoilt else rng.randint(0, 80) / 4

    bar: Bar = {"ts": at * SECOND, "open_time": (at - step) * SECOND}
    bar |= {name: price() for name in ("open", "high", "low", "close", "volume")}
    bar |= {"trades": rng.randint(0, 9), "complete": complete}
    return bar | {
        "count4": rng.randint(-99, 99),
        "small": rng.randint(-9, 9),
        "up": rng.randint(0, 1),
        "odd name": price(),
        "venue": rng.choice(TEXTS),
    }


def poisoned(rng: random.Random, of: World, after: int) -> World:
    """The same up to a ts; what comes then is nan, huge, or in another order."""
    way = rng.choice(("nan", "huge", "shuffled"))
    series = {}
    for key, bars in of.series.items():
        early, late = [bar for bar in bars if bar["ts"] <= after], [bar for bar in bars if bar["ts"] > after]
        others = rng.sample(late, len(late))
        names = [name for name, kind in WIDE if kind == "f8"]
        filler = {"nan": math.nan, "huge": 1e308}.get(way)
        series[key] = early + [
            bar | {name: other[name] if filler is None else filler for name in names}
            for bar, other in zip(late, others)
        ]
    return World(series, of.period)


def upto(of: World, last: int) -> World:
    return World({key: [bar for bar in bars if bar["ts"] <= last] for key, bars in of.series.items()}, of.period)


def after(of: World, first: int) -> World:
    return World({key: [bar for bar in bars if bar["ts"] > first] for key, bars in of.series.items()}, of.period)


def times(of: World) -> list[int]:
    return sorted({bar["ts"] for bars in of.series.values() for bar in bars})


# -- runs ------------------------------------------------------------------------------------------------------------
def columns(period: str) -> tuple[tuple[str, str], ...]:
    return WIDE if period == BASE else COLUMNS


def batch(schema: Schema, rows: list[Bar]) -> Batch:
    memory = [array(CODES[kind], [coded(row[name], kind) for row in rows]) for name, kind in schema.cols]
    texts = {name: list(TEXTS) for name, kind in schema.cols if kind == "s4"}
    return Batch(schema, len(rows), [column.buffer_info()[0] for column in memory], memory, texts)


def coded(value: Any, kind: str) -> Any:
    return TEXTS.index(value) if kind == "s4" else value


def strings(schema: Schema) -> list[dict[str, Any]]:
    """The frames that tell the texts of a series."""
    return [
        {"kind": "strings", "of": schema.key, "col": name, "values": list(TEXTS)}
        for name, kind in schema.cols
        if kind == "s4"
    ]


def run(stage: Signal, of: World, cuts: list[int], saved: Any = None, more: bool = False) -> Run:
    """A stage over a world whose rows come in frames that end at `cuts`; rows of the last ts need not wait."""
    told = Run(stage, saved)
    schemas = {key: Schema("bar", *key, columns(key[1])) for key in of.series}
    for schema in schemas.values():
        stage.schema(schema)
        for frame in strings(schema):
            stage.other(frame)
    ends = sorted({*cuts, times(of)[-1] if times(of) else 0})
    before = -(2**62)
    for end in ends:
        for key, bars in of.series.items():
            part = [bar for bar in bars if before < bar["ts"] <= end]
            if part:
                stage.rows(batch(schemas[key], part))
        before = end
    stage.mark(before + 1)
    return told.finish(more)


def in_panels(
    stage: Signal, of: World, cuts: list[int] | None = None, state: State | None = None, marked: bool = True
) -> Rows:
    """The same where the rows of all symbols lie in one series a period.

    cuts    numbers of rows at which frames end;  state: of a run that goes on
    marked  the input ends with a mark, so that the rows of its last ts need not wait
    """
    streams = []
    for key, bars in of.series.items():
        cols = columns(key[1])
        schema = Schema("bar", *key, cols)
        rows = [tuple(coded(bar[name], kind) for name, kind in cols) for bar in bars]
        streams.append(frames((schema, []), *strings(schema), (schema, rows)))
    mark = times(of)[-1] + 1 if marked else None
    merged = panel_runs.recut(panel_runs.merged(*streams), cuts or [], mark)
    fd = descriptor(panel_runs.through(lambda: stage, merged, state))
    try:
        return read(split(Reader(fd)))
    finally:
        os.close(fd)


def read(items: Any) -> Rows:
    found: Rows = {}
    for item in items:
        if isinstance(item, Batch):
            held = [
                (name, item.words(name) if kind == "s4" else list(item.view(name))) for name, kind in item.schema.cols
            ]
            found.setdefault(item.schema.key, []).extend({name: one[i] for name, one in held} for i in range(item.n))
    return found


def same(value: Any) -> Any:
    """Comparable: nan is nan, and a zero has no sign."""
    if isinstance(value, (bool, int)):
        return int(value)
    return value if isinstance(value, str) else "nan" if value != value else value + 0.0


def plain(rows: list[dict[str, Any]], names: Any = None) -> list[dict[str, Any]]:
    return [{name: same(value) for name, value in row.items() if names is None or name in names} for row in rows]


# -- what is wanted --------------------------------------------------------------------------------------------------
class Wanted:
    """What a program means on the bars of one symbol.

    values  of each kept name and plot, a row of the base each, forming ones too; orders: its rows
    """

    def __init__(self, program: Program, of: World, symbol: str, strategy: str, given: dict[str, Any]) -> None:
        nodes: dict[str, Node] = {**program.names, **program.plots}
        meaning = Meaning(of, symbol, given)
        self.values: list[dict[str, Any]] = []
        closed = 0
        for bar in of.series[symbol, of.period]:
            at, i = (meaning, closed) if bar["complete"] else (Meaning(of, symbol, given, extra=bar), closed)
            row = {name: same(float(at.base_value(node, i))) for name, node in nodes.items()}
            self.values.append({"ts": bar["ts"], **row})
            closed += bar["complete"]
        self.orders = plain(orders(meaning, program.rules, strategy))


def references(program: Program) -> set[Key]:
    """What stands behind '@' in it."""
    found: set[Key] = set()
    known: set[int] = set()
    given = [value for rule in program.rules for one in (*rule.actions, *rule.others) for value in _said(one)]
    waiting = [*program.names.values(), *program.plots.values(), *(rule.condition for rule in program.rules), *given]
    while waiting:
        node = waiting.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        waiting += node.args
        if node.op == "var":
            waiting += [node.data[0](), node.data[1]]
        elif node.op in ("col", "time") and node.data[1]:
            found.add(node.data[1])
    return found


def _said(action: Action) -> list[Node]:
    return [one for one in (*action.given.values(), *(action.meta or {}).values()) if isinstance(one, Node)]


class Trial:
    """One program on one world.

    folder   where the files lie that it uses
    whole    with all series of the world; else with those that it reads, and others by chance
    """

    def __init__(self, rng: random.Random, program: Program, of: World, folder: Path, whole: bool) -> None:
        self.rng, self.program, self.folder = rng, program, folder
        keys = ACROSS if program.across else KEYS
        for name, text in program.files.items():
            (folder / name).write_text(text)
        read = references(program)
        here = {("X", BASE)} | {(symbol, period or BASE) for symbol, period in read if symbol}
        here |= {key for key in keys if whole or rng.random() < (0.7 if program.across else 0.2)}
        here |= {(symbol, "4h") for symbol, period in here if period == BASE and ("", "4h") in read}
        self.world = World({key: bars for key, bars in of.series.items() if key in here}, of.period)
        self.keep = list(program.names)
        self.symbols = [symbol for symbol in ("X", "Y", "Z") if (symbol, BASE) in here]
        self.panel = program.across and len(here) > 1  # its rows are looked at side by side
        self.wanted = {symbol: Wanted(program, self.world, symbol, "s", program.given) for symbol in self.symbols}

    def stage(self, text: str = "", others: tuple[str, ...] = (), params: dict[str, Any] | None = None) -> Signal:
        texts = {"s": text or self.program.text, **{f"o{i}": one for i, one in enumerate(others)}}
        files = [(name, one, str(self.folder / "s.hq")) for name, one in texts.items()]
        given = {f"s.{name}": value for name, value in (self.program.given if params is None else params).items()}
        return Signal(files, keep=self.keep, period=BASE, params=given)

    def check(self, rows: Rows, where: str, last: int | None = None, prefix: str = "", strategy: str = "s") -> None:
        """Compare what was written, or its part up to a ts, with what is wanted."""
        for symbol, wanted in self.wanted.items():
            found = [row for row in rows.get(f"bar/{symbol}/{BASE}", []) if last is None or row["ts"] <= last]
            names = {f"{prefix}{name}": name for name in (*self.program.names, *self.program.plots)}
            values = [{"ts": row["ts"], **{name: same(row[key]) for key, name in names.items()}} for row in found]
            self.compare(values, [row for row in wanted.values if last is None or row["ts"] <= last], where, symbol)
            told = [row for row in rows.get(f"order/{symbol}/{BASE}", []) if row["strategy"] == strategy]
            told = [row for row in told if last is None or row["ts"] <= last]
            listed = [row for row in wanted.orders if last is None or row["ts"] <= last]
            keys = set(listed[0]) if listed and prefix else None
            self.compare(plain(told, keys), [{**row, "strategy": strategy} for row in listed], where, symbol)

    def compare(self, found: list[dict[str, Any]], wanted: list[dict[str, Any]], where: str, symbol: str) -> None:
        if found == wanted:
            return
        for i, (one, other) in enumerate(zip(found, wanted)):
            if one != other:
                differ = {
                    key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)
                }
                raise AssertionError(f"{where}, {symbol}, row {i}: found, wanted: {differ}\n{self.program.text}")
        raise AssertionError(f"{where}, {symbol}: {len(found)} rows, {len(wanted)} wanted\n{self.program.text}")

    def all(self) -> None:
        rng, moments = self.rng, times(self.world)
        cuts = rng.sample(moments, rng.randint(0, min(6, len(moments))))
        self.check(self.run(self.stage(), self.world, cuts), "cut")
        self.resumed(rng.choice(moments), format_text(self.program.text, str(self.folder / "s.hq")))
        last = rng.choice(moments[len(moments) // 3 : -1] or [moments[-1] - 1])
        later = poisoned(rng, self.world, last)
        if self.panel or not self.program.across:  # a forming row of a panel is in no cross-section, by itself it is
            self.check(in_panels(self.stage(), later), "poisoned in a panel", last)
        if rng.random() < 0.3:
            self.check(self.run(self.stage(), later, []), "poisoned", last)

    def run(self, stage: Signal, of: World, cuts: list[int]) -> Rows:
        """As `run`; of several symbols with cross-sections in a panel, in frames of any length."""
        if not self.panel:
            return run(stage, of, cuts).rows
        return in_panels(stage, of, [self.rng.randint(1, 40) for _ in cuts])

    def resumed(self, cut: int, text: str) -> None:
        """A part of the input gives a part of the output; another process takes it up, in the canonical form."""
        parts = upto(self.world, cut), after(self.world, cut)
        if not self.panel:
            told = run(self.stage(), parts[0], [], more=True)
            first, second, last = told.rows, run(self.stage(text), parts[1], [], told.stage.save()).rows, cut
        else:
            file, marked = self.folder / "state", not times(parts[1]) or self.rng.random() < 0.5
            file.unlink(missing_ok=True)
            first = in_panels(self.stage(text), parts[0], state=State(str(file), 0, {}), marked=marked)
            goes_on = times(parts[1]) != []
            second = in_panels(self.stage(text), parts[1], state=State(str(file), 0, {})) if goes_on else {}
            last = cut if marked else max(self.closed(parts[0]), default=0) - 1
        self.check(first, "part", last)
        both: Rows = {key: [*rows, *second.get(key, [])] for key, rows in first.items()}
        self.check({**second, **both}, "resumed")

    @staticmethod
    def closed(of: World) -> list[int]:
        """The ts of closed bars."""
        return [bar["ts"] for bars in of.series.values() for bar in bars if bar["complete"]]

    def beside(self, others: tuple[str, ...]) -> None:
        """With other strategies, whose nodes and columns of orders are there as well."""
        self.check(self.run(self.stage(others=others), self.world, []), "beside others", prefix="s.")

    def fanned(self) -> None:
        """Each value of a param as a strategy of its own."""
        name, values = self.rng.choice(list(self.program.params.items()))
        numbers = isinstance(values[0], float)
        said = ",".join(map(str, values)) if not numbers or self.rng.random() < 0.5 else "2..4"
        rows = self.run(self.stage(params={**self.program.given, name: said}), self.world, [])
        for value in values:
            given = {**self.program.given, name: value}
            called = f"s[{name}={value:g}]" if numbers else f"s[{name}={value}]"
            self.wanted = {one: Wanted(self.program, self.world, one, called, given) for one in self.symbols}
            self.check(rows, "fanned", prefix=f"{called}.", strategy=called)


def trials(count: int, seed: int) -> Counter[str]:
    """So many programs; which constructs they had."""
    rng = random.Random(seed)
    maker = Maker(rng)
    before: dict[bool, tuple[str, ...]] = {}  # '@' and cross-sections do not go together
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            program, of = maker.program(), world(rng)
            whole = program.across in before and rng.random() < 0.2
            maker.hit(*rules_of(program.text), *(rule for text in program.files.values() for rule in rules_of(text)))
            try:
                trial = Trial(rng, program, of, Path(folder), whole)
                trial.all()
                if whole:
                    maker.hit("beside others")
                    trial.beside(before[program.across])
                if program.params and rng.random() < 0.3:
                    maker.hit("fan")
                    trial.fanned()
            except Exception as error:
                error.add_note(
                    f"program {number} of seed {seed}:\n{program.text}\ngiven {program.given}, {program.files}"
                )
                raise
            before[program.across] = (program.text,)
    return maker.seen


def rules_of(text: str) -> set[str]:
    """The rules of the grammar that a text is parsed by, but those that only pass one other on."""
    found: set[str] = set()
    waiting: list[Any] = [
        GRAMMAR.parse("program", Parse([one.kind for one in tokenize(StrategyText(text, "s.hq"))[0]]))
    ]
    while waiting:
        tree = waiting.pop()
        if type(tree) is tuple:
            found.add(f"rule of the grammar: {tree[0]}")
            waiting += tree[1]
    return found


def how_many() -> int:
    return FULL if os.environ.get("HQ_TRIALS") == "full" else int(os.environ.get("HQ_TRIALS") or FEW)
