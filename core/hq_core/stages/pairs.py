"""hq-pairs: factors of two symbols side by side become factors of the pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import EVER, NEVER, WIDTHS, Schema
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.factoring.rows import valid
from hq_core.factoring.specs import parsed_on
from hq_core.graph import AS
from hq_core.jit import Cell, engine
from hq_core.kernels.one_nan import one_nan
from hq_core.kinds import FACTOR, extra_of
from hq_core.memory import move
from hq_core.options import Keywords, options_of
from hq_core.options.pairs import PairOptions
from hq_core.pairing import PAIRS, Pairing
from hq_core.pairing.on import READ
from hq_core.pairing.together import lacks, together
from hq_core.roles import Stage
from hq_core.say import iso_text, listed, say_back
from hq_core.stream.rows import Room

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.batch import Batch
    from hq_core.jit import Kernel

GIVEN = [name for name, _ in FACTOR.required if name != "valid"]  # columns of factors, besides the one that is compared
LAID = {"exch_ts": "i8", **READ}  # columns of the rows of a pair
LAID_WIDTHS = [WIDTHS[kind] for kind in LAID.values()]
NO_SYMBOL = -1  # a code that no row has


class Pairs(Stage):
    """Computes factors of two symbols at each instant at which one of them has rows; rows of factors are replaced.

    pair     the two symbols, `BTCUSDT,ETHUSDT`
    specs    `ratio_dev:15`, `z=zscore:60s`
    options  keywords of PairOptions

    Raises HqError USAGE for what is none of that.
    """

    __signature__ = Keywords(options_of(PairOptions), ("pair", "specs"))
    SHAPE = {"together": bytes, "graph": bytes, "tables": [bytes], "begun": bool}

    def __init__(self, pair: str, *specs: str, **options: Any) -> None:
        super().__init__()
        said = self.options = PairOptions(**options)
        self.pair = [name.strip() for name in str(pair).split(",")]
        if len(self.pair) != 2 or not all(self.pair) or self.pair[0] == self.pair[1]:
            raise HqError(
                subject="the pair", value=pair, rule="must be two symbols, such as BTCUSDT,ETHUSDT", code=USAGE
            )
        found = parsed_on(PAIRS, specs, "ratio_dev:15")
        self.inputs = PAIRS.digests(spec.entry for spec in found)
        if not said.keep_input:
            self.consumes = ("factor",)
        on = Pairing()
        self.graph = on.graph
        values = {spec.columns[0]: spec.entry.placed(on, spec.params) for spec in found}
        why = on.given
        for value in values.values():
            why = self.graph.node(lacks, [value, why]).out()
        self.graph.compile([*values.values(), self.graph.node(valid, [why]).out(), why])
        self._names = [*values, "valid", "reason"]
        cols = (*FACTOR.required, *((name, "f8") for name in values))
        self.written = Schema("factor", "-".join(self.pair), "", cols, extra_of("factor"))
        self._cell, self._room = Cell(together), Room()
        self._seen: set[str] = set()  # which of the two have come
        self._lacking: list[str] = []
        self._begun = False  # their rows have been announced

    def schema(self, schema: Schema) -> None:
        if schema.of != "factor" or self.options.keep_input:
            self.out.series(schema)
        if self._read(schema):
            for name in GIVEN:
                schema.index(name)
            of = self.options.of
            if not schema.has(of):
                names = listed(schema.names)
                what = f"{schema.key} has no column '{of}'{did_you_mean(of, schema.names)}; it has {names}"
                raise HqError(what, DATA, hint=("name one of them with ", PairOptions.of))
            schema.typed(of, "f8")
            self._begun = True
            self.out.series(self.written)

    def _read(self, schema: Schema) -> bool:
        return schema.of == "factor" and (schema.panel or schema.symbol in self.pair)

    def rows(self, batch: Batch) -> None:
        if batch.schema.of != "factor" or self.options.keep_input:
            self.out.copy(batch)
        if not self._read(batch.schema):
            return
        cell, schema = self._cell, batch.schema
        for name in GIVEN:
            cell.column(name, batch.address(name), batch.n)
        cell.column("value", batch.address(self.options.of), batch.n)
        if schema.panel:
            known = batch.texts.get("symbol", [])
            codes = [known.index(name) if name in known else NO_SYMBOL for name in self.pair]
            self._seen.update(name for name in self.pair if name in known)
            cell.column("symbol", batch.address("symbol"), batch.n)
        else:
            codes = [int(schema.symbol == name) for name in self.pair]
            self._seen.add(schema.symbol)
            cell.column("symbol", 0, 0)
        cell.set(first=codes[0], second=codes[1])
        self._together(batch.n, NEVER)
        if cell.state.back >= 0:
            before, now = (iso_text(ts) for ts in (cell.state.ts, batch.times()[cell.state.back]))
            raise HqError(
                f"{schema.key}: {say_back('ts', before, now)}; give the two as a panel, as hq-merge writes it", DATA
            )

    def _together(self, n: int, upto: int) -> None:
        """Write the rows of the pair whose instants are over when n rows have come, and none comes before `upto`."""
        cell = self._cell
        laid = self._room.columns(LAID_WIDTHS, n + 1)
        for name, at in zip(LAID, laid):
            cell.column(f"o_{name}", at, n + 1)
        cell.set(upto=upto)
        cell.run()
        made = int(cell.state.n)
        if made:
            sources = dict(zip(LAID, laid))
            series = self.out.series(self.written)
            to = dict(zip(self.written.names, self.out.rows(series, made)))
            read = {key: sources[key.partition(AS)[0]] for key in self.graph.sources}
            self.graph.run(read, made, [to[one] for one in self._names])
            times = "ts", "exch_ts"
            move([to[one] for one in times], [sources[one] for one in times], (8, 8), made)
            self.out.commit(series, made)

    def mark(self, ts: int) -> None:
        self.advance(ts)
        self.out.mark(ts)

    def advance(self, ts: int) -> None:
        if self._begun:
            for name in (*GIVEN, "value", "symbol"):
                self._cell.column(name, 0, 0)
            self._together(0, ts)

    def finish(self, more: bool) -> None:
        self._lacking = [name for name in self.pair if name not in self._seen]
        if not more:
            self.advance(EVER)

    def remarks(self) -> list[str]:
        return [f"no rows of factors of {name} in the input, so the pair has none" for name in self._lacking]

    def save(self) -> dict[str, Any]:
        return {
            "together": self._cell.save(),
            "graph": self.graph.save(),
            "tables": [tables.save(record) for tables, record in self.graph.growing],
            "begun": self._begun,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._cell.load(saved["together"])
        self.graph.load(saved["graph"])
        for (tables, record), one in zip(self.graph.growing, saved["tables"], strict=True):
            tables.load(record, one)
        self._begun = saved["begun"]
        self._seen.update(name for name, bit in zip(self.pair, (1, 2)) if self._cell.state.known & bit)

    def kernels(self) -> Iterable[Kernel]:
        return [together, engine, one_nan, *(node.kernel for node in self.graph.nodes)]
